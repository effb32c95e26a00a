/* See docs_query.h.
 *
 *   counter     sum by (status) (rate(jobs_total[5m])), of tokens and money increase(...[1d])
 *   gauge       sum by (job) (queue_depth), or max, or min; of a moment its age
 *   histogram   histogram_quantile(0.95, sum by (le, job) (rate(run_seconds_bucket[5m])))
 *   summary     its highest quantile; without any the mean
 *   info        how many series say the same */
#include "command/docs_query.h"

#include <string.h>

#include "base/number.h"
#include "command/docs_unit.h"

/* "sum by (label) " */
static void append_over(struct text *out, const char *verb, const char *label)
{
    if (label)
        text_printf(out, "%s by (%s) ", verb, label);
    else
        text_append_string(out, verb);
}

static void append_counter(struct text *out, const struct family_spec *spec, const char *label)
{
    bool is_spent = docs_measure_of(spec->name, METRIC_COUNTER) == MEASURE_SPENT;
    append_over(out, "sum", label);
    text_printf(out, is_spent ? "(increase(%s[1d]))" : "(rate(%s[5m]))", spec->name);
}

static void append_gauge(struct text *out, const struct family_spec *spec, const char *label,
                         enum docs_together together)
{
    static const char *const verbs[] = {
        [TOGETHER_SUM] = "sum", [TOGETHER_HIGHEST] = "max", [TOGETHER_LOWEST] = "min"};
    if (docs_measure_of(spec->name, METRIC_GAUGE) == MEASURE_MOMENT)
        text_append_string(out, "time() - ");
    append_over(out, verbs[together], label);
    text_printf(out, "(%s)", spec->name);
}

static void append_histogram(struct text *out, const struct family_spec *spec, const char *label)
{
    text_printf(out, "histogram_quantile(0.95, sum by (le%s%s) (rate(%s_bucket[5m])))",
                label ? ", " : "", label ? label : "", spec->name);
}

static void append_mean(struct text *out, const struct family_spec *spec, const char *label)
{
    append_over(out, "sum", label);
    text_printf(out, "(rate(%s_sum[5m])) / ", spec->name);
    append_over(out, "sum", label);
    text_printf(out, "(rate(%s_count[5m]))", spec->name);
}

static void append_summary(struct text *out, const struct family_spec *spec, const char *label)
{
    char quantile[NUMBER_TEXT];
    if (spec->quantile_count == 0) {
        append_mean(out, spec, label);
        return;
    }
    size_t length = number_format_bound(spec->quantiles[spec->quantile_count - 1], quantile);
    append_over(out, "max", label);
    text_printf(out, "(%s{quantile=\"%.*s\"})", spec->name, (int)length, quantile);
}

static bool is_info(const struct family_spec *spec)
{
    size_t length = strlen(spec->name);
    return spec->type == METRIC_INFO ||
           (length > 5 && strcmp(spec->name + length - 5, "_info") == 0);
}

void docs_append_query(struct text *out, const struct family_spec *spec, const char *label,
                       enum docs_together together)
{
    if (is_info(spec)) {
        append_over(out, "count", label);
        text_printf(out, "(%s)", spec->name);
    } else if (spec->type == METRIC_COUNTER) {
        append_counter(out, spec, label);
    } else if (spec->type == METRIC_HISTOGRAM) {
        append_histogram(out, spec, label);
    } else if (spec->type == METRIC_SUMMARY) {
        append_summary(out, spec, label);
    } else {
        append_gauge(out, spec, label, together);
    }
}
