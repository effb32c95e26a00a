/* What is done between commits: the log folded back, ids merged, what is over deleted, and the
 * totals copied once a day. One bounded step at a time (but for the copy), so that no commit waits
 * long for it. */
#ifndef STATE_UPKEEP_H
#define STATE_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct database;
struct failure;
struct state_files;

struct upkeep {
    int64_t started_wall; /* of this instance, ns */
    int64_t started;      /* the same moment, monotonic */
    bool folded;          /* the round before folded the log back */

    /* Of this round. */
    bool fold; /* only this */
    bool ids;  /* there may be more to do */
    bool sweep;
    bool totals;
};

void upkeep_init(struct upkeep *upkeep);
/* A commit is done, and the loop knows: another round. */
void upkeep_begin(struct upkeep *upkeep, const struct database *database,
                  const struct state_files *files);
/* The round is over, whatever is left to do. */
void upkeep_end(struct upkeep *upkeep);
/* Is there something left to do in this round? */
bool upkeep_is_due(const struct upkeep *upkeep);
/* One step. 0, or a failure, which ends what it is about for this round. */
int upkeep_step(struct upkeep *upkeep, struct database *database, const struct state_files *files,
                struct failure *ret_failure) MUST_CHECK;
/* At the end of an instance, after its last commit. 0, or a failure. */
int upkeep_finish(struct database *database, const struct state_files *files,
                  struct failure *ret_failure) MUST_CHECK;

#endif
