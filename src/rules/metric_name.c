/* Names of metrics: what is valid, what clashes, what promlint would say.
 *
 * Clashes: OpenMetrics 1.0 reserves sample names by type (counter: _total, _created; histogram:
 * _bucket, _count, _sum, _created; summary: _count, _sum, _created; info: _info), so that a gauge
 * a_count beside a histogram a cannot be told apart. Checked over the whole set. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/tree.h"
#include "rules/compiler.h"
#include "rules/metric.h"

bool metric_name_is_valid(const char *name)
{
    if (!isalpha((unsigned char)name[0]) && name[0] != '_' && name[0] != ':')
        return false;
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at >= 0x80 ||
            (!isalnum((unsigned char)*at) && *at != '_' && *at != ':'))
            return false;
    return true;
}

bool label_name_is_valid(const char *name)
{
    return metric_name_is_valid(name) && !strchr(name, ':') && strncmp(name, "__", 2) != 0;
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t length = strlen(name);
    size_t tail = strlen(suffix);
    return length > tail && strcmp(name + length - tail, suffix) == 0;
}

/* Suffixes that a metric's samples take, by type; "" is the name itself. */
static const char *const *claimed_suffixes(enum metric_type type)
{
    static const char *const counter[] = {"", "_total", "_created", NULL};
    static const char *const gauge[] = {"", NULL};
    static const char *const histogram[] = {"", "_bucket", "_count", "_sum", "_created", NULL};
    static const char *const summary[] = {"", "_count", "_sum", "_created", NULL};
    static const char *const info[] = {"", "_info", NULL};
    static const char *const *const by_type[] = {counter, gauge, histogram, summary, info};
    return by_type[type];
}

/* The name of the family, as OpenMetrics has it. */
static size_t family_length(const struct metric *metric)
{
    size_t length = strlen(metric->name);
    if (metric->spec.type == METRIC_COUNTER && ends_with(metric->name, "_total"))
        return length - strlen("_total");
    if (metric->spec.type == METRIC_INFO && ends_with(metric->name, "_info"))
        return length - strlen("_info");
    return length;
}

/* A sample name, and the first metric that may show it. */
struct claim {
    const struct metric *metric;
    size_t length;
    char name[];
};

static bool claim_is_of(const void *item, const void *key)
{
    const struct claim *claim = item;
    const struct claim *wanted = key;
    return claim->length == wanted->length && memcmp(claim->name, wanted->name, claim->length) == 0;
}

static struct claim *claim_new(const struct metric *metric, const char *suffix)
{
    size_t own = family_length(metric);
    size_t length = own + strlen(suffix);
    struct claim *claim = memory_alloc(sizeof(*claim) + length + 1);
    *claim = (struct claim){.metric = metric, .length = length};
    memcpy(claim->name, metric->name, own);
    memcpy(claim->name + own, suffix, length - own + 1);
    return claim;
}

/* Claims every name that the metric's samples take; told once for each metric it clashes with. */
static void check_clash(struct map *claims, const struct metric *metric,
                        struct diagnostics *diagnostics)
{
    const struct metric *told = NULL;
    for (const char *const *suffix = claimed_suffixes(metric->spec.type); *suffix; suffix++) {
        struct claim *claim = claim_new(metric, *suffix);
        uint64_t hash = hash_bytes(claim->name, claim->length);
        const struct claim *other = map_find(claims, hash, claim);
        if (!other) {
            map_insert(claims, hash, claim);
            continue;
        }
        if (other->metric != told)
            diagnostics_error(diagnostics, metric->where,
                              "metric '%s' clashes with '%s': both may show samples named '%s'",
                              metric->name, other->metric->name, claim->name);
        told = other->metric;
        free(claim);
    }
}

static void check_clashes(const struct rule_set *set, struct diagnostics *diagnostics)
{
    struct map claims;
    map_init(&claims, claim_is_of);
    for (size_t i = 0; i < set->metric_count; i++)
        check_clash(&claims, set->metrics[i], diagnostics);
    size_t position = 0;
    struct claim *claim;
    while ((claim = map_next(&claims, &position)))
        free(claim);
    map_free(&claims);
}

static void check_reserved(const struct metric *metric, struct diagnostics *diagnostics)
{
    static const char *const prefixes[] = {"jsonl_exporter_", "process_"};
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++)
        if (strncmp(metric->name, prefixes[i], strlen(prefixes[i])) == 0)
            diagnostics_error(diagnostics, metric->where,
                              "metric '%s': names with %s are the exporter's own", metric->name,
                              prefixes[i]);
}

/* --- What promlint says: warnings ----------------------------------------------------------- */

static bool has_word(const char *name, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = name; (at = strstr(at, word)); at++)
        if ((at == name || at[-1] == '_') && (at[length] == '\0' || at[length] == '_'))
            return true;
    return false;
}

