/* Buckets of a histogram, as rule files have them: a list of bounds, or {start, factor, count},
 * {start, width, count}. */
#include <math.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "rules/metric.h"
#include "rules/schema.h"

#define BUCKETS_MOST 500

static bool add_bound(double **bounds, size_t *count, double value)
{
    if (*count == BUCKETS_MOST || (*count && !(value > (*bounds)[*count - 1])))
        return false;
    *bounds = memory_resize(*bounds, *count + 1, sizeof(**bounds));
    (*bounds)[(*count)++] = value;
    return true;
}

/* {start, factor, count} or {start, width, count}. */
static void read_series_of_bounds(struct diagnostics *diagnostics, const struct tree *node,
                                  bool is_exponential, double **bounds, size_t *count)
{
    const char *const words[] = {"start", is_exponential ? "factor" : "width", "count"};
    double start;
    double step;
    int64_t wanted;
    if (!schema_map(diagnostics, node, "buckets"))
        return;
    schema_keys(diagnostics, node, "key of buckets", words, 3);
    for (size_t i = 0; i < 3; i++)
        if (!tree_get(node, words[i]))
            diagnostics_error(diagnostics, node, "buckets need '%s'", words[i]);
    if (!tree_get(node, words[0]) || !tree_get(node, words[1]) || !tree_get(node, words[2]) ||
        !schema_number(diagnostics, tree_get(node, words[0]), "'start'", &start) ||
        !schema_number(diagnostics, tree_get(node, words[1]), words[1], &step) ||
        !schema_integer(diagnostics, tree_get(node, words[2]), "'count'", 1, BUCKETS_MOST, &wanted))
        return;
    double value = start;
    for (int64_t i = 0; i < wanted; i++) {
        if (!isfinite(value) || !add_bound(bounds, count, value)) {
            diagnostics_error(diagnostics, node, "these buckets do not rise");
            return;
        }
        value = is_exponential ? value * step : start + (double)(i + 1) * step;
    }
}

static void read_bound_list(struct diagnostics *diagnostics, const struct tree *node,
                            double **bounds, size_t *count)
{
    for (size_t i = 0; i < node->count; i++) {
        double value;
        if (!schema_number(diagnostics, node->items[i], "a bucket", &value))
            continue;
        if (*count == BUCKETS_MOST) {
            diagnostics_error(diagnostics, node, "a histogram may have %d buckets at most",
                              BUCKETS_MOST);
            return;
        }
        if (!add_bound(bounds, count, value))
            diagnostics_error(diagnostics, node->items[i], "bucket '%s' does not rise",
                              node->items[i]->text);
    }
}

/* Buckets stand under `buckets` as a list or map, or under `exponential` or `linear`. */
void metric_read_buckets(struct metric *metric, const struct tree *node,
                         struct diagnostics *diagnostics)
{
    static const char *const words[] = {"exponential", "linear"};
    const struct tree *buckets = tree_get(node, "buckets");
    const struct tree *shape = buckets && buckets->kind == TREE_MAP ? buckets : node;
    double *bounds = NULL;
    size_t count = 0;
    if (shape == buckets)
        schema_keys(diagnostics, buckets, "kind of buckets", words, 2);
    if (tree_get(shape, "exponential"))
        read_series_of_bounds(diagnostics, tree_get(shape, "exponential"), true, &bounds, &count);
    else if (tree_get(shape, "linear"))
        read_series_of_bounds(diagnostics, tree_get(shape, "linear"), false, &bounds, &count);
    else if (buckets && buckets->kind == TREE_LIST)
        read_bound_list(diagnostics, buckets, &bounds, &count);
    else if (buckets)
        diagnostics_error(diagnostics, buckets, "'buckets' must be a list, exponential or linear");
    metric->spec.buckets = bounds;
    metric->spec.bucket_count = count;
    if (metric->spec.type == METRIC_HISTOGRAM && count == 0)
        diagnostics_error(diagnostics, metric->where, "histogram '%s' needs 'buckets'",
                          metric->name);
    if (metric->spec.type != METRIC_HISTOGRAM && count > 0)
        diagnostics_error(diagnostics, metric->where,
                          "'%s' is no histogram, so it can have no buckets", metric->name);
}
