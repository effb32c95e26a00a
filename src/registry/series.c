/* One series: its place in its family's slots, lists and map, and its life.
 *
 *   new -> detached -> shown <-> hidden
 *             ^          |         |
 *             +----------+---------+  removed while pinned, or leaving; else freed
 *
 * Lists are chained by slot numbers, oldest update first. */
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "registry/registry_internal.h"

#define SLOTS_FIRST_CAPACITY 4

static bool series_has_labels(const void *item, const void *key)
{
    const struct series *series = item;
    const struct label_text *labels = key;
    return series->length == labels->length &&
           memcmp(series_labels(series), labels->bytes, labels->length) == 0;
}

static struct series_list *list_of(const struct series *series)
{
    return series->state == SERIES_SHOWN ? &series->family->shown : &series->family->hidden;
}

/* The link that holds the slot number of what comes after `older` in the list. */
static uint32_t *link_behind(struct family *family, struct series_list *list, uint32_t older)
{
    return older == NO_SLOT ? &list->oldest : &family->slots[older]->newer;
}

static uint32_t *link_before(struct family *family, struct series_list *list, uint32_t newer)
{
    return newer == NO_SLOT ? &list->newest : &family->slots[newer]->older;
}

static void list_append(struct series *series)
{
    struct series_list *list = list_of(series);
    series->older = list->newest;
    series->newer = NO_SLOT;
    *link_behind(series->family, list, series->older) = series->slot;
    list->newest = series->slot;
    list->count++;
}

static void list_remove(struct series *series)
{
    struct series_list *list = list_of(series);
    *link_behind(series->family, list, series->older) = series->newer;
    *link_before(series->family, list, series->newer) = series->older;
    list->count--;
}

static void slot_take(struct series *series)
{
    struct family *family = series->family;
    if (family->slot_count == family->slot_capacity) {
        family->slot_capacity += family->slot_capacity / 4 + SLOTS_FIRST_CAPACITY;
        family->slots =
            memory_resize(family->slots, family->slot_capacity, sizeof(struct series *));
    }
    series->slot = family->slot_count++;
    family->slots[series->slot] = series;
}

/* The last slot's series moves into the one that is given back. */
static void slot_give_back(struct series *series)
{
    struct family *family = series->family;
    struct series *last = family->slots[--family->slot_count];
    if (last == series)
        return;
    struct series_list *list = list_of(last);
    *link_behind(family, list, last->older) = series->slot;
    *link_before(family, list, last->newer) = series->slot;
    last->slot = series->slot;
    family->slots[last->slot] = last;
    unsaved_series_move(last);
}

static void forget(struct series *series)
{
    struct family *family = series->family;
    family->registry->generation++;
    birth_end(series);
    struct label_text labels = {series_labels(series), series->length};
    map_remove(&family->by_labels, hash_bytes(labels.bytes, labels.length), &labels);
    if (family->latest == series)
        family->latest = NULL;
    series_free(series);
}

static void change_state(struct series *series, enum series_state state)
{
    list_remove(series);
    series->state = (unsigned)state & 15;
    list_append(series);
    series->family->registry->version++;
    series_note(series);
}

/* Out of sight and of every count. */
static void detach(struct series *series)
{
    struct family *family = series->family;
    struct registry *registry = family->registry;
    registry->generation++;
    agenda_remove(&registry->agenda, series);
    unsaved_series_clear(series);
    if (series->state == SERIES_SHOWN)
        registry->version++;
    list_remove(series);
    slot_give_back(series);
    if (series->is_fold)
        family->fold_count--;
    else
        registry->samples -= family->samples_each;
    series->is_fold = 0;
    series->state = SERIES_DETACHED;
}

static void drop_record(struct series *series)
{
    struct registry *registry = series->family->registry;
    if (!series->has_record || !registry->unsaved.on)
        return;
    text_clear(&registry->unsaved.key);
    series_write_key(series, &registry->unsaved.key);
    dropped_add(registry, (struct bytes){registry->unsaved.key.data, registry->unsaved.key.length});
    series->has_record = 0;
}

static bool can_be_remembered(const struct series *series)
{
    enum metric_type type = series->family->spec.type;
    return series->family->registry->unsaved.recall && series->pins == 0 &&
           (type == METRIC_COUNTER || type == METRIC_HISTOGRAM || type == METRIC_SUMMARY);
}

void series_map_init(struct map *map)
{
    map_init(map, series_has_labels);
}

uint32_t arrival_second(int64_t now)
{
    int64_t second = now / NANOSECONDS_PER_SECOND;
    return second < 0 ? 0 : second > UINT32_MAX ? UINT32_MAX : (uint32_t)second;
}

