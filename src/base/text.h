/* A growing text buffer with a named maximum.
 *
 * `data` is NUL-terminated once anything was appended (NULL before); `length` does not count the
 * NUL. An append that would pass `maximum` changes nothing, sets `overflowed` and returns false,
 * so a caller may append many pieces and look at `overflowed` once. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/attributes.h"

struct text {
    char *data;
    size_t length;
    size_t capacity;
    size_t maximum;
    bool overflowed;
};

#define TEXT_UNLIMITED ((size_t)1 << 40)

void text_init(struct text *text, size_t maximum);
bool text_append(struct text *text, const char *bytes, size_t length);
bool text_append_string(struct text *text, const char *string);
bool text_append_char(struct text *text, char c);
bool text_printf(struct text *text, const char *format, ...) PRINTF(2, 3);
/* Room for `length` more bytes at data + length; the caller then adds to `length` itself and
 * writes no NUL. NULL when past the maximum. */
char *text_reserve(struct text *text, size_t length) MUST_CHECK;
/* Empties, keeps the memory. */
void text_clear(struct text *text);
void text_free(struct text *text);
/* Hands the bytes over (NUL-terminated, the caller frees) and leaves the text empty. */
char *text_take(struct text *text);

/* JSON string contents (without quotes); invalid UTF-8 becomes U+FFFD. RFC 8259 section 7. */
bool text_append_json(struct text *text, const char *bytes, size_t length);

#endif
