/* What is UTF-8 and what is not (RFC 3629), and which characters do not show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/attributes.h"
#include "base/utf8.h"

struct sequence_case {
    const char *bytes;
    size_t size; /* 0: malformed */
    uint32_t code_point;
};

static const struct sequence_case sequence_cases[] = {
    {"a", 1, 'a'},
    {"\x7F", 1, 0x7F},
    {"\xC2\x80", 2, 0x80},
    {"\xC3\xA9", 2, 0xE9},
    {"\xDF\xBF", 2, 0x7FF},
    {"\xE0\xA0\x80", 3, 0x800},
    {"\xED\x9F\xBF", 3, 0xD7FF},
    {"\xEE\x80\x80", 3, 0xE000},
    {"\xEF\xBF\xBF", 3, 0xFFFF},
    {"\xF0\x90\x80\x80", 4, 0x10000},
    {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
    {"\x80", 0, 0},
    {"\xBF", 0, 0},
    {"\xC0\x80", 0, 0},
    {"\xC1\xBF", 0, 0},
    {"\xC3", 0, 0},
    {"\xC3(", 0, 0},
    {"\xE0\x9F\xBF", 0, 0},
    {"\xED\xA0\x80", 0, 0},
    {"\xE2\x82", 0, 0},
    {"\xF0\x8F\xBF\xBF", 0, 0},
    {"\xF4\x90\x80\x80", 0, 0},
    {"\xF5\x80\x80\x80", 0, 0},
    {"\xFF", 0, 0},
};

static void test_sequences(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(sequence_cases); i++) {
        const struct sequence_case *want = &sequence_cases[i];
        assert_int_equal(utf8_sequence(want->bytes, strlen(want->bytes)), want->size);
        if (want->size)
            assert_int_equal(utf8_code_point(want->bytes, want->size), want->code_point);
        for (size_t cut = 1; cut < want->size; cut++)
            assert_int_equal(utf8_sequence(want->bytes, cut), 0);
    }
    assert_int_equal(utf8_sequence("\0", 1), 1);
}

static void test_valid_prefix(void **state)
{
    (void)state;
    assert_int_equal(utf8_valid_prefix("", 0), 0);
    assert_int_equal(utf8_valid_prefix("a\xC3\xA9\0z", 5), 5);
    assert_int_equal(utf8_valid_prefix("ab\xC3", 3), 2);
    assert_int_equal(utf8_valid_prefix("\xFF", 1), 0);
    assert_int_equal(utf8_valid_prefix("\xE2\x82\xAC\xE2\x82", 5), 3);
}

static size_t prefix_by_sequences(const char *bytes, size_t length)
{
    size_t at = 0;
    for (size_t size; at < length && (size = utf8_sequence(bytes + at, length - at)) > 0;)
        at += size;
    return at;
}

/* Texts of all cases above, in any order and at any place in a word: as sequence by sequence. */
static void test_prefix_of_mixed_texts(void **state)
{
    (void)state;
    static const char *const plain[] = {"a", "bc", "0123456", "01234567", "0123456789abcdefgh"};
    uint64_t random = 7;
    for (int i = 0; i < 200000; i++) {
        char bytes[64];
        size_t length = 0;
        while (length < 32) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            unsigned choice = (unsigned)(random >> 33);
            /* Malformed ones seldom, so that something stands before them. */
            size_t good = 11;
            const char *piece =
                choice % 3 == 0 ? plain[choice / 3 % ARRAY_LENGTH(plain)]
                : choice % 40 == 1
                    ? sequence_cases[good + choice / 40 % (ARRAY_LENGTH(sequence_cases) - good)]
                          .bytes
                    : sequence_cases[choice / 3 % good].bytes;
            memcpy(bytes + length, piece, strlen(piece));
            length += strlen(piece);
        }
        length -= (random >> 20) % 5;
        size_t wanted = prefix_by_sequences(bytes, length);
        assert_int_equal(utf8_valid_prefix(bytes, length), wanted);
        assert_int_equal(utf8_is_valid(bytes, length), wanted == length);
    }
}

static void test_invisible(void **state)
{
    (void)state;
    static const uint32_t hidden[] = {0,    '\n',   0x1B,   0x7F,   0x80,
                                      0x9F, 0x2028, 0x202E, 0x2066, 0x2069};
    static const uint32_t shown[] = {' ', '~', 0xA0, 0xE9, 0x2027, 0x202F, 0x2065, 0x206A, 0x1F600};
    for (size_t i = 0; i < ARRAY_LENGTH(hidden); i++)
        assert_true(utf8_is_invisible(hidden[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(shown); i++)
        assert_false(utf8_is_invisible(shown[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_valid_prefix),
        cmocka_unit_test(test_prefix_of_mixed_texts),
        cmocka_unit_test(test_invisible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
