/* label_text.c and filter.c: templates and every filter, through a whole pack; bad ones. */
#include "rules_fixture.h"

/* A pack whose one row sets label `v` to this template. */
static void start_with_label(struct bench *b, const char *template)
{
    struct text pack;
    text_init(&pack, TEXT_UNLIMITED);
    text_append_string(&pack, SOURCE "metrics: {n_total: {type: counter, help: N., labels: [v]}}\n"
                                     "rules:\n"
                                     "  remember: [{remember: model, value: model},\n"
                                     "             {remember: flow, value: flow, key: k}]\n"
                                     "  e: [{inc: n_total, labels: {v: '");
    for (; *template; template ++) {
        if (*template == '\'')
            text_append_char(&pack, '\'');
        text_append_char(&pack, *template);
    }
    text_append_string(&pack, "'}}]\n");
    bench_start(b, pack.data, NULL);
    text_free(&pack);
}

static void check_label(const char *template, const char *record, const char *wanted)
{
    struct bench b;
    start_with_label(&b, template);
    if (!b.rules)
        fail_msg("'%s': %s", template, b.text.data);
    feed(&b, 0, "{\"type\":\"remember\",\"model\":\"opus\",\"flow\":\"fix\",\"k\":\"s1\"}", NOW);
    AUTO_FREE char *line = memory_format("{\"type\":\"e\"%s%s}", *record ? "," : "", record);
    AUTO_FREE char *sample = *wanted ? memory_format("n_total{v=\"%s\"} 1", wanted)
                                     : memory_copy_text("n_total 1"); /* empty: left out */
    feed(&b, 0, line, NOW);
    if (!shows(&b, sample))
        fail_msg("'%s' with %s: no '%s' in:\n%s", template, record, sample, b.text.data);
    bench_end(&b);
}

struct label_case {
    const char *template;
    const char *record; /* members of the event */
    const char *wanted; /* the label's value as shown */
};

#define CHECK_LABELS(cases)                                                                        \
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)                                  \
    check_label(cases[i].template, cases[i].record, cases[i].wanted)

static void test_only_braces_are_looked_up(void **state)
{
    (void)state;
    static const struct label_case cases[] = {
        {"fixed", "", "fixed"},
        {"", "", ""},
        {"a.b /x |lower", "", "a.b /x |lower"},
        {"$x %s \"q\" \\", "", "$x %s \\\"q\\\" \\\\"},
        {"{a}", "\"a\":\"x\"", "x"},
        {"{ a }", "\"a\":\"x\"", "x"},
        {"<{a}-{b.c}>", "\"a\":\"x\",\"b\":{\"c\":3}", "<x-3>"},
        {"{a}{a}{a}", "\"a\":\"x\"", "xxx"},
        {"}{a}", "\"a\":\"x\"", "}x"},
        {"{file.job_id}/{file.name}", "", "job-1/a.jsonl"},
        {"{file.dir}", "", "/e/job-1"},
        {"{job_id}", "", "job-1"},
        {"{job_id}", "\"job_id\":\"body\"", "body"},
        {"{model}", "", "opus"},
        {"{model}", "\"model\":\"body\"", "body"},
        {"{flow[k]}", "\"k\":\"s1\"", "fix"},
        {"{flow[k]}", "\"k\":\"s2\"", ""},
        {"{/type}", "", "e"},
        {"{a.\"b|c}\"}", "\"a\":{\"b|c}\":\"x\"}", "x"},
    };
    CHECK_LABELS(cases);
}

static void test_values_become_texts(void **state)
{
    (void)state;
    static const struct label_case cases[] = {
        {"{a}", "\"a\":\"\"", ""},
        {"{a}", "\"a\":true", "true"},
        {"{a}", "\"a\":false", "false"},
        {"{a}", "\"a\":null", ""},
        {"{a}", "\"a\":[1]", ""},
        {"{a}", "\"a\":{\"b\":1}", ""},
        {"{a}", "\"a\":1.50", "1.50"}, /* as written */
        {"{a}", "\"a\":9223372036854775807", "9223372036854775807"},
        {"{a}", "\"a\":\"l\\u0131ne\\nbreak \\\"q\\\"\"", "l\u0131ne\\nbreak \\\"q\\\""},
        {"{nothing}", "", ""},
        {"x{nothing}y", "", "xy"},
        {"{nothing}{nothing}", "", ""},
    };
    CHECK_LABELS(cases);
}

