/* amount.c, amount_value.c, operand.c, key.c: what a row adds, through a whole pack; bad ones. */
#include "rules_fixture.h"

#define METRICS                                                                                    \
    "metrics:\n"                                                                                   \
    "  g: {type: gauge, help: G.}\n"                                                               \
    "  t_total: {type: counter, help: T.}\n"                                                       \
    "tables: {prices: {opus: 5, sonnet: [{value: 2}, {from: 2027-01-01, value: 3}]}}\n"

/* The words of the row behind `set: g`; its outcome, and the gauge if it was applied. */
struct amount_case {
    const char *row;
    const char *record;
    enum row_outcome outcome;
    const char *wanted;
};

static void start_with_row(struct bench *b, const char *row)
{
    AUTO_FREE char *pack = memory_format("%srules: {e: [{%s}]}\n", SOURCE METRICS, row);
    bench_start(b, pack, NULL);
}

static void check_amount(const struct amount_case *it)
{
    struct bench b;
    AUTO_FREE char *row = memory_format("set: g, %s", it->row);
    start_with_row(&b, row);
    if (!b.rules)
        fail_msg("%s: %s", it->row, b.text.data);
    AUTO_FREE char *line =
        memory_format("{\"type\":\"e\"%s%s}", *it->record ? "," : "", it->record);
    feed(&b, 0, line, NOW);
    if (outcomes(&b, 0, it->outcome) != 1)
        fail_msg("%s of %s is not '%s'", it->row, it->record, row_outcome_name(it->outcome));
    AUTO_FREE char *sample = memory_format("g %s", it->wanted ? it->wanted : "");
    if (it->wanted && !shows(&b, sample))
        fail_msg("%s of %s: no '%s' in:\n%s", it->row, it->record, sample, b.text.data);
    bench_end(&b);
}

#define CHECK_AMOUNTS(cases)                                                                       \
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)                                  \
    check_amount(&cases[i])

static void test_numbers(void **state)
{
    (void)state;
    static const struct amount_case cases[] = {
        {"value: 3", "", ROW_APPLIED, "3"},
        {"value: -2.5", "", ROW_APPLIED, "-2.5"},
        {"value: a", "\"a\":12", ROW_APPLIED, "12"},
        {"value: a", "\"a\":-0.5e1", ROW_APPLIED, "-5"},
        {"value: a", "\"a\":\"12.5\"", ROW_APPLIED, "12.5"},
        {"value: a", "\"a\":true", ROW_APPLIED, "1"},
        {"value: a", "\"a\":false", ROW_APPLIED, "0"},
        {"value: a", "\"a\":9007199254740991", ROW_APPLIED, "9007199254740991"},
        {"value: a.b.0", "\"a\":{\"b\":[7,8]}", ROW_APPLIED, "7"},
        {"value: /a", "\"a\":1", ROW_APPLIED, "1"},
        {"value: a", "", ROW_MISSING, NULL},
        {"value: a", "\"a\":null", ROW_MISSING, NULL},
        {"value: a.b", "\"a\":3", ROW_MISSING, NULL},
        {"value: a", "\"a\":\"\"", ROW_NO_NUMBER, NULL},
        {"value: a", "\"a\":\"x\"", ROW_NO_NUMBER, NULL},
        {"value: a", "\"a\":\"NaN\"", ROW_NO_NUMBER, NULL},
        {"value: a", "\"a\":\"Inf\"", ROW_NO_NUMBER, NULL},
        {"value: a", "\"a\":\"0x10\"", ROW_NO_NUMBER, NULL},
        {"value: a", "\"a\":\" 1\"", ROW_NO_NUMBER, NULL},
        {"value: a", "\"a\":1e400", ROW_NO_NUMBER, NULL},
        {"value: a", "\"a\":1e-400", ROW_APPLIED, "0"},
        {"value: a", "\"a\":[]", ROW_NO_NUMBER, NULL},
        {"value: a", "\"a\":{}", ROW_NO_NUMBER, NULL},
    };
    CHECK_AMOUNTS(cases);
}

