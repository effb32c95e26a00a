/* What nobody needs any more, deleted in bounded steps: records of generations that are not kept,
 * and records whose time is over. */
#ifndef STATE_SWEEP_H
#define STATE_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct database;

/* The most that one step deletes. */
#define SWEEP_STEP 1000

/* One step, in a transaction of its own. `now`: ns, wall. *ret_more: there may be more to do. 0 or
 * a SQLite code. */
int sweep_step(struct database *database, int64_t now, bool *ret_more) MUST_CHECK;

#endif
