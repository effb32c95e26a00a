/* Doubles as decimal text. See number.h for the rule.
 *
 * A double is m * 2^e. For p significant digits the wanted integer is v * 10^k, rounded, and the
 * text reads back as v when that rounding moved it by no more than half of the distance to the
 * next double. Between 1e-6 and 1e+37 both are exact in 128-bit integers, so the first p of 15, 16
 * and 17 that passes is the shortest. (A decimal of 15 digits is never lost in a double; so when
 * fewer would do, those of 15 end in zeros, which are cut.) Values outside go through printf and
 * strtod, with digits only, so that no decimal point of a locale comes in. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/number.h"

#define EXACT_WHOLE      9007199254740992.0 /* 2^53 */
#define EXPONENT_LOWEST  (-4)               /* plain digits from here */
#define EXPONENT_HIGHEST 6                  /* and below here */
#define DIGITS_KEPT      15                 /* any decimal of so many digits survives a double */
#define DIGITS_ENOUGH    17                 /* any double survives so many digits */
#define POWER_FIRST      (-6)

__extension__ typedef unsigned __int128 wide;

/* d.ddd * 10^exponent; the point is not among the digits. */
struct decimal {
    char digits[24];
    int count;
    int exponent;
};

/* m * 2^shift */
struct binary {
    uint64_t mantissa;
    int shift;
};

static const double powers_of_ten[] = {
    1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
    1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23,
    1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37,
};
#define EXACT_LOWEST  1e-6
#define EXACT_HIGHEST 1e37

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

