/* The decode room: one JSON line -> the values that some rule wants. yajl only here.
 *
 * A decoder reuses one yajl handle for all lines and allocates nothing in the steady state: text
 * without escapes is pointed to in the line, the rest goes into the caller's arena. No globals:
 * any number of decoders may work on one plan, in any threads. Of a key that stands twice in an
 * object the last value wins. */
#ifndef DECODE_DECODER_H
#define DECODE_DECODER_H

#include <stddef.h>

#include "base/attributes.h"

#define DECODE_DEPTH    64 /* nesting of arrays and objects, the record itself included */
#define DECODE_ELEMENTS ((size_t)100000) /* of lists whose elements are wanted, in one line */

struct arena;
struct decode_plan;
struct decoder;
struct value;

enum decode_result {
    DECODE_OK,
    DECODE_MALFORMED, /* no JSON, invalid UTF-8, more than one value, or over DECODE_ELEMENTS */
    DECODE_TOO_DEEP,  /* over DECODE_DEPTH */
    DECODE_NOT_OBJECT /* JSON, but no object */
};

/* `plan` must stay as it is while the decoder lives. */
struct decoder *decoder_new(const struct decode_plan *plan);
void decoder_free(struct decoder *decoder);
/* Overwrites what yajl's own memory still holds of the last line: texts with escapes, wanted or
 * not, and what was unfinished. For lines that may hold secrets. The line itself and the values in
 * the arena, which are wanted ones alone, are the caller's. */
void decoder_wipe(struct decoder *decoder);

/* Decodes one line. On DECODE_OK *ret_slots is an array of decode_plan_slots values (VALUE_ABSENT
 * where the line has nothing) that lives until the arena is reset and the line's bytes go; else
 * it is untouched. */
enum decode_result decoder_line(struct decoder *decoder, const char *line, size_t length,
                                struct arena *arena, struct value **ret_slots) MUST_CHECK;
/* Why the last line was not DECODE_OK: one line of text, valid until the next call. */
const char *decoder_error(const struct decoder *decoder);

#endif
