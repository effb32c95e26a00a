/* The statements on the tables of ids, prepared when first used and kept: for id_store.c alone. */
#ifndef STATE_ID_STATEMENT_H
#define STATE_ID_STATEMENT_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/attributes.h"

enum id_statement {
    ID_SQL_BEGIN_WRITING,
    ID_SQL_COMMIT,
    ID_SQL_ROLL_BACK,
    ID_SQL_BEGIN_READING,
    ID_SQL_PUT_ROW,
    ID_SQL_PUT_FILTER,
    ID_SQL_GET_ROW,
    ID_SQL_GET_FILTER,
    ID_SQL_DELETE_ROWS,
    ID_SQL_DELETE_FILTERS,
    ID_SQL_PUT_RUN,
    ID_SQL_DELETE_RUN,
    ID_SQL_EACH_RUN,
    ID_SQL_LINK,
    ID_SQL_UNLINK,
    ID_SQL_EACH_LINK,
    ID_SQL_EACH_OTHER_LINK,
    ID_SQL_COUNT
};

struct id_statements {
    struct sqlite3 *database;
    struct sqlite3_stmt *prepared[ID_SQL_COUNT];
};

void id_statements_free(struct id_statements *statements);
/* 0 or a SQLite code, as below. */
int id_statement_get(struct id_statements *statements, enum id_statement which,
                     struct sqlite3_stmt **ret_prepared) MUST_CHECK;
/* Runs one that gives no rows, bound to `count` whole numbers. */
int id_statement_run(struct id_statements *statements, enum id_statement which,
                     const int64_t *numbers, int count) MUST_CHECK;

#endif
