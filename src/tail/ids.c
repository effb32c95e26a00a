/* See ids.h. The set is open addressing with linear probing; ids are hashes already, so their low
 * bits choose the slot. Growing takes the old and the new slots together for a moment. */
#include "tail/ids.h"

#include <stdlib.h>

#include "base/attributes.h"
#include "base/memory.h"

#define FIRST_CAPACITY ((size_t)8)

void ids_clear(struct ids *ids)
{
    free(ids->slots);
    *ids = (struct ids){.checked = ids->checked};
}

/* By a quarter: a list stays near 8 bytes an id, and large blocks move by remapping. */
static void grow_list(struct ids *ids)
{
    size_t capacity = ids->capacity + ids->capacity / 4;
    ids->capacity =
        capacity < FIRST_CAPACITY + ids->capacity ? ids->capacity + FIRST_CAPACITY : capacity;
    ids->slots = memory_resize(ids->slots, ids->capacity, sizeof(*ids->slots));
}

/* False: it is there. There must be a free slot. */
static bool place(struct ids *ids, uint64_t id)
{
    size_t mask = ids->capacity - 1;
    size_t i = (size_t)id & mask;
    while (ids->slots[i] != 0) {
        if (ids->slots[i] == id)
            return false;
        i = (i + 1) & mask;
    }
    ids->slots[i] = id;
    ids->count++;
    return true;
}

static bool place_any(struct ids *ids, uint64_t id)
{
    if (LIKELY(id != 0))
        return place(ids, id);
    bool added = !ids->has_zero;
    ids->has_zero = true;
    return added;
}

/* A power of two that `count` ids fill to at most 3/4. */
static size_t set_capacity(size_t count)
{
    size_t capacity = FIRST_CAPACITY;
    while (capacity - capacity / 4 < count)
        capacity *= 2;
    return capacity;
}

/* Moves the `capacity` slots of before (0s are none) into a set with room for `count` ids. */
static void rebuild(struct ids *ids, size_t old_used, size_t count)
{
    uint64_t *old = ids->slots;
    ids->capacity = set_capacity(count);
    ids->slots = memory_zero(ids->capacity, sizeof(*ids->slots));
    ids->count = 0;
    for (size_t i = 0; i < old_used; i++)
        if (old[i] != 0)
            place(ids, old[i]);
    free(old);
}

void ids_check(struct ids *ids)
{
    if (ids->checked)
        return;
    ids->checked = true;
    for (size_t i = 0; i < ids->count && !ids->has_zero; i++)
        ids->has_zero = ids->slots[i] == 0;
    if (ids->count > 0)
        rebuild(ids, ids->count, ids->count + 1);
    else
        ids_clear(ids);
}

bool ids_add(struct ids *ids, uint64_t id)
{
    if (LIKELY(!ids->checked)) {
        if (UNLIKELY(ids->count == ids->capacity))
            grow_list(ids);
        ids->slots[ids->count++] = id;
        return true;
    }
    if (UNLIKELY(ids->count + 1 > ids->capacity - ids->capacity / 4))
        rebuild(ids, ids->capacity, ids->count + 1);
    return place_any(ids, id);
}

bool ids_hold(const struct ids *ids, uint64_t id)
{
    if (ids->count == 0 || id == 0)
        return id == 0 && ids->has_zero;
    size_t mask = ids->capacity - 1;
    size_t i = (size_t)id & mask;
    while (ids->slots[i] != 0 && ids->slots[i] != id)
        i = (i + 1) & mask;
    return ids->slots[i] == id;
}

void ids_join(struct ids *ids, const struct ids *other)
{
    size_t used = other->checked ? other->capacity : other->count;
    for (size_t i = 0; i < used; i++)
        if (!other->checked || other->slots[i] != 0)
            ids_add(ids, other->slots[i]);
    if (other->has_zero)
        ids_add(ids, 0);
}

void ids_copy(const struct ids *ids, uint64_t *out)
{
    size_t used = ids->checked ? ids->capacity : ids->count;
    for (size_t i = 0; i < used; i++)
        if (!ids->checked || ids->slots[i] != 0)
            *out++ = ids->slots[i];
    if (ids->has_zero)
        *out = 0;
}

size_t ids_count(const struct ids *ids)
{
    return ids->count + (ids->has_zero ? 1 : 0);
}

size_t ids_bytes(const struct ids *ids)
{
    return ids->capacity * sizeof(*ids->slots);
}
