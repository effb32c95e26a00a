/* What the writer thread works on, without the thread: attempts to commit the batch that it has,
 * and upkeep in between. */
#ifndef STATE_WORK_H
#define STATE_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "state/commit.h"
#include "state/failure.h"
#include "state/upkeep.h"

struct batch;
struct database;
struct id_news;
struct opening;
struct sqlite3;

struct work {
    struct opening *opening;
    struct database *database; /* NULL, or without its writer: opened by the first attempts */
    struct batch *batch;       /* NULL: committed */
    struct commit_options options;
    struct upkeep upkeep;
    struct failure trouble; /* not told yet */
};

enum work_outcome { WORK_COMMITTED, WORK_FAILED, WORK_OPENED };

struct work_result {
    enum work_outcome outcome;
    double seconds;         /* the attempt took */
    struct failure failure; /* FAILED: why */
    struct failure trouble; /* of upkeep, since the start or the last result; commits go on */

    /* COMMITTED: given back. OPENED: what waits, to be looked at until writer_retry. */
    struct batch *batch;

    /* COMMITTED */
    struct id_news *news; /* for the archive; NULL: none */
    int64_t committed;    /* ns, wall */

    /* OPENED; the loop's own from then on */
    struct sqlite3 *reader;
    int64_t generation;

    uint64_t bytes; /* of the files */
};

/* Commits the batch, or opens the database to begin with. */
void work_attempt(struct work *work, struct work_result *ret_result);

/* After a commit, once the loop knows. */
void work_begin_upkeep(struct work *work);
bool work_has_upkeep(const struct work *work);
void work_take_upkeep_step(struct work *work);

/* Frees all it has. */
void work_end(struct work *work);

#endif
