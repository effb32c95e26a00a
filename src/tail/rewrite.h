/* A file that was replaced by rename: how much of the new one was counted already?
 *
 * Needed for lines without ids alone. The old file is drained first, then both are compared from
 * the start through its descriptor, a chunk a turn. Lines in the equal part were counted.
 *
 * Of a file that was replaced while nobody looked only its record is left: where both its first and
 * its last counted line stand in the new one at the same places, all up to there counts as equal;
 * else all counts as new, and as ambiguous. */
#ifndef TAIL_REWRITE_H
#define TAIL_REWRITE_H

#include <stdbool.h>

#include "tail/tail_internal.h"

/* Was a restored stream, which is not met again yet, at the name of this one, of which nothing was
 * read? Then it may be a rewrite from while nobody looked: to be asked in the first walk. */
bool rewrite_of_restored(const struct tail *tail, const struct tail_file *file);

/* `file` took the name of `predecessor`, which is held and open. */
void rewrite_begin(struct tail_file *file, struct tail_file *predecessor);
/* One step. True: `file` may be read, its repeated range is set. */
bool rewrite_step(struct tail *tail, struct tail_file *file);
/* Ends it as it is; also when there is nothing to end. */
void rewrite_release(struct tail_file *file);

#endif
