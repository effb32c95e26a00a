/* See commit.h. Its sequence number is checked and raised with every commit, so that a second
 * writer, whoever it is, is noticed before anything is mixed. */
#include "state/commit.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "state/batch.h"
#include "state/connection.h"
#include "state/database.h"
#include "state/failure.h"
#include "state/id_writer.h"

/* After such a batch SQLite's pages are not kept: the next ones need a few of them. */
#define LARGE_BATCH ((size_t)1 << 20) /* bytes */

struct commit_statements {
    struct sqlite3_stmt *put;
    struct sqlite3_stmt *remove;
};

int commit_statements_new(struct sqlite3 *writer, struct commit_statements **ret_statements)
{
    struct commit_statements *statements = memory_zero(1, sizeof(*statements));
    int code =
        sqlite3_prepare_v3(writer,
                           "INSERT INTO record(generation, kind, key, value, expires, checksum)"
                           " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET"
                           " value = excluded.value, expires = excluded.expires,"
                           " checksum = excluded.checksum",
                           -1, SQLITE_PREPARE_PERSISTENT, &statements->put, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v3(
            writer, "DELETE FROM record WHERE generation = ?1 AND kind = ?2 AND key = ?3", -1,
            SQLITE_PREPARE_PERSISTENT, &statements->remove, NULL);
    if (code == SQLITE_OK)
        *ret_statements = statements;
    else
        commit_statements_free(statements);
    return code;
}

void commit_statements_free(struct commit_statements *statements)
{
    if (!statements)
        return;
    sqlite3_finalize(statements->put);
    sqlite3_finalize(statements->remove);
    free(statements);
}

static int bind_bytes(struct sqlite3_stmt *statement, int parameter, struct bytes bytes)
{
    /* NULL would be bound as SQL's NULL. */
    return sqlite3_bind_blob64(statement, parameter, bytes.length ? bytes.data : "", bytes.length,
                               SQLITE_STATIC);
}

static int bind_key(struct sqlite3_stmt *statement, int64_t generation, const struct record *record)
{
    sqlite3_bind_int64(statement, 1, generation);
    sqlite3_bind_int(statement, 2, (int)record->kind);
    return bind_bytes(statement, 3, record->key);
}

static int put(const struct database *database, const struct batch_entry *entry)
{
    struct sqlite3_stmt *statement = database->statements->put;
    int code = bind_key(statement, database->generation, &entry->row.record);
    if (code == SQLITE_OK)
        code = bind_bytes(statement, 4, entry->row.record.value);
    sqlite3_bind_int64(statement, 5, entry->row.expires);
    sqlite3_bind_int64(statement, 6, entry->checksum);
    return code == SQLITE_OK ? connection_finish_step(statement) : code;
}

static int remove_record(const struct database *database, const struct batch_entry *entry)
{
    struct sqlite3_stmt *statement = database->statements->remove;
    int code = bind_key(statement, database->generation, &entry->row.record);
    return code == SQLITE_OK ? connection_finish_step(statement) : code;
}

static int apply(const struct database *database, const struct batch_entry *entry)
{
    switch (entry->action) {
    case BATCH_PUT:
        return put(database, entry);
    case BATCH_REMOVE:
        return remove_record(database, entry);
    case BATCH_IDS:
        return id_writer_add(database->ids, entry->directory, entry->ids, entry->count);
    case BATCH_JOIN:
        return id_writer_join(database->ids, entry->directory, entry->from);
    case BATCH_FORGET:
        return id_writer_forget(database->ids, entry->directory);
    }
    return SQLITE_INTERNAL;
}

static int apply_all(const struct database *database, const struct batch *batch)
{
    struct batch_entry entry;
    size_t position = 0;
    int code = SQLITE_OK;
    while (code == SQLITE_OK && batch_next(batch, &position, &entry))
        code = apply(database, &entry);
    return code;
}

static struct meta next_meta(const struct database *database, const struct commit_options *options)
{
    struct meta next = database->meta;
    if (options->finish_recount)
        next.generation = database->generation;
    if (next.newest < database->generation)
        next.newest = database->generation;
    next.sequence++;
    next.committed = clock_wall();
    next.clean = options->clean && next.generation == database->generation;
    return next;
}

/* The bindings point into the batch, which is gone before the statements run again. */
static void forget_bindings(const struct commit_statements *statements)
{
    sqlite3_clear_bindings(statements->put);
    sqlite3_clear_bindings(statements->remove);
}

static int transact(struct database *database, const struct batch *batch, const struct meta *next)
{
    int code = connection_run(database->writer, "BEGIN IMMEDIATE");
    if (code != SQLITE_OK)
        return code;
    code = apply_all(database, batch);
    if (code == SQLITE_OK)
        code = meta_replace(database->writer, &database->meta, next);
    if (code == SQLITE_OK)
        code = connection_run(database->writer, "COMMIT");
    if (batch_bytes(batch) > LARGE_BATCH)
        sqlite3_db_release_memory(database->writer);
    return code;
}

static int describe(const struct database *database, int code, struct failure *ret_failure)
{
    if (code == SQLITE_CONSTRAINT)
        return failure_set(ret_failure, FAILURE_OTHER,
                           "cannot commit: another program has written to the database");
    return failure_of_sqlite(ret_failure, database->writer, code, "cannot commit");
}

int commit_run(struct database *database, const struct batch *batch,
               const struct commit_options *options, struct failure *ret_failure)
{
    const struct meta next = next_meta(database, options);
    int code = transact(database, batch, &next);
    forget_bindings(database->statements);
    if (code == SQLITE_OK) {
        id_writer_committed(database->ids);
        database->meta = next;
        return 0;
    }
    int r = describe(database, code, ret_failure);
    /* SQLite rolls back by itself when it has no other way. */
    if (!sqlite3_get_autocommit(database->writer))
        sqlite3_exec(database->writer, "ROLLBACK", NULL, NULL, NULL);
    id_writer_rolled_back(database->ids);
    return r;
}
