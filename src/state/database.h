/* The opened database: a connection for the writer thread, one for the loop, and which file and
 * which life it is.
 *
 *   writable           writer and reader, ids
 *   only readable      reader alone: what it holds is loaded, and that it cannot be written is told
 */
#ifndef STATE_DATABASE_H
#define STATE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "state/meta.h"
#include "state/state_files.h"

struct commit_statements;
struct failure;
struct id_writer;
struct schema;
struct sqlite3;

/* What may be in the database that is opened. */
enum database_wanted {
    DATABASE_ANY,
    DATABASE_NEW, /* nothing: what is counted since the start would be counted into it again */
    DATABASE_SAME /* what was loaded at the start, and not a commit more */
};

struct database_request {
    const struct state_files *files;
    const struct schema *schema;
    enum database_wanted wanted;
    int64_t life; /* of DATABASE_SAME */
    int64_t sequence;
    bool recount;   /* write into a new generation */
    bool read_only; /* do not try to write */
};

struct database {
    struct sqlite3 *writer;               /* NULL: it can only be read */
    struct commit_statements *statements; /* with a writer */
    struct id_writer *ids;                /* with a writer */
    struct sqlite3 *reader;               /* until the loop takes it */

    struct meta meta;   /* as of the last commit */
    int64_t generation; /* written into and read from; with `recount` not the current one */
    bool was_clean;     /* when it was opened */
    int log_pages;      /* in its log as of the last transaction */

    struct file_identity file;
    struct file_identity wal;
};

/* 0; a database marked as clean is no more (unless that could not be written: *ret_failure says so,
 * as it does when the database can only be read). Or, with *ret_failure set:
 *   -EPROTO   of a newer version of the program, untouched
 *   -EBADMSG  corrupt
 *   any other negative errno: it cannot be opened, or is not the one wanted */
int database_open(const struct database_request *request, struct database **ret_database,
                  struct failure *ret_failure) MUST_CHECK;
/* NULL is fine. */
void database_close(struct database *database);
/* As database_close, its files left as they are: for one that is set aside. */
void database_abandon(struct database *database);

/* Is it still the file that was opened? 0, or a failure. */
int database_check_present(const struct database *database, const struct state_files *files,
                           struct failure *ret_failure) MUST_CHECK;

#endif
