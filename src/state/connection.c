/* See connection.h. */
#include "state/connection.h"

#include <sqlite3.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Nobody else writes: this is only for someone who looks at the database by hand. */
#define WAIT_TO_WRITE 250 /* ms */
/* The loop's thread: a reader waits for no writer anyway. */
#define WAIT_TO_READ 20

/* file:PATH?immutable=1, where PATH may hold characters that mean something there. */
static char *frozen_uri(const char *path)
{
    struct text uri;
    text_init(&uri, TEXT_UNLIMITED);
    text_append_string(&uri, "file:");
    for (const char *c = path; *c; c++) {
        if (strchr("%?#", *c))
            text_printf(&uri, "%%%02X", (unsigned)(unsigned char)*c);
        else
            text_append_char(&uri, *c);
    }
    text_append_string(&uri, "?immutable=1");
    return text_take(&uri);
}

static const struct {
    const char *vfs; /* NULL: the usual one */
    int flags;
    int patience; /* ms */
    const char *settings;
} modes[] = {
    [CONNECTION_WRITE] = {NULL, SQLITE_OPEN_READWRITE, WAIT_TO_WRITE, ""},
    [CONNECTION_READ] = {NULL, SQLITE_OPEN_READWRITE, WAIT_TO_READ, "PRAGMA query_only=1"},
    /* Alone, SQLite keeps the index of the log in its own memory. */
    [CONNECTION_ALONE] = {"unix-none", SQLITE_OPEN_READONLY, WAIT_TO_READ,
                          "PRAGMA locking_mode=EXCLUSIVE"},
    [CONNECTION_FROZEN] = {NULL, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, WAIT_TO_READ, ""},
};

int connection_open(const char *path, enum connection_mode mode, struct sqlite3 **ret_database)
{
    AUTO_FREE char *name = mode == CONNECTION_FROZEN ? frozen_uri(path) : memory_copy_text(path);
    *ret_database = NULL;
    int code = sqlite3_open_v2(name, ret_database, modes[mode].flags | SQLITE_OPEN_NOMUTEX,
                               modes[mode].vfs);
    if (code != SQLITE_OK)
        return code;
    sqlite3_extended_result_codes(*ret_database, 1);
    sqlite3_busy_timeout(*ret_database, modes[mode].patience);
    return connection_run(*ret_database, modes[mode].settings);
}

void connection_abandon(struct sqlite3 *database)
{
    if (database)
        sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close(database);
}

int connection_run(struct sqlite3 *database, const char *sql)
{
    return sqlite3_exec(database, sql, NULL, NULL, NULL);
}

int connection_number(struct sqlite3 *database, const char *sql, int64_t *ret_number)
{
    struct sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *ret_number = sqlite3_column_int64(statement, 0);
        code = SQLITE_OK;
    } else if (code == SQLITE_DONE) {
        code = SQLITE_NOTFOUND;
    }
    sqlite3_finalize(statement);
    return code;
}

int connection_run_with_text(struct sqlite3 *database, const char *sql, const char *text)
{
    struct sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
        code = connection_finish_step(statement);
    }
    sqlite3_finalize(statement);
    return code;
}

int connection_finish_step(struct sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    while (code == SQLITE_ROW)
        code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}
