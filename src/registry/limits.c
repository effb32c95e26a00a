/* Making room for one more series within max_series of its family and max_samples of the registry:
 * hidden series go first, then the one longest without an update, if it is idle.
 *
 * Totals that leave stay in memory until that is saved. Where nothing can be saved (a full disk),
 * max_samples of them may wait; beyond that none leaves, as if all were live. */
#include "registry/registry_internal.h"

/* For `more` series more than there are. */
static bool family_has_room(const struct family *family, size_t more)
{
    size_t count = (size_t)family->shown.count + family->hidden.count - family->fold_count;
    return family->spec.max_series == 0 ||
           (count + more) * family->samples_each <= family->spec.max_series;
}

static bool registry_has_room(const struct family *family)
{
    const struct registry *registry = family->registry;
    return registry->samples + family->samples_each <= registry->max_samples;
}

/* Fold series are passed over: they take no room, so none would be won. */
static struct series *oldest_of(struct family *family, const struct series_list *list)
{
    if (UNLIKELY(family->is_mixed))
        series_sort(family);
    uint32_t slot = list->oldest;
    while (slot != NO_SLOT && family->slots[slot]->is_fold)
        slot = family->slots[slot]->newer;
    return slot == NO_SLOT ? NULL : family->slots[slot];
}

static struct series *oldest_idle(struct family *family, int64_t now)
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

static void leave(struct series *series)
{
    struct family *family = series->family;
    if (series->state == SERIES_SHOWN) { /* a hidden one was counted when it was hidden */
        family->expired++;
        family->unsaved.changed = true;
    }
    series_leave(series);
}

static bool leave_for_room(struct series *series)
{
    if (!series)
        return false;
    const struct registry *registry = series->family->registry;
    if (registry->unsaved.leaving_samples + series->family->samples_each > registry->max_samples)
        return false;
    leave(series);
    return true;
}

static bool make_room_in_family(struct family *family, int64_t now)
{
    struct series *hidden = oldest_of(family, &family->hidden);
    return leave_for_room(hidden ? hidden : oldest_idle(family, now));
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
    return leave_for_room(hidden ? hidden : idle);
}

bool limits_make_room(struct family *family, int64_t now)
{
    if (family_has_room(family, 1) && registry_has_room(family))
        return true;
    expiry_run(family->registry, now);
    while (!family_has_room(family, 1))
        if (!make_room_in_family(family, now))
            return false;
    while (!registry_has_room(family))
        if (!make_room_anywhere(family->registry, now))
            return false;
    return true;
}

/* Idle or not: of both lists the one longest without an update. */
static struct series *oldest(struct family *family)
{
    return longest_without_update(oldest_of(family, &family->hidden),
                                  oldest_of(family, &family->shown));
}

static void settle_family(struct family *family)
{
    struct series *series;
    while (!family_has_room(family, 0) && (series = oldest(family)))
        leave(series);
}

static struct series *oldest_anywhere(const struct registry *registry)
{
    struct series *series = NULL;
    for (size_t i = 0; i < registry->family_count; i++)
        series = longest_without_update(series, oldest(registry->families[i]));
    return series;
}

void limits_settle(struct registry *registry)
{
    struct series *series;
    registry->is_restored = false;
    for (size_t i = 0; i < registry->family_count; i++)
        settle_family(registry->families[i]);
    while (registry->samples > registry->max_samples && (series = oldest_anywhere(registry)))
        leave(series);
}
