/* One metric family: its definition, copied, and the walk over its series. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "registry/registry_internal.h"

#define SUMMARY_WINDOW_DEFAULT (600 * NANOSECONDS_PER_SECOND)
#define RATE_WINDOW_DEFAULT    (60 * NANOSECONDS_PER_SECOND)

static bool same_texts(const char *const *left, const char *const *right, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(left[i], right[i]) != 0)
            return false;
    return true;
}

static bool same_numbers(const double *left, const double *right, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (left[i] < right[i] || left[i] > right[i])
            return false;
    return true;
}

static double *copy_numbers(const double *numbers, size_t count)
{
    double *copy = memory_zero(count, sizeof(*copy));
    if (count)
        memcpy(copy, numbers, count * sizeof(*copy));
    return copy;
}

static const char **copy_texts(const char *const *texts, size_t count)
{
    const char **copy = memory_zero(count, sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = memory_copy_text(texts[i]);
    return copy;
}

/* With the windows' defaults filled in. Borrows all that it points at. */
static struct family_spec complete(const struct family_spec *spec)
{
    struct family_spec full = *spec;
    full.help = spec->help ? spec->help : "";
    full.summary_window = spec->summary_window ? spec->summary_window : SUMMARY_WINDOW_DEFAULT;
    full.rate_window = spec->rate_window ? spec->rate_window : RATE_WINDOW_DEFAULT;
    if (spec->type != METRIC_HISTOGRAM)
        full.bucket_count = 0;
    if (spec->type != METRIC_SUMMARY)
        full.quantile_count = 0;
    return full;
}

static struct family_spec copy_spec(const struct family_spec *spec)
{
    struct family_spec copy = complete(spec);
    copy.name = memory_copy_text(copy.name);
    copy.help = memory_copy_text(copy.help);
    copy.labels = copy_texts(copy.labels, copy.label_count);
    copy.buckets = copy_numbers(copy.buckets, copy.bucket_count);
    copy.quantiles = copy_numbers(copy.quantiles, copy.quantile_count);
    return copy;
}

static void free_spec(struct family_spec *spec)
{
    for (size_t i = 0; i < spec->label_count; i++) {
        const char *label = spec->labels[i];
        memory_free_pointer(&label);
    }
    memory_free_pointer(&spec->labels);
    memory_free_pointer(&spec->name);
    memory_free_pointer(&spec->help);
    memory_free_pointer(&spec->buckets);
    memory_free_pointer(&spec->quantiles);
}

static size_t detail_size(const struct family_spec *spec)
{
    switch (spec->type) {
    case METRIC_GAUGE:
        return sizeof(struct gauge_detail);
    case METRIC_HISTOGRAM:
        return (spec->bucket_count + 1) * sizeof(uint64_t);
    case METRIC_SUMMARY:
        return sizeof(struct summary_detail);
    case METRIC_COUNTER:
    case METRIC_INFO:
        break;
    }
    return 0;
}

static size_t samples_of_one(const struct family_spec *spec)
{
    if (spec->type == METRIC_HISTOGRAM)
        return spec->bucket_count + 3;
    return spec->type == METRIC_SUMMARY ? spec->quantile_count + 2 : 1;
}

static void prepare_labels(struct family *family)
{
    for (size_t i = 0; i < family->spec.label_count; i++) {
        char *start = memory_format("%s=\"", family->spec.labels[i]);
        family->label_starts[i] = (struct label_text){start, strlen(start)};
        family->label_room += strlen(start) + sizeof("\",") - 1;
    }
}

int family_check_spec(const struct family_spec *spec)
{
    if (spec->label_count > REGISTRY_LABELS || spec->quantile_count > REGISTRY_QUANTILES)
        return -ENOSPC;
    if (spec->summary_window < 0 || spec->rate_window < 0 || spec->ttl < 0)
        return -EINVAL;
    for (size_t i = 0; i < spec->label_count; i++)
        if (strlen(spec->labels[i]) > REGISTRY_LABEL_LONGEST)
            return -EINVAL;
    for (size_t i = 0; i < spec->bucket_count; i++)
        if (!isfinite(spec->buckets[i]) || (i > 0 && spec->buckets[i] <= spec->buckets[i - 1]))
            return -EINVAL;
    for (size_t i = 0; i < spec->quantile_count; i++)
        if (!(spec->quantiles[i] >= 0 && spec->quantiles[i] <= 1))
            return -EINVAL;
    return 0;
}

struct family *family_new(struct registry *registry, const struct family_spec *spec)
{
    struct family *family = memory_zero(1, sizeof(*family));
    family->registry = registry;
    family->spec = copy_spec(spec);
    family->labels_offset = sizeof(struct series) + detail_size(spec);
    family->samples_each = samples_of_one(spec);
    family->shown = family->hidden = (struct series_list){.oldest = NO_SLOT, .newest = NO_SLOT};
    if (spec->type == METRIC_HISTOGRAM)
        family->zero_counts = memory_zero(spec->bucket_count + 1, sizeof(uint64_t));
    prepare_labels(family);
    series_map_init(&family->by_labels);
    family->hash = family_definition_hash(family);
    family->unsaved.changed = true;
    return family;
}

void family_free(struct family *family)
{
    if (!family)
        return;
    struct series *series;
    for (size_t position = 0; (series = map_next(&family->by_labels, &position));)
        series_free(series);
    map_free(&family->by_labels);
    unsaved_family_free(family);
    free(family->slots);
    free(family->zero_counts);
    for (size_t i = 0; i < family->spec.label_count; i++)
        memory_free_pointer(&family->label_starts[i].bytes);
    free_spec(&family->spec);
    free(family);
}

bool family_is_defined_as(const struct family *family, const struct family_spec *other)
{
    const struct family_spec *spec = &family->spec;
    const struct family_spec full = complete(other);
    return strcmp(spec->help, full.help) == 0 && spec->type == full.type &&
           spec->label_count == full.label_count && spec->bucket_count == full.bucket_count &&
           spec->quantile_count == full.quantile_count &&
           spec->summary_window == full.summary_window && spec->rate_window == full.rate_window &&
           spec->ttl == full.ttl && spec->max_series == full.max_series &&
           same_texts(spec->labels, full.labels, full.label_count) &&
           same_numbers(spec->buckets, full.buckets, full.bucket_count) &&
           same_numbers(spec->quantiles, full.quantiles, full.quantile_count) &&
           memcmp(spec->label_folds, full.label_folds, full.label_count) == 0;
}

const struct family_spec *family_spec(const struct family *family)
{
    return &family->spec;
}

void family_usage(const struct family *family, struct family_usage *ret_usage)
{
    *ret_usage = (struct family_usage){
        .series = family->shown.count,
        .hidden = family->hidden.count,
        .folded = family->folded,
        .expired = family->expired,
    };
}

const struct series *family_next_series(const struct family *family, size_t *position)
{
    while (*position < family->slot_count) {
        const struct series *series = family->slots[(*position)++];
        if (series->state == SERIES_SHOWN)
            return series;
    }
    return NULL;
}
