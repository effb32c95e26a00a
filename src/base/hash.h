/* 64-bit hashes of bytes (xxHash XXH3, seeded once a process against crafted collisions). */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* For maps in memory: differs from process to process. */
uint64_t hash_bytes(const void *bytes, size_t length);
/* For what is kept or compared over time (ids, first lines, markers): the same everywhere. */
uint64_t hash_stable(const void *bytes, size_t length);

#endif
