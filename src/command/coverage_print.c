/* The report of `coverage`: plain text, in columns, always in the same order. */
#include <string.h>

#include "base/text.h"
#include "command/coverage.h"
#include "command/coverage_columns.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "registry/registry.h"
#include "rules/rule_set.h"

static void print_skipped(const struct coverage *coverage, struct text *out)
{
    struct pipeline_counts counts;
    size_t told = 0;
    pipeline_counts(coverage->reading.pipeline, &counts);
    for (size_t i = 0; i < SKIP_REASONS; i++) {
        if (counts.skipped[i] == 0)
            continue;
        if (told++ == 0)
            text_append_string(out, "lines skipped:\n");
        columns_count(out, counts.skipped[i]);
        columns_end(out, skip_reason_names[i], strlen(skip_reason_names[i]));
    }
    text_append_string(out, told ? "\n" : "no line was skipped\n\n");
}

/* --- Rows ---------------------------------------------------------------------------------------
 */

static bool is_silent(const struct rule_row_count *row)
{
    return row->outcomes[ROW_APPLIED] + row->outcomes[ROW_FOLDED] == 0;
}

/* Did its event never come? */
static bool is_unmet(const struct rule_row_count *row)
{
    for (size_t i = 0; i < ROW_OUTCOMES; i++)
        if (row->outcomes[i] > 0)
            return false;
    return true;
}

/* How long is the rule's text ("prodigy:AgentFailed:112") without the line? */
static size_t length_without_line(const char *rule)
{
    const char *colon = strrchr(rule, ':');
    return colon ? (size_t)(colon - rule) : strlen(rule);
}

/* Rules whose events did not come, one line each: their rows stand one after another. */
static void print_unmet_rules(const struct rule_set *rules, struct text *out)
{
    struct rule_row_count row;
    struct rule_row_count next;
    size_t told = 0;
    uint64_t rows = 0;
    for (size_t i = 0; rule_set_row_count(rules, i, &row); i++) {
        if (!is_unmet(&row))
            continue;
        size_t length = length_without_line(row.rule);
        rows++;
        if (rule_set_row_count(rules, i + 1, &next) && is_unmet(&next) &&
            length_without_line(next.rule) == length && memcmp(next.rule, row.rule, length) == 0)
            continue;
        if (told++ == 0)
            text_append_string(out,
                               "rules whose events did not come, and how many rows they have:\n");
        columns_count(out, rows);
        columns_end(out, row.rule, length);
        rows = 0;
    }
    text_append_string(out, told ? "\n" : "the events of all rules came\n\n");
}

/* What became of the row most often. */
static enum row_outcome main_outcome(const struct rule_row_count *row)
{
    size_t most = 0;
    for (size_t i = 1; i < ROW_OUTCOMES; i++)
        if (row->outcomes[i] > row->outcomes[most])
            most = i;
    return (enum row_outcome)most;
}

static void print_silent_rows(const struct rule_set *rules, struct text *out)
{
    struct rule_row_count row;
    size_t told = 0;
    for (size_t i = 0; rule_set_row_count(rules, i, &row); i++) {
        if (!is_silent(&row) || is_unmet(&row))
            continue;
        if (told++ == 0)
            text_append_string(out, "rows that never applied though their events came, and why:\n");
        enum row_outcome outcome = main_outcome(&row);
        columns_count(out, row.outcomes[outcome]);
        columns_word(out, row_outcome_name(outcome), 12);
        columns_end(out, row.rule, strlen(row.rule));
    }
    text_append_string(out, told ? "\n" : "every row applied whose event came\n\n");
}

/* --- Metrics ------------------------------------------------------------------------------------
 */

/* Samples of the exposition that one series makes, as max_series counts them. */
static size_t samples_of(const struct family_spec *spec)
{
    return spec->type == METRIC_HISTOGRAM ? spec->bucket_count + 3
           : spec->type == METRIC_SUMMARY ? spec->quantile_count + 2
                                          : 1;
}

static void print_metric(const struct family *family, const struct family_usage *usage,
                         struct text *out)
{
    const struct family_spec *spec = family_spec(family);
    columns_count(out, usage->series);
    columns_count(out, usage->series * samples_of(spec));
    columns_count(out, spec->max_series);
    columns_count(out, usage->folded);
    columns_end(out, spec->name, strlen(spec->name));
}

static void print_metrics(const struct registry *registry, struct text *out)
{
    const struct family *family;
    struct family_usage usage;
    size_t told = 0;
    text_append_string(out,
                       "metrics, as these files make them (folded: updates past the limit):\n");
    columns_right(out, "series", 6);
    columns_right(out, "samples", 7);
    columns_right(out, "max_series", 10);
    columns_right(out, "folded", 6);
    columns_end(out, "metric", 6);
    for (size_t position = 0; (family = registry_next_family(registry, &position));) {
        family_usage(family, &usage);
        if (usage.series + usage.hidden > 0)
            print_metric(family, &usage, out);
    }
    for (size_t position = 0; (family = registry_next_family(registry, &position));) {
        family_usage(family, &usage);
        if (usage.series + usage.hidden > 0)
            continue;
        text_append_string(out, told++ == 0 ? "\nmetrics without series:\n" : "");
        text_printf(out, "    %s\n", family_spec(family)->name);
    }
}

void coverage_print(const struct coverage *coverage, struct text *out)
{
    const struct rulebook *rulebook = coverage->reading.rulebook;
    coverage_print_sources(coverage, out);
    print_skipped(coverage, out);
    print_unmet_rules(rulebook->rules, out);
    print_silent_rows(rulebook->rules, out);
    print_metrics(rulebook->registry, out);
}
