/* The tables, and how an older database is brought to them: a table of migrations, each with the
 * version it leads to.
 *
 *   {1, make everything}   {2, "ALTER TABLE ..."}   {3, ...}
 *
 * A database of version 1 is kept as state.db.v1 before migrations 2 and 3 run, both in one
 * transaction: there is always a database that one of the two programs can use. */
#ifndef STATE_SCHEMA_H
#define STATE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct failure;
struct sqlite3;
struct state_files;

struct migration {
    int to_version;         /* rising */
    const char *const *sql; /* ends with NULL */
};

struct schema {
    const struct migration *migrations;
    size_t count;
};

/* That of this program. */
extern const struct schema schema_current;

/* "jsnx" */
#define SCHEMA_APPLICATION_ID INT64_C(0x6A736E78)

enum schema_found {
    SCHEMA_NONE, /* an empty database */
    SCHEMA_OLDER,
    SCHEMA_READY,
    SCHEMA_NEWER,  /* made by a later version of the program */
    SCHEMA_FOREIGN /* a database of something else */
};

/* By the first bytes of the file alone, before SQLite touches it: is it of a newer version? */
bool schema_is_newer_on_disk(const struct schema *schema, const char *path);
/* Reads the database for the first time. 0 or a SQLite code. */
int schema_look(struct sqlite3 *database, const struct schema *schema, enum schema_found *ret_found,
                int64_t *ret_version) MUST_CHECK;
/* From `version` (0: none) to the newest. 0, or as failure_of_sqlite, the database as it was. */
int schema_bring(struct sqlite3 *database, const struct schema *schema, int64_t version,
                 const struct state_files *files, struct failure *ret_failure) MUST_CHECK;

#endif
