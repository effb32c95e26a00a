/* A sketch of a distribution: counts by the logarithm of the value, so that every quantile is told
 * within SUMMARY_RELATIVE_ERROR. 8 bytes a bucket; at most SKETCH_BUCKETS, which span 17 powers of
 * ten: beyond that the lowest values are told as higher than they were. */
#ifndef REGISTRY_SKETCH_H
#define REGISTRY_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fields;
struct text;

#define SKETCH_BUCKETS   2048
#define SKETCHES_AT_ONCE 8 /* whose quantiles are asked for together, at most */

struct sketch_bucket {
    int32_t key; /* ascends with the value; 0 is the value 0 */
    uint32_t count;
};

/* All zero: empty. */
struct sketch {
    struct sketch_bucket *buckets; /* sorted by key */
    uint32_t used;
    uint32_t capacity;
    uint64_t count; /* of values */
};

/* `value` is finite. */
void sketch_add(struct sketch *sketch, double value);
/* Empties it and gives the memory back. */
void sketch_clear(struct sketch *sketch);
/* ret_values[i] is the value of rank ceil(quantiles[i] * n) of all n values in these sketches
 * (rank 1 at least), NaN when there is none. */
void sketch_quantiles(const struct sketch *sketches, size_t count, const double *quantiles,
                      size_t quantile_count, double *ret_values);

/* As part of a record. Read: into an empty one; false when this cannot be one, and then it stays
 * empty. */
void sketch_write(const struct sketch *sketch, struct text *out);
bool sketch_read(struct fields *fields, struct sketch *sketch);

#endif
