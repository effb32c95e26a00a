/* What the serve room's answers ask of an exposition. */
#ifndef SERVE_EXPOSITION_INTERNAL_H
#define SERVE_EXPOSITION_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "serve/exposition.h"

struct evbuffer;

/* Bytes of the whole answer, plain or as one gzip member. With `gzip`, parts that were never
 * deflated are deflated now, and their deflated form is kept with them. */
size_t exposition_length(struct exposition *exposition, bool gzip);
/* Appends those bytes to `out` by reference: nothing is copied, and the bytes live until `out`
 * has sent or dropped them, whatever happens to the exposition. 0 or -ENOMEM. */
int exposition_add_to(struct exposition *exposition, bool gzip, struct evbuffer *out) MUST_CHECK;

#endif
