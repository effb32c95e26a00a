/* Walks all values of one JSON line, whatever they are: for who does not know yet what is wanted.
 *
 *   {"a": {"b": 1}, "c": [2]}
 *   -> step(NULL, "a") = A, step(A, "b") = B, value(B, 1), value(A, object of 1),
 *      step(NULL, "c") = C, step(C, NULL) = E, value(E, 2), value(C, list of 1)
 *
 * As the decoder: one yajl handle for all lines, nothing allocated in the steady state, the same
 * bounds and the same results. Of a line that is refused some values may have been told. */
#ifndef DECODE_SURVEY_H
#define DECODE_SURVEY_H

#include <stddef.h>

#include "base/attributes.h"
#include "decode/decoder.h"

struct arena;
struct survey;
struct value;

struct survey_listener {
    void *context;
    /* Where the value of this key belongs, of the object that belongs to `parent` (NULL: the
     * record). `key` NULL: an element of the list there. Not NUL-terminated. NULL: nobody wants to
     * know; what is in it is passed over. */
    void *(*step)(void *context, void *parent, const char *key, size_t length);
    /* A value that belongs to `place`. Lists and objects come when they end, with how much is in
     * them and no elements. The text lives until the arena is reset and the line's bytes go. */
    void (*value)(void *context, void *place, const struct value *value);
};

/* The listener is copied. */
struct survey *survey_new(const struct survey_listener *listener);
void survey_free(struct survey *survey);

enum decode_result survey_line(struct survey *survey, const char *line, size_t length,
                               struct arena *arena) MUST_CHECK;

#endif
