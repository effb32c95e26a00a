/* See id_store.h. */
#include "state/id_store.h"

#include <endian.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "state/id_statement.h"

struct id_store {
    struct id_statements statements;
    int64_t generation;
    bool reading; /* within a transaction begun by id_store_begin_reading */
};

static int64_t checksum_of(const int64_t *numbers, size_t count)
{
    uint64_t words[4] = {0};
    for (size_t i = 0; i < count; i++)
        words[i] = htole64((uint64_t)numbers[i]);
    return (int64_t)hash_stable(words, sizeof(words));
}

/* Row and filter tables use the same places: what was written for one is wrong in the other. */
static uint64_t salted(enum id_table table, int64_t place)
{
    return (uint64_t)place ^ (table == ID_TABLE_FILTERS ? UINT64_C(1) << 63 : 0);
}

/* --- Opening, transactions ------------------------------------------------------------------ */

int id_store_open(struct sqlite3 *database, int64_t generation, struct id_store **ret_store)
{
    struct id_store *store = memory_zero(1, sizeof(*store));
    store->statements.database = database;
    store->generation = generation;
    struct sqlite3_stmt *statement;
    int code = id_statement_get(&store->statements, ID_SQL_EACH_RUN, &statement);
    if (code != SQLITE_OK)
        id_store_close(store);
    else
        *ret_store = store;
    return code;
}

void id_store_close(struct id_store *store)
{
    if (!store)
        return;
    id_statements_free(&store->statements);
    free(store);
}

int id_store_begin(struct id_store *store)
{
    return id_statement_run(&store->statements, ID_SQL_BEGIN_WRITING, NULL, 0);
}

int id_store_commit(struct id_store *store)
{
    return id_statement_run(&store->statements, ID_SQL_COMMIT, NULL, 0);
}

/* A failed statement may have rolled back all by itself. */
void id_store_roll_back(struct id_store *store)
{
    if (sqlite3_get_autocommit(store->statements.database))
        return;
    int ignored = id_statement_run(&store->statements, ID_SQL_ROLL_BACK, NULL, 0);
    (void)ignored;
}

/* Without a transaction each statement is read at a moment of its own: slower, no less right. */
void id_store_begin_reading(struct id_store *store)
{
    if (!store->reading && sqlite3_get_autocommit(store->statements.database))
        store->reading = id_statement_run(&store->statements, ID_SQL_BEGIN_READING, NULL, 0) == 0;
}

void id_store_end_reading(struct id_store *store)
{
    if (!store->reading)
        return;
    store->reading = false;
    int ignored = id_statement_run(&store->statements, ID_SQL_COMMIT, NULL, 0);
    (void)ignored;
}

/* --- Pages ---------------------------------------------------------------------------------- */

static int64_t place_of(int64_t run, int64_t place)
{
    return run << ID_PLACE_BITS | place;
}

int id_store_put_page(struct id_store *store, enum id_table table, int64_t run, int64_t place,
                      const struct id_page *page)
{
    struct sqlite3_stmt *statement;
    int code =
        id_statement_get(&store->statements,
                         table == ID_TABLE_ROWS ? ID_SQL_PUT_ROW : ID_SQL_PUT_FILTER, &statement);
    if (code != SQLITE_OK)
        return code;
    int64_t at = place_of(run, place);
    unsigned char bytes[ID_PAGE_BYTES];
    size_t length = id_page_write(page, salted(table, at), bytes);
    sqlite3_bind_int64(statement, 1, at);
    sqlite3_bind_blob(statement, 2, bytes, (int)length, SQLITE_STATIC);
    code = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int id_store_get_page(struct id_store *store, enum id_table table, int64_t run, int64_t place,
                      struct id_page *ret_page)
{
    struct sqlite3_stmt *statement;
    int code =
        id_statement_get(&store->statements,
                         table == ID_TABLE_ROWS ? ID_SQL_GET_ROW : ID_SQL_GET_FILTER, &statement);
    if (code != SQLITE_OK)
        return code;
    int64_t at = place_of(run, place);
    sqlite3_bind_int64(statement, 1, at);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const void *bytes = sqlite3_column_blob(statement, 0);
        size_t length = (size_t)sqlite3_column_bytes(statement, 0);
        bool right = id_page_read(bytes, length, salted(table, at), ret_page);
        code = right ? SQLITE_OK : SQLITE_CORRUPT;
    } else if (code == SQLITE_DONE || (code & 0xff) == SQLITE_CORRUPT) {
        code = SQLITE_CORRUPT; /* without what an extended code adds */
    }
    sqlite3_reset(statement);
    return code;
}

