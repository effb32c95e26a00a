/* amount.c, amount_value.c, operand.c: amounts of rows that stand together: what a memory grew by
 * with an event, time up to a limit, numbers that may be missing. */
#include "rules_fixture.h"

#define METRICS                                                                                    \
    "metrics:\n"                                                                                   \
    "  tokens_total: {type: counter, help: T.}\n"                                                  \
    "  dollars_total: {type: counter, help: D.}\n"                                                 \
    "  seen_total: {type: counter, help: S.}\n"                                                    \
    "  g: {type: gauge, help: G.}\n"

static void test_growth_is_what_the_memory_grew_by(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE METRICS
                "rules:\n"
                "  e:\n"
                "    - {add: tokens_total, value: {increase: n, key: k, memory: n}}\n"
                "    - {add: dollars_total, value: {growth: n}, scale: 0.5}\n"
                "    - {add: g, value: {growth: n}}\n"
                "  f:\n"
                "    - {add: tokens_total, value: {increase: m, key: k, memory: m}, scale: 2}\n"
                "    - {add: dollars_total, value: {growth: n}}\n"
                "    - {set: g, value: {growth: [n, m]}}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"n\":10}", NOW);
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"n\":10}", NOW); /* no more than before */
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"n\":4}", NOW);
    assert_shows(&b, "dollars_total 5");
    assert_int_equal(outcomes(&b, 1, ROW_NO_GROWTH), 2);
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"n\":16}", NOW);
    assert_shows(&b, "tokens_total 16");
    assert_shows(&b, "dollars_total 8");
    assert_shows(&b, "g 16");
    feed(&b, 0, "{\"type\":\"f\",\"k\":1,\"m\":7}", NOW); /* `n` is of the event before */
    assert_shows(&b, "tokens_total 30");
    assert_shows(&b, "dollars_total 8");
    assert_shows(&b, "g 7"); /* without the scale of the row above */
    bench_end(&b);
}

static void test_growth_of_a_first_zero_is_zero(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE METRICS
                "rules: {e: [{add: tokens_total, value: {increase: n, key: k, memory: n}},\n"
                "            {add: dollars_total, value: {growth: n}}]}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"n\":0}", NOW);
    assert_shows(&b, "tokens_total 0");
    assert_shows(&b, "dollars_total 0");
    assert_int_equal(rule_set_memory_keys(b.rules), 0); /* nothing worth to be remembered */
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"n\":3}", NOW);
    assert_shows(&b, "dollars_total 3");
    assert_int_equal(rule_set_memory_keys(b.rules), 1);
    bench_end(&b);
}

/* Of `once` it is the number of new keys: over all elements of a list. */
static void test_growth_of_once_is_the_number_of_keys(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE METRICS "rules:\n"
                               "  e:\n"
                               "    - {inc: seen_total, each: l, once: .id, memory: seen}\n"
                               "    - {add: tokens_total, value: {growth: seen}}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"e\",\"l\":[{\"id\":1},{\"id\":2},{\"id\":1}]}", NOW);
    assert_shows(&b, "tokens_total 2");
    feed(&b, 0, "{\"type\":\"e\",\"l\":[{\"id\":2}]}", NOW);
    feed(&b, 0, "{\"type\":\"e\",\"l\":[]}", NOW);
    feed(&b, 0, "{\"type\":\"e\",\"l\":[{\"id\":2},{\"id\":3}]}", NOW);
    assert_shows(&b, "tokens_total 3");
    assert_shows(&b, "seen_total 3");
    bench_end(&b);
}

/* What could not be priced is not remembered, and so no growth. */
static void test_an_update_that_fails_is_no_growth(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE METRICS
                "tables: {price: {opus: 5}}\n"
                "rules:\n"
                "  e:\n"
                "    - {add: dollars_total, value: {increase: n, key: k, memory: n},\n"
                "       scale: {table: price, key: model}}\n"
                "    - {add: tokens_total, value: {growth: n}}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"n\":3,\"model\":\"other\"}", NOW);
    assert_int_equal(outcomes(&b, 0, ROW_NOT_IN_TABLE), 1);
    assert_int_equal(outcomes(&b, 1, ROW_NO_GROWTH), 1);
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"n\":3,\"model\":\"opus\"}", NOW);
    assert_shows(&b, "dollars_total 15");
    assert_shows(&b, "tokens_total 3");
    bench_end(&b);
}

static void test_elapsed_at_most(void **state)
{
    (void)state;
    struct bench b;
    bench_start(
        &b,
        SOURCE METRICS
        "rules: {e: [{add: seen_total, value: {elapsed: last, most: 5m}}, {start: last}]}\n",
        NULL);
    feed(&b, 0, "{\"type\":\"e\",\"time\":1000}", NOW); /* the first */
    feed(&b, 0, "{\"type\":\"e\",\"time\":1010}", NOW);
    feed(&b, 0, "{\"type\":\"e\",\"time\":1310}", NOW); /* just that long */
    feed(&b, 0, "{\"type\":\"e\",\"time\":1611}", NOW); /* longer */
    feed(&b, 0, "{\"type\":\"e\",\"time\":1600}", NOW); /* backwards */
    assert_shows(&b, "seen_total 310");
    assert_int_equal(outcomes(&b, 0, ROW_NO_GROWTH), 3);
    assert_int_equal(outcomes(&b, 0, ROW_MISSING), 0);
    bench_end(&b);
}

