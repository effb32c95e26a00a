/* See metric.h. */
#include "rules/metric.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/tree.h"
#include "rules/compiler.h"
#include "rules/lapse.h"
#include "rules/schema.h"

#define QUANTILES_MOST 16
#define INIT_MOST      ((size_t)256) /* series of one metric for one set of other labels */

static const char *const type_names[] = {"counter", "gauge", "histogram", "summary", "info"};

struct metric *metric_find(const struct rule_set *set, const char *name)
{
    for (size_t i = 0; i < set->metric_count; i++)
        if (strcmp(set->metrics[i]->name, name) == 0)
            return set->metrics[i];
    return NULL;
}

int metric_label(const struct metric *metric, const char *name)
{
    for (size_t i = 0; i < metric->spec.label_count; i++)
        if (strcmp(metric->labels[i], name) == 0)
            return (int)i;
    return -1;
}

bool metric_label_is_dropped(const struct metric *metric, const char *name)
{
    for (size_t i = 0; i < metric->dropped_count; i++)
        if (strcmp(metric->dropped[i], name) == 0)
            return true;
    return false;
}

size_t metric_label_words(const struct metric *metric, const char **ret_words)
{
    size_t count = 0;
    for (size_t i = 0; i < metric->spec.label_count; i++)
        ret_words[count++] = metric->labels[i];
    for (size_t i = 0; i < metric->dropped_count; i++)
        ret_words[count++] = metric->dropped[i];
    return count;
}

void metric_free(struct metric *metric)
{
    if (!metric)
        return;
    for (size_t i = 0; i < metric->spec.label_count; i++) {
        for (size_t j = 0; j < metric->init[i].count; j++)
            free(metric->init[i].values[j]);
        free(metric->init[i].values);
        free(metric->labels[i]);
    }
    for (size_t i = 0; i < metric->dropped_count; i++)
        free(metric->dropped[i]);
    free(metric->labels);
    free(metric->births);
    set_groups_free(&metric->groups);
    free((void *)(uintptr_t)metric->spec.buckets);
    free((void *)(uintptr_t)metric->spec.quantiles);
    free(metric->name);
    free(metric->help);
    free(metric);
}

struct metric_reading {
    struct compiler *compiler;
    struct metric *metric;
    struct label_init *init;
};

static bool is_reserved_label(const struct metric *metric, const char *name)
{
    return (metric->spec.type == METRIC_HISTOGRAM && strcmp(name, "le") == 0) ||
           (metric->spec.type == METRIC_SUMMARY && strcmp(name, "quantile") == 0);
}

static void on_label(void *context, const struct tree *text)
{
    struct metric_reading *reading = context;
    struct metric *metric = reading->metric;
    struct diagnostics *diagnostics = reading->compiler->diagnostics;
    if (!label_name_is_valid(text->text))
        diagnostics_error(diagnostics, text, "'%s' is no valid label name", text->text);
    else if (is_reserved_label(metric, text->text))
        diagnostics_error(diagnostics, text, "label '%s' is reserved in a %s", text->text,
                          type_names[metric->spec.type]);
    else if (metric_label(metric, text->text) >= 0)
        diagnostics_error(diagnostics, text, "label '%s' stands twice", text->text);
    else if (metric->spec.label_count == REGISTRY_LABELS)
        diagnostics_error(diagnostics, text, "a metric may have %d labels at most",
                          REGISTRY_LABELS);
    else
        metric->labels[metric->spec.label_count++] = memory_copy_text(text->text);
}

static void on_init_value(void *context, const struct tree *text)
{
    struct metric_reading *reading = context;
    struct label_init *init = reading->init;
    init->values = memory_resize(init->values, init->count + 1, sizeof(char *));
    init->values[init->count++] = memory_copy(text->text, text->length);
}

static void read_init(struct metric_reading *reading, const struct tree *node)
{
    struct diagnostics *diagnostics = reading->compiler->diagnostics;
    struct metric *metric = reading->metric;
    if (!node || !schema_map(diagnostics, node, "'init'"))
        return;
    metric->has_init = true;
    size_t combinations = 1;
    for (size_t i = 0; i < node->count && combinations <= INIT_MOST; i++) {
        int label = metric_label(metric, node->keys[i]->text);
        if (label < 0) {
            schema_unknown(diagnostics, node->keys[i], "label in 'init'",
                           (const char *const *)metric->labels, metric->spec.label_count);
            continue;
        }
        reading->init = &metric->init[label];
        schema_each_text(diagnostics, node->items[i], "'init'", on_init_value, reading);
        combinations *= metric->init[label].count ? metric->init[label].count : 1;
    }
    if (combinations > INIT_MOST)
        diagnostics_error(diagnostics, node, "'init' makes %zu series or more; %zu at most",
                          combinations, INIT_MOST);
}

