/* Text from outside, shown on one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/escape.h"

struct escape_case {
    const char *bytes;
    size_t length;
    const char *also;
    const char *shown;
};

static const struct escape_case escape_cases[] = {
    {"", 0, "", ""},
    {"plain \"text\" \\", 14, "", "plain \"text\" \\"},
    {"plain \"text\" \\", 14, "\"\\", "plain \\\"text\\\" \\\\"},
    {"a\n\r\tb", 5, "", "a\\n\\r\\tb"},
    {"a\0b", 3, "\"\\", "a\\u0000b"},
    {"\x1b[2J\x7f", 5, "", "\\u001b[2J\\u007f"},
    {"\xC3\xA9\xE2\x82\xAC", 5, "", "\xC3\xA9\xE2\x82\xAC"},
    {"\xC2\x9B\xE2\x80\xA8\xE2\x80\xAE", 8, "", "\\u009b\\u2028\\u202e"},
    {"a\xFF\xC3", 3, "", "a\\ufffd\\ufffd"},
    {"\xED\xA0\x80", 3, "", "\\ufffd\\ufffd\\ufffd"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(escape_cases); i++) {
        const struct escape_case *want = &escape_cases[i];
        struct text out;
        text_init(&out, TEXT_UNLIMITED);
        text_append_string(&out, "");
        escape_append(&out, want->bytes, want->length, want->also);
        assert_string_equal(out.data, want->shown);
        text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
