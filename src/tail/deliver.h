/* Lines of a stream -> its owner; the record moves on behind them. */
#ifndef TAIL_DELIVER_H
#define TAIL_DELIVER_H

#include <stddef.h>

#include "tail/tail_internal.h"

/* `bytes` are what stands in the stream from record.offset on. Hands out all whole lines and
 * returns how many bytes were used, by which the record's offset moved on. */
size_t deliver_lines(struct tail *tail, struct tail_file *file, const char *bytes, size_t length);
/* Takes these bytes at the offset as a line, though no LF follows. */
void deliver_rest(struct tail *tail, struct tail_file *file, const char *bytes, size_t length);
/* The unterminated rest up to `end` is too long: it is skipped, and what follows up to its LF. */
void deliver_too_long(struct tail *tail, struct tail_file *file, uint64_t end);
/* Steps over leading NULs, up to `end`. */
void deliver_hole(struct tail_file *file, uint64_t end);

#endif