static void read_quantiles(struct metric_reading *reading, const struct tree *node)
{
    struct diagnostics *diagnostics = reading->compiler->diagnostics;
    struct metric *metric = reading->metric;
    const struct tree *list = tree_get(node, "quantiles");
    if (!list)
        return;
    if (metric->spec.type != METRIC_SUMMARY)
        diagnostics_error(diagnostics, list, "'%s' is no summary, so it can have no quantiles",
                          metric->name);
    if (list->kind != TREE_LIST || list->count > QUANTILES_MOST) {
        diagnostics_error(diagnostics, list, "'quantiles' must be a list of %d numbers at most",
                          QUANTILES_MOST);
        return;
    }
    double *quantiles = memory_zero(list->count, sizeof(*quantiles));
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        double value;
        if (!schema_number(diagnostics, list->items[i], "a quantile", &value))
            continue;
        if (value < 0 || value > 1 || (count && value <= quantiles[count - 1]))
            diagnostics_error(diagnostics, list->items[i],
                              "quantile '%s' must be from 0 to 1, and rise", list->items[i]->text);
        else
            quantiles[count++] = value;
    }
    metric->spec.quantiles = quantiles;
    metric->spec.quantile_count = count;
}

static void read_native(struct metric_reading *reading, const struct tree *node)
{
    const struct tree *factor = tree_get(node, "native_histogram_bucket_factor");
    double value;
    if (!factor || !schema_number(reading->compiler->diagnostics, factor,
                                  "'native_histogram_bucket_factor'", &value))
        return;
    if (!(value > 1))
        diagnostics_error(reading->compiler->diagnostics, factor,
                          "'native_histogram_bucket_factor' must be over 1");
    else
        diagnostics_warning(reading->compiler->diagnostics, factor,
                            "native histograms are not served by this version: the text format "
                            "carries none; the classic buckets are");
}

static void read_limits(struct metric_reading *reading, const struct tree *node)
{
    struct compiler *compiler = reading->compiler;
    struct family_spec *spec = &reading->metric->spec;
    spec->ttl = compiler->pack->default_ttl;
    spec->max_series = compiler->pack->default_max_series;
    int64_t integer;
    if (tree_get(node, "ttl"))
        schema_duration(compiler->diagnostics, tree_get(node, "ttl"), "'ttl'", true, &spec->ttl);
    if (tree_get(node, "window"))
        schema_duration(compiler->diagnostics, tree_get(node, "window"), "'window'", false,
                        &spec->summary_window);
    if (tree_get(node, "max_series") &&
        schema_integer(compiler->diagnostics, tree_get(node, "max_series"), "'max_series'", 1,
                       100000000, &integer))
        spec->max_series = (size_t)integer;
}

/* What a set's gauge shows of it. */
static void read_shows(struct metric_reading *reading, const struct tree *node)
{
    static const char *const words[] = {"count", "oldest"};
    struct diagnostics *diagnostics = reading->compiler->diagnostics;
    const struct tree *shows = tree_get(node, "shows");
    size_t index;
    if (!shows || !schema_choice(diagnostics, shows, "'shows'", words, 2, &index))
        return;
    reading->metric->groups.shows_oldest = index == 1;
    if (reading->metric->spec.type != METRIC_GAUGE)
        diagnostics_error(diagnostics, shows, "'%s' is no gauge, so it can show no set",
                          reading->metric->name);
}

static void read_type(struct metric_reading *reading, const struct tree *node)
{
    size_t type = METRIC_COUNTER;
    const struct tree *name = tree_get(node, "type");
    if (!name)
        diagnostics_error(reading->compiler->diagnostics, reading->metric->where,
                          "metric '%s' needs 'type'", reading->metric->name);
    else
        schema_choice(reading->compiler->diagnostics, name, "metric type", type_names,
                      ARRAY_LENGTH(type_names), &type);
    reading->metric->spec.type = (enum metric_type)type;
}

static struct metric *read_metric(struct compiler *compiler, const struct tree *key,
                                  const struct tree *node)
{
    static const char *const words[] = {
        "type",      "help",   "labels", "buckets", "exponential", "linear",
        "quantiles", "window", "init",   "ttl",     "max_series",  "native_histogram_bucket_factor",
        "shows",     "lapsed"};
    struct metric *metric = memory_zero(1, sizeof(*metric));
    struct metric_reading reading = {.compiler = compiler, .metric = metric};
    metric->name = memory_copy_text(key->text);
    metric->pack = compiler->pack->index;
    metric->where = key;
    metric->labels = memory_zero(REGISTRY_LABELS, sizeof(char *));
    set_groups_init(&metric->groups);
    const struct tree *help = tree_get(node, "help");
    metric->help =
        memory_copy_text(schema_scalar(compiler->diagnostics, help, "'help'") ? help->text : "");
    if (!metric_name_is_valid(metric->name))
        diagnostics_error(compiler->diagnostics, key, "'%s' is no valid metric name", metric->name);
    schema_keys(compiler->diagnostics, node, "key of a metric", words, ARRAY_LENGTH(words));
    read_type(&reading, node);
    schema_each_text(compiler->diagnostics, tree_get(node, "labels"), "'labels'", on_label,
                     &reading);
    read_init(&reading, tree_get(node, "init"));
    metric_read_buckets(metric, node, compiler->diagnostics);
    read_quantiles(&reading, node);
    read_native(&reading, node);
    read_limits(&reading, node);
    read_shows(&reading, node);
    metric->lapsed = tree_get(node, "lapsed");
    metric->spec.name = metric->name;
    metric->spec.help = metric->help;
    metric->spec.labels = (const char *const *)metric->labels;
    for (size_t i = 0; i < metric->spec.label_count; i++)
        metric->spec.label_folds[i] = metric->init[i].count == 0;
    return metric;
}

