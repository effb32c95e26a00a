/* Expositions: encode/encode_text.c, encode_json.c and bound_texts.c. */
#include "registry_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "encode/encode.h"

static const char *const val_labels[] = {"labelname", "basename"};
static const char *const name_labels[] = {"name_1", "name_2"};
static const char *const one_label[] = {"job_id"};

static void assert_encodes(const struct registry *registry, const char *text, const char *json)
{
    struct text out;
    bool first = true;
    text_init(&out, TEXT_UNLIMITED);
    assert_true(encode_text(registry, &out));
    assert_string_equal(out.data, text);
    assert_int_equal(out.length, strlen(text));
    text_clear(&out);
    assert_true(encode_json(registry, &first, &out));
    assert_string_equal(out.data ? out.data : "", json);
    assert_int_equal(first, json[0] == '\0');
    text_free(&out);
}

/* The next five are families of prometheus/common expfmt/text_create_test.go, as far as this
 * registry can hold them: without time stamps and NaN, and with canonical bounds ("100.0"). */
static void test_counter(void **state)
{
    (void)state;
    struct scene scene = scene_new(&(struct family_spec){.name = "name",
                                                         .help = "two-line\n doc  str\\ing",
                                                         .labels = val_labels,
                                                         .label_count = 2});
    update(&scene, UPDATE_ADD, "val1|basevalue", 42, START);
    update(&scene, UPDATE_ADD, "val2|basevalue", 0.23, START);
    assert_encodes(
        scene.registry,
        "# HELP name two-line\\n doc  str\\\\ing\n"
        "# TYPE name counter\n"
        "name{labelname=\"val1\",basename=\"basevalue\"} 42\n"
        "name{labelname=\"val2\",basename=\"basevalue\"} 0.23\n",
        "{\"name\":\"name\",\"help\":\"two-line\\n doc  str\\\\ing\",\"type\":\"COUNTER\","
        "\"metrics\":["
        "{\"labels\":{\"labelname\":\"val1\",\"basename\":\"basevalue\"},"
        "\"value\":\"42\"},"
        "{\"labels\":{\"labelname\":\"val2\",\"basename\":\"basevalue\"},"
        "\"value\":\"0.23\"}]}");
    scene_free(&scene);
}

static void test_gauge(void **state)
{
    (void)state;
    struct scene scene = scene_new(&(struct family_spec){.name = "gauge_name",
                                                         .help = "gauge\ndoc\nstr\"ing",
                                                         .type = METRIC_GAUGE,
                                                         .labels = name_labels,
                                                         .label_count = 2});
    update(&scene, UPDATE_SET, "val with\nnew line|val with \\backslash and \"quotes\"", INFINITY,
           START);
    update(&scene, UPDATE_SET, "Bj\xC3\xB6rn|\xE4\xBD\x96\xE4\xBD\xA5", 3.14e+42, START);
    assert_encodes(
        scene.registry,
        "# HELP gauge_name gauge\\ndoc\\nstr\"ing\n"
        "# TYPE gauge_name gauge\n"
        "gauge_name{name_1=\"val with\\nnew line\",name_2=\"val with \\\\backslash and "
        "\\\"quotes\\\"\"} +Inf\n"
        "gauge_name{name_1=\"Bj\xC3\xB6rn\",name_2=\"\xE4\xBD\x96\xE4\xBD\xA5\"} 3.14e+42\n",
        "{\"name\":\"gauge_name\",\"help\":\"gauge\\ndoc\\nstr\\\"ing\",\"type\":\"GAUGE\","
        "\"metrics\":["
        "{\"labels\":{\"name_1\":\"val with\\nnew line\",\"name_2\":\"val with \\\\backslash and "
        "\\\"quotes\\\"\"},\"value\":\"+Inf\"},"
        "{\"labels\":{\"name_1\":\"Bj\xC3\xB6rn\",\"name_2\":\"\xE4\xBD\x96\xE4\xBD\xA5\"},"
        "\"value\":\"3.14e+42\"}]}");
    scene_free(&scene);
}

