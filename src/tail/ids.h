/* The ids of one directory: 8-byte hashes of the ids of counted lines.
 *
 * At first they are only appended, 8 bytes each, since a single stream that only grew needs no
 * check. From ids_check on they are a hash set, at most 3/4 full, for ever. */
#ifndef TAIL_IDS_H
#define TAIL_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ids {
    uint64_t *slots; /* in order while not checked; else by hash, 0: free */
    size_t capacity;
    size_t count; /* without the id 0 once checked */
    bool checked;
    bool has_zero; /* the id 0 is in the set; only once checked */
};

/* Gives back the memory; empty afterwards, `checked` stays. */
void ids_clear(struct ids *ids);
/* From now on every id is looked up. */
void ids_check(struct ids *ids);
/* True: added. False: it was there (only once checked). */
bool ids_add(struct ids *ids, uint64_t id);
/* Is it there? Only once checked. */
bool ids_hold(const struct ids *ids, uint64_t id);
/* Adds all of `other`, which stays as it is. */
void ids_join(struct ids *ids, const struct ids *other);
/* Writes all of them to `out`, which has room for ids_count. */
void ids_copy(const struct ids *ids, uint64_t *out);
/* How many ids there are; how many bytes they take. */
size_t ids_count(const struct ids *ids);
size_t ids_bytes(const struct ids *ids);

#endif
