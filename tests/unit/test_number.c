/* Numbers as text, both ways: base/number_format.c, number_parse.c, quantity.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/number.h"

struct format_case {
    double value;
    const char *text;
};

/* The values of prometheus/common expfmt/text_create_test.go, as Go writes them. */
static const struct format_case written_by_go[] = {
    {NAN, "NaN"},
    {0.23, "0.23"},
    {INFINITY, "+Inf"},
    {3.14e+42, "3.14e+42"},
    {-INFINITY, "-Inf"},
    {-1.23e-45, "-1.23e-45"},
    {42, "42"},
    {-3.4567, "-3.4567"},
    {-1.23, "-1.23"},
    {0.2342354, "0.2342354"},
    {0, "0"},
    {4711, "4711"},
    {2010.1971, "2010.1971"},
    {1756047.3, "1.7560473e+06"},
    {172.8, "172.8"},
    {123.123, "123.123"},
    {2693.123, "2693.123"},
};

static const struct format_case format_cases[] = {
    {-0.0, "-0"},
    {1e6, "1000000"},
    {-2478268416.0, "-2478268416"},
    {9007199254740991.0, "9007199254740991"},
    {9007199254740992.0, "9.007199254740992e+15"},
    {1e21, "1e+21"},
    {1e23, "1e+23"},
    {18446744073709551616.0, "1.8446744073709552e+19"},
    {100000.5, "100000.5"},
    {999999.5, "999999.5"},
    {1000000.5, "1.0000005e+06"},
    {0.0001, "0.0001"},
    {0.00001, "1e-05"},
    {0.000123456, "0.000123456"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {1e-6, "1e-06"},
    {9.99999999999999e-7, "9.99999999999999e-07"},
    {5e-324, "5e-324"},
    {DBL_MIN, "2.2250738585072014e-308"},
    {DBL_MAX, "1.7976931348623157e+308"},
};

static const struct format_case bound_cases[] = {
    {1, "1.0"},         {2.5, "2.5"},         {0.001, "0.001"},
    {1e-5, "1e-05"},    {100000, "100000.0"}, {1e6, "1e+06"},
    {3600, "3600.0"},   {0, "0.0"},           {1536000, "1.536e+06"},
    {INFINITY, "+Inf"}, {-1, "-1.0"},         {0.99, "0.99"},
    {1e20, "1e+20"},
};

typedef size_t (*format_function)(double value, char *ret_text);

static void check_format(format_function format, const struct format_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[NUMBER_TEXT + 1] = {0};
        size_t length = format(cases[i].value, text);
        text[length] = '\0';
        assert_string_equal(text, cases[i].text);
    }
}

static void test_format(void **state)
{
    (void)state;
    check_format(number_format, written_by_go, ARRAY_LENGTH(written_by_go));
    check_format(number_format, format_cases, ARRAY_LENGTH(format_cases));
    check_format(number_format_bound, bound_cases, ARRAY_LENGTH(bound_cases));
}

static void test_format_whole(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 9, 10, 99, 100, 101, 999, 1000, 12345, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        char expected[NUMBER_TEXT];
        char text[NUMBER_TEXT];
        int length = snprintf(expected, sizeof(expected), "%llu", (unsigned long long)values[i]);
        assert_int_equal(number_format_whole(values[i], text), length);
        assert_memory_equal(text, expected, (size_t)length);
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Bits of every kind: any double, magnitudes that occur, powers of two. */
static double random_double(uint64_t *state)
{
    uint64_t bits = next_random(state);
    switch (next_random(state) % 3) {
    case 0:
        bits = (bits & 0x800FFFFFFFFFFFFFu) | ((1000 + next_random(state) % 60) << 52);
        break;
    case 1:
        bits &= 0xFFF0000000000000u;
        break;
    }
    double value;
    memcpy(&value, &bits, sizeof(value));
    return isfinite(value) ? value : 0;
}

/* What printf needs at least to be read back, in digits. */
static int digits_needed(double value)
{
    char text[64];
    int digits = 0;
    do {
        snprintf(text, sizeof(text), "%.*e", digits++, value);
    } while (strtod(text, NULL) != value);
    return digits;
}

/* Significant digits of `text`: without sign, leading and trailing zeros, exponent. */
static int digits_in(const char *text, size_t length)
{
    int digits = 0;
    int counted = 0;
    for (size_t i = 0; i < length && text[i] != 'e'; i++) {
        if (text[i] < '0' || text[i] > '9' || (digits == 0 && text[i] == '0'))
            continue;
        digits++;
        if (text[i] != '0')
            counted = digits;
    }
    return counted > 0 ? counted : 1;
}

static void test_format_is_shortest_and_reads_back(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 100000; i++) {
        double value = random_double(&random);
        double back = 0;
        char text[NUMBER_TEXT];
        size_t length = number_format(value, text);
        assert_true(length <= NUMBER_TEXT);
        assert_true(number_parse(text, length, &back));
        assert_memory_equal(&back, &value, sizeof(value));
        assert_int_equal(digits_in(text, length), digits_needed(value));
        length = number_format_bound(value, text);
        assert_true(number_parse(text, length, &back));
        assert_memory_equal(&back, &value, sizeof(value));
    }
}

