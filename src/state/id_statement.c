/* See id_statement.h; and the tables themselves. */
#include "state/id_statement.h"

#include "state/id_writer.h"

const char id_schema[] =
    "CREATE TABLE id_run(run INTEGER PRIMARY KEY, ids INTEGER NOT NULL, rows INTEGER NOT NULL,"
    " blocks INTEGER NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE TABLE id_row(place INTEGER PRIMARY KEY, words BLOB NOT NULL);"
    "CREATE TABLE id_filter(place INTEGER PRIMARY KEY, words BLOB NOT NULL);"
    "CREATE TABLE id_link(generation INTEGER NOT NULL, directory INTEGER NOT NULL,"
    " run INTEGER NOT NULL, checksum INTEGER NOT NULL,"
    " PRIMARY KEY(generation, directory, run)) WITHOUT ROWID;";

static const char *const texts[ID_SQL_COUNT] = {
    [ID_SQL_BEGIN_WRITING] = "BEGIN IMMEDIATE",
    [ID_SQL_COMMIT] = "COMMIT",
    [ID_SQL_ROLL_BACK] = "ROLLBACK",
    [ID_SQL_BEGIN_READING] = "BEGIN",
    [ID_SQL_PUT_ROW] = "INSERT INTO id_row(place, words) VALUES(?1, ?2)",
    [ID_SQL_PUT_FILTER] = "INSERT INTO id_filter(place, words) VALUES(?1, ?2)",
    [ID_SQL_GET_ROW] = "SELECT words FROM id_row WHERE place = ?1",
    [ID_SQL_GET_FILTER] = "SELECT words FROM id_filter WHERE place = ?1",
    [ID_SQL_DELETE_ROWS] = "DELETE FROM id_row WHERE place IN (SELECT place FROM id_row"
                           " WHERE place >= ?1 AND place < ?2 ORDER BY place LIMIT ?3)",
    [ID_SQL_DELETE_FILTERS] = "DELETE FROM id_filter WHERE place IN (SELECT place FROM id_filter"
                              " WHERE place >= ?1 AND place < ?2 ORDER BY place LIMIT ?3)",
    [ID_SQL_PUT_RUN] =
        "REPLACE INTO id_run(run, ids, rows, blocks, checksum) VALUES(?1, ?2, ?3, ?4, ?5)",
    [ID_SQL_DELETE_RUN] = "DELETE FROM id_run WHERE run = ?1",
    [ID_SQL_EACH_RUN] = "SELECT run, ids, rows, blocks, checksum FROM id_run ORDER BY run",
    [ID_SQL_LINK] =
        "INSERT INTO id_link(generation, directory, run, checksum) VALUES(?1, ?2, ?3, ?4)",
    [ID_SQL_UNLINK] = "DELETE FROM id_link WHERE generation = ?1 AND directory = ?2 AND run = ?3",
    [ID_SQL_EACH_LINK] = "SELECT generation, directory, run, checksum FROM id_link"
                         " WHERE generation = ?1 LIMIT ?2",
    [ID_SQL_EACH_OTHER_LINK] = "SELECT generation, directory, run, checksum FROM id_link"
                               " WHERE generation < ?1 UNION ALL"
                               " SELECT generation, directory, run, checksum FROM id_link"
                               " WHERE generation > ?1 LIMIT ?2",
};

void id_statements_free(struct id_statements *statements)
{
    for (int i = 0; i < ID_SQL_COUNT; i++)
        sqlite3_finalize(statements->prepared[i]);
}

int id_statement_get(struct id_statements *statements, enum id_statement which,
                     struct sqlite3_stmt **ret_prepared)
{
    struct sqlite3_stmt **prepared = &statements->prepared[which];
    if (!*prepared) {
        int code = sqlite3_prepare_v3(statements->database, texts[which], -1,
                                      SQLITE_PREPARE_PERSISTENT, prepared, NULL);
        if (code != SQLITE_OK)
            return code;
    }
    *ret_prepared = *prepared;
    return SQLITE_OK;
}

int id_statement_run(struct id_statements *statements, enum id_statement which,
                     const int64_t *numbers, int count)
{
    struct sqlite3_stmt *statement;
    int code = id_statement_get(statements, which, &statement);
    if (code != SQLITE_OK)
        return code;
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(statement, i + 1, numbers[i]);
    code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}