static void test_without_help_and_labels(void **state)
{
    (void)state;
    struct scene scene =
        scene_new(&(struct family_spec){.name = "plain", .type = METRIC_GAUGE, .help = ""});
    update(&scene, UPDATE_SET, "", -1.23e-45, START);
    assert_encodes(scene.registry, "# TYPE plain gauge\nplain -1.23e-45\n",
                   "{\"name\":\"plain\",\"help\":\"\",\"type\":\"GAUGE\",\"metrics\":["
                   "{\"labels\":{},\"value\":\"-1.23e-45\"}]}");
    scene_free(&scene);
}

static void test_summary(void **state)
{
    (void)state;
    static const double quantiles[] = {0.5, 1};
    struct scene scene = scene_new(&(struct family_spec){.name = "summary_name",
                                                         .help = "summary docstring",
                                                         .type = METRIC_SUMMARY,
                                                         .labels = name_labels,
                                                         .label_count = 2,
                                                         .quantiles = quantiles,
                                                         .quantile_count = 2});
    update(&scene, UPDATE_OBSERVE, "value 1|value 2", 0, START);
    update(&scene, UPDATE_OBSERVE, "value 1|value 2", 0, START);
    update_late(&scene, UPDATE_OBSERVE, "|", -3.4567, START - HOUR, START - HOUR);
    registry_tick(scene.registry, START, true);
    assert_encodes(scene.registry,
                   "# HELP summary_name summary docstring\n"
                   "# TYPE summary_name summary\n"
                   "summary_name{name_1=\"value 1\",name_2=\"value 2\",quantile=\"0.5\"} 0\n"
                   "summary_name{name_1=\"value 1\",name_2=\"value 2\",quantile=\"1.0\"} 0\n"
                   "summary_name_sum{name_1=\"value 1\",name_2=\"value 2\"} 0\n"
                   "summary_name_count{name_1=\"value 1\",name_2=\"value 2\"} 2\n"
                   "summary_name{quantile=\"0.5\"} NaN\n"
                   "summary_name{quantile=\"1.0\"} NaN\n"
                   "summary_name_sum -3.4567\n"
                   "summary_name_count 1\n",
                   "{\"name\":\"summary_name\",\"help\":\"summary docstring\",\"type\":\"SUMMARY\","
                   "\"metrics\":[{\"labels\":{\"name_1\":\"value 1\",\"name_2\":\"value 2\"},"
                   "\"quantiles\":{\"0.5\":\"0\",\"1.0\":\"0\"},\"count\":\"2\",\"sum\":\"0\"},"
                   "{\"labels\":{},\"quantiles\":{\"0.5\":\"NaN\",\"1.0\":\"NaN\"},"
                   "\"count\":\"1\",\"sum\":\"-3.4567\"}]}");
    scene_free(&scene);
}

static void observe_often(struct scene *scene, int count, double value)
{
    for (int i = 0; i < count; i++)
        update(scene, UPDATE_OBSERVE, "", value, START);
}

static void test_histogram(void **state)
{
    (void)state;
    static const double buckets[] = {100, 120, 144, 172.8};
    struct scene scene = scene_new(&(struct family_spec){.name = "request_duration_microseconds",
                                                         .help = "The response latency.",
                                                         .type = METRIC_HISTOGRAM,
                                                         .buckets = buckets,
                                                         .bucket_count = 4});
    observe_often(&scene, 123, 50);
    observe_often(&scene, 289, 110);
    observe_often(&scene, 180, 130);
    observe_often(&scene, 932, 150);
    observe_often(&scene, 1168, 1000);
    observe_often(&scene, 1, 1756047.3 - 1369140);
    assert_encodes(scene.registry,
                   "# HELP request_duration_microseconds The response latency.\n"
                   "# TYPE request_duration_microseconds histogram\n"
                   "request_duration_microseconds_bucket{le=\"100.0\"} 123\n"
                   "request_duration_microseconds_bucket{le=\"120.0\"} 412\n"
                   "request_duration_microseconds_bucket{le=\"144.0\"} 592\n"
                   "request_duration_microseconds_bucket{le=\"172.8\"} 1524\n"
                   "request_duration_microseconds_bucket{le=\"+Inf\"} 2693\n"
                   "request_duration_microseconds_sum 1.7560473e+06\n"
                   "request_duration_microseconds_count 2693\n",
                   "{\"name\":\"request_duration_microseconds\",\"help\":\"The response latency.\","
                   "\"type\":\"HISTOGRAM\",\"metrics\":[{\"labels\":{},\"buckets\":{"
                   "\"100.0\":\"123\",\"120.0\":\"412\",\"144.0\":\"592\",\"172.8\":\"1524\","
                   "\"+Inf\":\"2693\"},\"count\":\"2693\",\"sum\":\"1.7560473e+06\"}]}");
    scene_free(&scene);
}

