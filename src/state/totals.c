/* See totals.h. */
#include "state/totals.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/record.h"
#include "state/connection.h"
#include "state/failure.h"
#include "state/state_files.h"

/* Checksums hold for any generation, so rows are copied as they are. */
#define TOTALS_GENERATION 0

/* Nobody sees the file before it is whole and synced, so it needs neither journal nor order. */
static const char make_table[] =
    "PRAGMA totals.journal_mode=OFF; PRAGMA totals.synchronous=OFF;"
    "CREATE TABLE totals.record(generation INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " key BLOB NOT NULL, value BLOB NOT NULL, expires INTEGER NOT NULL,"
    " checksum INTEGER NOT NULL, PRIMARY KEY(generation, kind, key)) WITHOUT ROWID";

static int copy_rows(struct sqlite3 *writer, int64_t generation)
{
    AUTO_FREE char *sql =
        memory_format("INSERT INTO totals.record SELECT %d, kind, key, value, expires, checksum"
                      " FROM main.record WHERE generation = %lld AND kind IN (%d, %d)",
                      TOTALS_GENERATION, (long long)generation, RECORD_FAMILY, RECORD_SERIES);
    return connection_run(writer, sql);
}

static int fill(struct sqlite3 *writer, const char *path, int64_t generation)
{
    int code = connection_run_with_text(writer, "ATTACH ?1 AS totals", path);
    if (code != SQLITE_OK)
        return code;
    code = connection_run(writer, make_table);
    if (code == SQLITE_OK)
        code = copy_rows(writer, generation);
    int detached = connection_run(writer, "DETACH totals");
    return code == SQLITE_OK ? detached : code;
}

int totals_copy(struct sqlite3 *writer, const struct state_files *files, int64_t generation,
                struct failure *ret_failure)
{
    AUTO_FREE char *made = memory_format("%s.tmp", files->totals);
    int r = unlink(made) < 0 && errno != ENOENT ? -errno : state_files_make(made);
    if (r < 0)
        return failure_of_errno(ret_failure, -r, "cannot copy the totals");
    int code = fill(writer, made, generation);
    if (code != SQLITE_OK) {
        r = failure_of_sqlite(ret_failure, writer, code, "cannot copy the totals");
        unlink(made);
        return r;
    }
    r = state_files_publish(files, made, files->totals);
    return r < 0 ? failure_of_errno(ret_failure, -r, "cannot copy the totals") : 0;
}

int64_t totals_age(const struct state_files *files, int64_t wall_now)
{
    struct stat facts;
    if (stat(files->totals, &facts) < 0)
        return INT64_MAX;
    return wall_now - (facts.st_mtim.tv_sec * NANOSECONDS_PER_SECOND + facts.st_mtim.tv_nsec);
}

size_t totals_load(const struct state_files *files, records_visit visit, void *context)
{
    struct sqlite3 *reader;
    struct records *records = NULL;
    size_t count = 0;
    int code = connection_open(files->totals, CONNECTION_FROZEN, &reader);
    if (code == SQLITE_OK)
        code = records_open(reader, TOTALS_GENERATION, &records);
    if (code == SQLITE_OK)
        count = records_salvage(records, visit, context);
    records_close(records);
    sqlite3_close(reader);
    return count;
}