static void test_numbers_with_a_default(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        const char *record;
        const char *wanted;
    } cases[] = {
        {"a|default 7", "\"a\":1", "g 1"},
        {"a|default 7", "\"b\":1", "g 7"},
        {"a|default 7", "\"a\":null", "g 7"},
        {"a|default -0.5", "\"b\":1", "g -0.5"},
        {"{sum: [a, b|default 0]}", "\"a\":1", "g 1"},
        {"{sum: [a|default 1, b|default 2]}", "", "g 3"},
        {"{increase: a|default 4, key: /type}", "", "g 4"},
        {"'\"x|y\"|default 2'", "\"x|y\":5", "g 5"},
        {"'\"x|y\"|default 2'", "\"x\":5", "g 2"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        AUTO_FREE char *pack =
            memory_format(SOURCE METRICS "rules: {e: [{set: g, value: %s}]}\n", cases[i].value);
        AUTO_FREE char *line =
            memory_format("{\"type\":\"e\"%s%s}", *cases[i].record ? "," : "", cases[i].record);
        bench_start(&b, pack, NULL);
        if (!b.rules)
            fail_msg("%s: %s", cases[i].value, b.text.data);
        feed(&b, 0, line, NOW);
        if (!shows(&b, cases[i].wanted))
            fail_msg("%s of %s: no '%s' in:\n%s", cases[i].value, line, cases[i].wanted,
                     b.text.data);
        bench_end(&b);
    }
}

static void test_no_number_is_no_default(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, SOURCE METRICS "rules: {e: [{set: g, value: a|default 7}]}\n", NULL);
    feed(&b, 0, "{\"type\":\"e\",\"a\":\"x\"}", NOW);
    feed(&b, 0, "{\"type\":\"e\",\"a\":[]}", NOW);
    assert_int_equal(outcomes(&b, 0, ROW_NO_NUMBER), 2);
    bench_end(&b);
}

static void test_conditions_with_a_default(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE METRICS "rules:\n"
                               "  e: [{inc: seen_total, when: {'sum(a, b|default 5)': {gt: 9}}}]\n"
                               "  f: [{inc: seen_total, when: {'a|default 5': {lt: 9}}}]\n",
                NULL);
    feed(&b, 0, "{\"type\":\"e\",\"a\":5}", NOW);
    feed(&b, 0, "{\"type\":\"e\",\"a\":5,\"b\":4}", NOW);
    feed(&b, 0, "{\"type\":\"e\",\"b\":40}", NOW); /* `a` is not there */
    assert_shows(&b, "seen_total 1");
    feed(&b, 0, "{\"type\":\"f\"}", NOW);
    feed(&b, 0, "{\"type\":\"f\",\"a\":9}", NOW);
    assert_shows(&b, "seen_total 2");
    bench_end(&b);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        const char *wanted;
    } cases[] = {
        {"add: g, value: {growth: nobody}", "no row above has 'memory: nobody'"},
        {"add: g, value: {growth: timer}", "no row above has 'memory: timer'"},
        {"add: g, value: {growth: []}", "'growth' must not be an empty list"},
        {"add: g, each: l, value: {growth: seen}", "'growth' is of the whole event"},
        {"add: g, value: {growth: seen, most: 5m}", "'most' belongs to 'elapsed'"},
        {"add: g, value: {growth: seen, key: k}", "'key' belongs to 'increase'"},
        {"add: g, value: {elapsed: timer, most: x}", "'most' must be a duration"},
        {"add: g, value: a|defualt 0", "only '|default NUMBER' may stand"},
        {"add: g, value: a|default x", "only '|default NUMBER' may stand"},
        {"add: g, value: a|default 0|first 2", "only '|default NUMBER' may stand"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        AUTO_FREE char *pack =
            memory_format(SOURCE METRICS "rules:\n"
                                         "  d: [{inc: seen_total, once: k, memory: seen}]\n"
                                         "  s: [{start: timer}]\n"
                                         "  e: [{%s}]\n",
                          cases[i].row);
        bench_start(&b, pack, NULL);
        assert_null(b.rules);
        assert_says(&b, cases[i].wanted);
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth_is_what_the_memory_grew_by),
        cmocka_unit_test(test_growth_of_a_first_zero_is_zero),
        cmocka_unit_test(test_growth_of_once_is_the_number_of_keys),
        cmocka_unit_test(test_an_update_that_fails_is_no_growth),
        cmocka_unit_test(test_elapsed_at_most),
        cmocka_unit_test(test_numbers_with_a_default),
        cmocka_unit_test(test_no_number_is_no_default),
        cmocka_unit_test(test_conditions_with_a_default),
        cmocka_unit_test(test_mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