static void test_filters(void **state)
{
    (void)state;
    static const struct label_case cases[] = {
        {"{a|default none}", "", "none"},
        {"{a|default none}", "\"a\":\"\"", "none"},
        {"{a|default none}", "\"a\":null", "none"},
        {"{a|default none}", "\"a\":\"x\"", "x"},
        {"{a|default \"two words\"}", "", "two words"},
        {"{a|default}", "", ""},
        {"{a|first 3}", "\"a\":\"abcdef\"", "abc"},
        {"{a|first 9}", "\"a\":\"abc\"", "abc"},
        {"{a|first 2}", "\"a\":\"é€x\"", "é€"},
        {"{a|last 2}", "\"a\":\"abcdef\"", "ef"},
        {"{a|last 9}", "\"a\":\"abc\"", "abc"},
        {"{a|last 2}", "\"a\":\"xé€\"", "é€"},
        {"{a|first 2}", "", ""},
        {"{a|lower}", "\"a\":\"AbÉ\"", "abÉ"}, /* ASCII alone */
        {"{a|upper}", "\"a\":\"Abé\"", "ABé"},
        {"{a|basename}", "\"a\":\"/usr/lib/x.so\"", "x.so"},
        {"{a|basename}", "\"a\":\"x.so\"", "x.so"},
        {"{a|basename}", "\"a\":\"/usr/lib//\"", "lib"},
        {"{a|basename}", "\"a\":\"/\"", "/"},
        {"{a|basename}", "\"a\":\"\"", ""},
        {"{a|dirname}", "\"a\":\"/usr/lib/x.so\"", "/usr/lib"},
        {"{a|dirname}", "\"a\":\"x.so\"", "."},
        {"{a|dirname}", "\"a\":\"/x\"", "/"},
        {"{a|dirname}", "\"a\":\"/a//b\"", "/a"},
        {"{a|dirname}", "\"a\":\"/\"", "/"},
        {"{a|match /^[a-z]+/}", "\"a\":\"fix: it\"", "fix"},
        {"{a|match /([0-9]+)-([0-9]+)/}", "\"a\":\"on 12-34\"", "12"},
        {"{a|match /^[a-z]+/}", "\"a\":\"12\"", ""},
        {"{a|match /b|c/}", "\"a\":\"abc\"", "b"}, /* a bar within the expression */
        {"{a|match /[}|]+/|default x}", "\"a\":\"a}|b\"", "}|"},
        {"{a|match /x{2}/}", "\"a\":\"axxx\"", "xx"},
        {"{a|match /a\\/b/}", "\"a\":\"xa/b\"", "a/b"},
        {"{a|match /x(y)?/}", "\"a\":\"ax\"", "x"},     /* the group took no part */
        {"{a|match /c$/}", "\"a\":\"a\\u0000c\"", "c"}, /* a NUL ends nothing */
        {"{a|map {0: ok, else: failed}}", "\"a\":0", "ok"},
        {"{a|map {0: ok, else: failed}}", "\"a\":3", "failed"},
        {"{a|map {else: failed, 0: ok}}", "\"a\":0", "ok"}, /* else is last, wherever it stands */
        {"{a|map {0: ok}}", "\"a\":3", "3"},
        {"{a|map {0: ok, else: failed}}", "", ""}, /* nothing is not mapped */
        {"{a|map {\"x, y\": \"a: b\", z: c}}", "\"a\":\"x, y\"", "a: b"},
        {"{a|map {don't: does, x: y}}", "\"a\":\"don't\"", "does"},
        {"{a|map {\"else\": x}}", "\"a\":\"other\"", "other"},
        {"{a|map {a: \"\"}}", "\"a\":\"a\"", ""},
    };
    CHECK_LABELS(cases);
}

static void test_filters_follow_each_other(void **state)
{
    (void)state;
    static const struct label_case cases[] = {
        {"{a|lower|first 3|upper}", "\"a\":\"AbcDef\"", "ABC"},
        {"{a | lower | first 3}", "\"a\":\"AbcDef\"", "abc"},
        {"{a|match /^[a-z]+/|upper|default none}", "\"a\":\"12\"", "none"},
        {"{a|default X|lower}", "", "x"},
        {"{a|basename|match /^(.*)[.]/|map {x: lib, else: other}}", "\"a\":\"/l/x.so\"", "lib"},
        {"{a|default \"a|b\"|upper}", "", "A|B"},
    };
    CHECK_LABELS(cases);
}

/* A label's value may be as long as a line: it is cut, not refused. */
static void test_a_long_value_is_cut(void **state)
{
    (void)state;
    struct bench b;
    struct text line;
    start_with_label(&b, "<{a}{a}{a|upper}>");
    text_init(&line, TEXT_UNLIMITED);
    text_append_string(&line, "{\"type\":\"e\",\"a\":\"");
    for (int i = 0; i < 20000; i++)
        text_append_string(&line, "x");
    text_append_string(&line, "\"}");
    feed(&b, 0, line.data, NOW);
    shows(&b, "");
    const char *start = strstr(b.text.data, "n_total{v=\"<xxx");
    assert_non_null(start);
    assert_int_equal(strspn(start + strlen("n_total{v=\"<"), "x"), REGISTRY_LABEL_LONGEST - 1);
    text_free(&line);
    bench_end(&b);
}

