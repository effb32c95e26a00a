/* The loop's side of an open database: what is committed, looked up. */
#ifndef STATE_READER_H
#define STATE_READER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct batch;
struct failure;
struct id_archive;
struct records;
struct sqlite3;

struct reader {
    struct sqlite3 *connection;
    struct records *records;
    struct id_archive *archive;
};

/* Takes over `connection` in any case. 0, or a failure: -EBADMSG when what there is is corrupt. */
int reader_open(struct sqlite3 *connection, int64_t generation, size_t id_memory,
                struct reader **ret_reader, struct failure *ret_failure) MUST_CHECK;
/* Leaves the log as it is: that is the writer's matter. NULL is fine. */
void reader_close(struct reader *reader);

/* As reader_close, but the connection stays open, and is the caller's. */
struct sqlite3 *reader_close_but_connection(struct reader *reader);

/* Has all joins and forgets of a batch that is not committed yet done at once. */
void reader_anticipate(struct reader *reader, const struct batch *batch);

#endif
