/* Reads one chunk of a stream and hands out the whole lines in it.
 *
 * Around each read it is made sure that the file still holds what was counted; only then is
 * anything handed out. Bytes of a line that is still being written are not kept: their end is
 * remembered (`scanned`), and they are read once more when the LF has come. */
#ifndef TAIL_READER_H
#define TAIL_READER_H

#include "base/attributes.h"
#include "tail/tail_internal.h"

enum reader_result {
    READER_MORE,  /* there is more, or the stream starts again */
    READER_END,   /* read to the end as it was */
    READER_FAILED /* *ret_error is a negative errno */
};

/* The stream's descriptor is open. */
enum reader_result reader_step(struct tail *tail, struct tail_file *file, int *ret_error);
/* The unterminated rest, without NULs behind it, as it stands in the file now and if the file is
 * unchanged; valid until the next read. NULL: there is none, or it has to be read on first. */
const char *reader_rest(struct tail *tail, struct tail_file *file, size_t *ret_length);

#endif