int id_store_delete_pages(struct id_store *store, enum id_table table, int64_t run, size_t most,
                          size_t *ret_deleted)
{
    int64_t numbers[] = {place_of(run, 0), place_of(run + 1, 0), (int64_t)most};
    int code = id_statement_run(&store->statements,
                                table == ID_TABLE_ROWS ? ID_SQL_DELETE_ROWS : ID_SQL_DELETE_FILTERS,
                                numbers, 3);
    if (code == SQLITE_OK)
        *ret_deleted = (size_t)sqlite3_changes(store->statements.database);
    return code;
}

/* --- Runs ----------------------------------------------------------------------------------- */

int id_store_put_run(struct id_store *store, const struct id_extent *run)
{
    int64_t numbers[5] = {run->run, (int64_t)run->ids, run->rows, run->blocks, 0};
    numbers[4] = checksum_of(numbers, 4);
    return id_statement_run(&store->statements, ID_SQL_PUT_RUN, numbers, 5);
}

int id_store_delete_run(struct id_store *store, int64_t run)
{
    return id_statement_run(&store->statements, ID_SQL_DELETE_RUN, &run, 1);
}

int id_store_each_run(struct id_store *store,
                      void (*on_run)(void *context, const struct id_extent *run), void *context)
{
    struct sqlite3_stmt *statement;
    int code = id_statement_get(&store->statements, ID_SQL_EACH_RUN, &statement);
    if (code != SQLITE_OK)
        return code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t numbers[4];
        for (int i = 0; i < 4; i++)
            numbers[i] = sqlite3_column_int64(statement, i);
        if (sqlite3_column_int64(statement, 4) != checksum_of(numbers, 4)) {
            code = SQLITE_CORRUPT;
            break;
        }
        struct id_extent run = {.run = numbers[0],
                                .ids = (uint64_t)numbers[1],
                                .rows = (uint32_t)numbers[2],
                                .blocks = (uint32_t)numbers[3]};
        on_run(context, &run);
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* --- Links ---------------------------------------------------------------------------------- */

int id_store_link(struct id_store *store, uint64_t directory, int64_t run)
{
    int64_t numbers[4] = {store->generation, (int64_t)directory, run, 0};
    numbers[3] = checksum_of(numbers, 3);
    return id_statement_run(&store->statements, ID_SQL_LINK, numbers, 4);
}

int id_store_unlink(struct id_store *store, uint64_t directory, int64_t run)
{
    struct id_link link = {store->generation, directory, run};
    return id_store_delete_link(store, &link);
}

int id_store_delete_link(struct id_store *store, const struct id_link *link)
{
    int64_t numbers[] = {link->generation, (int64_t)link->directory, link->run};
    return id_statement_run(&store->statements, ID_SQL_UNLINK, numbers, 3);
}

static int read_link(struct sqlite3_stmt *statement, struct id_link *ret_link)
{
    int64_t numbers[3];
    for (int i = 0; i < 3; i++)
        numbers[i] = sqlite3_column_int64(statement, i);
    if (sqlite3_column_int64(statement, 3) != checksum_of(numbers, 3))
        return SQLITE_CORRUPT;
    *ret_link = (struct id_link){numbers[0], (uint64_t)numbers[1], numbers[2]};
    return SQLITE_OK;
}

static int each_link(struct id_store *store, enum id_statement which, int64_t most,
                     int (*on_link)(void *context, const struct id_link *link), void *context)
{
    struct sqlite3_stmt *statement;
    int code = id_statement_get(&store->statements, which, &statement);
    if (code != SQLITE_OK)
        return code;
    sqlite3_bind_int64(statement, 1, store->generation);
    sqlite3_bind_int64(statement, 2, most);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct id_link link;
        code = read_link(statement, &link);
        if (code == SQLITE_OK)
            code = on_link(context, &link);
        if (code != SQLITE_OK)
            break;
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int id_store_each_link(struct id_store *store,
                       int (*on_link)(void *context, const struct id_link *link), void *context)
{
    return each_link(store, ID_SQL_EACH_LINK, -1, on_link, context);
}

int id_store_each_other_link(struct id_store *store, size_t most,
                             int (*on_link)(void *context, const struct id_link *link),
                             void *context)
{
    return each_link(store, ID_SQL_EACH_OTHER_LINK, (int64_t)most, on_link, context);
}
