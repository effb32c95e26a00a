/* See state.h: what goes to the writer, and what comes back. */
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "state/batch.h"
#include "state/connection.h"
#include "state/id_archive.h"
#include "state/reader.h"
#include "state/state.h"
#include "state/state_internal.h"
#include "state/writer.h"

/* --- The open batch ------------------------------------------------------------------------- */

const struct record_sink *state_sink(struct state *state)
{
    return &state->sink;
}

size_t state_batch_bytes(const struct state *state)
{
    return batch_bytes(state->batch);
}

/* Between two lookups of ids the reader stays on one snapshot: here it moves on. */
static void rest(const struct state *state)
{
    if (state->reader)
        id_archive_rest(state->reader->archive);
}

bool state_commit(struct state *state, bool clean)
{
    if (state->busy)
        return false;
    struct batch *batch = state->batch;
    state->batch = state->spare;
    state->spare = NULL;
    state->busy = true;
    state->waits = false;
    rest(state);
    writer_commit(
        state->writer, batch,
        &(struct commit_options){.clean = clean, .finish_recount = state->finish_recount});
    state->finish_recount = false; /* however often this commit is tried */
    return true;
}

bool state_is_busy(const struct state *state)
{
    return state->busy;
}

void state_finish_recount(struct state *state)
{
    state->finish_recount = state->recount;
}

/* --- Results -------------------------------------------------------------------------------- */

/* `connection` is taken over. */
static int adopt_reader(struct state *state, struct sqlite3 *connection)
{
    struct reader *reader = NULL;
    struct failure failure;
    int r = reader_open(connection, state->generation, state->id_memory, &reader, &failure);
    state->lacks_reader = r < 0;
    if (r < 0) {
        state->failure = failure;
        return r;
    }
    if (state->reader)
        state->retired = reader_close_but_connection(state->reader);
    state->reader = reader;
    return 0;
}

static int open_reader_again(struct state *state)
{
    struct sqlite3 *connection;
    int code = connection_open(state->files.database, CONNECTION_READ, &connection);
    if (code == 0)
        return adopt_reader(state, connection);
    int r = failure_of_sqlite(&state->failure, connection, code, "cannot read the database");
    connection_abandon(connection);
    return r;
}

void state_retry(struct state *state)
{
    if (!state->waits || (state->lacks_reader && open_reader_again(state) < 0))
        return;
    state->waits = false;
    writer_retry(state->writer);
}

static void take_committed(struct state *state, const struct work_result *result)
{
    state->busy = false;
    state->spare = result->batch;
    batch_clear(state->spare);
    id_archive_apply(state->reader->archive, result->news);
    state->last_commit = result->committed;
    state->commits++;
    state->failure.reason = FAILURE_NONE;
}

static void take_failed(struct state *state, const struct failure *failure)
{
    state->failure = *failure;
    state->failures++;
    state->waits = true;
}

/* The database could be opened only now: joins that wait to be committed are to be seen at once by
 * this reader as well. True: the writer goes on, there is nothing to tell. */
static bool take_opened(struct state *state, const struct work_result *result)
{
    state->generation = result->generation;
    if (adopt_reader(state, result->reader) < 0) {
        take_failed(state, &state->failure);
        return false;
    }
    reader_anticipate(state->reader, result->batch);
    reader_anticipate(state->reader, state->batch);
    writer_retry(state->writer);
    return true;
}

static void fill_result(const struct state *state, double seconds, struct state_result *ret_result)
{
    ret_result->committed = state->failure.reason == FAILURE_NONE;
    ret_result->seconds = seconds;
    failure_tell(&state->failure, ret_result->reason, ret_result->message);
}

bool state_take_result(struct state *state, struct state_result *ret_result)
{
    struct work_result result;
    if (!writer_take(state->writer, &result))
        return false;
    rest(state);
    state->bytes = result.bytes;
    state_note_trouble(state, &result.trouble);
    if (result.outcome == WORK_OPENED && take_opened(state, &result))
        return false;
    if (result.outcome == WORK_COMMITTED)
        take_committed(state, &result);
    else if (result.outcome == WORK_FAILED)
        take_failed(state, &result.failure);
    fill_result(state, result.seconds, ret_result);
    return true;
}

int state_descriptor(const struct state *state)
{
    return writer_descriptor(state->writer);
}

/* --- Waiting -------------------------------------------------------------------------------- */

/* Until nothing is with the writer, or it failed. */
static int wait_for_result(struct state *state, int64_t deadline)
{
    struct pollfd descriptor = {.fd = state_descriptor(state), .events = POLLIN};
    struct state_result result;
    while (state->busy) {
        if (state_take_result(state, &result)) {
            if (!result.committed)
                return failure_error(state->failure.reason);
            continue;
        }
        int64_t left = deadline - clock_monotonic();
        if (left <= 0)
            return -ETIMEDOUT;
        /* Rounded up, so as not to spin at the end. */
        (void)poll(&descriptor, 1, (int)(left / NANOSECONDS_PER_MILLISECOND) + 1);
    }
    return 0;
}

int state_commit_and_wait(struct state *state, bool clean, int64_t timeout)
{
    int64_t deadline = clock_monotonic() + timeout;
    state_retry(state);
    int r = wait_for_result(state, deadline);
    if (r < 0)
        return r;
    (void)state_commit(state, clean);
    return wait_for_result(state, deadline);
}

/* --- The sink ------------------------------------------------------------------------------- */

static void on_put(void *context, enum record_kind kind, struct bytes key, struct bytes value,
                   int64_t expires)
{
    struct state *state = context;
    const struct row row = {.record = {.kind = kind, .key = key, .value = value},
                            .expires = expires};
    batch_put(state->batch, &row);
}

static void on_remove(void *context, enum record_kind kind, struct bytes key)
{
    struct state *state = context;
    batch_remove(state->batch, kind, key);
}

static void on_ids(void *context, uint64_t directory, const uint64_t *ids, size_t count)
{
    struct state *state = context;
    batch_ids(state->batch, directory, ids, count);
}

void state_init_handover(struct state *state)
{
    state->sink =
        (struct record_sink){.context = state, .put = on_put, .remove = on_remove, .ids = on_ids};
}
