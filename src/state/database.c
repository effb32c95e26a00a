/* See database.h. Opening reads only what says whether this is ours and whole enough to go on: the
 * header, the tables' names, the one row of meta, and what id_writer_open reads. Records are
 * checked one by one when they are loaded. */
#include "state/database.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "state/commit.h"
#include "state/connection.h"
#include "state/failure.h"
#include "state/id_writer.h"
#include "state/inspection.h"
#include "state/schema.h"

/* An instance ends with a commit, not with a failure of the one before: nothing is lost when power
 * fails (FULL). What a big commit made of the log is given back. The pages that a usual commit
 * changes fit into the cache. */
static const char writer_settings[] =
    "PRAGMA auto_vacuum=0; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "PRAGMA journal_size_limit=16777216; PRAGMA cache_size=-8192; PRAGMA secure_delete=0;"
    "PRAGMA temp_store=MEMORY";

/* --- For writing ---------------------------------------------------------------------------- */

static int bring_to_schema(struct sqlite3 *writer, const struct database_request *request,
                           struct failure *ret_failure)
{
    enum schema_found found;
    int64_t version;
    int r = inspection_look(writer, request, &found, &version, ret_failure);
    if (r < 0)
        return r;
    int code = connection_run(writer, writer_settings);
    if (code != SQLITE_OK)
        return failure_of_sqlite(ret_failure, writer, code, "cannot set up the database");
    return found == SCHEMA_READY
               ? 0
               : schema_bring(writer, request->schema, version, request->files, ret_failure);
}

/* Also says that SQLite is not to fold the log back by itself: upkeep.h does. */
static int on_log_written(void *context, struct sqlite3 *connection, const char *name, int pages)
{
    struct database *database = context;
    (void)connection, (void)name;
    database->log_pages = pages;
    return SQLITE_OK;
}

static int open_parts(struct database *database, struct failure *ret_failure)
{
    sqlite3_wal_hook(database->writer, on_log_written, database);
    int code = commit_statements_new(database->writer, &database->statements);
    if (code == SQLITE_OK)
        code = id_writer_open(database->writer, database->generation, &database->ids);
    if (code == SQLITE_OK && database->generation == database->meta.generation)
        id_writer_drop_others(database->ids);
    /* A table that is not as the schema made it. */
    if (code == SQLITE_ERROR)
        code = SQLITE_CORRUPT;
    return code == SQLITE_OK
               ? 0
               : failure_of_sqlite(ret_failure, database->writer, code, "cannot read the database");
}

static int open_reader(const struct database_request *request, enum connection_mode mode,
                       struct database *database, struct failure *ret_failure)
{
    int code = connection_open(request->files->database, mode, &database->reader);
    int64_t tables;
    if (code == SQLITE_OK)
        code = connection_number(database->reader, "SELECT count(*) FROM sqlite_schema", &tables);
    return code == SQLITE_OK
               ? 0
               : failure_of_sqlite(ret_failure, database->reader, code, "cannot read the database");
}

static int note_files(const struct database_request *request, struct database *database,
                      struct failure *ret_failure)
{
    int r = file_identity_of(request->files->database, &database->file);
    if (r == 0)
        r = file_identity_of(request->files->wal, &database->wal);
    if (r == -ENOENT)
        return failure_set(ret_failure, FAILURE_OTHER,
                           "the file system of %s cannot hold a database with a write-ahead log",
                           request->files->database);
    return r < 0 ? failure_of_errno(ret_failure, -r, "cannot find the database") : 0;
}

/* From now on this stop is not in order until the last commit says so. Where that cannot be
 * written, the first commit that can be does it. */
static void unmark_clean(struct database *database, struct failure *ret_failure)
{
    struct meta next = database->meta;
    if (!next.clean)
        return;
    next.clean = false;
    next.sequence++;
    int code = meta_replace(database->writer, &database->meta, &next);
    if (code == SQLITE_OK)
        database->meta = next;
    else
        failure_of_sqlite(ret_failure, database->writer, code, "cannot write the database");
}

static int open_writable(const struct database_request *request, struct database *database,
                         struct failure *ret_failure)
{
    int r = state_files_make(request->files->database);
    if (r < 0)
        return failure_of_errno(ret_failure, -r, "cannot make the database");
    /* SQLite would only tell that it cannot open its log. */
    if (access(request->files->database, W_OK) < 0)
        return failure_of_errno(ret_failure, errno, "cannot write the database");
    int code = connection_open(request->files->database, CONNECTION_WRITE, &database->writer);
    if (code != SQLITE_OK)
        return failure_of_sqlite(ret_failure, database->writer, code, "cannot open the database");
    r = bring_to_schema(database->writer, request, ret_failure);
    if (r == 0 && sqlite3_db_readonly(database->writer, "main") == 1)
        r = failure_set(ret_failure, FAILURE_READ_ONLY, "the database may not be written");
    if (r == 0)
        r = inspection_read_meta(database->writer, request, database, ret_failure);
    if (r == 0)
        r = open_parts(database, ret_failure);
    if (r == 0)
        r = open_reader(request, CONNECTION_READ, database, ret_failure);
    if (r == 0)
        r = note_files(request, database, ret_failure);
    if (r == 0)
        unmark_clean(database, ret_failure);
    return r;
}