size_t number_format_whole(uint64_t value, char *ret_text)
{
    char backwards[20];
    size_t at = sizeof(backwards);
    while (value >= 100) {
        at -= 2;
        memcpy(backwards + at, digit_pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(backwards + at, digit_pairs + 2 * value, 2);
    } else {
        backwards[--at] = (char)('0' + value);
    }
    memcpy(ret_text, backwards + at, sizeof(backwards) - at);
    return sizeof(backwards) - at;
}

static wide power_of_ten(int exponent)
{
    wide power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* `value` is positive and normal. */
static struct binary split(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return (struct binary){.mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52,
                           .shift = (int)(bits >> 52) - 1075};
}

/* *ret_whole is binary * 10^scale, rounded half to even. Does it still read back as the same
 * double? The distances are counted in units of 1/divisor; the next double is `unit` away. */
static bool round_scaled(const struct binary *binary, int scale, uint64_t *ret_whole)
{
    wide unit = scale > 0 ? power_of_ten(scale) : 1;
    wide divisor = scale < 0 ? power_of_ten(-scale) : 1;
    if (binary->shift >= 0)
        unit <<= binary->shift;
    else
        divisor <<= -binary->shift;
    wide scaled = unit * binary->mantissa;
    wide whole = scaled / divisor;
    wide below = scaled % divisor;
    bool up = below > divisor - below || (below == divisor - below && (whole & 1));
    wide moved = up ? divisor - below : below;
    /* Under a power of two the doubles lie twice as close. */
    unsigned parts = !up && binary->mantissa == UINT64_C(1) << 52 ? 4 : 2;
    *ret_whole = (uint64_t)(whole + up);
    return binary->mantissa & 1 ? moved * parts < unit : moved * parts <= unit;
}

static void cut_zeros(struct decimal *decimal)
{
    while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
        decimal->count--;
}

static void decimal_of_whole(uint64_t whole, int scale, struct decimal *ret_decimal)
{
    char text[NUMBER_TEXT];
    int count = (int)number_format_whole(whole, text);
    memcpy(ret_decimal->digits, text, (size_t)count);
    ret_decimal->count = count;
    ret_decimal->exponent = count - 1 - scale;
    cut_zeros(ret_decimal);
}

static void decimal_exactly(double value, struct decimal *ret_decimal)
{
    size_t power = 0;
    while (power + 1 < ARRAY_LENGTH(powers_of_ten) && value >= powers_of_ten[power + 1])
        power++;
    struct binary binary = split(value);
    int exponent = (int)power + POWER_FIRST;
    uint64_t whole = 0;
    int scale = 0;
    for (int digits = DIGITS_KEPT; digits <= DIGITS_ENOUGH; digits++) {
        scale = digits - 1 - exponent;
        if (round_scaled(&binary, scale, &whole))
            break;
    }
    decimal_of_whole(whole, scale, ret_decimal);
}

/* The digits and the exponent of printf's "d<point>ddde[+-]dd", whatever the point is. */
static void decimal_of_printf(double value, int digits, struct decimal *ret_decimal)
{
    char text[64];
    snprintf(text, sizeof(text), "%.*e", digits - 1, value);
    ret_decimal->count = 0;
    const char *at = text;
    for (; *at != 'e'; at++)
        if (*at >= '0' && *at <= '9')
            ret_decimal->digits[ret_decimal->count++] = *at;
    ret_decimal->exponent = (int)strtol(at + 1, NULL, 10);
}

static bool reads_back(const struct decimal *decimal, double value)
{
    char text[64];
    snprintf(text, sizeof(text), "%.*se%d", decimal->count, decimal->digits,
             decimal->exponent - decimal->count + 1);
    return strtod(text, NULL) == value;
}

static void decimal_by_printf(double value, struct decimal *ret_decimal)
{
    int digits = value < DBL_MIN ? 1 : DIGITS_KEPT; /* subnormals hold fewer digits */
    do {
        decimal_of_printf(value, digits, ret_decimal);
    } while (!reads_back(ret_decimal, value) && ++digits <= DIGITS_ENOUGH);
    cut_zeros(ret_decimal);
}

static size_t write_exponent_form(const struct decimal *decimal, char *ret_text)
{
    char *at = ret_text;
    *at++ = decimal->digits[0];
    if (decimal->count > 1) {
        *at++ = '.';
        memcpy(at, decimal->digits + 1, (size_t)decimal->count - 1);
        at += decimal->count - 1;
    }
    unsigned exponent = (unsigned)abs(decimal->exponent);
    *at++ = 'e';
    *at++ = decimal->exponent < 0 ? '-' : '+';
    if (exponent < 10)
        *at++ = '0';
    at += number_format_whole(exponent, at);
    return (size_t)(at - ret_text);
}

static size_t write_plainly(const struct decimal *decimal, char *ret_text)
{
    char *at = ret_text;
    int whole_digits = decimal->exponent + 1;
    if (whole_digits <= 0) {
        *at++ = '0';
        *at++ = '.';
        for (int i = whole_digits; i < 0; i++)
            *at++ = '0';
        memcpy(at, decimal->digits, (size_t)decimal->count);
        return (size_t)(at + decimal->count - ret_text);
    }
    for (int i = 0; i < decimal->count || i < whole_digits; i++) {
        if (i == whole_digits)
            *at++ = '.';
        *at++ = i < decimal->count ? decimal->digits[i] : '0';
    }
    return (size_t)(at - ret_text);
}

static size_t write_decimal(const struct decimal *decimal, char *ret_text)
{
    bool exponent_form =
        decimal->exponent < EXPONENT_LOWEST || decimal->exponent >= EXPONENT_HIGHEST;
    return exponent_form ? write_exponent_form(decimal, ret_text)
                         : write_plainly(decimal, ret_text);
}

static bool is_exact_whole(double magnitude)
{
    return magnitude < EXACT_WHOLE && (double)(uint64_t)magnitude == magnitude;
}

/* `magnitude` is finite and not negative. */
static size_t format_magnitude(double magnitude, char *ret_text)
{
    struct decimal decimal;
    if (is_exact_whole(magnitude))
        decimal_of_whole((uint64_t)magnitude, 0, &decimal);
    else if (magnitude >= EXACT_LOWEST && magnitude < EXACT_HIGHEST)
        decimal_exactly(magnitude, &decimal);
    else
        decimal_by_printf(magnitude, &decimal);
    return write_decimal(&decimal, ret_text);
}

static size_t format_special(double value, char *ret_text)
{
    const char *text = isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
    size_t length = 0;
    for (; text[length]; length++)
        ret_text[length] = text[length];
    return length;
}

size_t number_format(double value, char *ret_text)
{
    if (UNLIKELY(!isfinite(value)))
        return format_special(value, ret_text);
    size_t sign = signbit(value) ? 1 : 0;
    if (sign)
        ret_text[0] = '-';
    double magnitude = fabs(value);
    if (LIKELY(is_exact_whole(magnitude)))
        return sign + number_format_whole((uint64_t)magnitude, ret_text + sign);
    return sign + format_magnitude(magnitude, ret_text + sign);
}

size_t number_format_bound(double value, char *ret_text)
{
    if (!isfinite(value))
        return format_special(value, ret_text);
    size_t length = signbit(value) ? 1 : 0;
    if (length)
        ret_text[0] = '-';
    length += format_magnitude(fabs(value), ret_text + length);
    if (!memchr(ret_text, '.', length) && !memchr(ret_text, 'e', length)) {
        ret_text[length++] = '.';
        ret_text[length++] = '0';
    }
    return length;
}
