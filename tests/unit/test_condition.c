/* condition.c: which values `when` lets pass, through a whole pack; bad ones. */
#include "rules_fixture.h"

static void start_with_condition(struct bench *b, const char *condition)
{
    AUTO_FREE char *pack = memory_format("%smetrics: {n_total: {type: counter, help: N.}}\n"
                                         "rules:\n"
                                         "  e: [{inc: n_total, when: %s}]\n"
                                         "  r: [{remember: model, value: model}]\n",
                                         SOURCE, condition);
    bench_start(b, pack, NULL);
}

struct condition_case {
    const char *condition; /* YAML */
    const char *record;    /* members of the event */
    bool holds;
};

static void check_condition(const struct condition_case *it)
{
    struct bench b;
    start_with_condition(&b, it->condition);
    if (!b.rules)
        fail_msg("%s: %s", it->condition, b.text.data);
    AUTO_FREE char *line =
        memory_format("{\"type\":\"e\"%s%s}", *it->record ? "," : "", it->record);
    feed(&b, 0, line, NOW);
    if (outcomes(&b, 0, ROW_APPLIED) != it->holds || outcomes(&b, 0, ROW_CONDITION) != !it->holds)
        fail_msg("%s %s for %s", it->condition, it->holds ? "does not hold" : "holds", it->record);
    bench_end(&b);
}

#define CHECK_CONDITIONS(cases)                                                                    \
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)                                  \
    check_condition(&cases[i])

static void test_values(void **state)
{
    (void)state;
    static const struct condition_case cases[] = {
        {"{a: x}", "\"a\":\"x\"", true},
        {"{a: x}", "\"a\":\"X\"", false},
        {"{a: x}", "\"a\":\"xx\"", false},
        {"{a: x}", "", false},
        {"{a: x}", "\"a\":null", false},
        {"{a: x}", "\"a\":[\"x\"]", false},
        {"{a: 5}", "\"a\":5", true},
        {"{a: 5}", "\"a\":5.0", true},
        {"{a: 5}", "\"a\":\"5\"", true},
        {"{a: 5}", "\"a\":5e0", true},
        {"{a: 5}", "\"a\":50", false},
        {"{a: \"5\"}", "\"a\":5", true},
        {"{a: \"5\"}", "\"a\":5.0", false}, /* quoted: a text */
        {"{a: 9007199254740993}", "\"a\":9007199254740993", true},
        {"{a: true}", "\"a\":true", true},
        {"{a: true}", "\"a\":\"true\"", true},
        {"{a: true}", "\"a\":false", false},
        {"{a: 1}", "\"a\":true", true},
        {"{a: false}", "\"a\":false", true},
        {"{a: \"\"}", "\"a\":\"\"", true},
        {"{a: \"\"}", "", false},
        {"{a: [x, y]}", "\"a\":\"y\"", true},
        {"{a: [x, y]}", "\"a\":\"z\"", false},
        {"{a: [x, 3]}", "\"a\":3.0", true},
    };
    CHECK_CONDITIONS(cases);
}

static void test_null_is_not_there_and_nothing_else(void **state)
{
    (void)state;
    static const struct condition_case cases[] = {
        {"{a: null}", "", true},
        {"{a: null}", "\"a\":null", true},
        {"{a: null}", "\"a\":\"null\"", false},
        {"{a: null}", "\"a\":\"\"", false},
        {"{a: null}", "\"a\":0", false},
        {"{a: null}", "\"a\":false", false},
        {"{a: null}", "\"a\":[]", false},
        {"{a: null}", "\"a\":{\"b\":1}", false},
        {"{a: ~}", "\"a\":\"~\"", false},
        {"{a: }", "", true},
        {"{a: \"null\"}", "\"a\":\"null\"", true},
        {"{a: \"null\"}", "", false},
        {"{a: [false, null]}", "", true},
        {"{a: [false, null]}", "\"a\":false", true},
        {"{a: [false, null]}", "\"a\":true", false},
        {"{a.b: null}", "\"a\":3", true},
        {"{a: {ne: null}}", "\"a\":1", true},
        {"{a: {ne: null}}", "", false},
        {"{a: {exists: true}}", "\"a\":0", true},
        {"{a: {exists: true}}", "\"a\":\"\"", true},
        {"{a: {exists: true}}", "\"a\":[]", true},
        {"{a: {exists: true}}", "\"a\":null", false},
        {"{a: {exists: true}}", "", false},
        {"{a: {exists: false}}", "", true},
        {"{a: {exists: false}}", "\"a\":null", true},
        {"{a: {exists: false}}", "\"a\":{}", false},
    };
    CHECK_CONDITIONS(cases);
}

