/* What was seen of one field in records of one type: kinds, ranges, how many different values, and
 * what the texts look like. No value stays. */
#ifndef SURVEY_SEEN_FIELD_H
#define SURVEY_SEEN_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/value.h"
#include "survey/distinct.h"

struct seen_path;

#define SEEN_KINDS       (VALUE_OBJECT + 1)
#define SEEN_SHAPES_MOST ((uint64_t)1000) /* texts of a field that are looked at closely */

struct seen_field {
    const struct seen_path *path;
    uint64_t kinds[SEEN_KINDS]; /* values, by enum value_type */

    /* Numbers, and texts that are numbers or durations (in seconds). */
    double least;
    double most;
    double least_positive; /* 0: none */
    uint64_t numbers;
    uint64_t whole;  /* without a fraction */
    uint64_t epochs; /* that may be times since 1970, in s, ms, us or ns */

    /* Texts. Of the first SEEN_SHAPES_MOST: how many look like what. */
    uint64_t longest;
    uint64_t blank; /* with a blank or a line's end in them */
    uint64_t looked_at;
    uint64_t times;     /* RFC 3339 */
    uint64_t durations; /* "1h2m", "PT5S" */
    uint64_t names;     /* plain_name.h */
    uint64_t numerals;  /* JSON numbers */

    /* Lists and objects. */
    uint64_t longest_list;
    uint64_t shortest_list;

    struct distinct distinct; /* of numbers, texts and booleans */
};

void seen_field_init(struct seen_field *field, const struct seen_path *path);
void seen_field_clear(struct seen_field *field);
void seen_field_add(struct seen_field *field, const struct value *value);
/* Adds what another one saw. */
void seen_field_join(struct seen_field *field, const struct seen_field *other);

/* Values in all, without null. */
uint64_t seen_field_values(const struct seen_field *field);
/* Are all its values (but null) of this kind? */
bool seen_field_is(const struct seen_field *field, enum value_type kind);
/* Are its texts, as far as they were looked at, nearly all (98 %) so many? */
bool seen_field_mostly(const struct seen_field *field, uint64_t looking_so);

#endif
