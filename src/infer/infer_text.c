/* See infer_text.h. */
#include "infer/infer_text.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attributes.h"
#include "base/number.h"
#include "base/text.h"
#include "survey/distinct.h"

void infer_append_count(struct text *out, uint64_t count)
{
    char digits[NUMBER_TEXT];
    size_t length = number_format_whole(count, digits);
    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            text_append_char(out, ',');
        text_append_char(out, digits[i]);
    }
}

/* An estimate has no more than two digits to show. */
static uint64_t rounded(uint64_t count)
{
    uint64_t unit = 1;
    while (count / unit >= 100)
        unit *= 10;
    return (count + unit / 2) / unit * unit;
}

void infer_append_values(struct text *out, const struct distinct *distinct)
{
    uint64_t count = distinct_count(distinct);
    bool is_exact = distinct_is_exact(distinct);
    text_append_string(out, is_exact ? "" : "about ");
    infer_append_count(out, is_exact ? count : rounded(count));
    text_append_string(out, count == 1 ? " value" : " values");
}

void infer_append_number(struct text *out, double number)
{
    char text[NUMBER_TEXT];
    char rounded_text[NUMBER_TEXT];
    bool is_whole = number == floor(number) && fabs(number) < 1e15;
    if (!is_whole) {
        snprintf(rounded_text, sizeof(rounded_text), "%.4g", number);
        number = strtod(rounded_text, NULL);
    }
    if (is_whole && number >= 0) {
        infer_append_count(out, (uint64_t)number);
        return;
    }
    text_append(out, text, number_format(number, text));
}

static bool is_reserved(const char *scalar)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strcasecmp(scalar, words[i]) == 0)
            return true;
    return false;
}

void infer_append_quoted(struct text *out, const char *scalar)
{
    text_append_char(out, '"');
    text_append_json(out, scalar, strlen(scalar));
    text_append_char(out, '"');
}

void infer_append_scalar(struct text *out, const char *scalar)
{
    bool is_plain = isalpha((unsigned char)scalar[0]) && !is_reserved(scalar);
    for (const char *at = scalar; *at && is_plain; at++)
        is_plain = isalnum((unsigned char)*at) || strchr("_.-", *at);
    if (is_plain)
        text_append_string(out, scalar);
    else
        infer_append_quoted(out, scalar);
}
