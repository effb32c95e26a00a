/* Was this value there before? Exact (but for equal hashes of 64 bits) for the first UNIQUES_MOST
 * different values; 16 bytes each, at most 128 MiB. */
#ifndef SURVEY_UNIQUES_H
#define SURVEY_UNIQUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNIQUES_MOST ((size_t)4 << 20)

/* All zero: empty. */
struct uniques {
    uint64_t *hashes; /* open addressing, 0 is free */
    size_t count;
    size_t capacity;
};

/* `hash`: hash_stable of the value. True: it is new, or nobody can tell any more. */
bool uniques_add(struct uniques *uniques, uint64_t hash);
/* Gives the memory back, and empties it. */
void uniques_clear(struct uniques *uniques);

#endif
