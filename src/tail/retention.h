/* What is remembered of files that are not there: for how long, and how much.
 *
 * Time counts by the age of the state: how long this program ran with it, by the monotonic clock.
 * What lies between two runs counts by the wall clock, but at most RETENTION_SHARE of the retention
 * each time, so that a clock that is wrong for once makes nobody forget. */
#ifndef TAIL_RETENTION_H
#define TAIL_RETENTION_H

#include "tail/tail_internal.h"

#define RETENTION_SHARE 16

/* A stream ended, and its file may come back: it is dormant from now on. `file` may be invalid
 * afterwards. */
void retention_add(struct tail *tail, struct tail_file *file);
/* Its file was found: it is in no list any more, and no longer missing. The state is the
 * caller's. */
void retention_take(struct tail *tail, struct tail_file *file);
/* Time passes; forgets a few of those whose time is over. */
void retention_tick(struct tail *tail);

#endif
