/* See map.h. Linear probing; a removed slot keeps its place until the next growth. */
#include "base/map.h"

#include <stdlib.h>

#include "base/attributes.h"
#include "base/memory.h"

#define MAP_FIRST_CAPACITY ((size_t)16)

static char removed_marker;
#define MAP_REMOVED ((void *)&removed_marker)

void map_init(struct map *map, map_equal equal)
{
    *map = (struct map){.equal = equal};
}

void map_free(struct map *map)
{
    free(map->slots);
    map_init(map, map->equal);
}

static struct map_slot *find_slot(const struct map *map, uint64_t hash, const void *key)
{
    if (map->capacity == 0)
        return NULL;
    size_t mask = map->capacity - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct map_slot *slot = &map->slots[i];
        if (!slot->item)
            return NULL;
        if (slot->hash == hash && slot->item != MAP_REMOVED && map->equal(slot->item, key))
            return slot;
    }
}

void *map_find(const struct map *map, uint64_t hash, const void *key)
{
    struct map_slot *slot = find_slot(map, hash, key);
    return slot ? slot->item : NULL;
}

static void place(struct map *map, uint64_t hash, void *item)
{
    size_t mask = map->capacity - 1;
    size_t i = hash & mask;
    while (map->slots[i].item)
        i = (i + 1) & mask;
    map->slots[i] = (struct map_slot){.hash = hash, .item = item};
    map->used++;
    map->count++;
}

static void rebuild(struct map *map, size_t capacity)
{
    struct map_slot *old = map->slots;
    size_t old_capacity = map->capacity;
    map->slots = memory_zero(capacity, sizeof(*map->slots));
    map->capacity = capacity;
    map->used = map->count = 0;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].item && old[i].item != MAP_REMOVED)
            place(map, old[i].hash, old[i].item);
    free(old);
}

void map_insert(struct map *map, uint64_t hash, void *item)
{
    if (map->used + 1 > map->capacity - map->capacity / 4) {
        size_t capacity = map->capacity ? map->capacity : MAP_FIRST_CAPACITY;
        while (map->count + 1 > capacity / 2)
            capacity *= 2;
        rebuild(map, capacity);
    }
    place(map, hash, item);
}

void *map_remove(struct map *map, uint64_t hash, const void *key)
{
    struct map_slot *slot = find_slot(map, hash, key);
    if (!slot)
        return NULL;
    void *item = slot->item;
    slot->item = MAP_REMOVED;
    map->count--;
    return item;
}

void *map_next(const struct map *map, size_t *position)
{
    while (*position < map->capacity) {
        void *item = map->slots[(*position)++].item;
        if (item && item != MAP_REMOVED)
            return item;
    }
    return NULL;
}
