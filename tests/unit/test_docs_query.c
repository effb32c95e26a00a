/* The example queries of the metric reference, and the units that names tell. */
#include "command/docs_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "command/docs_markdown.h"
#include "command/docs_unit.h"

static const double quantiles[] = {0.5, 0.99};

static void test_a_query_fits_its_type_and_unit(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum metric_type type;
        const char *label;
        enum docs_together together;
        size_t quantile_count;
        const char *query;
    } rows[] = {
        {"jobs_total", METRIC_COUNTER, "status", TOGETHER_SUM, 0,
         "sum by (status) (rate(jobs_total[5m]))"},
        {"jobs_total", METRIC_COUNTER, NULL, TOGETHER_HIGHEST, 0, "sum(rate(jobs_total[5m]))"},
        {"read_bytes_total", METRIC_COUNTER, NULL, TOGETHER_SUM, 0,
         "sum(rate(read_bytes_total[5m]))"},
        {"cost_USD_total", METRIC_COUNTER, "model", TOGETHER_SUM, 0,
         "sum by (model) (increase(cost_USD_total[1d]))"},
        {"used_tokens_total", METRIC_COUNTER, NULL, TOGETHER_SUM, 0,
         "sum(increase(used_tokens_total[1d]))"},
        {"queue", METRIC_GAUGE, "job", TOGETHER_SUM, 0, "sum by (job) (queue)"},
        {"queue", METRIC_GAUGE, NULL, TOGETHER_HIGHEST, 0, "max(queue)"},
        {"queue", METRIC_GAUGE, "job", TOGETHER_LOWEST, 0, "min by (job) (queue)"},
        {"seen_timestamp_seconds", METRIC_GAUGE, "job", TOGETHER_HIGHEST, 0,
         "time() - max by (job) (seen_timestamp_seconds)"},
        {"build_info", METRIC_GAUGE, "version", TOGETHER_SUM, 0, "count by (version) (build_info)"},
        {"version", METRIC_INFO, NULL, TOGETHER_SUM, 0, "count(version)"},
        {"run_seconds", METRIC_HISTOGRAM, "job", TOGETHER_SUM, 0,
         "histogram_quantile(0.95, sum by (le, job) (rate(run_seconds_bucket[5m])))"},
        {"run_seconds", METRIC_HISTOGRAM, NULL, TOGETHER_SUM, 0,
         "histogram_quantile(0.95, sum by (le) (rate(run_seconds_bucket[5m])))"},
        {"run_seconds", METRIC_SUMMARY, "job", TOGETHER_SUM, 2,
         "max by (job) (run_seconds{quantile=\"0.99\"})"},
        {"run_seconds", METRIC_SUMMARY, "job", TOGETHER_SUM, 0,
         "sum by (job) (rate(run_seconds_sum[5m])) / sum by (job) (rate(run_seconds_count[5m]))"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct family_spec spec = {.name = rows[i].name,
                                   .type = rows[i].type,
                                   .quantiles = quantiles,
                                   .quantile_count = rows[i].quantile_count};
        struct text out;
        text_init(&out, TEXT_UNLIMITED);
        docs_append_query(&out, &spec, rows[i].label, rows[i].together);
        assert_string_equal(out.data, rows[i].query);
        text_free(&out);
    }
}

static void test_a_name_tells_its_unit(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum metric_type type;
        const char *unit;
    } rows[] = {
        {"run_seconds", METRIC_HISTOGRAM, "seconds"},
        {"cpu_seconds_total", METRIC_COUNTER, "seconds"},
        {"seconds", METRIC_GAUGE, "none"},
        {"seen_timestamp_seconds", METRIC_GAUGE, "seconds since 1970"},
        {"process_start_time_seconds", METRIC_GAUGE, "seconds since 1970"},
        {"m_items_per_second", METRIC_GAUGE, "items per second"},
        {"m_bytes_per_second", METRIC_GAUGE, "bytes per second"},
        {"cost_usd_total", METRIC_COUNTER, "US dollars"},
        {"cost_usd_total", METRIC_GAUGE, "none"},
        {"jobs_total", METRIC_COUNTER, "none"},
        {"build_info", METRIC_INFO, "none (always 1)"},
        {"build_info", METRIC_GAUGE, "none (always 1)"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct text out;
        text_init(&out, TEXT_UNLIMITED);
        docs_append_unit(&out, rows[i].name, rows[i].type);
        assert_string_equal(out.data, rows[i].unit);
        text_free(&out);
    }
}

static void test_durations_in_the_largest_whole_unit(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *shown;
    } rows[] = {{86400, "24h"}, {5400, "90m"}, {90, "90s"}, {0.5, "0.5s"}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct text out;
        text_init(&out, TEXT_UNLIMITED);
        docs_append_duration(&out, (int64_t)(rows[i].seconds * 1e9));
        assert_string_equal(out.data, rows[i].shown);
        text_free(&out);
    }
}

static void test_texts_change_nothing_around_them(void **state)
{
    (void)state;
    static const struct {
        void (*append)(struct text *out, const char *text);
        const char *text;
        const char *shown;
    } rows[] = {
        {docs_append_prose, "a|b *c* <d> [e]\nf_g", "a\\|b \\*c\\* \\<d\\> \\[e\\] f_g"},
        {docs_append_prose, "is `a*b|c` here", "is `a*b\\|c` here"},
        {docs_append_prose, "one ` *", "one \\` \\*"},
        {docs_append_code, "a|b*", "`a\\|b*`"},
        {docs_append_code, "a\tb", "`a b`"},
        {docs_append_code, "a``b`", "``` a``b` ```"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct text out;
        text_init(&out, TEXT_UNLIMITED);
        rows[i].append(&out, rows[i].text);
        assert_string_equal(out.data, rows[i].shown);
        text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_query_fits_its_type_and_unit),
        cmocka_unit_test(test_a_name_tells_its_unit),
        cmocka_unit_test(test_durations_in_the_largest_whole_unit),
        cmocka_unit_test(test_texts_change_nothing_around_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
