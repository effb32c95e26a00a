/* Cutting lines: what a line is, and that it does not matter in which pieces its bytes come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "tail/lines.h"

#define MAXIMUM 16

/* Cuts `bytes` in pieces of `piece` bytes and writes down what came: lines as "[text]", blanks as
 * "-", too long ones as "!". What is not used of a piece is put before the next one. */
static void cut_in_pieces(const char *bytes, size_t length, size_t piece, char *ret_text)
{
    struct lines lines = {.maximum = MAXIMUM};
    size_t used = 0;
    size_t there = 0;
    ret_text[0] = '\0';
    while (there < length) {
        there = there + piece < length ? there + piece : length;
        lines.bytes = bytes + used;
        lines.length = there - used;
        lines.offset = used;
        lines.position = 0;
        struct lines_cut cut;
        for (enum lines_kind kind; (kind = lines_next(&lines, &cut)) != LINES_END;) {
            if (kind == LINES_LINE) {
                strcat(ret_text, "[");
                strncat(ret_text, cut.bytes, cut.length);
                strcat(ret_text, "]");
            }
            if (kind == LINES_TOO_LONG)
                strcat(ret_text, "!");
        }
        used += lines.position;
    }
}

static void test_what_a_line_is(void **state UNUSED)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *expected;
    } cases[] = {
#define CASE(bytes, expected) {bytes, sizeof(bytes) - 1, expected}
        CASE("", ""),
        CASE("a", ""),
        CASE("a\n", "[a]"),
        CASE("a\nb\n", "[a][b]"),
        CASE("a\nb", "[a]"),
        CASE("a\r\nb\r\n", "[a][b]"),
        CASE("a\rb\n", "[a\rb]"),
        CASE("\n\na\n   \n\r\n\t\r\nb\n", "[a][b]"),
        CASE(" a \n", "[ a ]"),
        CASE("\xEF\xBB\xBF{a}\n\xEF\xBB\xBF{b}\n", "[{a}][\xEF\xBB\xBF{b}]"),
        CASE("\xEF\xBB\xBF\na\n", "[a]"),
        CASE("\0\0\0a\n\0\n\0b\n", "[a][b]"),
        CASE("0123456789abcdef\nb\n", "[0123456789abcdef][b]"),
        CASE("0123456789abcdef\r\nb\n", "[0123456789abcdef][b]"),
        CASE("0123456789abcdefg\nb\n", "![b]"),
        CASE("a\n0123456789abcdef0123456789abcdef0123456789abcdef\nb\n", "[a]![b]"),
        CASE("a\n0123456789abcdef0123456789abcdef", "[a]!"),
        CASE("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a\nb\n", "[a][b]"),
        CASE("0123456789abcdefghijkl\n\n0123456789abcdefghijkl\n\nb\n", "!![b]"),
        CASE("caf\xE2\x80\xA8"
             "e\xFF\n",
             "[caf\xE2\x80\xA8"
             "e\xFF]"),
#undef CASE
    };
    char text[256];
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        for (size_t piece = 1; piece <= cases[i].length + 1; piece++) {
            cut_in_pieces(cases[i].bytes, cases[i].length, piece, text);
            assert_string_equal(text, cases[i].expected);
        }
}

static void test_numbers_count_every_line(void **state UNUSED)
{
    const char *bytes = "a\n\nb\n0123456789abcdefghijkl\nc\n";
    struct lines lines = {.bytes = bytes, .length = strlen(bytes), .maximum = MAXIMUM};
    struct lines_cut cut;
    static const uint64_t expected[] = {1, 2, 3, 4, 5};
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        assert_int_not_equal(lines_next(&lines, &cut), LINES_END);
        assert_int_equal(cut.number, expected[i]);
    }
    assert_int_equal(lines_next(&lines, &cut), LINES_END);
}

static void test_start_is_where_the_line_begins(void **state UNUSED)
{
    static const char bytes[] = "a\n\0\0bc\r\n";
    struct lines lines = {.bytes = bytes, .length = sizeof(bytes) - 1, .maximum = MAXIMUM};
    struct lines_cut cut;
    assert_int_equal(lines_next(&lines, &cut), LINES_LINE);
    assert_int_equal(cut.start, 0);
    assert_int_equal(lines_next(&lines, &cut), LINES_LINE);
    assert_int_equal(cut.start, 2);
    assert_ptr_equal(cut.bytes, bytes + 4);
    assert_int_equal(cut.length, 2);
}

static void test_end_of_a_counted_rest_is_no_line(void **state UNUSED)
{
    const char *bytes = "\r\nb\n";
    struct lines lines = {.bytes = bytes,
                          .length = strlen(bytes),
                          .offset = 3,
                          .maximum = MAXIMUM,
                          .number = 1,
                          .rest_counted = true};
    struct lines_cut cut;
    assert_int_equal(lines_next(&lines, &cut), LINES_BLANK);
    assert_int_equal(lines.number, 1);
    assert_int_equal(lines_next(&lines, &cut), LINES_LINE);
    assert_int_equal(cut.number, 2);
}

static void test_more_behind_a_counted_rest_is_a_new_line(void **state UNUSED)
{
    const char *bytes = "more\n";
    struct lines lines = {.bytes = bytes,
                          .length = strlen(bytes),
                          .offset = 3,
                          .maximum = MAXIMUM,
                          .number = 1,
                          .rest_counted = true};
    struct lines_cut cut;
    assert_int_equal(lines_next(&lines, &cut), LINES_LINE);
    assert_int_equal(cut.number, 2);
    assert_false(lines.rest_counted);
}

static void test_nuls_are_counted_from_both_ends(void **state UNUSED)
{
    static char bytes[1000];
    for (size_t at = 0; at <= sizeof(bytes); at += 37) {
        memset(bytes, 0, sizeof(bytes));
        if (at < sizeof(bytes))
            bytes[at] = 'x';
        assert_int_equal(lines_leading_nuls(bytes, sizeof(bytes)),
                         at < sizeof(bytes) ? at : sizeof(bytes));
        assert_int_equal(lines_without_trailing_nuls(bytes, sizeof(bytes)),
                         at < sizeof(bytes) ? at + 1 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_line_is),
        cmocka_unit_test(test_numbers_count_every_line),
        cmocka_unit_test(test_start_is_where_the_line_begins),
        cmocka_unit_test(test_end_of_a_counted_rest_is_no_line),
        cmocka_unit_test(test_more_behind_a_counted_rest_is_a_new_line),
        cmocka_unit_test(test_nuls_are_counted_from_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
