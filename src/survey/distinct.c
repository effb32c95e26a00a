/* See distinct.h. The estimate is that of Flajolet et al. (2007), with their correction for few
 * values: registers of how many zeros a hash begins with at most, picked by its other bits. */
#include "survey/distinct.h"

#include <math.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "base/memory.h"

#define FIRST_CAPACITY ((uint32_t)8)
#define REGISTER_BITS  11 /* 2^11 = DISTINCT_REGISTERS */

static bool set_add(uint64_t *hashes, uint32_t capacity, uint64_t hash)
{
    uint32_t i = (uint32_t)hash & (capacity - 1);
    for (; hashes[i]; i = (i + 1) & (capacity - 1))
        if (hashes[i] == hash)
            return false;
    hashes[i] = hash;
    return true;
}

static void grow(struct distinct *distinct)
{
    uint32_t capacity = distinct->capacity ? distinct->capacity * 2 : FIRST_CAPACITY;
    uint64_t *hashes = memory_zero(capacity, sizeof(*hashes));
    for (uint32_t i = 0; i < distinct->capacity; i++)
        if (distinct->hashes[i])
            set_add(hashes, capacity, distinct->hashes[i]);
    free(distinct->hashes);
    distinct->hashes = hashes;
    distinct->capacity = capacity;
}

static void estimate_add(struct distinct *distinct, uint64_t hash)
{
    uint32_t index = (uint32_t)(hash >> (64 - REGISTER_BITS));
    uint64_t rest = hash << REGISTER_BITS | (UINT64_C(1) << (REGISTER_BITS - 1));
    uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
    if (rank > distinct->registers[index])
        distinct->registers[index] = rank;
}

static void begin_estimate(struct distinct *distinct)
{
    distinct->registers = memory_zero(DISTINCT_REGISTERS, sizeof(*distinct->registers));
    for (uint32_t i = 0; i < distinct->capacity; i++)
        if (distinct->hashes[i])
            estimate_add(distinct, distinct->hashes[i]);
    free(distinct->hashes);
    distinct->hashes = NULL;
    distinct->capacity = distinct->count = 0;
}

void distinct_add(struct distinct *distinct, uint64_t hash)
{
    hash = hash ? hash : 1; /* 0 is "free" */
    if (LIKELY(hash == distinct->last))
        return;
    distinct->last = hash;
    if (distinct->registers) {
        estimate_add(distinct, hash);
        return;
    }
    if (distinct->count * 4 >= distinct->capacity * 3)
        grow(distinct);
    distinct->count += set_add(distinct->hashes, distinct->capacity, hash);
    if (distinct->count > DISTINCT_EXACT)
        begin_estimate(distinct);
}

void distinct_join(struct distinct *distinct, const struct distinct *other)
{
    for (uint32_t i = 0; i < other->capacity; i++)
        if (other->hashes[i])
            distinct_add(distinct, other->hashes[i]);
    if (!other->registers)
        return;
    if (!distinct->registers)
        begin_estimate(distinct);
    for (uint32_t i = 0; i < DISTINCT_REGISTERS; i++)
        if (other->registers[i] > distinct->registers[i])
            distinct->registers[i] = other->registers[i];
}

uint64_t distinct_count(const struct distinct *distinct)
{
    const double registers = DISTINCT_REGISTERS;
    double sum = 0;
    uint32_t empty = 0;
    if (!distinct->registers)
        return distinct->count;
    for (uint32_t i = 0; i < DISTINCT_REGISTERS; i++) {
        sum += ldexp(1, -distinct->registers[i]);
        empty += distinct->registers[i] == 0;
    }
    double estimate = 0.7213 / (1 + 1.079 / registers) * registers * registers / sum;
    if (estimate <= 2.5 * registers && empty > 0)
        estimate = registers * log(registers / empty);
    return (uint64_t)llround(estimate);
}

bool distinct_is_exact(const struct distinct *distinct)
{
    return !distinct->registers;
}

void distinct_clear(struct distinct *distinct)
{
    free(distinct->hashes);
    free(distinct->registers);
    *distinct = (struct distinct){.hashes = NULL};
}