/* What a hostile text can make an expression do is bounded. */
static void test_a_match_looks_at_the_first_bytes(void **state)
{
    (void)state;
    struct bench b;
    struct text line;
    start_with_label(&b, "{a|match /y/|default none}");
    text_init(&line, TEXT_UNLIMITED);
    text_append_string(&line, "{\"type\":\"e\",\"a\":\"");
    for (int i = 0; i < 4096; i++)
        text_append_string(&line, "x");
    text_append_string(&line, "y\"}");
    feed(&b, 0, line.data, NOW);
    assert_shows(&b, "n_total{v=\"none\"} 1");
    text_free(&line);
    bench_end(&b);
}

static void test_bad_templates_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *template;
        const char *wanted;
    } cases[] = {
        {"{a", "'{a': '{' is not closed"},
        {"x{", "'{' is not closed"},
        {"{}", "bad path '': a name is missing"},
        {"{a b}", "bad path 'a b'"},
        {"{a||lower}", "unknown filter ''"},
        {"{a|lowr}", "unknown filter 'lowr' (did you mean 'lower'?)"},
        {"{a|nonsense}", "unknown filter 'nonsense'"},
        {"{a|lower x}", "filter 'lower' takes nothing, not 'x'"},
        {"{a|first}", "filter 'first' needs a number from 1 to 4096"},
        {"{a|first 0}", "filter 'first' needs a number from 1 to 4096"},
        {"{a|last 4097}", "filter 'last' needs a number from 1 to 4096"},
        {"{a|first x}", "filter 'first' needs a number"},
        {"{a|match}", "filter 'match' needs /a regular expression/"},
        {"{a|match x}", "filter 'match' needs /a regular expression/"},
        {"{a|match /(/}", "bad regular expression '('"},
        {"{a|match /(.)\\1/}", "no back-references"},
        {"{a|match /x", "'{' is not closed"},
        {"{a|map}", "filter 'map' needs {from: to, else: other}"},
        {"{a|map {}}", "filter 'map' needs"},
        {"{a|map {a}}", "filter 'map' needs"},
        {"{a|map {a, b: c}}", "filter 'map' needs"},
        {"{.a}", "'.a' is of the element, but this row has no 'each'"},
        {"{file.repo}", "'file.repo': source 'events' captures no 'repo'"},
        {"{file.jobid}", "(did you mean 'file.job_id'?)"},
        {"{nobody[k]}", "no rule of this pack remembers 'nobody'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        start_with_label(&b, cases[i].template);
        if (b.rules)
            fail_msg("'%s' is no mistake", cases[i].template);
        assert_says(&b, cases[i].wanted);
        assert_says(&b, "pack.yaml:6:");
        bench_end(&b);
    }
}

static void test_an_expression_has_a_longest_text(void **state)
{
    (void)state;
    struct bench b;
    struct text template;
    text_init(&template, TEXT_UNLIMITED);
    text_append_string(&template, "{a|match /");
    for (int i = 0; i < 1025; i++)
        text_append_string(&template, "(");
    text_append_string(&template, "/}");
    start_with_label(&b, template.data);
    assert_null(b.rules);
    assert_says(&b, "a regular expression may have 1024 bytes at most");
    bench_end(&b);
    text_free(&template);
}

/* The rule's text, else the default, else the path of the label's name; what yields nothing lets
 * the next one speak. */
static void test_where_a_label_comes_from(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "defaults: {labels: {job_id: '{file.job_id}', w: '{flow}'}}\n"
                       "metrics: {n_total: {type: counter, help: N., labels: [job_id, w, x]}}\n"
                       "rules:\n"
                       "  e: [{inc: n_total}]\n"
                       "  f: [{inc: n_total, labels: {w: '{none}', x: fixed}}]\n",
                NULL);
    feed(&b, 0, "{\"type\":\"e\",\"job_id\":\"other\",\"flow\":\"a\",\"w\":\"b\",\"x\":\"c\"}",
         NOW);
    assert_shows(&b, "n_total{job_id=\"job-1\",w=\"a\",x=\"c\"} 1");
    feed(&b, 1, "{\"type\":\"e\",\"w\":\"b\"}", NOW);
    assert_shows(&b, "n_total{job_id=\"job-2\",w=\"b\"} 1");
    feed(&b, 1, "{\"type\":\"f\",\"w\":\"b\",\"x\":\"c\"}", NOW);
    assert_shows(&b, "n_total{job_id=\"job-2\",x=\"fixed\"} 1");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_braces_are_looked_up),
        cmocka_unit_test(test_values_become_texts),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_filters_follow_each_other),
        cmocka_unit_test(test_a_long_value_is_cut),
        cmocka_unit_test(test_a_match_looks_at_the_first_bytes),
        cmocka_unit_test(test_bad_templates_are_told),
        cmocka_unit_test(test_an_expression_has_a_longest_text),
        cmocka_unit_test(test_where_a_label_comes_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
