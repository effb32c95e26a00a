/* One update: is it valid, which series takes it, what it does there. */
#include <math.h>

#include "base/attributes.h"
#include "registry/registry_internal.h"

#define TYPE(type) (1u << (type))

struct update {
    enum update_kind kind;
    double amount;
    struct moment when; /* with an event time */
    bool is_first;      /* of this series, or since it was gone */
};

/* Each gives back whether the series' sample differs now. */
typedef bool (*apply_function)(struct series *series, const struct update *update);

static bool apply_add(struct series *series, const struct update *update)
{
    series->value += update->amount;
    return update->amount != 0;
}

static bool apply_set(struct series *series, const struct update *update)
{
    double before = series->value;
    if (series->family->spec.type == METRIC_GAUGE || update->amount > before)
        series->value = update->amount;
    return series->value != before;
}

static bool apply_max(struct series *series, const struct update *update)
{
    if (!update->is_first && update->amount <= series->value)
        return false;
    series->value = update->amount;
    return true;
}

static bool apply_min(struct series *series, const struct update *update)
{
    if (!update->is_first && update->amount >= series->value)
        return false;
    series->value = update->amount;
    return true;
}

static bool apply_observe(struct series *series, const struct update *update)
{
    if (series->family->spec.type == METRIC_HISTOGRAM)
        histogram_observe(series, update->amount);
    else
        summary_observe(series, update->amount, &update->when);
    return true;
}

static bool apply_rate(struct series *series, const struct update *update)
{
    struct gauge_detail *gauge = series_detail(series);
    double before = series->value;
    if (!gauge->rate)
        gauge->rate = rate_new();
    series->value =
        rate_add(gauge->rate, series->family->spec.rate_window, update->amount, &update->when);
    return series->value != before;
}

static bool apply_touch(struct series *series, const struct update *update)
{
    (void)series;
    (void)update;
    return false;
}

static const struct verb {
    unsigned types;
    bool folds;    /* at a limit: sums stay right */
    bool in_order; /* nothing older than the series' last event */
    apply_function apply;
} verbs[] = {
    [UPDATE_ADD] = {TYPE(METRIC_COUNTER) | TYPE(METRIC_GAUGE), true, false, apply_add},
    [UPDATE_SET] = {TYPE(METRIC_COUNTER) | TYPE(METRIC_GAUGE) | TYPE(METRIC_INFO), false, true,
                    apply_set},
    [UPDATE_MAX] = {TYPE(METRIC_GAUGE), false, true, apply_max},
    [UPDATE_MIN] = {TYPE(METRIC_GAUGE), false, true, apply_min},
    [UPDATE_OBSERVE] = {TYPE(METRIC_HISTOGRAM) | TYPE(METRIC_SUMMARY), true, false, apply_observe},
    [UPDATE_RATE] = {TYPE(METRIC_GAUGE), false, false, apply_rate},
    [UPDATE_TOUCH] = {~0u, true, false, apply_touch},
};

static bool is_valid(const struct family *family, const struct update *update)
{
    const struct verb *verb = &verbs[update->kind];
    enum metric_type type = family->spec.type;
    if (!(verb->types & TYPE(type)))
        return false;
    if (update->kind == UPDATE_TOUCH)
        return true;
    if (isnan(update->amount) || (type == METRIC_COUNTER && update->amount < 0))
        return false;
    return isfinite(update->amount) || (verb->in_order && type == METRIC_GAUGE);
}

static bool comes_too_late(const struct series *series, const struct update *update)
{
    if (verbs[update->kind].in_order)
        return update->when.event_time < series->last_event;
    if (update->kind != UPDATE_RATE)
        return false;
    const struct gauge_detail *gauge = series_const_detail(series);
    return gauge->rate &&
           rate_is_too_late(gauge->rate, series->family->spec.rate_window, update->when.event_time);
}

/* The gauge's ttl ended before this event: what it held is gone, but for a set's members. */
static bool was_gone(const struct series *series, const struct update *update)
{
    return series->family->spec.type == METRIC_GAUGE && series->pins == 0 &&
           expiry_is_over(series->family, series->last_event, update->when.event_time);
}

static void start_anew(struct series *series)
{
    struct gauge_detail *gauge = series_detail(series);
    series->value = 0;
    if (gauge->rate)
        rate_fall(gauge->rate);
}

/* Brings the series to light if it is not there yet. True if it was not. */
static bool appear(struct series *series, struct update *update)
{
    update->is_first = series->last_event == TIME_NONE;
    if (LIKELY(series->state == SERIES_SHOWN))
        return false;
    if (series->state == SERIES_DETACHED) {
        series_attach(series, arrival_second(update->when.now));
        birth_begin(series, update->when.now);
        return true;
    }
    if (was_gone(series, update)) {
        start_anew(series);
        update->is_first = true;
    }
    int64_t newest =
        series->last_event > update->when.event_time ? series->last_event : update->when.event_time;
    if (expiry_is_over(series->family, newest, update->when.now))
        return false; /* old news: it stays hidden */
    series_show(series);
    birth_begin(series, update->when.now);
    return true;
}

