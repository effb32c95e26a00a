/* Names of metrics: what is valid, what clashes. What promlint would say is in metric_lint.c.
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
        if (!set->metrics[i]->disabled)
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

void metric_names_check(const struct rule_set *set, struct diagnostics *diagnostics)
{
    check_clashes(set, diagnostics);
    for (size_t i = 0; i < set->metric_count; i++) {
        const struct metric *metric = set->metrics[i];
        check_reserved(metric, diagnostics);
        metric_lint(metric, diagnostics);
    }
}
