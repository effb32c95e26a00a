/* One metric of the reference:
 *
 *   ### `jobs_total`
 *
 *   Jobs that ended, by status.
 *
 *   - **Type:** counter
 *   - **Unit:** none
 *   - **Labels:** `status` (from the start: `success`, `failed`)
 *
 *   | Event | Update | Rule |
 *   |---|---|---|
 *   | `events/JobCompleted` | `inc` | `mine:12` |
 *
 * and an example of a query. What is as everywhere (never hidden, the pack's limit) is not said. */
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "command/docs_markdown.h"
#include "command/docs_page.h"
#include "command/docs_query.h"
#include "command/docs_unit.h"
#include "rules/describe.h"

static const char *const type_names[] = {"counter", "gauge", "histogram", "summary", "info"};

static void append_list(struct text *out, const char *title, const double *numbers, size_t count)
{
    text_printf(out, "- **%s:** ", title);
    for (size_t i = 0; i < count; i++) {
        text_append_string(out, i ? ", " : "");
        docs_append_number(out, numbers[i]);
    }
    text_append_string(out, "\n");
}

static void append_init(struct text *out, const struct rule_init *init)
{
    text_append_string(out, " (from the start: ");
    for (size_t i = 0; i < init->count; i++) {
        text_append_string(out, i ? ", " : "");
        docs_append_code(out, *init->values[i] ? init->values[i] : "\"\"");
    }
    text_append_string(out, ")");
}

static void append_labels(struct text *out, const struct rule_metric *metric)
{
    const struct family_spec *spec = metric->spec;
    text_append_string(out, "- **Labels:** ");
    for (size_t i = 0; i < spec->label_count; i++) {
        text_append_string(out, i ? ", " : "");
        docs_append_code(out, spec->labels[i]);
        if (metric->init[i].count)
            append_init(out, &metric->init[i]);
    }
    text_append_string(out, spec->label_count ? "\n" : "none\n");
}

static void append_windows(struct text *out, const struct family_spec *spec)
{
    int64_t window = spec->type == METRIC_SUMMARY ? spec->summary_window : spec->rate_window;
    if (spec->type == METRIC_SUMMARY && window == 0)
        window = 600 * NANOSECONDS_PER_SECOND;
    if (window == 0)
        return;
    text_append_string(out, "- **Window:** ");
    docs_append_duration(out, window);
    text_append_string(out, "\n");
}

static void append_limits(struct text *out, const struct family_spec *spec,
                          const struct rule_pack_facts *pack)
{
    if (spec->ttl > 0) {
        text_append_string(out, "- **Shown:** for ");
        docs_append_duration(out, spec->ttl);
        text_append_string(out, " after a series' last event\n");
    } else if (pack->default_ttl > 0) {
        text_append_string(out, "- **Shown:** for ever\n");
    }
    if (spec->max_series != pack->default_max_series)
        text_printf(out, "- **Limit:** %zu samples\n", spec->max_series);
}

static void append_facts(struct text *out, const struct rule_metric *metric,
                         const struct rule_pack_facts *pack)
{
    const struct family_spec *spec = metric->spec;
    text_printf(out, "- **Type:** %s\n- **Unit:** ", type_names[spec->type]);
    docs_append_unit(out, spec->name, spec->type);
    text_append_string(out, "\n");
    append_labels(out, metric);
    if (spec->bucket_count)
        append_list(out, "Buckets", spec->buckets, spec->bucket_count);
    if (spec->quantile_count)
        append_list(out, "Quantiles", spec->quantiles, spec->quantile_count);
    append_windows(out, spec);
    if (metric->has_init)
        text_append_string(out, "- **At 0:** from the first update of any metric of the pack that "
                                "has its other labels\n");
    append_limits(out, spec, pack);
}

static bool feeds(const struct rule_feed *feed, const struct rule_metric *metric)
{
    return feed->metric && strcmp(feed->metric, metric->spec->name) == 0;
}

static void append_feed(struct text *out, const struct rule_feed *feed)
{
    text_append_string(out, "| ");
    for (size_t i = 0; i < feed->event_count; i++) {
        AUTO_FREE char *event =
            memory_format("%s/%s", feed->events[i].source, feed->events[i].name);
        text_append_string(out, i ? ", " : "");
        docs_append_code(out, event);
    }
    AUTO_FREE char *place = memory_format("%s:%d", feed->pack, feed->line);
    text_printf(out, " | `%s` | ", feed->verb);
    docs_append_code(out, place);
    text_append_string(out, " |\n");
}

/* Counted in `metric` by what nobody took out of a set. Returns how many such sets there are. */
static size_t append_lapses(struct text *out, const struct rule_set *set,
                            const struct rule_metric *metric)
{
    struct rule_metric other;
    size_t count = 0;
    for (size_t i = 0; rule_set_metric(set, i, &other); i++) {
        if (!other.lapses_into || strcmp(other.lapses_into, metric->spec->name) != 0)
            continue;
        text_printf(out, "\nAlso counts what lapses in `%s`.\n", other.spec->name);
        count++;
    }
    return count;
}

static void append_feeds(struct text *out, const struct rule_set *set,
                         const struct rule_metric *metric)
{
    struct rule_feed feed;
    size_t count = 0;
    for (size_t i = 0; rule_set_feed(set, i, &feed); i++) {
        if (!feeds(&feed, metric))
            continue;
        if (count++ == 0)
            text_append_string(out, "\n| Event | Update | Rule |\n|---|---|---|\n");
        append_feed(out, &feed);
    }
    count += append_lapses(out, set, metric);
    if (count == 0)
        text_append_string(out, "\nNo rule feeds it.\n");
}

/* Known and few values before all others. */
static const char *main_label(const struct rule_metric *metric)
{
    for (size_t i = 0; i < metric->spec->label_count; i++)
        if (metric->init[i].count)
            return metric->spec->labels[i];
    return metric->spec->label_count ? metric->spec->labels[0] : NULL;
}

static bool has_verb(const struct rule_set *set, const struct rule_metric *metric, const char *verb)
{
    struct rule_feed feed;
    for (size_t i = 0; rule_set_feed(set, i, &feed); i++)
        if (feeds(&feed, metric) && strcmp(feed.verb, verb) == 0)
            return true;
    return false;
}

static enum docs_together together(const struct rule_set *set, const struct rule_metric *metric)
{
    enum docs_measure measure = docs_measure_of(metric->spec->name, metric->spec->type);
    if (has_verb(set, metric, "min") && !has_verb(set, metric, "max"))
        return TOGETHER_LOWEST;
    if (metric->shows_oldest || measure == MEASURE_LEVEL || measure == MEASURE_MOMENT ||
        has_verb(set, metric, "max"))
        return TOGETHER_HIGHEST;
    return TOGETHER_SUM;
}

void docs_append_metric(struct text *out, const struct rule_set *set,
                        const struct rule_metric *metric, const struct rule_pack_facts *pack)
{
    text_printf(out, "\n### `%s`\n\n", metric->spec->name);
    if (*metric->spec->help) {
        docs_append_prose(out, metric->spec->help);
        text_append_string(out, "\n\n");
    }
    append_facts(out, metric, pack);
    append_feeds(out, set, metric);
    text_append_string(out, "\n```promql\n");
    docs_append_query(out, metric->spec, main_label(metric), together(set, metric));
    text_append_string(out, "\n```\n");
}
