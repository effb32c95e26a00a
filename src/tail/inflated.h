/* The plain content of a compressed stream, from the record's offset on as far as it was inflated.
 *
 * Inflating goes forward only, so a state of it is kept while the stream is read. Few streams have
 * one at a time; one that lost its state is inflated from the beginning again, and what was counted
 * is skipped, when its file grows. */
#ifndef TAIL_INFLATED_H
#define TAIL_INFLATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "tail/tail_internal.h"

enum inflated_result {
    INFLATED_MORE,    /* some bytes came, there may be more */
    INFLATED_SKIPPED, /* as before, but all of them were counted before */
    INFLATED_END,     /* the file's bytes are used up */
    INFLATED_CHANGED, /* it no longer holds what was counted */
    INFLATED_BROKEN,  /* corrupt from here on */
    INFLATED_FAILED   /* could not be read: *ret_error is a negative errno */
};

/* Inflates one chunk more. */
enum inflated_result inflated_fill(struct tail *tail, struct tail_file *file, int *ret_error);
/* The bytes from record.offset on; NULL when nothing is inflated now. Valid until the next call. */
const char *inflated_bytes(const struct tail_file *file, size_t *ret_length);
/* The record's offset moved on by `length`. */
void inflated_use(struct tail *tail, struct tail_file *file, size_t length);
/* Bytes of the file that were used. */
uint64_t inflated_position(const struct tail_file *file);
/* The stream whose state was used least recently, or NULL. */
struct tail_file *inflated_oldest(const struct tail *tail);
/* Gives the state back; also when there is none. */
void inflated_free(struct tail *tail, struct tail_file *file);

#endif
