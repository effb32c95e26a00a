/* How many different values were there? Exact up to DISTINCT_EXACT, then an estimate (HyperLogLog)
 * that is within 5 % most of the time; at most 2 KiB each. Of the values only hashes are kept. */
#ifndef SURVEY_DISTINCT_H
#define SURVEY_DISTINCT_H

#include <stdbool.h>
#include <stdint.h>

#define DISTINCT_EXACT     ((uint32_t)128)
#define DISTINCT_REGISTERS ((uint32_t)2048)

/* All zero: empty. */
struct distinct {
    uint64_t *hashes;   /* open addressing, 0 is free; NULL: none yet, or past DISTINCT_EXACT */
    uint8_t *registers; /* past DISTINCT_EXACT */
    uint64_t last;      /* hash: values often come in rows */
    uint32_t count;     /* in `hashes` */
    uint32_t capacity;
};

/* `hash`: hash_stable of the value. */
void distinct_add(struct distinct *distinct, uint64_t hash);
/* Adds all that is in `other`. */
void distinct_join(struct distinct *distinct, const struct distinct *other);
uint64_t distinct_count(const struct distinct *distinct);
bool distinct_is_exact(const struct distinct *distinct);
/* Gives the memory back, and empties it. */
void distinct_clear(struct distinct *distinct);

#endif
