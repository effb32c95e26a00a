/* See schema.h.
 *
 * record: what rooms gave, by generation, kind and key; row.h says of what the checksum is taken.
 *   Without a rowid a record is one place in one tree: kinds lie together, and load in order. */
#include "state/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "state/connection.h"
#include "state/failure.h"
#include "state/id_writer.h"
#include "state/meta.h"
#include "state/state_files.h"

static const char record_schema[] =
    "CREATE TABLE record(generation INTEGER NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL,"
    " value BLOB NOT NULL, expires INTEGER NOT NULL, checksum INTEGER NOT NULL,"
    " PRIMARY KEY(generation, kind, key)) WITHOUT ROWID;"
    "CREATE INDEX record_expires ON record(expires) WHERE expires > 0;"
    "CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one = 1), life INTEGER NOT NULL,"
    " generation INTEGER NOT NULL, newest INTEGER NOT NULL, sequence INTEGER NOT NULL,"
    " committed INTEGER NOT NULL, clean INTEGER NOT NULL, checksum INTEGER NOT NULL);";

static const char *const first[] = {record_schema, id_schema, NULL};

static const struct migration migrations[] = {{1, first}};

const struct schema schema_current = {migrations, ARRAY_LENGTH(migrations)};

static int64_t newest_of(const struct schema *schema)
{
    return schema->migrations[schema->count - 1].to_version;
}

static int64_t big_endian_32(const unsigned char *bytes)
{
    return (int64_t)bytes[0] << 24 | (int64_t)bytes[1] << 16 | (int64_t)bytes[2] << 8 | bytes[3];
}

/* Offsets as SQLite's file format says (section 1.3). */
bool schema_is_newer_on_disk(const struct schema *schema, const char *path)
{
    unsigned char head[100];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    ssize_t length = pread(descriptor, head, sizeof(head), 0);
    close(descriptor);
    return length == (ssize_t)sizeof(head) && memcmp(head, "SQLite format 3", 16) == 0 &&
           big_endian_32(head + 68) == SCHEMA_APPLICATION_ID &&
           big_endian_32(head + 60) > newest_of(schema);
}

static enum schema_found judge(const struct schema *schema, int64_t application, int64_t version,
                               int64_t tables)
{
    if (application == 0 && version == 0 && tables == 0)
        return SCHEMA_NONE;
    if (application != SCHEMA_APPLICATION_ID || version < 1)
        return SCHEMA_FOREIGN;
    if (version > newest_of(schema))
        return SCHEMA_NEWER;
    return version < newest_of(schema) ? SCHEMA_OLDER : SCHEMA_READY;
}

int schema_look(struct sqlite3 *database, const struct schema *schema, enum schema_found *ret_found,
                int64_t *ret_version)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t tables = 0;
    int code = connection_number(database, "PRAGMA application_id", &application);
    if (code == SQLITE_OK)
        code = connection_number(database, "PRAGMA user_version", &version);
    if (code == SQLITE_OK)
        code = connection_number(database, "SELECT count(*) FROM sqlite_schema", &tables);
    if (code != SQLITE_OK)
        return code;
    *ret_found = judge(schema, application, version, tables);
    *ret_version = version;
    return SQLITE_OK;
}

static int keep_old(struct sqlite3 *database, int64_t version, const struct state_files *files,
                    struct failure *ret_failure)
{
    AUTO_FREE char *kept = memory_format("%s.v%lld", files->database, (long long)version);
    AUTO_FREE char *made = memory_format("%s.tmp", kept);
    if (unlink(made) < 0 && errno != ENOENT)
        return failure_of_errno(ret_failure, errno, "cannot keep the old database");
    int r = state_files_make(made);
    if (r < 0)
        return failure_of_errno(ret_failure, -r, "cannot keep the old database");
    int code = connection_run_with_text(database, "VACUUM INTO ?1", made);
    if (code != SQLITE_OK) {
        r = failure_of_sqlite(ret_failure, database, code, "cannot keep the old database");
        unlink(made);
        return r;
    }
    r = state_files_publish(files, made, kept);
    return r < 0 ? failure_of_errno(ret_failure, -r, "cannot keep the old database") : 0;
}

static int migrate(struct sqlite3 *database, const struct schema *schema, int64_t version)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < schema->count && code == SQLITE_OK; i++) {
        const struct migration *migration = &schema->migrations[i];
        if (migration->to_version <= version)
            continue;
        for (const char *const *sql = migration->sql; *sql && code == SQLITE_OK; sql++)
            code = connection_run(database, *sql);
    }
    return code;
}

/* All in the transaction, so that no one ever sees half of it. */
static int migrate_and_mark(struct sqlite3 *database, const struct schema *schema, int64_t version)
{
    struct meta meta;
    char marks[128];
    snprintf(marks, sizeof(marks), "PRAGMA application_id=%lld; PRAGMA user_version=%lld",
             (long long)SCHEMA_APPLICATION_ID, (long long)newest_of(schema));
    int code = connection_run(database, "BEGIN IMMEDIATE");
    if (code != SQLITE_OK)
        return code;
    code = migrate(database, schema, version);
    if (code == SQLITE_OK && version == 0)
        code = meta_create(database, &meta);
    if (code == SQLITE_OK)
        code = connection_run(database, marks);
    if (code == SQLITE_OK)
        code = connection_run(database, "COMMIT");
    return code;
}

int schema_bring(struct sqlite3 *database, const struct schema *schema, int64_t version,
                 const struct state_files *files, struct failure *ret_failure)
{
    int r = version > 0 ? keep_old(database, version, files, ret_failure) : 0;
    if (r < 0)
        return r;
    int code = migrate_and_mark(database, schema, version);
    if (code == SQLITE_OK)
        return 0;
    r = failure_of_sqlite(ret_failure, database, code, "cannot make the tables");
    if (!sqlite3_get_autocommit(database) && connection_run(database, "ROLLBACK") != SQLITE_OK)
        return r; /* closing the connection rolls back as well */
    return r;
}
