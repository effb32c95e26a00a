/* What comes with time: a ttl that ends, a rate that falls to 0, a summary that ages. Each series
 * with any of these waits in the agenda for the first of them; when it is taken, all are looked
 * at, and what has moved on meanwhile is put back for later. So an update costs nothing here. */
#include "registry/registry_internal.h"

/* A clock set back by less is not taken for set back: callers may hold a moment old by this. */
#define SET_BACK (1 * NANOSECONDS_PER_SECOND)

static struct rate *rate_of(struct series *series)
{
    if (series->family->spec.type != METRIC_GAUGE)
        return NULL;
    const struct gauge_detail *gauge = series_const_detail(series);
    return gauge->rate;
}

static int64_t earlier(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

/* The first moment at which a series with this last event is hidden. */
static int64_t ttl_due(const struct family *family, int64_t last_event)
{
    return time_after(time_after(last_event, family->spec.ttl), 1);
}

/* INT64_MAX: never. */
static int64_t next_due(struct series *series)
{
    const struct family_spec *spec = &series->family->spec;
    int64_t due = INT64_MAX;
    if (spec->ttl && series->family->registry->expiring && series->state == SERIES_SHOWN)
        due = ttl_due(series->family, series->last_event);
    struct rate *rate = rate_of(series);
    if (rate)
        due = earlier(due, rate_due(rate, spec->rate_window));
    if (spec->type == METRIC_SUMMARY)
        due = earlier(due, summary_due(series));
    return due;
}

static void let_rate_fall(struct series *series, int64_t now)
{
    struct rate *rate = rate_of(series);
    if (!rate || rate_due(rate, series->family->spec.rate_window) > now)
        return;
    rate_fall(rate);
    series->value = 0;
    series->family->registry->version++;
    series_note(series);
}

static void look_at(struct series *series, int64_t now)
{
    struct family *family = series->family;
    let_rate_fall(series, now);
    if (family->spec.type == METRIC_SUMMARY && summary_age(series, now)) {
        family->registry->version++;
        series_note(series);
    }
    if (family->registry->expiring && series->state == SERIES_SHOWN &&
        expiry_is_over(family, series->last_event, now)) {
        series_hide(series);
        family->expired++;
        family->unsaved.changed = true;
    }
    expiry_watch(series);
}

/* From now on ttl ends hide: those whose agenda did not hold that yet are looked at in time. */
static void watch_all(struct registry *registry)
{
    for (size_t i = 0; i < registry->family_count; i++)
        for (uint32_t slot = 0; slot < registry->families[i]->slot_count; slot++)
            expiry_watch(registry->families[i]->slots[slot]);
}

static void set_back(struct series *series, int64_t now)
{
    struct rate *rate = rate_of(series);
    if (rate)
        rate_set_back(rate, now);
    if (series->family->spec.type == METRIC_SUMMARY)
        summary_set_back(series, now);
    if (series->state == SERIES_HIDDEN && !expiry_is_over(series->family, series->last_event, now))
        series_show(series);
    expiry_watch(series);
}

static void set_all_back(struct registry *registry, int64_t now)
{
    for (size_t i = 0; i < registry->family_count; i++)
        for (uint32_t slot = 0; slot < registry->families[i]->slot_count; slot++)
            set_back(registry->families[i]->slots[slot], now);
}

bool expiry_is_over(const struct family *family, int64_t last_event, int64_t now)
{
    return family->spec.ttl && ttl_due(family, last_event) <= now;
}

void expiry_watch(struct series *series)
{
    agenda_add(&series->family->registry->agenda, series, next_due(series));
}

void expiry_run(struct registry *registry, int64_t now)
{
    struct series *series;
    while ((series = agenda_take(&registry->agenda, now)))
        look_at(series, now);
}

void registry_tick(struct registry *registry, int64_t now, bool expire)
{
    bool starts = expire && !registry->expiring;
    bool went_back = registry->ticked > time_after(now, SET_BACK);
    registry->expiring = expire;
    registry->ticked = now;
    if (registry->is_restored)
        limits_settle(registry);
    if (starts)
        watch_all(registry);
    if (went_back)
        set_all_back(registry, now);
    expiry_run(registry, now);
}
