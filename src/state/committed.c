/* See state.h: what is committed, looked up; and how the state is doing. */
#include "base/text.h"
#include "state/batch.h"
#include "state/id_archive.h"
#include "state/reader.h"
#include "state/records.h"
#include "state/state.h"
#include "state/state_internal.h"

void state_note_trouble(struct state *state, const struct failure *trouble)
{
    /* What was found corrupt stays so. */
    if (state->trouble.reason != FAILURE_CORRUPT)
        state->trouble = *trouble;
}

bool state_recall(struct state *state, enum record_kind kind, struct bytes key, struct text *out)
{
    struct failure failure;
    if (!state->reader)
        return false;
    int r = records_find(state->reader->records, kind, key, out, &failure);
    if (r < 0)
        state_note_trouble(state, &failure);
    return r > 0;
}

bool state_holds_id(struct state *state, uint64_t directory, uint64_t id)
{
    return state->reader && id_archive_holds(state->reader->archive, directory, id);
}

void state_join_ids(struct state *state, uint64_t to, uint64_t from)
{
    batch_join(state->batch, to, from);
    if (state->reader)
        id_archive_join(state->reader->archive, to, from);
}

void state_forget_ids(struct state *state, uint64_t directory)
{
    batch_forget(state->batch, directory);
    if (state->reader)
        id_archive_forget(state->reader->archive, directory);
}

/* The most pressing: that nothing can be committed, else that something is lost or left undone. */
static const struct failure *worst(const struct state *state, const struct failure *ids)
{
    if (state->failure.reason != FAILURE_NONE)
        return &state->failure;
    return state->trouble.reason != FAILURE_NONE ? &state->trouble : ids;
}

static void count_ids(const struct state *state, struct state_counts *ret_counts,
                      struct failure *ret_failure)
{
    struct id_archive_counts ids = {0};
    if (state->reader)
        id_archive_counts(state->reader->archive, &ids);
    ret_counts->ids_on_disk = ids.ids;
    ret_counts->id_memory = ids.bytes;
    if (ids.errors > 0)
        failure_set(
            ret_failure, FAILURE_CORRUPT,
            "ids could not be read %llu times: lines that were counted before may have been "
            "counted again",
            (unsigned long long)ids.errors);
}

void state_counts(const struct state *state, struct state_counts *ret_counts)
{
    struct failure ids = {FAILURE_NONE, ""};
    *ret_counts = (struct state_counts){.last_commit = state->last_commit,
                                        .commits = state->commits,
                                        .failures = state->failures,
                                        .bytes = state->bytes,
                                        .path = state->files.database,
                                        .set_aside = state->set_aside};
    count_ids(state, ret_counts, &ids);
    const struct failure *failure = worst(state, &ids);
    ret_counts->failing = failure->reason != FAILURE_NONE;
    failure_tell(failure, ret_counts->reason, ret_counts->message);
}
