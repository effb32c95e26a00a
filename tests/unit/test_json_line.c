/* YAML as JSON on one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/attributes.h"
#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "config/yaml.h"
#include "packtest/json_line.h"

static const struct {
    const char *yaml;
    const char *json;
} values[] = {
    {"{}", "{}"},
    {"[]", "[]"},
    {"{a: 1, b: [x, {c: ~}], d: {}}", "{\"a\":1,\"b\":[\"x\",{\"c\":null}],\"d\":{}}"},
    {"a:\n  - 1\n  - b: 2\n", "{\"a\":[1,{\"b\":2}]}"},
    {"[1, -2.50, 1e9, 0.1]", "[1,-2.50,1e9,0.1]"},
    {"[007, .5, +1, 0x10, 1_000, 1e999, NaN, 1.]",
     "[\"007\",\".5\",\"+1\",\"0x10\",\"1_000\",\"1e999\",\"NaN\",\"1.\"]"},
    {"['1', \"true\", 'null', '']", "[\"1\",\"true\",\"null\",\"\"]"},
    {"[true, false, null, ~, True, yes]", "[true,false,null,null,\"True\",\"yes\"]"},
    {"{a: , b: \"\"}", "{\"a\":null,\"b\":\"\"}"},
    {"{1: 2, true: 3}", "{\"1\":2,\"true\":3}"},
    {"2026-01-10T10:00:00Z", "\"2026-01-10T10:00:00Z\""},
    {"\"a\\\"b\\\\c\\nd\\te \xC3\xA9\"", "\"a\\\"b\\\\c\\nd\\te \xC3\xA9\""},
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        struct diagnostics diagnostics;
        struct text text;
        diagnostics_init(&diagnostics);
        text_init(&text, TEXT_UNLIMITED);
        struct tree *tree =
            yaml_read_text("f", values[i].yaml, strlen(values[i].yaml), &diagnostics);
        assert_non_null(tree);
        json_line_append(&text, tree);
        assert_string_equal(text.data, values[i].json);
        assert_null(memchr(text.data, '\n', text.length));
        tree_free(tree);
        text_free(&text);
        diagnostics_free(&diagnostics);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
