/* metric_name.c and metric_lint.c: which names are valid, which clash, what promlint says. */
#include "rules/metric.h"
#include "rules_fixture.h"

static void test_valid_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool of_metric;
        bool of_label;
    } cases[] = {
        {"a", true, true},       {"A_9", true, true},   {"_a", true, true},    {"a:b", true, false},
        {":a", true, false},     {"__a", true, false},  {"9a", false, false},  {"", false, false},
        {"a-b", false, false},   {"a b", false, false}, {"a.b", false, false}, {"é", false, false},
        {"a\xc3", false, false}, {"a\n", false, false}, {"_", true, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(metric_name_is_valid(cases[i].name), cases[i].of_metric);
        assert_int_equal(label_name_is_valid(cases[i].name), cases[i].of_label);
    }
}

/* A pack that defines these metrics and nothing else. */
static void start_with_metrics(struct bench *b, const char *first, const char *second)
{
    AUTO_FREE char *pack =
        memory_format("%smetrics:\n  %s\n  %s\n", SOURCE, first, second ? second : "");
    bench_start(b, pack, NULL);
}

#define HISTOGRAM "{type: histogram, help: H., buckets: [1]}"
#define SUMMARY   "{type: summary, help: S.}"
#define COUNTER   "{type: counter, help: C.}"
#define GAUGE     "{type: gauge, help: G.}"
#define INFO      "{type: info, help: I.}"

static void test_samples_of_one_name_clash(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        const char *second;
        const char *sample; /* NULL: no clash */
    } cases[] = {
        {"a: " HISTOGRAM, "a_count: " GAUGE, "a_count"},
        {"a: " HISTOGRAM, "a_bucket: " GAUGE, "a_bucket"},
        {"a: " HISTOGRAM, "a_created: " GAUGE, "a_created"},
        {"a_sum: " GAUGE, "a: " HISTOGRAM, "a_sum"},
        {"a: " SUMMARY, "a_sum: " GAUGE, "a_sum"},
        {"a: " SUMMARY, "a_bucket: " GAUGE, NULL},
        {"a_total: " COUNTER, "a: " GAUGE, "a"},
        {"a_total: " COUNTER, "a_created: " GAUGE, "a_created"},
        {"a: " COUNTER, "a_total: " GAUGE, "a_total"},
        {"a: " COUNTER, "a_total: " COUNTER, "a"},
        {"a_info: " INFO, "a: " GAUGE, "a"},
        {"a: " HISTOGRAM, "a_sum_total: " COUNTER, "a_sum"},
        {"a: " HISTOGRAM, "a: " SUMMARY, NULL}, /* the second is told otherwise */
        {"a: " GAUGE, "a_total: " GAUGE, NULL},
        {"a: " GAUGE, "a_count: " GAUGE, NULL},
        {"a: " HISTOGRAM, "b_count: " GAUGE, NULL},
        {"a: " HISTOGRAM, "a_counts: " GAUGE, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        start_with_metrics(&b, cases[i].first, cases[i].second);
        bool clashes = b.text.data && strstr(b.text.data, "clashes");
        if (clashes != (cases[i].sample != NULL))
            fail_msg("%s, %s: %s", cases[i].first, cases[i].second, b.text.data);
        if (clashes) {
            AUTO_FREE char *wanted =
                memory_format("both may show samples named '%s'", cases[i].sample);
            assert_null(b.rules);
            assert_says(&b, wanted);
            assert_says(&b, "pack.yaml:4:3: error: metric '");
        }
        bench_end(&b);
    }
}

static void test_own_names_are_reserved(void **state)
{
    (void)state;
    static const char *const names[] = {"jsonl_exporter_x", "process_open_fds"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct bench b;
        AUTO_FREE char *metric = memory_format("%s: " GAUGE, names[i]);
        start_with_metrics(&b, metric, NULL);
        assert_null(b.rules);
        assert_says(&b, "are the exporter's own");
        bench_end(&b);
    }
}

/* The table of client_golang's promlint tests (prometheus/testutil/promlint/promlint_test.go), as
 * far as it is about names and types. An untyped metric is a gauge here. */