static void test_histogram_with_labels(void **state)
{
    (void)state;
    static const double buckets[] = {1e-5, 1e6};
    struct scene scene = scene_new(&(struct family_spec){.name = "h",
                                                         .help = "H.",
                                                         .type = METRIC_HISTOGRAM,
                                                         .labels = one_label,
                                                         .label_count = 1,
                                                         .buckets = buckets,
                                                         .bucket_count = 2});
    update(&scene, UPDATE_OBSERVE, "j1", 3, START);
    assert_encodes(scene.registry,
                   "# HELP h H.\n# TYPE h histogram\n"
                   "h_bucket{job_id=\"j1\",le=\"1e-05\"} 0\n"
                   "h_bucket{job_id=\"j1\",le=\"1e+06\"} 1\n"
                   "h_bucket{job_id=\"j1\",le=\"+Inf\"} 1\n"
                   "h_sum{job_id=\"j1\"} 3\n"
                   "h_count{job_id=\"j1\"} 1\n",
                   "{\"name\":\"h\",\"help\":\"H.\",\"type\":\"HISTOGRAM\",\"metrics\":[{"
                   "\"labels\":{\"job_id\":\"j1\"},\"buckets\":{\"1e-05\":\"0\",\"1e+06\":\"1\","
                   "\"+Inf\":\"1\"},\"count\":\"1\",\"sum\":\"3\"}]}");
    scene_free(&scene);
}

static void test_families_in_order_without_the_empty_ones(void **state)
{
    (void)state;
    struct registry *registry = registry_new(PLENTY);
    struct scene last = scene_in(registry, &(struct family_spec){.name = "z", .help = "Z."});
    struct scene build = scene_in(registry, &(struct family_spec){.name = "build_info",
                                                                  .help = "B.",
                                                                  .type = METRIC_INFO,
                                                                  .labels = one_label,
                                                                  .label_count = 1});
    struct scene empty = scene_in(registry, &(struct family_spec){.name = "empty", .help = "E."});
    assert_encodes(registry, "", "");
    update(&last, UPDATE_TOUCH, "", 0, START);
    update(&build, UPDATE_TOUCH, "v1", 0, START);
    update(&empty, UPDATE_TOUCH, "", 0, START);
    drop(&empty, "");
    assert_encodes(registry,
                   "# HELP build_info B.\n# TYPE build_info gauge\nbuild_info{job_id=\"v1\"} 1\n"
                   "# HELP z Z.\n# TYPE z counter\nz 0\n",
                   "{\"name\":\"build_info\",\"help\":\"B.\",\"type\":\"GAUGE\",\"metrics\":["
                   "{\"labels\":{\"job_id\":\"v1\"},\"value\":\"1\"}]},"
                   "{\"name\":\"z\",\"help\":\"Z.\",\"type\":\"COUNTER\",\"metrics\":["
                   "{\"labels\":{},\"value\":\"0\"}]}");
    registry_free(registry);
}

