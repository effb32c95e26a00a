/* How the state directory is opened, at the start and again after that failed: its lock, the
 * directory, the database, and what may be in it by now. */
#ifndef STATE_OPENING_H
#define STATE_OPENING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "state/database.h"
#include "state/state_files.h"

struct failure;

struct opening {
    struct state_files files;
    int lock; /* descriptor that holds it; -1: not had yet */
    struct database_request request;
};

void opening_init(struct opening *opening, const char *directory, bool recount);
/* Gives the lock back. */
void opening_free(struct opening *opening);

/* As database_open, and -EBUSY: another instance has the directory. */
int opening_try(struct opening *opening, struct database **ret_database,
                struct failure *ret_failure) MUST_CHECK;
/* What the next tries may find: `database` is what was found at the start, NULL if it could not be
 * opened. */
void opening_expect(struct opening *opening, const struct database *database);
/* Gives the corrupt database another name, *ret_name, which the caller frees; the next try makes a
 * new one. 0, or a failure. */
int opening_set_aside(struct opening *opening, char **ret_name,
                      struct failure *ret_failure) MUST_CHECK;

#endif
