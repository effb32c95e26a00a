/* See clock.h. Calendar arithmetic is done here, not by libc: no time zone, no locale, no locks.
 *
 * Days are counted in eras of 400 years that begin on 1 March, so that the leap day comes last. */
#include "base/clock.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define DAYS_PER_ERA         146097
#define DAYS_BEFORE_1970     719468 /* from 0000-03-01 */
#define SECONDS_PER_DAY      86400
#define YEAR_FIRST           1678
#define YEAR_LAST            2261
#define FRACTION_DIGITS_MOST 9

struct civil {
    int year;
    int month;
    int day;
};

static int64_t read_clock(clockid_t id)
{
    struct timespec now = {0};
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec;
}

int64_t clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_of_thread(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01. */
static int64_t days_of(struct civil date)
{
    int year = date.month <= 2 ? date.year - 1 : date.year;
    int era = year / 400;
    int year_of_era = year - era * 400;
    int month_from_march = (date.month + 9) % 12;
    int day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int64_t)era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_1970;
}

static struct civil civil_of(int64_t days)
{
    int from_origin = (int)days + DAYS_BEFORE_1970;
    int era = from_origin / DAYS_PER_ERA;
    int day_of_era = from_origin - era * DAYS_PER_ERA;
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;
    int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (struct civil){.year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
                          .month = month,
                          .day = day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

/* `count` digits at `text`, or -1. */
static int digits(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* The fraction behind the seconds, if there is one; returns what follows it, NULL on a bare '.'.
 * Digits past the ninth are below a nanosecond. */
static const char *parse_fraction(const char *at, const char *end, int64_t *ret_nanoseconds)
{
    *ret_nanoseconds = 0;
    if (at == end || *at != '.')
        return at;
    const char *first = ++at;
    int64_t unit = NANOSECONDS_PER_SECOND / 10;
    for (; at < end && *at >= '0' && *at <= '9'; at++, unit /= 10)
        *ret_nanoseconds += (*at - '0') * unit;
    return at == first ? NULL : at;
}

/* Z or +hh:mm, which must be all that is left; in seconds. */
static bool parse_offset(const char *at, const char *end, int64_t *ret_offset)
{
    if (end - at == 1 && (*at == 'Z' || *at == 'z')) {
        *ret_offset = 0;
        return true;
    }
    if (end - at != 6 || (*at != '+' && *at != '-') || at[3] != ':')
        return false;
    int hours = digits(at + 1, 2);
    int minutes = digits(at + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    int64_t offset = hours * 3600 + minutes * 60;
    *ret_offset = *at == '-' ? -offset : offset;
    return true;
}

static bool parse_date(const char *text, struct civil *ret_date)
{
    *ret_date = (struct civil){digits(text, 4), digits(text + 5, 2), digits(text + 8, 2)};
    return text[4] == '-' && text[7] == '-' && ret_date->year >= YEAR_FIRST &&
           ret_date->year <= YEAR_LAST && ret_date->month >= 1 && ret_date->month <= 12 &&
           ret_date->day >= 1 && ret_date->day <= days_in_month(ret_date->year, ret_date->month);
}

/* hh:mm:ss in seconds. A leap second counts as the first of the next minute. */
static bool parse_time_of_day(const char *text, int64_t *ret_seconds)
{
    int hours = digits(text, 2);
    int minutes = digits(text + 3, 2);
    int seconds = digits(text + 6, 2);
    *ret_seconds = hours * 3600 + minutes * 60 + seconds;
    return text[2] == ':' && text[5] == ':' && hours >= 0 && hours <= 23 && minutes >= 0 &&
           minutes <= 59 && seconds >= 0 && seconds <= 60;
}

bool clock_parse_rfc3339(const char *text, size_t length, int64_t *ret_time)
{
    struct civil date;
    int64_t seconds;
    int64_t nanoseconds;
    int64_t offset;
    if (length < sizeof("2026-11-21T03:04:05Z") - 1 || !parse_date(text, &date) ||
        (text[10] != 'T' && text[10] != 't' && text[10] != ' ') ||
        !parse_time_of_day(text + 11, &seconds))
        return false;
    const char *zone = parse_fraction(text + 19, text + length, &nanoseconds);
    if (!zone || !parse_offset(zone, text + length, &offset))
        return false;
    *ret_time =
        (days_of(date) * SECONDS_PER_DAY + seconds - offset) * NANOSECONDS_PER_SECOND + nanoseconds;
    return true;
}

bool clock_from_number(double number, int64_t *ret_time)
{
    double magnitude = fabs(number);
    double unit = magnitude < 1e11 ? 1e9 : magnitude < 1e14 ? 1e6 : magnitude < 1e17 ? 1e3 : 1;
    double whole = trunc(number);
    if (!(fabs(whole * unit) < 9.2e18))
        return false;
    /* Apart, so that the fraction does not take digits from the whole. */
    *ret_time = (int64_t)whole * (int64_t)unit + (int64_t)round((number - whole) * unit);
    return true;
}

static void write_digits(char *text, int count, int64_t value)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        text[i] = (char)('0' + value % 10);
}

size_t clock_format_rfc3339(int64_t time, int fraction_digits, char *ret_text)
{
    int64_t seconds = time / NANOSECONDS_PER_SECOND;
    int64_t nanoseconds = time % NANOSECONDS_PER_SECOND;
    if (nanoseconds < 0) {
        nanoseconds += NANOSECONDS_PER_SECOND;
        seconds--;
    }
    int64_t second_of_day = ((seconds % SECONDS_PER_DAY) + SECONDS_PER_DAY) % SECONDS_PER_DAY;
    struct civil date = civil_of((seconds - second_of_day) / SECONDS_PER_DAY);
    memcpy(ret_text, "0000-00-00T00:00:00.000000000", 29);
    write_digits(ret_text, 4, date.year);
    write_digits(ret_text + 5, 2, date.month);
    write_digits(ret_text + 8, 2, date.day);
    write_digits(ret_text + 11, 2, second_of_day / 3600);
    write_digits(ret_text + 14, 2, second_of_day / 60 % 60);
    write_digits(ret_text + 17, 2, second_of_day % 60);
    write_digits(ret_text + 20, FRACTION_DIGITS_MOST, nanoseconds);
    size_t length = fraction_digits > 0 ? 20 + (size_t)fraction_digits : 19;
    ret_text[length] = 'Z';
    ret_text[length + 1] = '\0';
    return length + 1;
}

/* "SS", perhaps ".fraction", then "Z", within the minute; false: for the whole parser to judge. */
static bool parse_in_minute(const struct clock_minute *minute, const char *at, const char *end,
                            int64_t *ret_time)
{
    unsigned tens = (unsigned char)at[0] - (unsigned)'0';
    unsigned ones = (unsigned char)at[1] - (unsigned)'0';
    if (tens > 5 || ones > 9 || end[-1] != 'Z')
        return false;
    int64_t time = minute->time + (int64_t)(tens * 10 + ones) * NANOSECONDS_PER_SECOND;
    at += 2;
    end--;
    if (at < end) {
        int64_t unit = NANOSECONDS_PER_SECOND;
        if (*at++ != '.' || end - at > 9 || at == end)
            return false;
        for (; at < end; at++) {
            unsigned digit = (unsigned char)*at - (unsigned)'0';
            if (digit > 9)
                return false;
            unit /= 10;
            time += (int64_t)digit * unit;
        }
    }
    *ret_time = time;
    return true;
}

bool clock_parse_rfc3339_near(struct clock_minute *minute, const char *text, size_t length,
                              int64_t *ret_time)
{
    if (length >= 20 && minute->text[0] != '\0' &&
        memcmp(minute->text, text, sizeof(minute->text)) == 0 &&
        parse_in_minute(minute, text + sizeof(minute->text), text + length, ret_time))
        return true;
    if (!clock_parse_rfc3339(text, length, ret_time))
        return false;
    char whole[20];
    int64_t start;
    if (length >= 20 && text[length - 1] == 'Z') {
        memcpy(whole, text, sizeof(minute->text));
        memcpy(whole + sizeof(minute->text), "00Z", 3);
        if (clock_parse_rfc3339(whole, sizeof(whole), &start)) {
            memcpy(minute->text, text, sizeof(minute->text));
            minute->time = start;
        }
    }
    return true;
}