static void test_what_promlint_says(void **state)
{
    (void)state;
    static const struct {
        const char *metric;
        const char *wanted; /* NULL: nothing */
    } cases[] = {
        {"go_goroutines: {type: gauge}", "has no help text"},
        {"go_goroutines: {type: gauge, help: }", "has no help text"},
        {"go_goroutines: {type: gauge, help: Number of goroutines that currently exist.}", NULL},

        {"x_amperes: " GAUGE, NULL},
        {"x_bytes: " GAUGE, NULL},
        {"x_grams: " GAUGE, NULL},
        {"x_celsius: " GAUGE, NULL},
        {"x_meters: " GAUGE, NULL},
        {"x_metres: " GAUGE, NULL},
        {"x_moles: " GAUGE, NULL},
        {"x_seconds: " GAUGE, NULL},
        {"x_joules: " GAUGE, NULL},
        {"x_kelvin: " GAUGE, NULL},
        {"x_milliamperes: " GAUGE, "use base unit 'amperes' instead of 'milliamperes'"},
        {"x_gigabytes: " GAUGE, "use base unit 'bytes' instead of 'gigabytes'"},
        {"x_kilograms: " GAUGE, "use base unit 'grams' instead of 'kilograms'"},
        {"x_nanocelsius: " GAUGE, "use base unit 'celsius' instead of 'nanocelsius'"},
        {"x_kilometers: " GAUGE, "use base unit 'meters' instead of 'kilometers'"},
        {"x_picometers: " GAUGE, "use base unit 'meters' instead of 'picometers'"},
        {"x_microseconds: " GAUGE, "use base unit 'seconds' instead of 'microseconds'"},
        {"x_minutes: " GAUGE, "use base unit 'seconds' instead of 'minutes'"},
        {"x_hours: " GAUGE, "use base unit 'seconds' instead of 'hours'"},
        {"x_days: " GAUGE, "use base unit 'seconds' instead of 'days'"},
        {"x_kelvins: " GAUGE, "use base unit 'kelvin' instead of 'kelvins'"},
        {"thermometers_fahrenheit: " GAUGE, "use base unit 'celsius' instead of 'fahrenheit'"},
        {"thermometers_rankine: " GAUGE, "use base unit 'celsius' instead of 'rankine'"},
        {"x_inches: " GAUGE, "use base unit 'meters' instead of 'inches'"},
        {"x_yards: " GAUGE, "use base unit 'meters' instead of 'yards'"},
        {"x_miles: " GAUGE, "use base unit 'meters' instead of 'miles'"},
        {"x_bits: " GAUGE, "use base unit 'bytes' instead of 'bits'"},
        {"x_calories: " GAUGE, "use base unit 'joules' instead of 'calories'"},
        {"x_pounds: " GAUGE, "use base unit 'grams' instead of 'pounds'"},
        {"x_ounces: " GAUGE, "use base unit 'grams' instead of 'ounces'"},
        {"thermometers: " GAUGE, NULL}, /* no thermo-meters */
        {"x_milliseconds_total: " COUNTER, "use base unit 'seconds' instead of 'milliseconds'"},

        {"x_bytes: " COUNTER, "should have the suffix '_total'"},
        {"x_bytes_total: " GAUGE, "should not end with '_total'"},
        {"x_bytes_total: " COUNTER, NULL},
        {"x_bytes_bucket: " GAUGE, "should not end with '_bucket'"},
        {"x_bytes_count: " GAUGE, "should not end with '_count' or '_sum'"},
        {"x_bytes_sum: " GAUGE, "should not end with '_count' or '_sum'"},
        {"x_bytes: {type: gauge, help: H., labels: [le]}", "should have no label 'le'"},
        {"x_bytes: {type: gauge, help: H., labels: [quantile]}", "should have no label 'quantile'"},
        {"tsdb_compaction_duration: {type: histogram, help: H., buckets: [1], labels: [quantile]}",
         "should have no label 'quantile'"},
        {"go_gc_duration_seconds: {type: summary, help: H., labels: [le]}",
         "should have no label 'le'"},
        {"tsdb_compaction_duration: " HISTOGRAM, NULL},
        {"go_gc_duration_seconds: {type: summary, help: H., quantiles: [0, 0.5, 1]}", NULL},
        {"\"request_duration::_seconds\": " HISTOGRAM, "colons are for recording rules"},
        {"requestDuration_seconds: " HISTOGRAM, "should be in snake_case, not camelCase"},
        {"request_duration_seconds: {type: histogram, help: H., buckets: [1], labels: "
         "[httpService]}",
         "should be in snake_case"},

        {"x_gauge: " GAUGE, "should not have its type in its name"},
        {"counter_of_x: " GAUGE, "should not have its type in its name"},
        {"x_encounter: " GAUGE, NULL},
        {"x_duration_ms: " GAUGE, "'ms' is an abbreviated unit"},
        {"x_kb_total: " COUNTER, "'kb' is an abbreviated unit"},
        {"m_total: " COUNTER, NULL},
        {"x_info: " INFO, NULL},
        {"x: " INFO, "should end with '_info'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        start_with_metrics(&b, cases[i].metric, NULL);
        if (!b.rules)
            fail_msg("%s: %s", cases[i].metric, b.text.data);
        const char *told = b.text.data ? b.text.data : "";
        if (cases[i].wanted && !strstr(told, cases[i].wanted))
            fail_msg("%s: no '%s' in '%s'", cases[i].metric, cases[i].wanted, told);
        if (!cases[i].wanted && *told)
            fail_msg("%s: %s", cases[i].metric, told);
        if (cases[i].wanted)
            assert_says(&b, "pack.yaml:3:3: warning: ");
        bench_end(&b);
    }
}

/* 3000 metrics are nothing to wait for. */
static void test_many_metrics(void **state)
{
    (void)state;
    struct bench b;
    struct text pack;
    text_init(&pack, TEXT_UNLIMITED);
    text_append_string(&pack, SOURCE "metrics:\n");
    for (int i = 0; i < 3000; i++)
        text_printf(&pack, "  a_metric_with_a_long_name_%d_total: " COUNTER "\n", i);
    text_append_string(&pack, "  a_metric_with_a_long_name_7_created: " GAUGE "\n");
    bench_start(&b, pack.data, NULL);
    assert_null(b.rules);
    assert_int_equal(b.diagnostics.errors, 1);
    assert_says(&b, "metric 'a_metric_with_a_long_name_7_created' clashes with "
                    "'a_metric_with_a_long_name_7_total'");
    bench_end(&b);
    text_free(&pack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid_names),
        cmocka_unit_test(test_samples_of_one_name_clash),
        cmocka_unit_test(test_own_names_are_reserved),
        cmocka_unit_test(test_what_promlint_says),
        cmocka_unit_test(test_many_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
