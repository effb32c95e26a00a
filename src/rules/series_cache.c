/* See series_cache.h. Direct-mapped: a label set that falls on a taken slot takes it over. */
#include "rules/series_cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "registry/registry.h"

struct slot {
    struct series *series; /* NULL: free */
    uint64_t generation;
    char *bytes; /* each value behind its length */
    uint32_t capacity;
    uint32_t length; /* of the values, without the lengths */
};

struct series_cache {
    struct slot slots[SERIES_CACHE_SLOTS];
};

/* The last 8 bytes: what differs between ids and names that count up. */
static uint64_t tail_of(const struct label_value *value)
{
    uint64_t tail = 0;
    if (value->length >= sizeof(tail))
        memcpy(&tail, value->text + value->length - sizeof(tail), sizeof(tail));
    else
        for (size_t i = 0; i < value->length; i++)
            tail = tail << 8 | (unsigned char)value->text[i];
    return tail;
}

void series_cache_key(struct series_cache_key *ret_key, const struct label_value *values,
                      size_t count)
{
    uint64_t mix = 0;
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        mix = (mix ^ tail_of(&values[i]) ^ values[i].length) * UINT64_C(0x9E3779B97F4A7C15);
        mix ^= mix >> 29;
        length += values[i].length;
    }
    *ret_key = (struct series_cache_key){values, count, length, (mix >> 7) % SERIES_CACHE_SLOTS};
}

static bool has_values(const struct slot *slot, const struct series_cache_key *key)
{
    const char *at = slot->bytes;
    if (slot->length != key->length)
        return false;
    for (size_t i = 0; i < key->count; i++) {
        uint32_t length;
        memcpy(&length, at, sizeof(length));
        at += sizeof(length);
        if (length != key->values[i].length || memcmp(at, key->values[i].text, length) != 0)
            return false;
        at += length;
    }
    return true;
}

struct series *series_cache_find(const struct series_cache *cache,
                                 const struct series_cache_key *key, uint64_t generation)
{
    const struct slot *slot = cache ? &cache->slots[key->slot] : NULL;
    bool holds = slot && slot->series && slot->generation == generation && has_values(slot, key);
    return holds ? slot->series : NULL;
}

void series_cache_keep(struct series_cache **cache, const struct series_cache_key *key,
                       uint64_t generation, struct series *series)
{
    if (key->length > SERIES_CACHE_LONGEST)
        return;
    if (!*cache)
        *cache = memory_zero(1, sizeof(**cache));
    struct slot *slot = &(*cache)->slots[key->slot];
    size_t needed = key->length + key->count * sizeof(uint32_t);
    if (needed > slot->capacity) {
        slot->bytes = memory_resize(slot->bytes, needed, 1);
        slot->capacity = (uint32_t)needed;
    }
    char *at = slot->bytes;
    for (size_t i = 0; i < key->count; i++) {
        uint32_t length = (uint32_t)key->values[i].length;
        memcpy(at, &length, sizeof(length));
        if (length)
            memcpy(at + sizeof(length), key->values[i].text, length);
        at += sizeof(length) + length;
    }
    slot->series = series;
    slot->generation = generation;
    slot->length = (uint32_t)key->length;
}

void series_cache_free(struct series_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < SERIES_CACHE_SLOTS; i++)
        free(cache->slots[i].bytes);
    free(cache);
}
