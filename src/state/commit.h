/* One batch as one transaction. */
#ifndef STATE_COMMIT_H
#define STATE_COMMIT_H

#include <stdbool.h>

#include "base/attributes.h"

struct batch;
struct commit_statements;
struct database;
struct failure;
struct sqlite3;

struct commit_options {
    bool clean;          /* the last one of this instance */
    bool finish_recount; /* the generation written into becomes the current one */
};

/* 0 or a SQLite code. */
int commit_statements_new(struct sqlite3 *writer,
                          struct commit_statements **ret_statements) MUST_CHECK;
void commit_statements_free(struct commit_statements *statements);

/* 0, all of it is on disk and `database` knows; or a failure: nothing of it is, and the same batch
 * may be tried again. A recount that is not finished is never marked as a clean stop. */
int commit_run(struct database *database, const struct batch *batch,
               const struct commit_options *options, struct failure *ret_failure) MUST_CHECK;

#endif
