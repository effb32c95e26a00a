/* See value.h. */
#include "decode/value.h"

#include "base/clock.h"
#include "base/number.h"

bool value_text(const struct value *value, const char **ret_text, size_t *ret_length)
{
    switch (value->type) {
    case VALUE_NUMBER:
    case VALUE_STRING:
        *ret_text = value->text;
        *ret_length = value->length;
        return true;
    case VALUE_BOOLEAN:
        *ret_text = value->length ? "true" : "false";
        *ret_length = value->length ? 4 : 5;
        return true;
    default:
        return false;
    }
}

bool value_number(const struct value *value, double *ret_number)
{
    switch (value->type) {
    case VALUE_BOOLEAN:
        *ret_number = value->length;
        return true;
    case VALUE_NUMBER:
    case VALUE_STRING:
        return number_parse(value->text, value->length, ret_number);
    default:
        return false;
    }
}

bool value_seconds(const struct value *value, double *ret_seconds)
{
    if (value_number(value, ret_seconds))
        return true;
    return value->type == VALUE_STRING && duration_parse(value->text, value->length, ret_seconds);
}

bool value_time(const struct value *value, int64_t *ret_time)
{
    if (value->type == VALUE_STRING && clock_parse_rfc3339(value->text, value->length, ret_time))
        return true;
    int64_t whole;
    double number;
    if (value->type != VALUE_NUMBER && value->type != VALUE_STRING)
        return false;
    /* Nanoseconds since 1970 need 61 bits: a double would round them. */
    if (number_parse_int(value->text, value->length, &whole) &&
        whole >= INT64_C(100000000000000000)) {
        *ret_time = whole;
        return true;
    }
    return number_parse(value->text, value->length, &number) && clock_from_number(number, ret_time);
}
