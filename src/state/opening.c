/* See opening.h. */
#include "state/opening.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "state/failure.h"
#include "state/lock_file.h"
#include "state/schema.h"

void opening_init(struct opening *opening, const char *directory, bool recount)
{
    *opening = (struct opening){.lock = -1};
    state_files_init(&opening->files, directory);
    opening->request = (struct database_request){.files = &opening->files,
                                                 .schema = &schema_current,
                                                 .wanted = DATABASE_ANY,
                                                 .recount = recount};
}

void opening_free(struct opening *opening)
{
    if (opening->lock >= 0)
        close(opening->lock);
    opening->lock = -1;
    state_files_free(&opening->files);
}

static int take_lock(struct opening *opening, struct failure *ret_failure)
{
    char holder[32];
    if (opening->lock >= 0)
        return 0;
    int r = lock_file_take(opening->files.lock, &opening->lock, holder);
    if (r == -EBUSY)
        failure_set(ret_failure, FAILURE_OTHER, "%s is in use by another instance%s%s",
                    opening->files.directory, holder[0] ? ", process " : "", holder);
    else if (r < 0)
        failure_of_errno(ret_failure, -r, "cannot lock the state directory");
    return r;
}

int opening_try(struct opening *opening, struct database **ret_database,
                struct failure *ret_failure)
{
    int r = state_files_make_directory(&opening->files);
    if (r < 0)
        return failure_of_errno(ret_failure, -r, "cannot make the state directory");
    r = take_lock(opening, ret_failure);
    if (r == -EBUSY)
        return r;
    /* Without the lock nothing may be written, but what there is may be read: at the start. */
    opening->request.read_only = r < 0;
    if (r < 0 && opening->request.wanted != DATABASE_ANY)
        return failure_error(ret_failure->reason);
    return database_open(&opening->request, ret_database, ret_failure);
}

void opening_expect(struct opening *opening, const struct database *database)
{
    if (database) {
        opening->request.wanted = DATABASE_SAME;
        opening->request.life = database->meta.life;
        opening->request.sequence = database->meta.sequence;
    } else if (!opening->request.recount) {
        opening->request.wanted = DATABASE_NEW;
    }
}

int opening_set_aside(struct opening *opening, char **ret_name, struct failure *ret_failure)
{
    int r = state_files_set_aside(&opening->files, clock_wall(), ret_name);
    return r < 0 ? failure_of_errno(ret_failure, -r, "cannot set the corrupt database aside") : 0;
}