static void test_durations_are_seconds(void **state)
{
    (void)state;
    static const struct amount_case cases[] = {
        {"value: a", "\"a\":[12,500000000]", ROW_APPLIED, "12.5"},
        {"value: a", "\"a\":[12]", ROW_APPLIED, "12"},
        {"value: a", "\"a\":{\"secs\":12,\"nanos\":250000000}", ROW_APPLIED, "12.25"},
        {"value: a", "\"a\":{\"secs\":12}", ROW_APPLIED, "12"},
        {"value: a", "\"a\":\"1h2m3s\"", ROW_APPLIED, "3723"},
        {"value: a", "\"a\":\"500ms\"", ROW_APPLIED, "0.5"},
        {"value: a", "\"a\":\"PT1M2.5S\"", ROW_APPLIED, "62.5"},
        {"value: a", "\"a\":[1,2,3]", ROW_NO_NUMBER, NULL},
        {"value: a", "\"a\":[\"x\",0]", ROW_NO_NUMBER, NULL},
        {"value: a", "\"a\":[1,\"x\"]", ROW_NO_NUMBER, NULL},
        {"value: a", "\"a\":{\"nanos\":5}", ROW_NO_NUMBER, NULL},
        {"value: a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p", "", ROW_MISSING, NULL}, /* the longest path */
    };
    CHECK_AMOUNTS(cases);
}

static void test_counts_and_sums(void **state)
{
    (void)state;
    static const struct amount_case cases[] = {
        {"value: {count: a}", "\"a\":[1,2,3]", ROW_APPLIED, "3"},
        {"value: {count: a}", "\"a\":{\"x\":1,\"y\":2}", ROW_APPLIED, "2"},
        {"value: {count: a}", "\"a\":[]", ROW_APPLIED, "0"},
        {"value: {count: a}", "\"a\":null", ROW_APPLIED, "0"},
        {"value: {count: a}", "\"a\":3", ROW_NO_NUMBER, NULL},
        {"value: {count: a}", "", ROW_MISSING, NULL},
        {"value: {sum: [a, b]}", "\"a\":1,\"b\":\"2.5\"", ROW_APPLIED, "3.5"},
        {"value: {sum: [a, b]}", "\"a\":[1,500000000],\"b\":\"1m\"", ROW_APPLIED, "61.5"},
        {"value: {sum: a}", "\"a\":1", ROW_APPLIED, "1"},
        {"value: {sum: [a, b]}", "\"a\":1", ROW_MISSING, NULL},
        {"value: {sum: [a, b]}", "\"a\":1,\"b\":[]", ROW_NO_NUMBER, NULL},
    };
    CHECK_AMOUNTS(cases);
}

static void test_times(void **state)
{
    (void)state;
    static const struct amount_case cases[] = {
        {"value: {since: a}", "\"time\":100,\"a\":40", ROW_APPLIED, "60"},
        {"value: {since: a}", "\"time\":40,\"a\":100", ROW_APPLIED, "-60"},
        {"value: {since: a}",
         "\"time\":\"2026-01-01T00:00:01.5Z\",\"a\":\"2026-01-01T01:00:00+01:00\"", ROW_APPLIED,
         "1.5"},
        {"value: {since: a}", "\"a\":1767225590", ROW_APPLIED, "10"}, /* without a time: now */
        {"value: {since: a}", "\"a\":1767225590000000000", ROW_APPLIED, "10"},
        {"value: {since: a}", "\"a\":\"soon\"", ROW_NO_NUMBER, NULL},
        {"value: {since: a}", "\"a\":null", ROW_MISSING, NULL},
        {"value: {since: a}", "", ROW_MISSING, NULL},
        {"value: {since: a}", "\"a\":true", ROW_NO_NUMBER, NULL},
        {"value: {between: [a, b]}", "\"a\":100,\"b\":160.25", ROW_APPLIED, "60.25"},
        {"value: {between: [a, b]}", "\"a\":100", ROW_MISSING, NULL},
        {"value: {between: [a, b]}", "\"a\":100,\"b\":\"x\"", ROW_NO_NUMBER, NULL},
        /* As far apart as times can be. */
        {"value: {between: [a, b]}",
         "\"a\":\"1678-01-01T00:00:00Z\",\"b\":\"2261-12-31T00:00:00Z\"", ROW_APPLIED,
         "18429120000"},
    };
    CHECK_AMOUNTS(cases);
}

