/* See work.h. */
#include "state/work.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "state/batch.h"
#include "state/database.h"
#include "state/id_writer.h"
#include "state/opening.h"

static void reopen(struct work *work, struct work_result *result)
{
    struct database *opened = NULL;
    int r = opening_try(work->opening, &opened, &result->failure);
    if (r < 0 || !opened->writer) {
        database_abandon(opened);
        result->outcome = WORK_FAILED;
        return;
    }
    database_close(work->database);
    work->database = opened;
    result->outcome = WORK_OPENED;
    result->failure.reason = FAILURE_NONE; /* if only the mark could not be written, a commit can */
    result->batch = work->batch;
    result->reader = TAKE(opened->reader);
    result->generation = opened->generation;
}

/* The first failure is told, until the result that carries it. */
static void note_trouble(struct work *work, const struct failure *trouble)
{
    if (work->trouble.reason == FAILURE_NONE)
        work->trouble = *trouble;
}

static void finish_commit(struct work *work, struct work_result *result)
{
    struct database *database = work->database;
    struct failure trouble;
    if (work->options.finish_recount)
        id_writer_drop_others(database->ids);
    if (work->options.clean && upkeep_finish(database, &work->opening->files, &trouble) < 0)
        note_trouble(work, &trouble);
    result->outcome = WORK_COMMITTED;
    result->batch = work->batch;
    result->news = id_writer_take_news(database->ids);
    result->committed = database->meta.committed;
}

static void commit(struct work *work, struct work_result *result)
{
    struct database *database = work->database;
    int r = database_check_present(database, &work->opening->files, &result->failure);
    if (r == 0) {
        /* That there is a batch says that the result of the one before was taken. */
        id_writer_acknowledge(database->ids);
        r = commit_run(database, work->batch, &work->options, &result->failure);
    }
    if (r == 0)
        finish_commit(work, result);
    else
        result->outcome = WORK_FAILED;
}

void work_attempt(struct work *work, struct work_result *ret_result)
{
    int64_t begun = clock_monotonic();
    *ret_result = (struct work_result){.seconds = 0};
    if (!work->database || !work->database->writer)
        reopen(work, ret_result);
    else
        commit(work, ret_result);
    if (ret_result->outcome == WORK_COMMITTED)
        work->batch = NULL;
    ret_result->seconds = (double)(clock_monotonic() - begun) / (double)NANOSECONDS_PER_SECOND;
    ret_result->bytes = state_files_bytes(&work->opening->files);
    ret_result->trouble = work->trouble;
    work->trouble.reason = FAILURE_NONE;
}

void work_begin_upkeep(struct work *work)
{
    upkeep_begin(&work->upkeep, work->database, &work->opening->files);
}

bool work_has_upkeep(const struct work *work)
{
    return !work->batch && upkeep_is_due(&work->upkeep);
}

void work_take_upkeep_step(struct work *work)
{
    const struct state_files *files = &work->opening->files;
    struct failure trouble;
    int r = database_check_present(work->database, files, &trouble);
    if (r < 0)
        upkeep_end(&work->upkeep);
    else
        r = upkeep_step(&work->upkeep, work->database, files, &trouble);
    if (r < 0)
        note_trouble(work, &trouble);
}

void work_end(struct work *work)
{
    batch_free(work->batch);
    database_close(work->database);
    opening_free(work->opening);
    free(work->opening);
}
