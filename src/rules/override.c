/* See override.h. */
#include "rules/override.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "rules/builtin.h"
#include "rules/compiler.h"
#include "rules/schema.h"

struct overriding {
    struct diagnostics *diagnostics;
    struct metric *metric;
};

/* A pack may be left out because what it reads is not there; then nothing is misspelt. Metrics
 * stand at the same indentation in each built-in pack. */
static bool is_of_unused_pack(const char *name)
{
    AUTO_FREE char *line = memory_format("\n  %s:", name);
    for (const struct builtin_pack *pack = builtin_packs; pack->name; pack++)
        if (strstr(pack->text, line))
            return true;
    return false;
}

static void report_unknown(const struct compiler *compiler, const struct tree *name)
{
    const struct rule_set *set = compiler->set;
    if (is_of_unused_pack(name->text))
        return;
    const char **names = memory_zero(set->metric_count, sizeof(*names));
    for (size_t i = 0; i < set->metric_count; i++)
        names[i] = set->metrics[i]->name;
    schema_unknown(compiler->diagnostics, name, "metric", names, set->metric_count);
    free(names);
}

static void remove_label(struct metric *metric, size_t label)
{
    size_t behind = metric->spec.label_count - label - 1;
    for (size_t i = 0; i < metric->init[label].count; i++)
        free(metric->init[label].values[i]);
    free(metric->init[label].values);
    metric->dropped[metric->dropped_count++] = metric->labels[label];
    memmove(&metric->labels[label], &metric->labels[label + 1], behind * sizeof(char *));
    memmove(&metric->init[label], &metric->init[label + 1], behind * sizeof(*metric->init));
    memmove(&metric->spec.label_folds[label], &metric->spec.label_folds[label + 1],
            behind * sizeof(bool));
    metric->spec.label_count--;
    metric->init[metric->spec.label_count] = (struct label_init){NULL, 0};
}

static void on_drop_label(void *context, const struct tree *text)
{
    const struct overriding *overriding = context;
    struct metric *metric = overriding->metric;
    int label = metric_label(metric, text->text);
    if (label >= 0)
        remove_label(metric, (size_t)label);
    else if (!metric_label_is_dropped(metric, text->text))
        schema_unknown(overriding->diagnostics, text, "label in 'drop_labels'",
                       (const char *const *)metric->labels, metric->spec.label_count);
}

static void override_buckets(const struct overriding *overriding, const struct tree *node)
{
    struct metric *metric = overriding->metric;
    const struct tree *where = metric->where;
    const struct tree *buckets = tree_get(node, "buckets");
    if (!buckets)
        return;
    if (metric->spec.type != METRIC_HISTOGRAM) {
        diagnostics_error(overriding->diagnostics, buckets,
                          "'%s' is no histogram, so it can have no buckets", metric->name);
        return;
    }
    free((void *)(uintptr_t)metric->spec.buckets);
    metric->where = buckets;
    metric_read_buckets(metric, node, overriding->diagnostics);
    metric->where = where;
}

static void override_limits(const struct overriding *overriding, const struct tree *node)
{
    struct family_spec *spec = &overriding->metric->spec;
    int64_t integer;
    if (tree_get(node, "ttl"))
        schema_duration(overriding->diagnostics, tree_get(node, "ttl"), "'ttl'", true, &spec->ttl);
    if (tree_get(node, "max_series") &&
        schema_integer(overriding->diagnostics, tree_get(node, "max_series"), "'max_series'", 1,
                       100000000, &integer))
        spec->max_series = (size_t)integer;
}

static void override_disabled(const struct overriding *overriding, const struct tree *node)
{
    static const char *const words[] = {"false", "true"};
    size_t disabled;
    if (tree_get(node, "disabled") &&
        schema_choice(overriding->diagnostics, tree_get(node, "disabled"), "value of 'disabled'",
                      words, ARRAY_LENGTH(words), &disabled))
        overriding->metric->disabled = disabled == 1;
}

static void override_metric(struct compiler *compiler, const struct tree *name,
                            const struct tree *node)
{
    static const char *const words[] = {"buckets", "ttl", "max_series", "drop_labels", "disabled"};
    struct overriding overriding = {compiler->diagnostics, metric_find(compiler->set, name->text)};
    if (!schema_map(compiler->diagnostics, node, "an override"))
        return;
    schema_keys(compiler->diagnostics, node, "word of an override", words, ARRAY_LENGTH(words));
    if (!overriding.metric) {
        report_unknown(compiler, name);
        return;
    }
    override_buckets(&overriding, node);
    override_limits(&overriding, node);
    override_disabled(&overriding, node);
    schema_each_text(compiler->diagnostics, tree_get(node, "drop_labels"), "'drop_labels'",
                     on_drop_label, &overriding);
}

void overrides_apply(struct compiler *compiler)
{
    const struct rule_set *set = compiler->set;
    for (size_t i = 0; i < set->pack_count; i++) {
        const struct tree *tree = set->packs[i].tree;
        const struct tree *overrides =
            tree && tree->kind == TREE_MAP ? tree_get(tree, "overrides") : NULL;
        if (!overrides || tree_is_null(overrides) ||
            !schema_map(compiler->diagnostics, overrides, "'overrides'"))
            continue;
        for (size_t j = 0; j < overrides->count; j++)
            override_metric(compiler, overrides->keys[j], overrides->items[j]);
    }
}

static struct memory *set_of(const struct rule_set *set, const struct metric *metric)
{
    for (size_t i = 0; i < set->named_count; i++)
        if (set->named[i].memory->kind == MEMORY_SET && set->named[i].memory->metric == metric)
            return set->named[i].memory;
    return NULL;
}

static void bind_clear(struct compiler *compiler, struct row *row)
{
    struct memory *memory = set_of(compiler->set, row->metric);
    if (!memory)
        return;
    if (memory->scope == SCOPE_FILE || memory->scope == SCOPE_DIRECTORY)
        row->memory = memory;
    else
        diagnostics_error(
            compiler->diagnostics, row->facts->where,
            "this 'clear' names a series by label '%s', so 'overrides' cannot drop it "
            "from '%s'",
            row->metric->dropped[0], row->metric->name);
}

void overrides_bind_clears(struct compiler *compiler)
{
    const struct rule_set *set = compiler->set;
    for (size_t i = 0; i < set->source_count; i++) {
        for (size_t j = 0; j < set->sources[i]->row_count; j++) {
            struct row *row = set->sources[i]->rows[j];
            if (row->verb == VERB_CLEAR && !row->memory && row->metric->dropped_count)
                bind_clear(compiler, row);
        }
    }
}
