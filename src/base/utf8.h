/* UTF-8, as RFC 3629 defines it: no overlong forms, no surrogates, nothing past U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes (1 to 4) of the well-formed sequence that `bytes` starts with, or 0. `length` > 0. */
size_t utf8_sequence(const char *bytes, size_t length);
/* The code point of a sequence whose size utf8_sequence told. */
uint32_t utf8_code_point(const char *bytes, size_t size);
/* Bytes from the start that are well-formed: `length` when all are. */
size_t utf8_valid_prefix(const char *bytes, size_t length);
/* All of it well-formed? Quick for ASCII. */
bool utf8_is_valid(const char *bytes, size_t length);
/* Would a terminal or an editor obey it instead of showing it? Controls (C0, DEL, C1), line and
 * paragraph separators, and what turns the direction of writing. */
bool utf8_is_invisible(uint32_t code_point);

#endif
