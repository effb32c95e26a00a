/* What is in a database that is being opened, and is it the one that is wanted? Nothing is written
 * before that is known. */
#ifndef STATE_INSPECTION_H
#define STATE_INSPECTION_H

#include <stdint.h>

#include "base/attributes.h"
#include "state/schema.h"

struct database;
struct database_request;
struct failure;
struct sqlite3;

/* -EPROTO, and says so. */
int inspection_refuse_newer(const struct database_request *request, struct failure *ret_failure);
/* Reads it for the first time: its marks and the names of its tables. 0 or as database_open. */
int inspection_look(struct sqlite3 *connection, const struct database_request *request,
                    enum schema_found *ret_found, int64_t *ret_version,
                    struct failure *ret_failure) MUST_CHECK;
/* Fills in the database's meta, generation and was_clean. 0 or as database_open. */
int inspection_read_meta(struct sqlite3 *connection, const struct database_request *request,
                         struct database *database, struct failure *ret_failure) MUST_CHECK;

#endif
