/* See state.h: opening, loading and closing. Until the first commit the writer thread sleeps, and
 * all of this is the caller's thread's. */
#include "state/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/batch.h"
#include "state/connection.h"
#include "state/database.h"
#include "state/opening.h"
#include "state/reader.h"
#include "state/records.h"
#include "state/state_internal.h"
#include "state/totals.h"
#include "state/writer.h"

/* --- Opening -------------------------------------------------------------------------------- */

/* Opens both sides. On failure neither is. */
static int open_sides(struct state *state, struct database **ret_database)
{
    struct database *database;
    state->failure.reason = FAILURE_NONE;
    int r = opening_try(state->opening, &database, &state->failure);
    if (r < 0)
        return r;
    struct failure failure;
    r = reader_open(TAKE(database->reader), database->generation, state->id_memory, &state->reader,
                    &failure);
    if (r < 0) {
        state->failure = failure;
        database_abandon(database);
        return r;
    }
    state->generation = database->generation;
    state->last_commit = database->meta.committed;
    *ret_database = database;
    return 0;
}

/* Gives the corrupt database another name and makes a new one, if that can be. */
static void begin_anew(struct state *state, struct database **ret_database)
{
    struct failure failure;
    struct failure corrupt = state->failure;
    state->started = STATE_SET_ASIDE;
    state->untold = true;
    state->last_commit = 0;
    opening_expect(state->opening, NULL);
    if (opening_set_aside(state->opening, &state->set_aside, &failure) < 0) {
        failure_set(&state->failure, FAILURE_CORRUPT, "%.150s; %.100s", corrupt.message,
                    failure.message);
        return;
    }
    if (open_sides(state, ret_database) < 0)
        *ret_database = NULL;
}

static enum state_start judge_start(const struct state *state, const struct database *database)
{
    if (!database || state->recount || database->meta.committed == 0)
        return STATE_NEW;
    return database->was_clean ? STATE_CLEAN : STATE_UNCLEAN;
}

/* What is no failure of state_open leaves *ret_database NULL. */
static int open_first(struct state *state, struct database **ret_database)
{
    int r = open_sides(state, ret_database);
    if (r == -EBUSY || r == -EPROTO)
        return r;
    if (r == -EBADMSG) {
        begin_anew(state, ret_database);
    } else {
        state->started = judge_start(state, *ret_database);
        opening_expect(state->opening, *ret_database);
    }
    return 0;
}

static void free_state(struct state *state)
{
    reader_close(state->reader);
    batch_free(state->batch);
    batch_free(state->spare);
    state_files_free(&state->files);
    free(state->set_aside);
    free(state);
}

static void free_opening(struct opening *opening)
{
    opening_free(opening);
    free(opening);
}

static struct state *new_state(const struct state_options *options)
{
    struct state *state = memory_zero(1, sizeof(*state));
    state_files_init(&state->files, options->directory);
    state->id_memory = options->id_memory;
    state->recount = options->recount;
    state->opening = memory_zero(1, sizeof(*state->opening));
    opening_init(state->opening, options->directory, options->recount);
    state->batch = batch_new();
    state->spare = batch_new();
    state_init_handover(state);
    return state;
}

int state_open(const struct state_options *options, struct state **ret_state, char **ret_error)
{
    struct state *state = new_state(options);
    struct database *database = NULL;
    int r = open_first(state, &database);
    if (r < 0) {
        *ret_error = memory_copy_text(state->failure.message);
    } else {
        r = writer_new(state->opening, &state->writer);
        if (r < 0)
            *ret_error = memory_format("cannot start the writer: %s", strerror(-r));
    }
    if (r < 0) {
        reader_close(TAKE(state->reader));
        database_close(database);
        free_opening(state->opening);
        free_state(state);
        return r;
    }
    writer_set_database(state->writer, database);
    state->bytes = state_files_bytes(&state->files);
    *ret_state = state;
    return 0;
}

/* --- Loading -------------------------------------------------------------------------------- */

int state_load(struct state *state, int (*on_record)(void *context, const struct record *record),
               void *context)
{
    if (state->untold) {
        state->untold = false;
        return -EBADMSG;
    }
    if (!state->reader || state->started == STATE_NEW || state->started == STATE_SET_ASIDE)
        return 0;
    struct failure failure;
    int r = records_load(state->reader->records, on_record, context, &failure);
    if (r == 0)
        return 0;
    struct database *database = NULL;
    reader_close(TAKE(state->reader));
    writer_set_database(state->writer, NULL);
    state->failure = failure;
    begin_anew(state, &database);
    writer_set_database(state->writer, database);
    state->untold = false;
    return -EBADMSG;
}

size_t state_load_totals(struct state *state,
                         int (*on_record)(void *context, const struct record *record),
                         void *context)
{
    return totals_load(&state->files, on_record, context);
}

enum state_start state_started(const struct state *state)
{
    return state->started;
}

/* --- Closing -------------------------------------------------------------------------------- */

/* The loop's connection goes first, so that the writer's is the last and tidies up the files. */
void state_close(struct state *state, int64_t timeout)
{
    if (!state)
        return;
    reader_close(TAKE(state->reader));
    if (writer_stop(state->writer, timeout))
        writer_free(state->writer);
    connection_abandon(state->retired);
    free_state(state);
}
