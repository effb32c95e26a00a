/* See series_cache.h. Direct-mapped: a label set that falls on a taken slot takes it over. */
#include "rules/series_cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "registry/registry.h"

struct slot {
    struct series *series; /* NULL: free */
    uint64_t generation;
    char *bytes; /* each text behind its length */
    uint32_t capacity;
    uint32_t length; /* of the texts, without the lengths */
    uint32_t count;
};

struct series_cache {
    struct slot slots[SERIES_CACHE_SLOTS];
};

#define NO_TEXT UINT32_MAX /* as length of one that is not there */

static uint32_t kept_length(const struct label_value *text)
{
    return text->text ? (uint32_t)text->length : NO_TEXT;
}

void series_cache_key(struct series_cache_key *ret_key, const struct label_value *texts,
                      size_t count)
{
    uint64_t mix = 0;
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        mix = (mix ^ hash_bytes(texts[i].text, texts[i].length) ^ kept_length(&texts[i])) *
              UINT64_C(0x9E3779B97F4A7C15);
        mix ^= mix >> 29;
        length += texts[i].length;
    }
    *ret_key = (struct series_cache_key){texts, count, length, (mix >> 7) % SERIES_CACHE_SLOTS};
}

static bool has_texts(const struct slot *slot, const struct series_cache_key *key)
{
    const char *at = slot->bytes;
    if (slot->length != key->length || slot->count != key->count)
        return false;
    for (size_t i = 0; i < key->count; i++) {
        const struct label_value *text = &key->texts[i];
        uint32_t length;
        memcpy(&length, at, sizeof(length));
        at += sizeof(length);
        if (length != kept_length(text) || !bytes_equal(at, text->text, text->length))
            return false;
        at += text->length;
    }
    return true;
}

struct series *series_cache_find(const struct series_cache *cache,
                                 const struct series_cache_key *key, uint64_t generation)
{
    const struct slot *slot = cache ? &cache->slots[key->slot] : NULL;
    bool holds = slot && slot->series && slot->generation == generation && has_texts(slot, key);
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
        const struct label_value *text = &key->texts[i];
        uint32_t length = kept_length(text);
        memcpy(at, &length, sizeof(length));
        at += sizeof(length);
        if (text->length)
            memcpy(at, text->text, text->length);
        at += text->length;
    }
    slot->series = series;
    slot->generation = generation;
    slot->length = (uint32_t)key->length;
    slot->count = (uint32_t)key->count;
}

void series_cache_free(struct series_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < SERIES_CACHE_SLOTS; i++)
        free(cache->slots[i].bytes);
    free(cache);
}
