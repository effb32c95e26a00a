/* Times as text and numbers: base/clock.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/attributes.h"
#include "base/clock.h"

#define SECOND NANOSECONDS_PER_SECOND

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.000000001Z", 1},
        {"1969-12-31T23:59:59Z", -SECOND},
        {"2025-10-02T12:34:56.123456789Z", 1759408496 * SECOND + 123456789},
        {"2025-10-02T12:34:56.1234567899Z", 1759408496 * SECOND + 123456789},
        {"2025-10-02 12:34:56Z", 1759408496 * SECOND},
        {"2025-10-02t12:34:56z", 1759408496 * SECOND},
        {"2025-10-02T14:34:56+02:00", 1759408496 * SECOND},
        {"2025-10-02T02:04:56.5-10:30", 1759408496 * SECOND + SECOND / 2},
        {"2025-10-02T12:34:56-00:00", 1759408496 * SECOND},
        {"2024-02-29T00:00:00Z", 1709164800 * SECOND},
        {"2000-02-29T00:00:00Z", 951782400 * SECOND},
        {"2016-12-31T23:59:60Z", 1483228800 * SECOND},
        {"1678-01-01T00:00:00Z", -9214560000 * SECOND},
        {"2261-12-31T23:59:59Z", 9214646399 * SECOND},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t time = 5;
        assert_true(clock_parse_rfc3339(cases[i].text, strlen(cases[i].text), &time));
        assert_int_equal(time, cases[i].time);
    }
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "2025-10-02",
        "2025-10-02T12:34:56",
        "2025-10-02T12:34Z",
        "2025-10-02T12:34:56.Z",
        "2025-10-02T12:34:56,5Z",
        "2025-10-02T12:34:56+0200",
        "2025-10-02T12:34:56+02",
        "2025-10-02T12:34:56+24:00",
        "2025-10-02T12:34:56ZZ",
        "2025-10-02T12:34:56Z ",
        " 2025-10-02T12:34:56Z",
        "2025-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-01-00T00:00:00Z",
        "2025-04-31T00:00:00Z",
        "2025-10-02T24:00:00Z",
        "2025-10-02T12:60:00Z",
        "2025-10-02T12:34:61Z",
        "1677-12-31T00:00:00Z",
        "2262-01-01T00:00:00Z",
        "2025/10/02T12:34:56Z",
        "2025-10-02X12:34:56Z",
        "2O25-10-02T12:34:56Z",
        "2025-1--02T12:34:56Z",
        "20251002T123456.000000Z",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t time = 5;
        assert_false(clock_parse_rfc3339(cases[i], strlen(cases[i]), &time));
        assert_int_equal(time, 5);
    }
}

/* Every 13th hour or so of 400 years, against libc's calendar. */
static void test_agrees_with_libc(void **state)
{
    (void)state;
    for (int64_t seconds = -6000000000; seconds < 9200000000; seconds += 46801) {
        time_t libc_time = (time_t)seconds;
        struct tm calendar;
        char expected[64];
        char text[40];
        gmtime_r(&libc_time, &calendar);
        strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &calendar);
        size_t length = clock_format_rfc3339(seconds * SECOND, 0, text);
        assert_string_equal(text, expected);
        int64_t back;
        assert_true(clock_parse_rfc3339(text, length, &back));
        assert_int_equal(back, seconds * SECOND);
    }
}

static void test_format(void **state)
{
    (void)state;
    static const struct {
        int64_t time;
        int digits;
        const char *text;
    } cases[] = {
        {0, 0, "1970-01-01T00:00:00Z"},
        {1759408496 * SECOND + 123456789, 3, "2025-10-02T12:34:56.123Z"},
        {1759408496 * SECOND + 123456789, 9, "2025-10-02T12:34:56.123456789Z"},
        {-1, 9, "1969-12-31T23:59:59.999999999Z"},
        {-1, 0, "1969-12-31T23:59:59Z"},
        {INT64_MAX, 9, "2262-04-11T23:47:16.854775807Z"},
        {INT64_MIN, 9, "1677-09-21T00:12:43.145224192Z"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[40];
        size_t length = clock_format_rfc3339(cases[i].time, cases[i].digits, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(length, strlen(text));
    }
}

static void test_from_number(void **state)
{
    (void)state;
    static const struct {
        double number;
        int64_t time;
    } cases[] = {
        {0, 0},
        {1759408496, 1759408496 * SECOND},
        {1759408496.5, 1759408496 * SECOND + SECOND / 2},
        {1759408496123, 1759408496 * SECOND + 123000000},
        {1759408496123456, 1759408496 * SECOND + 123456000},
        {1759408496123456768, 1759408496123456768},
        {-1.25, -SECOND - SECOND / 4},
        {99999999999, INT64_C(-1)},
        {100000000000, 100000000 * SECOND},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t time = -1;
        clock_from_number(cases[i].number, &time);
        assert_int_equal(time, cases[i].time);
    }
    int64_t time = 5;
    assert_false(clock_from_number(99999999999, &time)); /* past 2262 */
    assert_false(clock_from_number(NAN, &time));
    assert_false(clock_from_number(INFINITY, &time));
    assert_false(clock_from_number(-1e19, &time));
    assert_int_equal(time, 5);
}

static void test_clocks_run(void **state)
{
    (void)state;
    int64_t before = clock_monotonic();
    assert_true(clock_monotonic() >= before);
    assert_true(clock_wall() > 1700000000 * SECOND);
}

/* Whatever minute was met before, a text means what it means without one. */
static void test_near_times_are_the_same_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"2026-11-21T03:04:05Z", 20},
        {"2026-11-21T03:04:59.123456789Z", 30},
        {"2026-11-21T03:04:07.5Z", 22},
        {"2026-11-21T03:04:07+02:00", 25},
        {"2026-11-21T03:04:60Z", 20},
        {"2026-11-21T03:04:0xZ", 20},
        {"2026-11-21T03:04:07.Z", 21},
        {"2026-11-21T03:04:07.1234567891Z", 31},
        {"2026-11-21T03:05:00Z", 20},
        {"2026-11-21 03:04:05z", 20},
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
         "05Z",
         20},
    };
    struct clock_minute minute = {.time = 0};
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = sizeof(cases) / sizeof(cases[0]); i-- > 0;) {
            int64_t plain = -1;
            int64_t near = -1;
            bool valid = clock_parse_rfc3339(cases[i].text, cases[i].length, &plain);
            assert_int_equal(
                clock_parse_rfc3339_near(&minute, cases[i].text, cases[i].length, &near), valid);
            assert_int_equal(near, plain);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_near_times_are_the_same_times),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_agrees_with_libc),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_from_number),
        cmocka_unit_test(test_clocks_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
