/* lookup_table.c: constants by key, longest prefix, and event time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/tree.h"
#include "config/yaml.h"
#include "rules/lookup_table.h"

static struct lookup_table *read_table(const char *yaml, struct diagnostics *diagnostics)
{
    diagnostics_init(diagnostics);
    struct tree *tree = yaml_read_text("t.yaml", yaml, strlen(yaml), diagnostics);
    assert_non_null(tree);
    struct lookup_table *table = lookup_table_new(diagnostics, "prices", tree);
    tree_free(tree);
    return table;
}

static int64_t time_of(const char *text)
{
    int64_t time;
    assert_true(clock_parse_rfc3339(text, strlen(text), &time));
    return time;
}

#define NOTHING (-1) /* no value is found */

static void check_value(const struct lookup_table *table, const char *key, const char *time,
                        double wanted)
{
    double value = NOTHING;
    bool found = lookup_table_value(table, key, strlen(key), time_of(time), &value);
    if (found != (wanted != NOTHING) || value != wanted)
        fail_msg("'%s' at %s: %g, not %g", key, time, value, wanted);
}

static void test_the_key_or_its_longest_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        double wanted;
    } cases[] = {
        {"claude-opus-4-5", 5},
        {"claude-opus-4-5-20251101", 5},
        {"claude-opus-4-1", 15},
        {"claude-opus", 15},
        {"claude-opu", 1},
        {"gpt", 1},
        {"", 1},
        {"CLAUDE-OPUS", 1},
        {"elsewhere", 1},
        {"claude-opus-4-5\x1f", 5},
    };
    struct diagnostics diagnostics;
    struct lookup_table *table =
        read_table("{claude-opus: 15, claude-opus-4-5: 5, else: 1}", &diagnostics);
    assert_int_equal(diagnostics.count, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_value(table, cases[i].key, "2026-01-01T00:00:00Z", cases[i].wanted);
    lookup_table_free(table);
    diagnostics_free(&diagnostics);
}

static void test_without_else_a_key_may_be_unknown(void **state)
{
    (void)state;
    struct diagnostics diagnostics;
    struct lookup_table *table = read_table("{a: 0, ab: -2.5e-3, \"else\": 7}", &diagnostics);
    check_value(table, "a", "2026-01-01T00:00:00Z", 0);
    check_value(table, "abc", "2026-01-01T00:00:00Z", -2.5e-3);
    check_value(table, "b", "2026-01-01T00:00:00Z", NOTHING);
    check_value(table, "else", "2026-01-01T00:00:00Z", 7); /* in quotes it is a key */
    lookup_table_free(table);
    lookup_table_free(NULL);
    diagnostics_free(&diagnostics);
}

static void test_a_value_changes_over_time(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *time;
        double wanted;
    } cases[] = {
        {"sonnet-5", "2020-01-01T00:00:00Z", 2}, {"sonnet-5", "2026-12-31T23:59:59.999999999Z", 2},
        {"sonnet-5", "2027-01-01T00:00:00Z", 3}, {"sonnet-5", "2027-06-30T23:30:00+02:00", 3},
        {"sonnet-5", "2027-06-30T22:30:00Z", 4}, {"late", "2026-12-31T00:00:00Z", NOTHING},
        {"late", "2027-01-01T00:00:00Z", 9},     {"other", "2026-12-31T00:00:00Z", 1},
        {"other", "2028-01-01T00:00:00Z", 6},
    };
    struct diagnostics diagnostics;
    struct lookup_table *table =
        read_table("sonnet: [{value: 2}, {from: 2027-01-01, value: 3},\n"
                   "         {from: 2027-07-01T00:00:00+02:00, value: 4}]\n"
                   "late: [{from: 2027-01-01, value: 9}]\n"
                   "else: [{value: 1}, {from: 2028-01-01, value: 6}]\n",
                   &diagnostics);
    assert_int_equal(diagnostics.count, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_value(table, cases[i].key, cases[i].time, cases[i].wanted);
    lookup_table_free(table);
    diagnostics_free(&diagnostics);
}

static void test_bad_tables_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *wanted;
    } cases[] = {
        {"[a]", "t.yaml:1:1: error: a table must be a map, not a list"},
        {"{a: x}", "t.yaml:1:5: error: a table's value must be a number, not 'x'"},
        {"{a: {b: 1}}", "a table's value must be a single value, not a map"},
        {"{a: [1]}", "a table's step must be a map, not a text"},
        {"{a: [{from: 2027-01-01}]}", "a table's step needs 'value'"},
        {"{a: [{value: 1, form: 2027-01-01}]}", "unknown key of a table's step 'form' (did you "
                                                "mean 'from'?)"},
        {"{a: [{value: x}]}", "'value' must be a number, not 'x'"},
        {"{a: [{value: 1, from: soon}]}", "'from' must be a date or RFC 3339 time, not 'soon'"},
        {"{a: [{value: 1, from: 2027-13-01}]}", "'from' must be a date"},
        {"{a: [{value: 1, from: 2027-01-01}, {value: 2, from: 2026-01-01}]}",
         "a table's steps must follow in time"},
        {"{a: [{value: 1}, {value: 2}]}", "a table's steps must follow in time"},
        {"{a: []}", "a table's value must not be an empty list"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct diagnostics diagnostics;
        struct text text;
        text_init(&text, TEXT_UNLIMITED);
        struct lookup_table *table = read_table(cases[i].yaml, &diagnostics);
        diagnostics_print(&diagnostics, &text);
        if (diagnostics.errors == 0 || !strstr(text.data, cases[i].wanted))
            fail_msg("%s: no '%s' in: %s", cases[i].yaml, cases[i].wanted,
                     text.data ? text.data : "nothing");
        lookup_table_free(table);
        text_free(&text);
        diagnostics_free(&diagnostics);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_key_or_its_longest_prefix),
        cmocka_unit_test(test_without_else_a_key_may_be_unknown),
        cmocka_unit_test(test_a_value_changes_over_time),
        cmocka_unit_test(test_bad_tables_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