struct series *series_find(struct family *family, struct label_text labels)
{
    if (LIKELY(family->latest && series_has_labels(family->latest, &labels)))
        return family->latest;
    struct series *series =
        map_find(&family->by_labels, hash_bytes(labels.bytes, labels.length), &labels);
    if (series)
        family->latest = series;
    return series;
}

struct series *series_new(struct family *family, struct label_text labels)
{
    struct series *series = memory_alloc(family->labels_offset + labels.length);
    memset(series, 0, family->labels_offset);
    series->family = family;
    series->last_event = TIME_NONE;
    series->state = SERIES_DETACHED;
    series->unsaved = family->registry->unsaved.on ? 0 : UNTRACKED;
    series->length = (unsigned)labels.length & 0xFFFFFF;
    if (labels.length)
        memcpy((char *)series + family->labels_offset, labels.bytes, labels.length);
    map_insert(&family->by_labels, hash_bytes(labels.bytes, labels.length), series);
    family->latest = series;
    return series;
}

void series_attach(struct series *series, uint32_t arrival)
{
    leaving_series_remove(series);
    slot_take(series);
    series->arrival = arrival;
    series->state = SERIES_SHOWN;
    list_append(series);
    series->family->registry->version++;
    if (series->is_fold)
        series->family->fold_count++;
    else
        series->family->registry->samples += series->family->samples_each;
}

void series_hide(struct series *series)
{
    change_state(series, SERIES_HIDDEN);
}

void series_show(struct series *series)
{
    change_state(series, SERIES_SHOWN);
}

void series_arrive(struct series *series, int64_t now)
{
    uint32_t second = arrival_second(now);
    if (LIKELY(series->arrival == second))
        return; /* in the order of seconds, which is fine enough and keeps neighbours untouched */
    series->arrival = second;
    list_remove(series);
    list_append(series);
}

void series_remove(struct series *series)
{
    birth_end(series);
    if (series->state == SERIES_DETACHED)
        leaving_series_remove(series);
    else
        detach(series);
    drop_record(series);
    if (series->pins == 0)
        forget(series);
}

void series_leave(struct series *series)
{
    struct family_unsaved *unsaved = &series->family->unsaved;
    if (!can_be_remembered(series)) {
        series_remove(series);
        return;
    }
    detach(series);
    leaving_series_add(series);
    series_note(series);
    unsaved->changed = unsaved->changed || !unsaved->remembers;
    unsaved->remembers = true;
}

void series_let_go(struct series *series)
{
    leaving_series_remove(series);
    if (series->pins == 0)
        forget(series);
}

static int compare_arrival(const void *left, const void *right)
{
    const struct series *const *a = left;
    const struct series *const *b = right;
    if ((*a)->arrival != (*b)->arrival)
        return (*a)->arrival < (*b)->arrival ? -1 : 1;
    return (*a)->slot < (*b)->slot ? -1 : 1;
}

static void sort_list(struct family *family, struct series_list *list)
{
    uint32_t count = list->count;
    struct series **sorted = memory_zero(count, sizeof(struct series *));
    uint32_t slot = list->oldest;
    for (uint32_t i = 0; i < count; i++, slot = family->slots[slot]->newer)
        sorted[i] = family->slots[slot];
    qsort(sorted, count, sizeof(struct series *), compare_arrival);
    *list = (struct series_list){.oldest = NO_SLOT, .newest = NO_SLOT};
    for (uint32_t i = 0; i < count; i++)
        list_append(sorted[i]);
    free(sorted);
}

void series_sort(struct family *family)
{
    sort_list(family, &family->shown);
    sort_list(family, &family->hidden);
    family->is_mixed = false;
}

void series_free(struct series *series)
{
    if (series->family->spec.type == METRIC_GAUGE) {
        struct gauge_detail *gauge = series_detail(series);
        free(gauge->rate);
    } else if (series->family->spec.type == METRIC_SUMMARY) {
        struct summary_detail *summary = series_detail(series);
        summary_free_window(summary->window);
    }
    free(series);
}

void series_pin(struct series *series)
{
    series->pins++;
}

void series_unpin(struct series *series)
{
    if (--series->pins == 0 && series->state == SERIES_DETACHED && !series->is_leaving)
        forget(series);
}

double series_value(const struct series *series)
{
    const void *detail = series_const_detail(series);
    if (series->family->spec.type == METRIC_HISTOGRAM)
        return (double)histogram_count(series->family, detail);
    if (series->family->spec.type == METRIC_SUMMARY)
        return (double)((const struct summary_detail *)detail)->count;
    return series->value;
}

struct family *series_family(const struct series *series)
{
    return series->family;
}
