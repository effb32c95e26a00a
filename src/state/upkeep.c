/* See upkeep.h.
 *
 * Folding back: lookups of ids leave the loop's reader on one snapshot from one rest to the next,
 * so the log can only start over if it was folded back whole, then the reader rested, and nothing
 * was written in between. Hence a round that folds does nothing else. */
#include "state/upkeep.h"

#include <sqlite3.h>
#include <string.h>

#include "base/clock.h"
#include "state/database.h"
#include "state/failure.h"
#include "state/id_writer.h"
#include "state/state_files.h"
#include "state/sweep.h"
#include "state/totals.h"

/* Pages of the log from which on it is folded back: 16 MiB. */
#define LOG_LARGE 4096
#define DAY       (INT64_C(24) * 3600 * NANOSECONDS_PER_SECOND)
/* A copy made in the middle of a catch-up would hold less than the one before. */
#define CATCH_UP_LONGEST (INT64_C(3600) * NANOSECONDS_PER_SECOND)

void upkeep_init(struct upkeep *upkeep)
{
    *upkeep = (struct upkeep){.started_wall = clock_wall(), .started = clock_monotonic()};
}

static bool is_recounting(const struct database *database)
{
    return database->generation != database->meta.generation;
}

static bool totals_are_due(const struct upkeep *upkeep, const struct database *database,
                           const struct state_files *files)
{
    return !is_recounting(database) && clock_monotonic() - upkeep->started > CATCH_UP_LONGEST &&
           totals_age(files, clock_wall()) > DAY;
}

void upkeep_begin(struct upkeep *upkeep, const struct database *database,
                  const struct state_files *files)
{
    upkeep->fold = database->log_pages >= LOG_LARGE && !upkeep->folded;
    upkeep->folded = upkeep->fold;
    upkeep->ids = !upkeep->fold;
    upkeep->sweep = !upkeep->fold;
    upkeep->totals = !upkeep->fold && totals_are_due(upkeep, database, files);
}

void upkeep_end(struct upkeep *upkeep)
{
    upkeep->fold = upkeep->ids = upkeep->sweep = upkeep->totals = false;
}

bool upkeep_is_due(const struct upkeep *upkeep)
{
    return upkeep->fold || upkeep->ids || upkeep->sweep || upkeep->totals;
}

/* A clock that was set forward while this runs must not end the time of everything: what is swept
 * is over by both clocks. */
static int64_t sweep_time(const struct upkeep *upkeep)
{
    int64_t wall = clock_wall();
    int64_t steady = upkeep->started_wall + (clock_monotonic() - upkeep->started);
    return wall < steady ? wall : steady;
}

static int fold(struct database *database)
{
    int code =
        sqlite3_wal_checkpoint_v2(database->writer, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return code == SQLITE_BUSY ? SQLITE_OK : code; /* the next one goes further */
}

static int step(struct upkeep *upkeep, struct database *database, const char **ret_doing)
{
    int code;
    if (upkeep->fold) {
        *ret_doing = "cannot fold the log back";
        code = fold(database);
        upkeep->fold = false;
    } else if (upkeep->ids) {
        *ret_doing = "cannot merge ids";
        code = id_writer_step(database->ids, &upkeep->ids);
        upkeep->ids = upkeep->ids && code == SQLITE_OK;
    } else {
        *ret_doing = "cannot delete what is over";
        code = sweep_step(database, sweep_time(upkeep), &upkeep->sweep);
        upkeep->sweep = upkeep->sweep && code == SQLITE_OK;
    }
    return code;
}

int upkeep_step(struct upkeep *upkeep, struct database *database, const struct state_files *files,
                struct failure *ret_failure)
{
    const char *doing = "";
    if (upkeep->fold || upkeep->ids || upkeep->sweep) {
        int code = step(upkeep, database, &doing);
        return code == SQLITE_OK ? 0
                                 : failure_of_sqlite(ret_failure, database->writer, code, doing);
    }
    upkeep->totals = false;
    return totals_copy(database->writer, files, database->generation, ret_failure);
}

int upkeep_finish(struct database *database, const struct state_files *files,
                  struct failure *ret_failure)
{
    int r = is_recounting(database)
                ? 0
                : totals_copy(database->writer, files, database->generation, ret_failure);
    /* What stays in the log is folded back by the next start. */
    sqlite3_wal_checkpoint_v2(database->writer, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return r;
}
