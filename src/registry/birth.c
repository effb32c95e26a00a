/* Born at zero: Prometheus sees no increase in a series whose first sample is already 5. So a new
 * counter or histogram shows what it had before its first update, until every scraper has fetched
 * that, at most REGISTRY_BIRTH_LONGEST.
 *
 * Where changes are saved, its value is shown only once it is committed that it may be: else a
 * crash between would bring the series back as if it were unborn, and it would be seen to fall.
 * Where nothing can be committed (a full disk), after as long again.
 *
 * Births live for seconds, so they are kept beside the series: an array without order. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "registry/registry_internal.h"

#define BIRTHS_FIRST_CAPACITY 16

static uint64_t *copy_counts(const struct series *series)
{
    const struct family *family = series->family;
    const uint64_t *counts = series_const_detail(series);
    if (family->spec.type != METRIC_HISTOGRAM || histogram_count(family, counts) == 0)
        return NULL;
    size_t size = (family->spec.bucket_count + 1) * sizeof(*counts);
    return memcpy(memory_alloc(size), counts, size);
}

/* A clock set back by more than a birth may last starts the time anew. */
static void look_at_clock(struct birth *birth, int64_t now)
{
    if (birth->born > time_after(now, REGISTRY_BIRTH_LONGEST))
        birth->born = now;
}

static bool is_over(const struct birth *birth, int64_t longest, int64_t now)
{
    return now >= time_after(birth->born, longest);
}

const struct birth *birth_of(const struct series *series)
{
    return series->birth ? &series->family->registry->births[series->birth - 1] : NULL;
}

static void add(struct registry *registry, const struct birth *birth)
{
    if (registry->birth_count == registry->birth_capacity) {
        registry->birth_capacity =
            registry->birth_capacity ? registry->birth_capacity * 2 : BIRTHS_FIRST_CAPACITY;
        registry->births =
            memory_resize(registry->births, registry->birth_capacity, sizeof(*registry->births));
    }
    registry->births[registry->birth_count++] = *birth;
    birth->series->birth = registry->birth_count;
}

bool birth_is_of(enum metric_type type)
{
    return type == METRIC_COUNTER || type == METRIC_HISTOGRAM;
}

void birth_begin(struct series *series, int64_t now)
{
    const struct family *family = series->family;
    if (!family->registry->born_at_zero || series->birth || !birth_is_of(family->spec.type))
        return;
    const struct birth birth = {
        .series = series, .born = now, .value = series->value, .counts = copy_counts(series)};
    add(family->registry, &birth);
}

void birth_resume(struct series *series, const struct birth *birth)
{
    struct birth resumed = *birth;
    birth_end(series);
    resumed.series = series;
    add(series->family->registry, &resumed);
}

void birth_end(struct series *series)
{
    if (!series->birth)
        return;
    struct registry *registry = series->family->registry;
    struct birth *birth = &registry->births[series->birth - 1];
    free(birth->counts);
    *birth = registry->births[--registry->birth_count];
    birth->series->birth = series->birth;
    series->birth = 0;
    if (registry->birth_count == 0) {
        free(registry->births);
        registry->births = NULL;
        registry->birth_capacity = 0;
    }
}

void registry_born_at_zero(struct registry *registry, bool on)
{
    registry->born_at_zero = on;
}

static void let_go(struct birth *birth)
{
    struct series *series = birth->series;
    birth_end(series);
    series_note(series);
    series->family->registry->version++;
}

void registry_release_born(struct registry *registry, int64_t seen_by_all, int64_t now)
{
    for (uint32_t i = registry->birth_count; i-- > 0;) {
        struct birth *birth = &registry->births[i];
        look_at_clock(birth, now);
        bool goes = birth->born < seen_by_all || is_over(birth, REGISTRY_BIRTH_LONGEST, now);
        bool waits = registry->unsaved.on && !is_over(birth, 2 * REGISTRY_BIRTH_LONGEST, now);
        if (goes && !waits) {
            let_go(birth);
        } else if (goes && birth->stage == BIRTH_SHOWN_AS_BEFORE) {
            birth->stage = BIRTH_SEEN;
            series_note(birth->series);
        }
    }
}

void births_put(struct registry *registry)
{
    for (uint32_t i = 0; i < registry->birth_count; i++)
        if (registry->births[i].stage == BIRTH_SEEN)
            registry->births[i].stage = BIRTH_PUT;
}

void births_let_go(struct registry *registry)
{
    for (uint32_t i = registry->birth_count; i-- > 0;)
        if (registry->births[i].stage == BIRTH_PUT)
            let_go(&registry->births[i]);
}

void registry_renew_births(struct registry *registry, int64_t now)
{
    for (uint32_t i = 0; i < registry->birth_count; i++)
        registry->births[i].born = now;
}