static void test_scales(void **state)
{
    (void)state;
    static const struct amount_case cases[] = {
        {"value: a, scale: 2.5", "\"a\":4", ROW_APPLIED, "10"},
        {"value: a, scale: [2, 0.5, 10]", "\"a\":4", ROW_APPLIED, "40"},
        {"value: a, scale: []", "\"a\":4", ROW_APPLIED, "4"},
        {"value: a, scale: {table: prices, key: m}", "\"a\":4,\"m\":\"opus-4\"", ROW_APPLIED, "20"},
        {"value: a, scale: [{table: prices, key: m}, 0.5]", "\"a\":4,\"m\":\"opus\"", ROW_APPLIED,
         "10"},
        {"value: a, scale: {table: prices, key: m}",
         "\"a\":4,\"m\":\"sonnet\",\"time\":\"2026-12-31T00:00:00Z\"", ROW_APPLIED, "8"},
        {"value: a, scale: {table: prices, key: m}",
         "\"a\":4,\"m\":\"sonnet\",\"time\":\"2027-01-01T00:00:00Z\"", ROW_APPLIED, "12"},
        {"value: a, scale: {table: prices, key: m}", "\"a\":4,\"m\":\"gpt\"", ROW_NOT_IN_TABLE,
         NULL},
        {"value: a, scale: {table: prices, key: m}", "\"a\":4", ROW_MISSING, NULL},
        {"value: a, scale: {table: prices, key: m}", "\"a\":4,\"m\":null", ROW_MISSING, NULL},
    };
    CHECK_AMOUNTS(cases);
}

/* Running totals and repeated records count right. */
static void test_increase_adds_what_has_grown(void **state)
{
    (void)state;
    static const struct {
        const char *record;
        enum row_outcome outcome;
        const char *total;
    } steps[] = {
        {"\"k\":\"a\",\"n\":5", ROW_APPLIED, "5"},
        {"\"k\":\"a\",\"n\":5", ROW_NO_GROWTH, "5"},
        {"\"k\":\"a\",\"n\":3", ROW_NO_GROWTH, "5"},
        {"\"k\":\"a\",\"n\":7.5", ROW_APPLIED, "7.5"},
        {"\"k\":\"b\",\"n\":0", ROW_APPLIED, "7.5"},
        {"\"k\":\"b\",\"n\":2", ROW_APPLIED, "9.5"},
        {"\"k\":1,\"n\":1", ROW_APPLIED, "10.5"},
        {"\"k\":\"1\",\"n\":1", ROW_NO_GROWTH, "10.5"}, /* keys are texts */
        {"\"n\":1", ROW_MISSING, "10.5"},
        {"\"k\":\"a\"", ROW_MISSING, "10.5"},
        {"\"k\":\"a\",\"n\":\"x\"", ROW_NO_NUMBER, "10.5"},
        {"\"k\":\"a\",\"n\":10,\"m\":1", ROW_APPLIED, "13"},
    };
    struct bench b;
    start_with_row(&b, "add: t_total, value: {increase: n, key: k}");
    assert_non_null(b.rules);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        AUTO_FREE char *line = memory_format("{\"type\":\"e\",%s}", steps[i].record);
        AUTO_FREE char *sample = memory_format("t_total %s", steps[i].total);
        uint64_t before = outcomes(&b, 0, steps[i].outcome);
        feed(&b, 0, line, NOW);
        if (outcomes(&b, 0, steps[i].outcome) != before + 1)
            fail_msg("step %zu is not '%s'", i, row_outcome_name(steps[i].outcome));
        assert_shows(&b, sample);
    }
    bench_end(&b);
}

