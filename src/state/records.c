/* See records.h. */
#include "state/records.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "state/failure.h"
#include "state/row.h"

struct records {
    struct sqlite3 *reader;
    int64_t generation;
    struct sqlite3_stmt *all;
    struct sqlite3_stmt *one;
    struct text row; /* the one being looked at, in one piece */
};

int records_open(struct sqlite3 *reader, int64_t generation, struct records **ret_records)
{
    struct records *records = memory_zero(1, sizeof(*records));
    records->reader = reader;
    records->generation = generation;
    text_init(&records->row, TEXT_UNLIMITED);
    int code = sqlite3_prepare_v2(reader,
                                  "SELECT value, expires, checksum, kind, key FROM record"
                                  " WHERE generation = ?1 ORDER BY kind, key",
                                  -1, &records->all, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v3(reader,
                                  "SELECT value, expires, checksum FROM record"
                                  " WHERE generation = ?1 AND kind = ?2 AND key = ?3",
                                  -1, SQLITE_PREPARE_PERSISTENT, &records->one, NULL);
    if (code == SQLITE_OK)
        *ret_records = records;
    else
        records_close(records);
    return code;
}

void records_close(struct records *records)
{
    if (!records)
        return;
    sqlite3_finalize(records->all);
    sqlite3_finalize(records->one);
    text_free(&records->row);
    free(records);
}

static struct bytes column_bytes(struct sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column);
    return (struct bytes){data ? data : "", (size_t)sqlite3_column_bytes(statement, column)};
}

/* Puts the row that the statement stands on, with this kind and key, into one piece. False: it is
 * not as it was written. */
static bool gather(struct records *records, struct sqlite3_stmt *statement, enum record_kind kind,
                   struct bytes key, struct row *ret_row)
{
    const struct row row = {
        .record = {.kind = kind, .key = key, .value = column_bytes(statement, 0)},
        .expires = sqlite3_column_int64(statement, 1)};
    text_clear(&records->row);
    row_put(&records->row, &row);
    *ret_row = row_of(records->row.data);
    return row_checksum(records->row.data, records->row.length) ==
           sqlite3_column_int64(statement, 2);
}

static bool is_known(enum record_kind kind)
{
    return kind > 0 && kind < RECORD_KINDS;
}

/* 1: accepted; 0: of a later version; -EBADMSG. */
static int visit_row(struct records *records, records_visit visit, void *context,
                     struct failure *ret_failure)
{
    struct row row;
    enum record_kind kind = (enum record_kind)sqlite3_column_int(records->all, 3);
    if (!gather(records, records->all, kind, column_bytes(records->all, 4), &row))
        return failure_set(ret_failure, FAILURE_CORRUPT,
                           "a record of kind %d is not as it was written", (int)kind);
    if (!is_known(kind))
        return 0;
    if (visit(context, &row.record) < 0)
        return failure_set(ret_failure, FAILURE_CORRUPT, "a record of kind %d cannot be",
                           (int)kind);
    return 1;
}

int records_load(struct records *records, records_visit visit, void *context,
                 struct failure *ret_failure)
{
    int r = 0;
    int code;
    sqlite3_bind_int64(records->all, 1, records->generation);
    while ((code = sqlite3_step(records->all)) == SQLITE_ROW && r >= 0)
        r = visit_row(records, visit, context, ret_failure);
    if (r >= 0 && code != SQLITE_DONE) {
        failure_of_sqlite(ret_failure, records->reader, code, "cannot read the records");
        r = -EBADMSG;
    }
    sqlite3_reset(records->all);
    sqlite3_db_release_memory(records->reader); /* of all that was read, little is read again */
    return r < 0 ? r : 0;
}

size_t records_salvage(struct records *records, records_visit visit, void *context)
{
    size_t count = 0;
    struct failure ignored;
    sqlite3_bind_int64(records->all, 1, records->generation);
    while (sqlite3_step(records->all) == SQLITE_ROW)
        count += visit_row(records, visit, context, &ignored) > 0;
    sqlite3_reset(records->all);
    return count;
}

int records_find(struct records *records, enum record_kind kind, struct bytes key, struct text *out,
                 struct failure *ret_failure)
{
    struct row row;
    int r = 0;
    sqlite3_bind_int64(records->one, 1, records->generation);
    sqlite3_bind_int(records->one, 2, (int)kind);
    sqlite3_bind_blob64(records->one, 3, key.length ? key.data : "", key.length, SQLITE_STATIC);
    int code = sqlite3_step(records->one);
    if (code == SQLITE_ROW) {
        r = 1;
        if (!gather(records, records->one, kind, key, &row))
            r = failure_set(ret_failure, FAILURE_CORRUPT,
                            "a record of kind %d is not as it was written", (int)kind);
        else if (!text_append(out, row.record.value.data, row.record.value.length))
            r = -E2BIG;
    } else if (code != SQLITE_DONE) {
        r = failure_of_sqlite(ret_failure, records->reader, code, "cannot look up a record");
    }
    sqlite3_reset(records->one);
    sqlite3_clear_bindings(records->one);
    return r;
}
