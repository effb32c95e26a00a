/* The bytes of one scrape's answer, shared by whoever still sends them.
 *
 * Made of a part that is kept between scrapes while the registry has not changed (with its
 * compressed form, made at first need) and a part made anew each time (own metrics). Text and
 * gzip of the kept part are produced once; the answer of a scrape is both parts in turn, in one
 * gzip member (deflate blocks end at a byte boundary after the kept part; CRCs are combined). */
#ifndef SERVE_EXPOSITION_H
#define SERVE_EXPOSITION_H

#include <stddef.h>

#include "base/text.h"

struct exposition_part; /* refcounted bytes, and their deflated form */
struct exposition;      /* refcounted: up to four parts in order */

/* Takes the bytes of `text` over (leaves it empty). Reference count 1. */
struct exposition_part *exposition_part_new(struct text *text);
void exposition_part_drop(struct exposition_part *part);
size_t exposition_part_length(const struct exposition_part *part);

/* Takes a reference of its own on each part. */
struct exposition *exposition_new(struct exposition_part *const *parts, size_t count);
struct exposition *exposition_hold(struct exposition *exposition);
void exposition_drop(struct exposition *exposition); /* NULL is fine */

#endif
