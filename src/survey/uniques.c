/* See uniques.h. Half full at most. */
#include "survey/uniques.h"

#include <stdlib.h>

#include "base/memory.h"

#define FIRST_CAPACITY ((size_t)1024)

static bool is_placed(uint64_t *hashes, size_t capacity, uint64_t hash)
{
    size_t i = hash & (capacity - 1);
    for (; hashes[i]; i = (i + 1) & (capacity - 1))
        if (hashes[i] == hash)
            return false;
    hashes[i] = hash;
    return true;
}

static void grow(struct uniques *uniques)
{
    size_t capacity = uniques->capacity ? uniques->capacity * 2 : FIRST_CAPACITY;
    uint64_t *hashes = memory_zero(capacity, sizeof(*hashes));
    for (size_t i = 0; i < uniques->capacity; i++)
        if (uniques->hashes[i])
            (void)is_placed(hashes, capacity, uniques->hashes[i]);
    free(uniques->hashes);
    uniques->hashes = hashes;
    uniques->capacity = capacity;
}

bool uniques_add(struct uniques *uniques, uint64_t hash)
{
    if (uniques->count >= UNIQUES_MOST)
        return true;
    if (uniques->count * 2 >= uniques->capacity)
        grow(uniques);
    bool is_new = is_placed(uniques->hashes, uniques->capacity, hash ? hash : 1);
    uniques->count += is_new;
    return is_new;
}

void uniques_clear(struct uniques *uniques)
{
    free(uniques->hashes);
    *uniques = (struct uniques){.hashes = NULL};
}