/* Hostile names: whatever bytes come, a label stays inside its quotes in both forms. */
static void test_hostile_label_values(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        const char *text;
        const char *json;
    } cases[] = {
        {"a=\"b\",c", "a=\\\"b\\\",c", "a=\\\"b\\\",c"},
        {"\"} 1\nforged 2", "\\\"} 1\\nforged 2", "\\\"} 1\\nforged 2"},
        {"tab\tbell\x07", "tab\tbell\x07", "tab\\u0009bell\\u0007"},
        {"\xC0\xAF\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
         "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\\", "\\\\", "\\\\"},
        {"\\\"\\n", "\\\\\\\"\\\\n", "\\\\\\\"\\\\n"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct scene scene =
            scene_new(&(struct family_spec){.name = "x", .labels = one_label, .label_count = 1});
        update(&scene, UPDATE_ADD, cases[i].value, 1, START);
        char text[200];
        char json[200];
        snprintf(text, sizeof(text), "# TYPE x counter\nx{job_id=\"%s\"} 1\n", cases[i].text);
        snprintf(json, sizeof(json),
                 "{\"name\":\"x\",\"help\":\"\",\"type\":\"COUNTER\",\"metrics\":[{\"labels\":{"
                 "\"job_id\":\"%s\"},\"value\":\"1\"}]}",
                 cases[i].json);
        assert_encodes(scene.registry, text, json);
        scene_free(&scene);
    }
}

static void test_appends(void **state)
{
    (void)state;
    struct scene scene = scene_new(&(struct family_spec){.name = "x"});
    update(&scene, UPDATE_ADD, "", 1, START);
    struct text out;
    bool first = false;
    text_init(&out, TEXT_UNLIMITED);
    text_append_string(&out, "before\n");
    assert_true(encode_text(scene.registry, &out));
    assert_string_equal(out.data, "before\n# TYPE x counter\nx 1\n");
    text_clear(&out);
    assert_true(encode_json(scene.registry, &first, &out));
    assert_int_equal(out.data[0], ',');
    text_free(&out);
    scene_free(&scene);
}

/* Every maximum is either kept or told, and never passed. */
static void test_maximum(void **state)
{
    (void)state;
    static const double buckets[] = {1};
    struct scene scene = scene_new(&(struct family_spec){.name = "h",
                                                         .help = "H.",
                                                         .type = METRIC_HISTOGRAM,
                                                         .buckets = buckets,
                                                         .bucket_count = 1});
    update(&scene, UPDATE_OBSERVE, "", 1, START);
    for (size_t maximum = 0; maximum < 600; maximum++) {
        struct text out;
        bool first = true;
        text_init(&out, maximum);
        bool whole = encode_text(scene.registry, &out);
        assert_true(out.length <= maximum);
        assert_true(whole || maximum < 500);
        assert_false(whole && maximum < 80);
        text_clear(&out);
        whole = encode_json(scene.registry, &first, &out);
        assert_true(out.length <= maximum);
        assert_int_equal(whole, maximum >= strlen("{'name':'h','help':'H.','type':'HISTOGRAM',"
                                                  "'metrics':[{'labels':{},'buckets':{'1.0':'1',"
                                                  "'+Inf':'1'},'count':'1','sum':'1'}]}"));
        text_free(&out);
    }
    scene_free(&scene);
}

/* Longer than any buffer begins: each series finds room for itself. */
static void test_many_series(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct scene scene =
        scene_new(&(struct family_spec){.name = "x", .labels = one_label, .label_count = 1});
    struct text expected;
    text_init(&expected, TEXT_UNLIMITED);
    text_append_string(&expected, "# TYPE x counter\n");
    for (int i = 0; i < COUNT; i++) {
        char label[32];
        snprintf(label, sizeof(label), "job-%d", i);
        update(&scene, UPDATE_ADD, label, i, START);
        text_printf(&expected, "x{job_id=\"%s\"} %d\n", label, i);
    }
    struct text out;
    text_init(&out, TEXT_UNLIMITED);
    assert_true(encode_text(scene.registry, &out));
    assert_string_equal(out.data, expected.data);
    text_free(&out);
    text_free(&expected);
    scene_free(&scene);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter),
        cmocka_unit_test(test_gauge),
        cmocka_unit_test(test_without_help_and_labels),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_histogram_with_labels),
        cmocka_unit_test(test_families_in_order_without_the_empty_ones),
        cmocka_unit_test(test_hostile_label_values),
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_many_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
