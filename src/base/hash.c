/* See hash.h. */
#define XXH_INLINE_ALL
#include "base/hash.h"

#include <sys/random.h>
#include <time.h>
#include <xxhash.h>

static uint64_t seed;

__attribute__((constructor)) static void choose_seed(void)
{
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
        seed = (uint64_t)time(NULL) * 0x9E3779B97F4A7C15u ^ (uint64_t)(uintptr_t)&seed;
}

uint64_t hash_bytes(const void *bytes, size_t length)
{
    return XXH3_64bits_withSeed(bytes, length, seed);
}

uint64_t hash_stable(const void *bytes, size_t length)
{
    return XXH3_64bits(bytes, length);
}