static bool same_doubles(const double *a, const double *b, size_t count)
{
    return count == 0 || memcmp(a, b, count * sizeof(*a)) == 0;
}

static bool same_init(const struct label_init *a, const struct label_init *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->values[i], b->values[i]) != 0)
            return false;
    return true;
}

static bool same_metric(const struct metric *a, const struct metric *b)
{
    const struct family_spec *x = &a->spec;
    const struct family_spec *y = &b->spec;
    if (x->type != y->type || x->label_count != y->label_count || x->ttl != y->ttl ||
        x->max_series != y->max_series || x->bucket_count != y->bucket_count ||
        x->quantile_count != y->quantile_count || x->summary_window != y->summary_window ||
        a->groups.shows_oldest != b->groups.shows_oldest || !a->lapsed != !b->lapsed ||
        strcmp(a->help, b->help) != 0 || !same_doubles(x->buckets, y->buckets, x->bucket_count) ||
        !same_doubles(x->quantiles, y->quantiles, x->quantile_count))
        return false;
    for (size_t i = 0; i < x->label_count; i++)
        if (strcmp(a->labels[i], b->labels[i]) != 0 || !same_init(&a->init[i], &b->init[i]))
            return false;
    return true;
}

static void add_metric(struct compiler *compiler, struct metric *metric)
{
    struct rule_set *set = compiler->set;
    struct metric *other = metric_find(set, metric->name);
    if (other) {
        if (!same_metric(other, metric))
            diagnostics_error(compiler->diagnostics, metric->where,
                              "metric '%s' is defined otherwise at %s:%d:%d", metric->name,
                              other->where->file, other->where->line, other->where->column);
        metric_free(metric);
        return;
    }
    set->metrics = memory_resize(set->metrics, set->metric_count + 1, sizeof(*set->metrics));
    set->metrics[set->metric_count++] = metric;
}

void metrics_compile(struct compiler *compiler, const struct tree *node)
{
    if (!schema_map(compiler->diagnostics, node, "'metrics'"))
        return;
    for (size_t i = 0; i < node->count; i++)
        if (schema_map(compiler->diagnostics, node->items[i], "a metric"))
            add_metric(compiler, read_metric(compiler, node->keys[i], node->items[i]));
}

/* Is `other` to be touched when a series of `metric` is born? Then where its values come from. */
static bool is_born_with(const struct metric *metric, const struct metric *other, int *from)
{
    if (!other->has_init || other->disabled || other->pack != metric->pack)
        return false;
    for (size_t i = 0; i < other->spec.label_count; i++) {
        from[i] = other->init[i].count ? -1 : metric_label(metric, other->labels[i]);
        if (from[i] < 0 && other->init[i].count == 0)
            return false;
    }
    return true;
}

static void find_births(const struct rule_set *set, struct metric *metric)
{
    for (size_t i = 0; i < set->metric_count; i++) {
        struct metric_init birth = {.metric = set->metrics[i]};
        if (!is_born_with(metric, birth.metric, birth.from))
            continue;
        metric->births =
            memory_resize(metric->births, metric->birth_count + 1, sizeof(*metric->births));
        metric->births[metric->birth_count++] = birth;
    }
}

void metrics_define(struct rule_set *set, struct diagnostics *diagnostics)
{
    metric_names_check(set, diagnostics);
    for (size_t i = 0; i < set->metric_count; i++) {
        struct metric *metric = set->metrics[i];
        if (metric->disabled)
            continue;
        int result = registry_define(set->registry, &metric->spec, &metric->family);
        if (result < 0)
            diagnostics_error(diagnostics, metric->where, "metric '%s' cannot be defined: %s",
                              metric->name, strerror(-result));
        find_births(set, metric);
    }
    for (size_t i = 0; i < set->metric_count; i++) {
        struct metric *metric = set->metrics[i];
        if (metric->lapsed && !metric->disabled)
            metric->groups.lapse = lapse_compile(set, metric, metric->lapsed, diagnostics);
        metric->where = metric->lapsed = NULL;
    }
}