/* A scale that finds no factor leaves the growth for the next time. */
static void test_increase_is_noted_when_it_is_added(void **state)
{
    (void)state;
    struct bench b;
    start_with_row(&b,
                   "add: t_total, value: {increase: n, key: k}, scale: {table: prices, key: m}");
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"n\":2,\"m\":\"gpt\"}", NOW);
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"n\":3,\"m\":\"opus\"}", NOW);
    assert_shows(&b, "t_total 15");
    bench_end(&b);
}

static void test_a_sum_past_all_numbers_is_invalid(void **state)
{
    (void)state;
    struct bench b;
    start_with_row(&b, "add: t_total, value: {sum: [n, n]}");
    feed(&b, 0, "{\"type\":\"e\",\"n\":1.7e308}", NOW);
    assert_int_equal(outcomes(&b, 0, ROW_INVALID), 1);
    feed(&b, 0, "{\"type\":\"e\",\"n\":-1}", NOW); /* a counter never falls */
    assert_int_equal(outcomes(&b, 0, ROW_INVALID), 2);
    feed(&b, 0, "{\"type\":\"e\",\"n\":1}", NOW);
    assert_shows(&b, "t_total 2");
    bench_end(&b);
}

static void test_keys_and_scopes(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE METRICS
                "rules:\n"
                "  e: [{add: t_total, value: {increase: n, key: [k, l], scope: directory}}]\n"
                "  f: [{add: g, value: {increase: n, key: k, memory: shared, scope: pack}}]\n"
                "  h: [{add: g, value: {increase: n, key: k, memory: shared}}]\n",
                NULL);
    feed(&b, 0, "{\"type\":\"e\",\"k\":\"a\",\"l\":\"bc\",\"n\":1}", NOW);
    feed(&b, 0, "{\"type\":\"e\",\"k\":\"ab\",\"l\":\"c\",\"n\":1}", NOW); /* another key */
    feed(&b, 0, "{\"type\":\"e\",\"k\":\"ab\",\"l\":\"c\",\"n\":1}", NOW);
    feed(&b, 1, "{\"type\":\"e\",\"k\":\"ab\",\"l\":\"c\",\"n\":1}", NOW); /* another directory */
    assert_shows(&b, "t_total 3");
    feed(&b, 0, "{\"type\":\"f\",\"k\":1,\"n\":5}", NOW);
    feed(&b, 1, "{\"type\":\"h\",\"k\":1,\"n\":6}", NOW); /* of one memory */
    assert_shows(&b, "g 6");
    bench_end(&b);
}

/* Keys longer than a memory keeps differ as long as they differ anywhere. */
static void test_long_keys(void **state)
{
    (void)state;
    struct bench b;
    start_with_row(&b, "inc: t_total, once: k");
    for (int i = 0; i < 4; i++) {
        struct text line;
        text_init(&line, TEXT_UNLIMITED);
        text_append_string(&line, "{\"type\":\"e\",\"k\":\"");
        for (int j = 0; j < 5000; j++)
            text_append_char(&line, j == 3000 && i >= 2 ? 'b' : 'x');
        text_append_string(&line, "\"}");
        feed(&b, 0, line.data, NOW);
        text_free(&line);
    }
    assert_shows(&b, "t_total 2");
    bench_end(&b);
}

