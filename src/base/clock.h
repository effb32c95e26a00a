/* Time: nanoseconds since 1970 (wall) or since boot (monotonic), as int64_t.
 *
 * Pure rooms never call clock_wall or clock_monotonic; they are given the time. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NANOSECONDS_PER_SECOND      INT64_C(1000000000)
#define NANOSECONDS_PER_MILLISECOND INT64_C(1000000)
/* "No such time": before every real one. */
#define TIME_NONE INT64_MIN

int64_t clock_wall(void);
int64_t clock_monotonic(void);
/* Of the processor, spent by this thread. */
int64_t clock_of_thread(void);

/* RFC 3339 date-time (also with a space for T, any number of fraction digits, Z or +hh:mm).
 * False and *ret_time untouched when it is none, or outside the years 1678-2261. */
bool clock_parse_rfc3339(const char *text, size_t length, int64_t *ret_time);
/* A minute met lately: times of one file lie close together, so that most of their texts need no
 * more than their seconds read. Zeroed at first. */
struct clock_minute {
    char text[17]; /* "2026-11-21T03:04:" */
    int64_t time;
};
/* As clock_parse_rfc3339, and quicker when the text lies in the minute of the last one. */
bool clock_parse_rfc3339_near(struct clock_minute *minute, const char *text, size_t length,
                              int64_t *ret_time);
/* A plain number as a time: s, ms, us or ns since 1970, told apart by magnitude
 * (below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds). */
bool clock_from_number(double number, int64_t *ret_time);
/* "2026-11-21T03:04:05.678Z" with `digits` (0-9) of fraction; `ret_text` holds 40 bytes. */
size_t clock_format_rfc3339(int64_t time, int digits, char *ret_text);

#endif