static void test_parse_agrees_with_strtod(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 100000; i++) {
        char text[64];
        int digits = (int)(next_random(&random) % 25);
        int length = snprintf(text, sizeof(text), "%.*e", digits, random_double(&random));
        double expected = strtod(text, NULL);
        double value = 0;
        assert_int_equal(number_parse(text, (size_t)length, &value), isfinite(expected));
        if (isfinite(expected))
            assert_memory_equal(&value, &expected, sizeof(value));
    }
}

static void test_parse_grammar(void **state)
{
    (void)state;
    static const struct format_case good[] = {
        {0, "0"},
        {-0.0, "-0"},
        {12.5, "12.5"},
        {1e3, "1E3"},
        {1e-3, "1e-3"},
        {150, "1.5e+2"},
        {9007199254740993.0, "9007199254740993"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
        {0, "1e-999999999999"},
        {0, "0e999999999999"},
        {123456789012345678901234567890.0, "123456789012345678901234567890"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        double value = 7;
        assert_true(number_parse(good[i].text, strlen(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    static const char *const bad[] = {
        "",    "-",  "+1", "01",    "1.",  ".5",  "1e",   "1e+", "0x10", "NaN",
        "Inf", " 1", "1 ", "1e999", "1,5", "--1", "1.e3", "nan", "1_0",  "-01",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        double value = 7;
        assert_false(number_parse(bad[i], strlen(bad[i]), &value));
        assert_true(value == 7);
    }
}

/* 2^53 + 1 lies between two doubles; the even one below wins until the thousandth digit says
 * otherwise. */
static void test_parse_looks_at_the_last_digit(void **state)
{
    (void)state;
    char text[1100] = "9007199254740993.";
    memset(text + 17, '0', 1000);
    double value;
    assert_true(number_parse(text, 1017, &value));
    assert_true(value == 9007199254740992.0);
    text[1016] = '1';
    assert_true(number_parse(text, 1017, &value));
    assert_true(value == 9007199254740994.0);
}

static void test_parse_int(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-12", true, -12},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"12a", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t value = 5;
        assert_int_equal(number_parse_int(cases[i].text, strlen(cases[i].text), &value),
                         cases[i].good);
        assert_int_equal(value, cases[i].good ? cases[i].value : 5);
    }
}

static void test_duration(void **state)
{
    (void)state;
    static const struct format_case good[] = {
        {12.5, "12.5"},  {3723, "1h2m3s"},   {0.5, "500ms"},     {172800, "2d"},
        {5400, "1.5h"},  {62.5, "PT1M2.5S"}, {93600, "P1DT2H"},  {604800, "1w"},
        {604800, "P1W"}, {90, "1m 30s"},     {0.00025, "250us"}, {0.00025, "250\xC2\xB5s"},
        {1e-9, "1ns"},   {-5400, "-1h30m"},  {-62, "-PT1M2S"},   {120, "2min"},
        {3, "3sec"},     {0, "0s"},          {86400, "P1D"},     {1000, "1e3"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        double seconds = -7;
        assert_true(duration_parse(good[i].text, strlen(good[i].text), &seconds));
        assert_float_equal(seconds, good[i].value, 1e-12);
    }
    static const char *const bad[] = {
        "",       "h",    "1x",   "1h2", "1m1h", "1s1s",  "1s ",    " 1s",
        "1h  2m", "P",    "PT",   "P1Y", "P1DT", "PT1M2", "P1M",    "PT1D",
        "1.h",    "1e3s", "--1s", "1S",  "-",    "1h-2m", "PT2S1M", "ms",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        double seconds = -7;
        assert_false(duration_parse(bad[i], strlen(bad[i]), &seconds));
        assert_true(seconds == -7);
    }
}

static void test_size(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes; /* -1: none */
    } cases[] = {
        {"1024", 1024},
        {"16MiB", INT64_C(16) << 20},
        {"64 KiB", 65536},
        {"1GB", 1000000000},
        {"10M", INT64_C(10) << 20},
        {"2k", 2048},
        {"3kb", 3000},
        {"5B", 5},
        {"1TiB", INT64_C(1) << 40},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775807K", -1},
        {"", -1},
        {"M", -1},
        {"-1", -1},
        {"1 ", -1},
        {"1  K", -1},
        {"1.5M", -1},
        {"1X", -1},
        {"1Ki", -1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t bytes = -1;
        assert_int_equal(size_parse(cases[i].text, strlen(cases[i].text), &bytes),
                         cases[i].bytes != -1);
        assert_int_equal(bytes, cases[i].bytes);
    }
}

/* In a locale with a decimal comma, where one is installed. */
static void test_locale_has_no_say(void **state)
{
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
        skip();
    test_format(state);
    test_parse_grammar(state);
    setlocale(LC_NUMERIC, "C");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_format_whole),
        cmocka_unit_test(test_format_is_shortest_and_reads_back),
        cmocka_unit_test(test_parse_agrees_with_strtod),
        cmocka_unit_test(test_parse_grammar),
        cmocka_unit_test(test_parse_looks_at_the_last_digit),
        cmocka_unit_test(test_parse_int),
        cmocka_unit_test(test_duration),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_locale_has_no_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
