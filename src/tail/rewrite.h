/* A file that was replaced by rename: how much of the new one was counted already?
 *
 * Needed for lines without ids alone. The old file is drained first, then both are compared from
 * the start through its descriptor, a chunk a turn. Lines in the equal part were counted. */
#ifndef TAIL_REWRITE_H
#define TAIL_REWRITE_H

#include <stdbool.h>

#include "tail/tail_internal.h"

/* `file` took the name of `predecessor`, which is held and open. */
void rewrite_begin(struct tail_file *file, struct tail_file *predecessor);
/* One step. True: `file` may be read, its repeated range is set. */
bool rewrite_step(struct tail *tail, struct tail_file *file);
/* Ends it as it is; also when there is nothing to end. */
void rewrite_release(struct tail_file *file);

#endif