/* As has_word, but not at the beginning: `m_total` may well be about m. */
static bool has_later_word(const char *name, const char *word)
{
    const char *rest = strchr(name, '_');
    return rest && has_word(rest + 1, word);
}

static void lint_units(const struct metric *metric, struct diagnostics *diagnostics)
{
    static const struct {
        const char *word;
        const char *base;
    } units[] = {
        {"milliseconds", "seconds"}, {"microseconds", "seconds"}, {"nanoseconds", "seconds"},
        {"minutes", "seconds"},      {"hours", "seconds"},        {"days", "seconds"},
        {"weeks", "seconds"},        {"kelvins", "celsius"},      {"fahrenheit", "celsius"},
        {"bits", "bytes"},           {"kilobytes", "bytes"},      {"kibibytes", "bytes"},
        {"megabytes", "bytes"},      {"mebibytes", "bytes"},      {"gigabytes", "bytes"},
        {"gibibytes", "bytes"},      {"terabytes", "bytes"},      {"calories", "joules"},
        {"pounds", "grams"},         {"ounces", "grams"},         {"inches", "meters"},
        {"yards", "meters"},         {"miles", "meters"},         {"kilometers", "meters"},
        {"centimeters", "meters"},   {"millimeters", "meters"},   {"kilograms", "grams"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
        if (has_word(metric->name, units[i].word))
            diagnostics_warning(diagnostics, metric->where,
                                "metric '%s': use base unit '%s' instead of '%s'", metric->name,
                                units[i].base, units[i].word);
    static const char *const abbreviations[] = {"ms", "us", "ns", "sec", "kb", "mb", "gb",
                                                "tb", "pb", "s",  "b",   "m",  "h",  "d"};
    for (size_t i = 0; i < ARRAY_LENGTH(abbreviations); i++)
        if (has_later_word(metric->name, abbreviations[i]))
            diagnostics_warning(diagnostics, metric->where,
                                "metric '%s': '%s' is an abbreviated unit", metric->name,
                                abbreviations[i]);
}

static void lint_suffixes(const struct metric *metric, struct diagnostics *diagnostics)
{
    enum metric_type type = metric->spec.type;
    const char *name = metric->name;
    bool counts = type == METRIC_HISTOGRAM || type == METRIC_SUMMARY;
    if (type == METRIC_COUNTER && !ends_with(name, "_total"))
        diagnostics_warning(diagnostics, metric->where,
                            "counter '%s' should have the suffix '_total'", name);
    if (type != METRIC_COUNTER && ends_with(name, "_total"))
        diagnostics_warning(diagnostics, metric->where,
                            "'%s' is no counter and should not end with '_total'", name);
    if (type == METRIC_INFO && !ends_with(name, "_info"))
        diagnostics_warning(diagnostics, metric->where, "info '%s' should end with '_info'", name);
    if (type != METRIC_HISTOGRAM && ends_with(name, "_bucket"))
        diagnostics_warning(diagnostics, metric->where,
                            "'%s' is no histogram and should not end with '_bucket'", name);
    if (!counts && (ends_with(name, "_count") || ends_with(name, "_sum")))
        diagnostics_warning(diagnostics, metric->where,
                            "'%s' should not end with '_count' or '_sum'", name);
}

static bool has_capital_after_small(const char *name)
{
    for (const char *at = name; at[0] && at[1]; at++)
        if (islower((unsigned char)at[0]) && isupper((unsigned char)at[1]))
            return true;
    return false;
}

static void lint_words(const struct metric *metric, struct diagnostics *diagnostics)
{
    static const char *const types[] = {"counter", "gauge", "histogram", "summary"};
    if (metric->help[0] == '\0')
        diagnostics_warning(diagnostics, metric->where, "metric '%s' has no help text",
                            metric->name);
    if (strchr(metric->name, ':'))
        diagnostics_warning(diagnostics, metric->where,
                            "metric '%s': colons are for recording rules", metric->name);
    if (has_capital_after_small(metric->name))
        diagnostics_warning(diagnostics, metric->where,
                            "metric '%s' should be in snake_case, not camelCase", metric->name);
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (has_word(metric->name, types[i]))
            diagnostics_warning(diagnostics, metric->where,
                                "metric '%s' should not have its type in its name", metric->name);
    for (size_t i = 0; i < metric->spec.label_count; i++)
        if (has_capital_after_small(metric->labels[i]))
            diagnostics_warning(diagnostics, metric->where,
                                "label '%s' of '%s' should be in snake_case", metric->labels[i],
                                metric->name);
}

void metric_names_check(const struct rule_set *set, struct diagnostics *diagnostics)
{
    check_clashes(set, diagnostics);
    for (size_t i = 0; i < set->metric_count; i++) {
        const struct metric *metric = set->metrics[i];
        check_reserved(metric, diagnostics);
        lint_suffixes(metric, diagnostics);
        lint_units(metric, diagnostics);
        lint_words(metric, diagnostics);
    }
}
