/* See unsaved.h. All lists are arrays without order: what goes gives its place to the last one. */
#include "registry/unsaved.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "registry/registry_internal.h"

#define FIRST_CAPACITY 16

struct dropped_key {
    uint64_t hash;
    size_t length;
    bool removed; /* by a save that is not committed yet */
    char bytes[];
};

static uint32_t larger(uint32_t capacity)
{
    return capacity + capacity / 4 + FIRST_CAPACITY;
}

static bool dropped_is(const void *item, const void *key)
{
    const struct dropped_key *dropped = item;
    const struct bytes *wanted = key;
    return dropped->length == wanted->length &&
           memcmp(dropped->bytes, wanted->data, wanted->length) == 0;
}

static struct dropped_key *dropped_find(const struct registry *registry, struct bytes key)
{
    if (registry->unsaved.dropped.count == 0)
        return NULL;
    return map_find(&registry->unsaved.dropped, hash_bytes(key.data, key.length), &key);
}

static void add_slot(struct series *series)
{
    struct family_unsaved *unsaved = &series->family->unsaved;
    if (unsaved->count == unsaved->capacity) {
        unsaved->capacity = larger(unsaved->capacity);
        unsaved->slots = memory_resize(unsaved->slots, unsaved->capacity, sizeof(*unsaved->slots));
    }
    unsaved->slots[unsaved->count++] = series->slot;
    series->unsaved = unsaved->count;
}

static void remove_slot(const struct series *series)
{
    struct family *family = series->family;
    uint32_t last = family->unsaved.slots[--family->unsaved.count];
    family->unsaved.slots[series->unsaved - 1] = last;
    family->slots[last]->unsaved = series->unsaved;
}

void unsaved_series_init(struct registry *registry)
{
    map_init(&registry->unsaved.dropped, dropped_is);
    text_init(&registry->unsaved.key, TEXT_UNLIMITED);
    text_init(&registry->unsaved.value, TEXT_UNLIMITED);
}

void unsaved_series_free(struct registry *registry)
{
    struct dropped_key *dropped;
    for (size_t position = 0; (dropped = map_next(&registry->unsaved.dropped, &position));)
        free(dropped);
    map_free(&registry->unsaved.dropped);
    text_free(&registry->unsaved.key);
    text_free(&registry->unsaved.value);
}

void unsaved_family_free(struct family *family)
{
    free(family->unsaved.slots);
    free(family->unsaved.leaving);
}

void unsaved_series_note(struct series *series)
{
    if (series->is_leaving)
        series->unsaved = 1;
    else if (series->state != SERIES_DETACHED)
        add_slot(series);
    else
        return;
    series->family->registry->unsaved.count++;
}

void unsaved_series_clear(struct series *series)
{
    if (series->unsaved == 0 || series->unsaved == UNTRACKED)
        return;
    if (!series->is_leaving)
        remove_slot(series);
    series->unsaved = 0;
    series->family->registry->unsaved.count--;
}

void unsaved_series_move(const struct series *series)
{
    if (series->unsaved != 0 && series->unsaved != UNTRACKED)
        series->family->unsaved.slots[series->unsaved - 1] = series->slot;
}

void leaving_series_add(struct series *series)
{
    struct family_unsaved *unsaved = &series->family->unsaved;
    if (unsaved->leaving_count == unsaved->leaving_capacity) {
        unsaved->leaving_capacity = larger(unsaved->leaving_capacity);
        unsaved->leaving =
            memory_resize(unsaved->leaving, unsaved->leaving_capacity, sizeof(*unsaved->leaving));
    }
    series->slot = unsaved->leaving_count;
    series->is_leaving = 1;
    unsaved->leaving[unsaved->leaving_count++] = series;
    series->family->registry->unsaved.leaving_samples += series->family->samples_each;
}

void leaving_series_remove(struct series *series)
{
    struct family *family = series->family;
    if (!series->is_leaving)
        return;
    unsaved_series_clear(series);
    struct series *last = family->unsaved.leaving[--family->unsaved.leaving_count];
    family->unsaved.leaving[series->slot] = last;
    last->slot = series->slot;
    series->is_leaving = 0;
    family->registry->unsaved.leaving_samples -= family->samples_each;
}

void leaving_series_let_go(struct family *family)
{
    for (uint32_t i = family->unsaved.leaving_count; i-- > 0;) {
        struct series *series = family->unsaved.leaving[i];
        if (series->unsaved == 0)
            series_let_go(series);
    }
}

void dropped_add(struct registry *registry, struct bytes key)
{
    struct dropped_key *dropped = dropped_find(registry, key);
    if (dropped && !dropped->removed)
        return;
    registry->unsaved.count++;
    if (dropped) {
        dropped->removed = false;
        return;
    }
    dropped = memory_alloc(sizeof(*dropped) + key.length);
    *dropped = (struct dropped_key){.hash = hash_bytes(key.data, key.length), .length = key.length};
    memcpy(dropped->bytes, key.data, key.length);
    map_insert(&registry->unsaved.dropped, dropped->hash, dropped);
}

bool dropped_has(const struct registry *registry, struct bytes key)
{
    return dropped_find(registry, key) != NULL;
}

void dropped_each(struct registry *registry, bool to_save,
                  void (*visit)(void *context, struct bytes key), void *context)
{
    struct dropped_key *dropped;
    for (size_t position = 0; (dropped = map_next(&registry->unsaved.dropped, &position));) {
        if (to_save && dropped->removed)
            continue;
        visit(context, (struct bytes){dropped->bytes, dropped->length});
        if (!to_save)
            continue;
        dropped->removed = true;
        registry->unsaved.count--;
    }
}

void dropped_let_go(struct registry *registry)
{
    struct dropped_key *dropped;
    for (size_t position = 0; (dropped = map_next(&registry->unsaved.dropped, &position));) {
        if (!dropped->removed)
            continue;
        struct bytes key = {dropped->bytes, dropped->length};
        map_remove(&registry->unsaved.dropped, dropped->hash, &key);
        free(dropped);
    }
}