static void test_operators(void **state)
{
    (void)state;
    static const struct condition_case cases[] = {
        {"{a: {gt: 3}}", "\"a\":3", false},
        {"{a: {gt: 3}}", "\"a\":3.5", true},
        {"{a: {ge: 3}}", "\"a\":3", true},
        {"{a: {lt: 3}}", "\"a\":2.9", true},
        {"{a: {lt: 3}}", "\"a\":3", false},
        {"{a: {le: 3}}", "\"a\":3", true},
        {"{a: {ge: 1, lt: 3}}", "\"a\":2", true},
        {"{a: {ge: 1, lt: 3}}", "\"a\":3", false},
        {"{a: {gt: 3}}", "\"a\":\"4\"", true},
        {"{a: {gt: 3}}", "\"a\":\"four\"", false},
        {"{a: {gt: 3}}", "\"a\":[1]", false},
        {"{a: {gt: -1}}", "", false},
        {"{a: {gt: 59}}", "\"a\":\"1m\"", true}, /* durations compare in seconds */
        {"{a: {gt: 59}}", "\"a\":[60,0]", true},
        {"{a: {gt: 59}}", "\"a\":{\"secs\":60,\"nanos\":0}", true},
        {"{a: {le: 60.5}}", "\"a\":[60,600000000]", false},
        {"{a: {gt: 0}}", "\"a\":true", true},
        {"{a: {ne: x}}", "\"a\":\"y\"", true},
        {"{a: {ne: x}}", "\"a\":\"x\"", false},
        {"{a: {ne: x}}", "", false}, /* not there: no value that differs */
        {"{a: {ne: 3}}", "\"a\":3.0", false},
        {"{a: {ne: x, exists: true}}", "\"a\":\"y\"", true},
        {"{a: {match: \"^b\"}}", "\"a\":\"bc\"", true},
        {"{a: {match: \"^b\"}}", "\"a\":\"abc\"", false},
        {"{a: {match: /b$/}}", "\"a\":\"ab\"", true},
        {"{a: {match: \"^[0-9]+$\"}}", "\"a\":12", true},
        {"{a: {match: .}}", "\"a\":[1]", false},
        {"{a: {match: .}}", "", false},
        {"{a: {}}", "\"a\":1", true},
        {"{a: {}}", "", false},
    };
    CHECK_CONDITIONS(cases);
}

static void test_paths_and_sums(void **state)
{
    (void)state;
    static const struct condition_case cases[] = {
        {"{a: x, b: y}", "\"a\":\"x\",\"b\":\"y\"", true}, /* all must hold */
        {"{a: x, b: y}", "\"a\":\"x\",\"b\":\"x\"", false},
        {"{}", "", true},
        {"{/a: x}", "\"a\":\"x\"", true},
        {"{job_id: job-1}", "", true},
        {"{file.job_id: job-2}", "", false},
        {"{model: {exists: true}}", "", false},
        {"{a.b.0: x}", "\"a\":{\"b\":[\"x\"]}", true},
        {"{'sum(a, b)': {gt: 3}}", "\"a\":2,\"b\":1.5", true},
        {"{'sum(a, b)': {gt: 4}}", "\"a\":2,\"b\":1.5", false},
        {"{'sum(a,b,c)': 6}", "\"a\":1,\"b\":2,\"c\":3", true},
        {"{'sum(a, b)': [1, 3]}", "\"a\":1,\"b\":2", true},
        {"{'sum(a, b)': {ne: 3}}", "\"a\":1,\"b\":2", false},
        {"{'sum(a, b)': {gt: 0}}", "\"a\":1", false},
        {"{'sum(a, b)': {exists: false}}", "\"a\":1", true},
        {"{'sum(a, b)': {exists: true}}", "\"a\":1,\"b\":2", true},
        {"{'sum(a, b)': {gt: 100}}", "\"a\":[60,0],\"b\":\"1m\"", true},
        {"{'sum(a)': {ge: 60}}", "\"a\":[60,0]", true},
    };
    CHECK_CONDITIONS(cases);
}

static void test_bad_conditions_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        const char *wanted;
    } cases[] = {
        {"x", "'when' must be a map, not a text"},
        {"[x]", "'when' must be a map, not a list"},
        {"{a: []}", "a condition's value must not be an empty list"},
        {"{a: [[x]]}", "a condition's value must be a single value, not a list"},
        {"{a: {gte: 3}}", "unknown operator 'gte' (did you mean 'ge'?)"},
        {"{a: {gt: x}}", "gt must be a number, not 'x'"},
        {"{a: {gt: [1]}}", "gt must be a single value, not a list"},
        {"{a: {exists: 3}}", "unknown 'exists' '3'"},
        {"{a: {match: '('}}", "bad regular expression '('"},
        {"{a: {match: '(a)\\1'}}", "no back-references"},
        {"{a: {match: [x]}}", "'match' must be a single value"},
        {"{a: {ne: [x]}}", "'ne' must be a single value"},
        {"{'a b': x}", "bad path 'a b'"},
        {"{.a: x}", "this row has no 'each'"},
        {"{'sum(a, .b)': 3}", "this row has no 'each'"},
        {"{'sum(, b)': 3}", "bad path ''"},
        {"{'nobody[k]': x}", "no rule of this pack remembers 'nobody'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        start_with_condition(&b, cases[i].condition);
        if (b.rules)
            fail_msg("'%s' is no mistake", cases[i].condition);
        assert_says(&b, cases[i].wanted);
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_null_is_not_there_and_nothing_else),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_paths_and_sums),
        cmocka_unit_test(test_bad_conditions_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
