/* A batch: lines of one file, decoded for each source that covers it, given out in file order.
 *
 * Many lines are decoded in blocks, which workers do ahead of the caller; few are decoded by the
 * caller as it comes to them. What comes out is the same. Bounded: a batch takes a part of the
 * lines only, and keeps little memory for the next. */
#ifndef DAEMON_LINE_BATCH_H
#define DAEMON_LINE_BATCH_H

#include <stddef.h>

#include "decode/decoder.h"

struct line_batch;
struct followed;
struct rule_set;
struct tail_line;
struct value;

/* A line as one source wants it. */
struct decoded {
    enum decode_result result;
    struct value *slots; /* of DECODE_OK */
    const char *error;   /* else why not */
};

/* Decoders for all sources of the rules, which must stay. */
struct line_batch *line_batch_new(const struct rule_set *rules);
void line_batch_free(struct line_batch *batch);
/* So many threads may help from now on (0: none). */
void line_batch_set_workers(struct line_batch *batch, size_t threads);

/* Begins with these lines; returns how many of them the batch took: at least one if there are
 * any. They and the file must stay until line_batch_next has given them all. */
size_t line_batch_begin(struct line_batch *batch, const struct followed *file,
                        const struct tail_line *lines, size_t count);
/* The next line, once for each source of the file in an array; where the first is not DECODE_OK
 * the others are undefined. NULL: that was all. Slots live until the next line_batch_begin. */
const struct decoded *line_batch_next(struct line_batch *batch, const struct tail_line **ret_line);

#endif
