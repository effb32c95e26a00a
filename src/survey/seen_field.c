/* See seen_field.h. */
#include "survey/seen_field.h"

#include <math.h>
#include <string.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/number.h"
#include "survey/plain_name.h"

/* Seconds from 2001 to 2065: smaller and larger numbers are hardly times. */
#define EPOCH_FIRST 1e9
#define EPOCH_LAST  3e9

void seen_field_init(struct seen_field *field, const struct seen_path *path)
{
    *field = (struct seen_field){
        .path = path, .least = INFINITY, .most = -INFINITY, .shortest_list = UINT64_MAX};
}

void seen_field_clear(struct seen_field *field)
{
    distinct_clear(&field->distinct);
}

static bool may_be_epoch(double number)
{
    static const double units[] = {1, 1e3, 1e6, 1e9};
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
        if (number >= EPOCH_FIRST * units[i] && number <= EPOCH_LAST * units[i])
            return true;
    return false;
}

static void add_number(struct seen_field *field, double number)
{
    field->numbers++;
    field->whole += number == floor(number);
    field->epochs += may_be_epoch(number);
    if (number < field->least)
        field->least = number;
    if (number > field->most)
        field->most = number;
    if (number > 0 && (field->least_positive == 0 || number < field->least_positive))
        field->least_positive = number;
}

static bool has_blank(const char *text, size_t length)
{
    return memchr(text, ' ', length) || memchr(text, '\n', length) || memchr(text, '\t', length);
}

static void look_at_shape(struct seen_field *field, const struct value *value)
{
    double number;
    int64_t time;
    field->looked_at++;
    field->names += plain_name(value->text, value->length);
    if (value->length == 0 || strchr("0123456789-Pp", value->text[0]) == NULL)
        return;
    field->times += clock_parse_rfc3339(value->text, value->length, &time);
    if (number_parse(value->text, value->length, &number)) {
        field->numerals++;
        add_number(field, number);
    } else if (duration_parse(value->text, value->length, &number)) {
        field->durations++;
        add_number(field, number);
    }
}

static void add_text(struct seen_field *field, const struct value *value)
{
    if (value->length > field->longest)
        field->longest = value->length;
    field->blank += has_blank(value->text, value->length);
    if (field->looked_at < SEEN_SHAPES_MOST)
        look_at_shape(field, value);
    distinct_add(&field->distinct, hash_stable(value->text, value->length));
}

static void add_length(struct seen_field *field, uint64_t length)
{
    if (length > field->longest_list)
        field->longest_list = length;
    if (length < field->shortest_list)
        field->shortest_list = length;
}

void seen_field_add(struct seen_field *field, const struct value *value)
{
    double number;
    field->kinds[value->type]++;
    switch (value->type) {
    case VALUE_NUMBER:
        if (number_parse(value->text, value->length, &number))
            add_number(field, number);
        distinct_add(&field->distinct, hash_stable(value->text, value->length));
        break;
    case VALUE_STRING:
        add_text(field, value);
        break;
    case VALUE_BOOLEAN:
        distinct_add(&field->distinct, value->length + 2);
        break;
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        add_length(field, value->length);
        break;
    default:
        break;
    }
}

void seen_field_join(struct seen_field *field, const struct seen_field *other)
{
    for (int i = 0; i < SEEN_KINDS; i++)
        field->kinds[i] += other->kinds[i];
    field->least = fmin(field->least, other->least);
    field->most = fmax(field->most, other->most);
    if (other->least_positive > 0 &&
        (field->least_positive == 0 || other->least_positive < field->least_positive))
        field->least_positive = other->least_positive;
    field->numbers += other->numbers;
    field->whole += other->whole;
    field->epochs += other->epochs;
    if (other->longest > field->longest)
        field->longest = other->longest;
    field->blank += other->blank;
    field->looked_at += other->looked_at;
    field->times += other->times;
    field->durations += other->durations;
    field->names += other->names;
    field->numerals += other->numerals;
    if (other->longest_list > field->longest_list)
        field->longest_list = other->longest_list;
    if (other->shortest_list < field->shortest_list)
        field->shortest_list = other->shortest_list;
    distinct_join(&field->distinct, &other->distinct);
}

uint64_t seen_field_values(const struct seen_field *field)
{
    uint64_t count = 0;
    for (int i = VALUE_BOOLEAN; i < SEEN_KINDS; i++)
        count += field->kinds[i];
    return count;
}

bool seen_field_is(const struct seen_field *field, enum value_type kind)
{
    return field->kinds[kind] > 0 && field->kinds[kind] == seen_field_values(field);
}

bool seen_field_mostly(const struct seen_field *field, uint64_t looking_so)
{
    return field->looked_at > 0 && looking_so * 100 >= field->looked_at * 98;
}
