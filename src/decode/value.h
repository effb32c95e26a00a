/* A decoded JSON value, as far as some rule wants it. 16 bytes; points into the line or an arena.
 *
 *   {"duration":[12,500],"ok":true}   slot "duration" -> ARRAY length 2, slot "duration.0" ->
 * NUMBER "12"
 *
 * Numbers keep their text: 64-bit integers stay exact, and nothing is parsed that nobody asks. */
#ifndef DECODE_VALUE_H
#define DECODE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
    VALUE_ABSENT = 0,
    VALUE_NULL,
    VALUE_BOOLEAN, /* length 0 or 1 */
    VALUE_NUMBER,  /* text as written */
    VALUE_STRING,  /* text with escapes resolved; may hold any bytes, also NUL */
    VALUE_ARRAY,   /* length = number of elements */
    VALUE_OBJECT   /* length = number of entries */
};

struct value {
    uint32_t length;
    uint8_t type; /* enum value_type */
    union {
        const char *text;        /* NUMBER, STRING; not NUL-terminated */
        struct value **elements; /* ARRAY, OBJECT whose elements are wanted, else NULL: `length`
                                    arrays of slots of the list's own plan */
    };
};

/* The text a label shows: STRING and NUMBER as they stand, BOOLEAN as true or false. False for
 * the others ("nothing"). *ret_text is not NUL-terminated and lives as long as the value. */
bool value_text(const struct value *value, const char **ret_text, size_t *ret_length);
/* A plain number: NUMBER, BOOLEAN (0, 1), STRING that is one. Else false, *ret_number untouched. */
bool value_number(const struct value *value, double *ret_number);
/* As value_number, and STRINGs that are durations ("1h2m3s", ISO 8601) in seconds. */
bool value_seconds(const struct value *value, double *ret_seconds);
/* A time: STRING in RFC 3339, NUMBER or numeric STRING of s, ms, us, ns since 1970 (told apart by
 * magnitude). In ns. */
bool value_time(const struct value *value, int64_t *ret_time);

#endif
