/* A map from a 64-bit hash and a key to an item the caller owns. Open addressing, at most 3/4
 * full, grows by doubling; 16 bytes a slot. The key lives in the item; `equal` compares.
 *
 *   struct map series;  map_init(&series, series_has_labels);
 *   s = map_find(&series, hash, &key);  if (!s) map_insert(&series, hash, new_series);
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
    uint64_t hash;
    void *item; /* NULL: free; MAP_REMOVED: once used */
};

typedef bool (*map_equal)(const void *item, const void *key);

struct map {
    struct map_slot *slots;
    size_t capacity; /* 0 or a power of two */
    size_t count;
    size_t used; /* count + removed */
    map_equal equal;
};

/* Takes no memory before the first insert. */
void map_init(struct map *map, map_equal equal);
/* Gives back the slots; items are the caller's. */
void map_free(struct map *map);
void *map_find(const struct map *map, uint64_t hash, const void *key);
/* `item` must not be in the map. Never fails. */
void map_insert(struct map *map, uint64_t hash, void *item);
/* Removes and returns the item, or NULL. */
void *map_remove(struct map *map, uint64_t hash, const void *key);
/* Walks in no order: start with *position = 0, NULL at the end. The item just returned may be
 * removed during the walk with map_remove; nothing may be inserted. */
void *map_next(const struct map *map, size_t *position);

#endif
