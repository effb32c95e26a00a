/* Numbers as text, both ways. Nothing here depends on the locale. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room that every number_format call needs, in bytes (no NUL is written). */
#define NUMBER_TEXT 32

/* One rule: an integer below 2^53 in magnitude is written in plain digits. Anything else gets the
 * fewest significant digits that read back as the same double, as Go's 'g' format writes them:
 * in exponent form (sign always, two digits at least) when the decimal exponent is < -4 or >= 6,
 * else plainly. NaN, +Inf and -Inf are spelt so.
 *
 *   1000000 -> 1000000     1756047.3 -> 1.7560473e+06     0.00001 -> 1e-05     -0.0 -> -0
 *
 * Returns the length; `ret_text` holds NUMBER_TEXT bytes. */
size_t number_format(double value, char *ret_text);
/* A bound as `le` and `quantile` spell it, where equal values must be equal texts in every format:
 * integers follow the exponent rule too, and ".0" is added where there is neither '.' nor 'e'.
 *
 *   1 -> 1.0     2.5 -> 2.5     1000000 -> 1e+06     infinity -> +Inf */
size_t number_format_bound(double value, char *ret_text);
/* `value` in plain digits. Returns the length; `ret_text` holds NUMBER_TEXT bytes. */
size_t number_format_whole(uint64_t value, char *ret_text);

/* The number that a whole text is, by JSON's grammar (RFC 8259): no blanks, '+', hex, NaN or Inf.
 * Correctly rounded; what is too small for a double is 0. False and *ret_value untouched when it
 * is none, or too large for a double. */
bool number_parse(const char *text, size_t length, double *ret_value);
/* Exact. False and *ret_value untouched unless it is digits, perhaps behind '-', that fit. */
bool number_parse_int(const char *text, size_t length, int64_t *ret_value);

/* Seconds of "12.5" (a JSON number), "1h2m3s", "500ms", "2d", "1.5h", or of ISO 8601's "PT1M2.5S"
 * and "P1DT2H". Units: ns, us, ms, s (sec), m (min), h, d, w, each smaller than the one before,
 * perhaps with a blank between; a '-' may stand before the whole. ISO's years and months have no
 * fixed length and are none. False and *ret_seconds untouched when it is none. */
bool duration_parse(const char *text, size_t length, double *ret_seconds);
/* Bytes of "1024", "16MiB", "64 KiB", "1GB", "10M", in any case. K, M, G, T alone and with "iB" are
 * powers of 1024, with "B" powers of 1000. False and *ret_bytes untouched when it is none. */
bool size_parse(const char *text, size_t length, int64_t *ret_bytes);

#endif