/* True if the series is new or was hidden. */
static bool apply(struct series *series, struct update *update)
{
    bool born = appear(series, update);
    bool changed = verbs[update->kind].apply(series, update);
    if (update->when.event_time > series->last_event)
        series->last_event = update->when.event_time;
    series_arrive(series, update->when.now);
    series_note(series);
    if (born || update->kind == UPDATE_RATE || series->family->spec.type == METRIC_SUMMARY)
        expiry_watch(series);
    if (changed && !series->birth && series->state == SERIES_SHOWN)
        series->family->registry->version++;
    return born;
}

static bool has_labels_to_fold(const struct family *family)
{
    for (size_t i = 0; i < family->spec.label_count; i++)
        if (family->spec.label_folds[i])
            return true;
    return false;
}

static bool is_attached(const struct series *series)
{
    return series && series->state != SERIES_DETACHED;
}

/* One that is not in memory: with its total if it is remembered, else new. */
static struct series *series_make(struct family *family, struct label_text labels)
{
    struct series *series = series_recall(family, labels);
    return series ? series : series_new(family, labels);
}

static void count_folded(struct family *family)
{
    family->folded++;
    family->unsaved.changed = true;
}

/* The series into which these values fold; made past the limit if it is not there. */
static struct series *fold(struct family *family, const struct update *update,
                           const struct label_value *values, enum update_result *ret_result)
{
    bool folds = has_labels_to_fold(family);
    struct label_text labels = labels_write(family, values, FOLD_LISTED);
    struct series *series = series_find(family, labels);
    if (!is_attached(series) && family->fold_count >= REGISTRY_FOLDS) {
        folds = true;
        labels = labels_write(family, values, FOLD_ALL);
        series = series_find(family, labels);
    }
    if (!series)
        series = series_make(family, labels);
    if (!is_attached(series))
        series->is_fold = 1;
    if (folds && update->kind != UPDATE_TOUCH)
        count_folded(family);
    *ret_result = folds ? UPDATE_FOLDED : UPDATE_APPLIED;
    return series;
}

/* The series that takes the update, made if need be and detached then; NULL when none does. */
static struct series *choose(struct family *family, const struct update *update,
                             const struct label_value *values, enum update_result *ret_result)
{
    struct label_text labels = labels_write(family, values, FOLD_NONE);
    struct series *series = series_find(family, labels);
    *ret_result = UPDATE_APPLIED;
    if (LIKELY(is_attached(series)))
        return series;
    if (limits_make_room(family, update->when.now))
        return series ? series : series_make(family, labels);
    if (verbs[update->kind].folds && family->spec.type != METRIC_INFO)
        return fold(family, update, values, ret_result);
    count_folded(family);
    *ret_result = UPDATE_DROPPED;
    return NULL;
}

static struct update make_update(enum update_kind kind, double amount, const struct moment *when)
{
    struct update update = {.kind = kind, .amount = amount, .when = *when};
    if (update.when.event_time == TIME_NONE)
        update.when.event_time = when->now;
    return update;
}

enum update_result registry_update(struct registry *registry, struct family *family,
                                   enum update_kind kind, const struct label_value *values,
                                   double amount, const struct moment *when,
                                   struct series **ret_series, bool *ret_born)
{
    (void)registry;
    struct update update = make_update(kind, amount, when);
    enum update_result result = UPDATE_INVALID;
    struct series *series = NULL;
    if (is_valid(family, &update))
        series = choose(family, &update, values, &result);
    if (series && comes_too_late(series, &update)) {
        result = UPDATE_OLDER;
        series = NULL;
    }
    bool born = series && apply(series, &update);
    if (ret_series)
        *ret_series = series;
    if (ret_born)
        *ret_born = born;
    return result;
}

enum update_result registry_update_series(struct registry *registry, struct series *series,
                                          enum update_kind kind, double amount,
                                          const struct moment *when, bool *ret_born)
{
    (void)registry;
    struct update update = make_update(kind, amount, when);
    *ret_born = false;
    if (!is_valid(series->family, &update))
        return UPDATE_INVALID;
    if (comes_too_late(series, &update))
        return UPDATE_OLDER;
    *ret_born = apply(series, &update);
    return UPDATE_APPLIED;
}

uint64_t registry_generation(const struct registry *registry)
{
    return registry->generation;
}

void registry_adjust(struct registry *registry, struct series *series, double amount,
                     const struct moment *when)
{
    (void)registry;
    struct update update = make_update(UPDATE_ADD, amount, when);
    if (!is_valid(series->family, &update))
        return;
    if (series->state == SERIES_DETACHED)
        series->value += amount;
    else
        apply(series, &update);
}
