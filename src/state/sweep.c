/* See sweep.h. Kept are the current generation and the one written into, which a recount makes two.
 * Ids of other generations are id_writer's.
 *
 * What is to go is listed first and then deleted by its keys: a DELETE with a limited subselect
 * would look at every record of a kind. */
#include "state/sweep.h"

#include <sqlite3.h>

#include "base/fields.h"
#include "base/text.h"
#include "state/connection.h"
#include "state/database.h"
#include "state/row.h"

static int bind_bytes(struct sqlite3_stmt *statement, int parameter, struct bytes bytes)
{
    return sqlite3_bind_blob64(statement, parameter, bytes.length ? bytes.data : "", bytes.length,
                               SQLITE_STATIC);
}

/* --- Listing: generation and row without value, one behind the other ------------------------- */

static void note(struct text *list, struct sqlite3_stmt *statement)
{
    const void *key = sqlite3_column_blob(statement, 2);
    const struct row row = {
        .record = {.kind = (enum record_kind)sqlite3_column_int(statement, 1),
                   .key = {key ? key : "", (size_t)sqlite3_column_bytes(statement, 2)},
                   .value = {"", 0}}};
    fields_put_time(list, sqlite3_column_int64(statement, 0));
    row_put(list, &row);
}

static int list_some(struct sqlite3 *writer, const char *sql, int64_t bound, struct text *list)
{
    struct sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(writer, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, bound);
        sqlite3_bind_int(statement, 2, SWEEP_STEP);
        while ((code = sqlite3_step(statement)) == SQLITE_ROW)
            note(list, statement);
        if (code == SQLITE_DONE)
            code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code;
}

/* The lowest generation above `above` that has records. SQLITE_NOTFOUND: none. */
static int next_generation(struct sqlite3 *writer, int64_t above, int64_t *ret_generation)
{
    struct sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(writer,
                                  "SELECT generation FROM record WHERE generation > ?1"
                                  " ORDER BY generation LIMIT 1",
                                  -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_bind_int64(statement, 1, above);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret_generation = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    if (code == SQLITE_DONE)
        return SQLITE_NOTFOUND;
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

static int find_left_over(const struct database *database, int64_t *ret_generation)
{
    int64_t generation = INT64_MIN;
    int code;
    do {
        code = next_generation(database->writer, generation, &generation);
    } while (code == SQLITE_OK &&
             (generation == database->meta.generation || generation == database->generation));
    *ret_generation = generation;
    return code;
}

static int list_left_over(const struct database *database, struct text *list)
{
    int64_t generation;
    int code = find_left_over(database, &generation);
    if (code == SQLITE_NOTFOUND)
        return SQLITE_OK;
    if (code != SQLITE_OK)
        return code;
    return list_some(database->writer,
                     "SELECT generation, kind, key FROM record WHERE generation = ?1 LIMIT ?2",
                     generation, list);
}

static int list_expired(const struct database *database, int64_t now, struct text *list)
{
    return list_some(database->writer,
                     "SELECT generation, kind, key FROM record INDEXED BY record_expires"
                     " WHERE expires > 0 AND expires <= ?1 ORDER BY expires LIMIT ?2",
                     now, list);
}

/* --- Deleting ------------------------------------------------------------------------------- */

static int delete_each(struct sqlite3_stmt *statement, const struct text *list)
{
    struct fields left = fields_of((struct bytes){list->data, list->length});
    int code = SQLITE_OK;
    while (code == SQLITE_OK && fields_left(&left)) {
        sqlite3_bind_int64(statement, 1, fields_time(&left));
        const struct row row = row_of(left.at);
        sqlite3_bind_int(statement, 2, (int)row.record.kind);
        code = bind_bytes(statement, 3, row.record.key);
        left.at += row_length(&row);
        if (code == SQLITE_OK)
            code = connection_finish_step(statement);
    }
    return code;
}

static int delete_listed(struct sqlite3 *writer, const struct text *list)
{
    struct sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(
        writer, "DELETE FROM record WHERE generation = ?1 AND kind = ?2 AND key = ?3", -1,
        &statement, NULL);
    if (code == SQLITE_OK)
        code = connection_run(writer, "BEGIN IMMEDIATE");
    if (code == SQLITE_OK)
        code = delete_each(statement, list);
    sqlite3_finalize(statement);
    if (code == SQLITE_OK)
        code = connection_run(writer, "COMMIT");
    if (!sqlite3_get_autocommit(writer))
        sqlite3_exec(writer, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

int sweep_step(struct database *database, int64_t now, bool *ret_more)
{
    struct text list;
    text_init(&list, TEXT_UNLIMITED);
    int code = list_left_over(database, &list);
    if (code == SQLITE_OK && list.length == 0)
        code = list_expired(database, now, &list);
    *ret_more = code == SQLITE_OK && list.length > 0;
    if (*ret_more)
        code = delete_listed(database->writer, &list);
    text_free(&list);
    return code;
}
