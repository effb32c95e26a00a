/* See inspection.h. */
#include "state/inspection.h"

#include <errno.h>
#include <sqlite3.h>

#include "state/database.h"
#include "state/failure.h"

int inspection_refuse_newer(const struct database_request *request, struct failure *ret_failure)
{
    failure_set(ret_failure, FAILURE_OTHER,
                "%s was written by a newer version of this program, which can go on with it",
                request->files->database);
    return -EPROTO;
}

static int refuse_other(const struct database_request *request, struct failure *ret_failure)
{
    return failure_set(ret_failure, FAILURE_OTHER,
                       "%s holds the counts of another run, which were not loaded at the start of "
                       "this one: restart to go on from them",
                       request->files->database);
}

/* Before anything is written to it. */
static int check_wanted(const struct database_request *request, enum schema_found found,
                        struct failure *ret_failure)
{
    if (found == SCHEMA_NEWER)
        return inspection_refuse_newer(request, ret_failure);
    if (found == SCHEMA_FOREIGN)
        return failure_set(ret_failure, FAILURE_CORRUPT, "%s is no database of this program",
                           request->files->database);
    if (request->wanted == DATABASE_NEW && found == SCHEMA_OLDER)
        return refuse_other(request, ret_failure);
    if (request->wanted == DATABASE_SAME && found == SCHEMA_NONE)
        return failure_set(ret_failure, FAILURE_VANISHED, "%s is empty now",
                           request->files->database);
    return 0;
}

static int check_life(const struct database_request *request, const struct meta *meta,
                      struct failure *ret_failure)
{
    bool is_other = false;
    if (request->wanted == DATABASE_NEW)
        is_other = meta->committed != 0;
    else if (request->wanted == DATABASE_SAME)
        is_other = meta->life != request->life || meta->sequence != request->sequence;
    return is_other ? refuse_other(request, ret_failure) : 0;
}

int inspection_look(struct sqlite3 *connection, const struct database_request *request,
                    enum schema_found *ret_found, int64_t *ret_version, struct failure *ret_failure)
{
    int code = schema_look(connection, request->schema, ret_found, ret_version);
    if (code == SQLITE_ERROR) /* a header that no SQLite writes */
        code = SQLITE_CORRUPT;
    if (code != SQLITE_OK)
        return failure_of_sqlite(ret_failure, connection, code, "cannot read the database");
    return check_wanted(request, *ret_found, ret_failure);
}

int inspection_read_meta(struct sqlite3 *connection, const struct database_request *request,
                         struct database *database, struct failure *ret_failure)
{
    int code = meta_read(connection, &database->meta);
    if (code != SQLITE_OK)
        return failure_of_sqlite(ret_failure, connection, code, "cannot read the database");
    database->was_clean = database->meta.clean;
    database->generation = request->recount ? database->meta.newest + 1 : database->meta.generation;
    return check_life(request, &database->meta, ret_failure);
}
