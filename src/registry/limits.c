/* Making room for one more series within max_series of its family and max_samples of the registry:
 * hidden series go first, then the one longest without an update, if it is idle. */
#include "registry/registry_internal.h"

static bool family_has_room(const struct family *family)
{
    size_t count = (size_t)family->shown.count + family->hidden.count - family->fold_count;
    size_t used = count * family->samples_each;
    return family->spec.max_series == 0 || used + family->samples_each <= family->spec.max_series;
}

static bool registry_has_room(const struct family *family)
{
    const struct registry *registry = family->registry;
    return registry->samples + family->samples_each <= registry->max_samples;
}

/* Fold series are passed over: they take no room, so none would be won. */
static struct series *oldest_of(const struct family *family, const struct series_list *list)
{
    uint32_t slot = list->oldest;
    while (slot != NO_SLOT && family->slots[slot]->is_fold)
        slot = family->slots[slot]->newer;
    return slot == NO_SLOT ? NULL : family->slots[slot];
}

static struct series *oldest_idle(const struct family *family, int64_t now)
{
    struct series *series = oldest_of(family, &family->shown);
    uint32_t second = arrival_second(now);
    if (!series || second < series->arrival ||
        second - series->arrival < REGISTRY_IDLE / NANOSECONDS_PER_SECOND)
        return NULL;
    return series;
}

static struct series *longest_without_update(struct series *left, struct series *right)
{
    if (!left || !right)
        return left ? left : right;
    return right->arrival < left->arrival ? right : left;
}

static bool remove_for_room(struct series *series)
{
    if (!series)
        return false;
    if (series->state == SERIES_SHOWN) /* a hidden one was counted when it was hidden */
        series->family->expired++;
    series_remove(series);
    return true;
}

static bool make_room_in_family(struct family *family, int64_t now)
{
    struct series *hidden = oldest_of(family, &family->hidden);
    return remove_for_room(hidden ? hidden : oldest_idle(family, now));
}

static bool make_room_anywhere(struct registry *registry, int64_t now)
{
    struct series *hidden = NULL;
    struct series *idle = NULL;
    for (size_t i = 0; i < registry->family_count; i++) {
        struct family *family = registry->families[i];
        hidden = longest_without_update(hidden, oldest_of(family, &family->hidden));
        idle = longest_without_update(idle, oldest_idle(family, now));
    }
    return remove_for_room(hidden ? hidden : idle);
}

bool limits_make_room(struct family *family, int64_t now)
{
    if (family_has_room(family) && registry_has_room(family))
        return true;
    expiry_run(family->registry, now);
    while (!family_has_room(family))
        if (!make_room_in_family(family, now))
            return false;
    while (!registry_has_room(family))
        if (!make_room_anywhere(family->registry, now))
            return false;
    return true;
}
