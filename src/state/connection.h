/* One connection to a SQLite file, and the few ways in which this room runs a statement once.
 * What is run often is prepared and kept by who runs it. Returns are SQLite codes. */
#ifndef STATE_CONNECTION_H
#define STATE_CONNECTION_H

#include <stdint.h>

#include "base/attributes.h"

struct sqlite3;
struct sqlite3_stmt;

enum connection_mode {
    CONNECTION_WRITE,
    CONNECTION_READ, /* beside a writer */
    /* Where nothing can be written, and nobody does: neither locks nor the shared index are used.
     */
    CONNECTION_ALONE, /* the file with its log */
    CONNECTION_FROZEN /* the file, which has no log */
};

/* The file must be there. Nothing of it is read yet. *ret_database is set even when this fails, to
 * ask for the cause (NULL: out of memory); sqlite3_close in any case. */
int connection_open(const char *path, enum connection_mode mode,
                    struct sqlite3 **ret_database) MUST_CHECK;
/* Closes what is left of it, keeping its log as it is. */
void connection_abandon(struct sqlite3 *database);

/* Statements without rows to be had, separated by semicolons. */
int connection_run(struct sqlite3 *database, const char *sql) MUST_CHECK;
/* One statement that gives one number (NULL is 0). */
int connection_number(struct sqlite3 *database, const char *sql, int64_t *ret_number) MUST_CHECK;
/* One statement with a text as its first parameter. */
int connection_run_with_text(struct sqlite3 *database, const char *sql,
                             const char *text) MUST_CHECK;
/* Takes the statement one step, to its end, and readies it for the next time. */
int connection_finish_step(struct sqlite3_stmt *statement) MUST_CHECK;

#endif
