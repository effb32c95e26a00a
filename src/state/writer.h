/* The writer thread: commits one batch at a time, and tidies up in between.
 *
 *   idle ──writer_commit──▶ attempt ──▶ COMMITTED, the batch comes back ──▶ idle, upkeep
 *                            ▲   │
 *               writer_retry │   └──▶ FAILED, it keeps the batch
 *                            │   └──▶ OPENED: the database could be opened only now; nothing is
 *                            └──────────┘     committed before the loop has taken its side of it
 *
 * The mutex is held for moments, to hand things over: the loop never waits for a commit. Each
 * attempt has one result, which must be taken before the next. */
#ifndef STATE_WRITER_H
#define STATE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "state/work.h"

struct batch;
struct database;
struct opening;
struct writer;

/* Starts the thread, which does nothing before the first commit. Takes over `opening`, and frees it
 * at its end; not when this fails: a negative errno. */
int writer_new(struct opening *opening, struct writer **ret_writer) MUST_CHECK;
/* Before the first commit: what was opened; NULL: nothing, so it is opened with the first commit.
 * What was set before is abandoned. */
void writer_set_database(struct writer *writer, struct database *database);
/* Waits for the attempt under way at most `timeout` ns, then ends the thread. False: it did not end
 * in time; it is on its own, frees everything itself, and `writer` must not be used any more. */
bool writer_stop(struct writer *writer, int64_t timeout) MUST_CHECK;
/* After writer_stop. */
void writer_free(struct writer *writer);

/* Takes over `batch` until its result. Only when there is no other. */
void writer_commit(struct writer *writer, struct batch *batch,
                   const struct commit_options *options);
/* Attempts it again; nothing happens while an attempt is under way or its result not taken. */
void writer_retry(struct writer *writer);

/* Readable when there is a result. */
int writer_descriptor(const struct writer *writer);
bool writer_take(struct writer *writer, struct work_result *ret_result);

#endif