/* --- For reading alone ---------------------------------------------------------------------- */

/* Without its log, or with an empty one, the file alone is the whole database. */
static bool is_whole_without_log(const struct state_files *files)
{
    struct stat facts;
    return stat(files->wal, &facts) < 0 ? errno == ENOENT : facts.st_size == 0;
}

static int open_readable(const struct database_request *request, struct database *database,
                         struct failure *ret_failure)
{
    enum schema_found found;
    int64_t version;
    bool has_log = !is_whole_without_log(request->files);
    int r =
        open_reader(request, has_log ? CONNECTION_ALONE : CONNECTION_FROZEN, database, ret_failure);
    if (r == 0)
        r = inspection_look(database->reader, request, &found, &version, ret_failure);
    if (r == 0 && found != SCHEMA_READY)
        r = failure_set(ret_failure, FAILURE_READ_ONLY,
                        "the database is of an older version, and cannot be written");
    if (r == 0)
        r = inspection_read_meta(database->reader, request, database, ret_failure);
    return r;
}

/* May it help not to write? Not when it is known what it is, or somebody is just writing. */
static bool may_only_be_readable(const struct failure *failure)
{
    return failure->reason == FAILURE_READ_ONLY || failure->reason == FAILURE_FULL ||
           failure->reason == FAILURE_IO || failure->reason == FAILURE_VANISHED;
}

/* --- Opening and closing -------------------------------------------------------------------- */

/* `cause`: why it cannot be written. */
static int fall_back(const struct database_request *request, const struct failure *cause,
                     struct database **ret_database, struct failure *ret_failure)
{
    struct database *database = memory_zero(1, sizeof(*database));
    struct failure failure = {FAILURE_NONE, ""};
    int r = open_readable(request, database, &failure);
    *ret_failure = r == -EBADMSG || r == -EPROTO ? failure : *cause;
    if (r < 0) {
        database_abandon(database);
        return r == -EBADMSG || r == -EPROTO ? r : failure_error(cause->reason);
    }
    *ret_database = database;
    return 0;
}

int database_open(const struct database_request *request, struct database **ret_database,
                  struct failure *ret_failure)
{
    /* Closing a descriptor of ours drops the locks of a connection that has the file open, as one
     * may that could only be read. */
    if (request->wanted != DATABASE_SAME &&
        schema_is_newer_on_disk(request->schema, request->files->database))
        return inspection_refuse_newer(request, ret_failure);
    if (request->read_only) {
        const struct failure cause = *ret_failure;
        return fall_back(request, &cause, ret_database, ret_failure);
    }
    struct database *database = memory_zero(1, sizeof(*database));
    struct failure failure = {FAILURE_NONE, ""};
    int r = open_writable(request, database, &failure);
    if (r == 0) {
        *ret_failure = failure;
        *ret_database = database;
        return 0;
    }
    database_abandon(database);
    if (may_only_be_readable(&failure) && request->wanted == DATABASE_ANY)
        return fall_back(request, &failure, ret_database, ret_failure);
    *ret_failure = failure;
    return r;
}

static void close_parts(struct database *database)
{
    id_writer_close(database->ids);
    commit_statements_free(database->statements);
}

void database_close(struct database *database)
{
    if (!database)
        return;
    close_parts(database);
    sqlite3_close(database->reader);
    sqlite3_close(database->writer);
    free(database);
}

void database_abandon(struct database *database)
{
    if (!database)
        return;
    close_parts(database);
    connection_abandon(database->reader);
    connection_abandon(database->writer);
    free(database);
}

int database_check_present(const struct database *database, const struct state_files *files,
                           struct failure *ret_failure)
{
    const struct {
        const char *path;
        const struct file_identity *opened;
    } parts[] = {{files->database, &database->file}, {files->wal, &database->wal}};
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        struct file_identity now;
        int r = file_identity_of(parts[i].path, &now);
        if (r == -ENOENT || r == -ENOTDIR)
            return failure_set(ret_failure, FAILURE_VANISHED, "%s is gone", parts[i].path);
        if (r < 0)
            return failure_of_errno(ret_failure, -r, "cannot find the database");
        if (!file_identity_equal(&now, parts[i].opened))
            return failure_set(ret_failure, FAILURE_VANISHED,
                               "%s is not the file any more that was opened", parts[i].path);
    }
    return 0;
}