static void test_timers(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE METRICS "rules:\n"
                               "  start: [{start: run, key: k}]\n"
                               "  end: [{set: g, value: {elapsed: run}, key: k}, "
                               "{stop: run, key: k}]\n",
                NULL);
    feed(&b, 0, "{\"type\":\"start\",\"k\":1,\"time\":100}", NOW);
    feed(&b, 0, "{\"type\":\"start\",\"k\":2,\"time\":101}", NOW);
    feed(&b, 0, "{\"type\":\"end\",\"k\":1,\"time\":\"1970-01-01T00:02:00.25Z\"}", NOW);
    assert_shows(&b, "g 20.25");
    feed(&b, 0, "{\"type\":\"end\",\"k\":1,\"time\":130}", NOW);
    feed(&b, 1, "{\"type\":\"end\",\"k\":2,\"time\":130}", NOW); /* another directory */
    assert_int_equal(outcomes(&b, 1, ROW_MISSING), 2);
    assert_int_equal(outcomes(&b, 2, ROW_NO_GROWTH), 2);
    feed(&b, 0, "{\"type\":\"start\",\"k\":2,\"time\":110}", NOW); /* starts anew */
    feed(&b, 0, "{\"type\":\"end\",\"k\":2,\"time\":130}", NOW);
    assert_shows(&b, "g 20");
    bench_end(&b);
}

static void test_bad_amounts_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        const char *wanted;
    } cases[] = {
        {"set: g", "'set' needs 'value'"},
        {"add: t_total", "'add' needs 'value'"},
        {"inc: t_total, value: 3", "'inc' takes no 'value' (use 'add')"},
        {"set: g, value: [a]", "'value' must be a single value, not a list"},
        {"set: g, value: {}", "'value' needs one of count, sum, since"},
        {"set: g, value: {cuont: a}", "unknown amount 'cuont' (did you mean 'count'?)"},
        {"set: g, value: {count: a, sum: [b]}", "'value' needs one of"},
        {"set: g, value: {count: [a]}", "'count' must be a single value"},
        {"set: g, value: {sum: {a: b}}", "'sum' must be a text or a list of texts"},
        {"set: g, value: {sum: []}", "'sum' must not be an empty list"},
        {"set: g, value: {between: [a]}", "'between' needs a list of two paths"},
        {"set: g, value: {between: a}", "'between' needs a list of two paths"},
        {"set: g, value: {elapsed: run}", "no rule of this pack starts a timer 'run'"},
        {"set: g, value: {increase: a}", "'increase' needs 'key'"},
        {"set: g, value: {increase: [a, b], key: k}", "'increase' must be a single value"},
        {"set: g, value: {count: a, key: b}", "'key' belongs to 'increase'"},
        {"set: g, value: a b", "bad path 'a b'"},
        {"set: g, value: 'a]'", "a memory is written name[path]"},
        {"set: g, value: a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", "16 names at most"},
        {"set: g, value: .a", "this row has no 'each'"},
        {"set: g, value: a, scale: x", "'scale' must be a number, not 'x'"},
        {"set: g, value: a, scale: {table: prices}", "'scale' needs 'table' and 'key'"},
        {"set: g, value: a, scale: {table: price, key: m}",
         "unknown table 'price' (did you mean 'prices'?)"},
        {"set: g, value: a, scale: {tabel: prices, key: m}", "unknown key of 'scale' 'tabel'"},
        {"add: g, value: {increase: a, key: k, scope: word}", "unknown scope 'word'"},
        {"add: g, value: {increase: a, key: k, keep: x}", "'keep' must be a duration"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        start_with_row(&b, cases[i].row);
        if (b.rules)
            fail_msg("'%s' is no mistake", cases[i].row);
        assert_says(&b, cases[i].wanted);
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_durations_are_seconds),
        cmocka_unit_test(test_counts_and_sums),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_scales),
        cmocka_unit_test(test_increase_adds_what_has_grown),
        cmocka_unit_test(test_increase_is_noted_when_it_is_added),
        cmocka_unit_test(test_a_sum_past_all_numbers_is_invalid),
        cmocka_unit_test(test_keys_and_scopes),
        cmocka_unit_test(test_long_keys),
        cmocka_unit_test(test_timers),
        cmocka_unit_test(test_bad_amounts_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
