/* Text as numbers. See number.h.
 *
 * Up to 19 digits are gathered into an integer. Where that integer and the power of ten are both
 * exact in a double, one multiplication or division rounds correctly and is the answer; else the
 * digits go to strtod, without a decimal point, so that no locale has a say. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

#define DIGITS_GATHERED  19    /* fit in 64 bits */
#define DIGITS_THAT_TELL 800   /* more than any double needs to be rounded right (767) */
#define EXPONENT_LONGEST 99999 /* far outside a double either way */
#define EXACT_WHOLE      (UINT64_C(1) << 53)

static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* A number's text taken apart: mantissa (without its point) * 10^exponent. */
struct literal {
    const char *digits; /* from the first that is not zero; a '.' may be among them */
    const char *digits_end;
    size_t digit_count; /* significant, the point not counted */
    uint64_t mantissa;  /* of the first DIGITS_GATHERED digits */
    long exponent;      /* of the last digit */
    bool negative;
    bool whole; /* neither a fraction nor an exponent is written */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void literal_digit(struct literal *literal, const char *at)
{
    if (literal->digit_count == 0 && *at == '0')
        return;
    if (literal->digit_count == 0)
        literal->digits = at;
    if (literal->digit_count++ < DIGITS_GATHERED)
        literal->mantissa = literal->mantissa * 10 + (uint64_t)(*at - '0');
}

/* JSON's exponent part at `at`; returns its end, or NULL when it is none. */
static const char *scan_exponent(const char *at, const char *end, long *ret_exponent)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end || !is_digit(*at))
        return NULL;
    long exponent = 0;
    for (; at < end && is_digit(*at); at++)
        if (exponent < EXPONENT_LONGEST)
            exponent = exponent * 10 + (*at - '0');
    *ret_exponent = negative ? -exponent : exponent;
    return at;
}

static bool scan(const char *text, size_t length, struct literal *ret_literal)
{
    const char *at = text;
    const char *end = text + length;
    struct literal literal = {.negative = length && *text == '-', .whole = true};
    if (literal.negative)
        at++;
    const char *whole = at;
    for (; at < end && is_digit(*at); at++)
        literal_digit(&literal, at);
    if (at == whole || (at - whole > 1 && *whole == '0'))
        return false;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        for (; at < end && is_digit(*at); at++)
            literal_digit(&literal, at);
        if (at == fraction)
            return false;
        literal.exponent = -(long)(at - fraction);
        literal.whole = false;
    }
    literal.digits_end = at;
    if (at < end && (*at == 'e' || *at == 'E')) {
        long exponent;
        at = scan_exponent(at + 1, end, &exponent);
        literal.exponent += at ? exponent : 0;
        literal.whole = false;
    }
    *ret_literal = literal;
    return at == end;
}

static bool convert_exactly(const struct literal *literal, double *ret_value)
{
    if (literal->digit_count > DIGITS_GATHERED)
        return false;
    double mantissa = (double)literal->mantissa;
    if (literal->exponent == 0 || literal->mantissa == 0)
        *ret_value = mantissa;
    else if (literal->mantissa > EXACT_WHOLE || labs(literal->exponent) > 22)
        return false;
    else if (literal->exponent > 0)
        *ret_value = mantissa * exact_powers[literal->exponent];
    else
        *ret_value = mantissa / exact_powers[-literal->exponent];
    return true;
}

/* Behind as many digits as tell anything, a last 1 stands for the rest: it only breaks ties. */
static double convert_with_strtod(const struct literal *literal)
{
    char text[DIGITS_THAT_TELL + 32];
    size_t count = 0;
    bool rest = false;
    for (const char *at = literal->digits; at < literal->digits_end; at++)
        if (*at != '.' && count < DIGITS_THAT_TELL)
            text[count++] = *at;
        else
            rest = rest || (*at != '.' && *at != '0');
    long exponent = literal->exponent + (long)(literal->digit_count - count);
    if (rest) {
        text[count++] = '1';
        exponent--;
    }
    snprintf(text + count, sizeof(text) - count, "e%ld", exponent);
    return strtod(text, NULL);
}

bool number_parse(const char *text, size_t length, double *ret_value)
{
    struct literal literal;
    if (!scan(text, length, &literal))
        return false;
    double value;
    if (!convert_exactly(&literal, &value))
        value = convert_with_strtod(&literal);
    if (isinf(value))
        return false;
    *ret_value = literal.negative ? -value : value;
    return true;
}

bool number_parse_int(const char *text, size_t length, int64_t *ret_value)
{
    struct literal literal;
    if (!scan(text, length, &literal) || !literal.whole || literal.digit_count > DIGITS_GATHERED)
        return false;
    uint64_t limit = (uint64_t)INT64_MAX + (literal.negative ? 1 : 0);
    if (literal.mantissa > limit)
        return false;
    *ret_value = literal.negative ? (int64_t)-literal.mantissa : (int64_t)literal.mantissa;
    return true;
}
