/* totals.db: families and series as of the last clean stop or day, for when state.db is found
 * corrupt. Made under another name and renamed, so there is always a whole one. */
#ifndef STATE_TOTALS_H
#define STATE_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "state/records.h"

struct failure;
struct sqlite3;
struct state_files;

/* Copies those of `generation` through `writer`, outside of any transaction. 0, or a failure: the
 * old copy is as it was. */
int totals_copy(struct sqlite3 *writer, const struct state_files *files, int64_t generation,
                struct failure *ret_failure) MUST_CHECK;
/* How old the copy is: ns. INT64_MAX: there is none. */
int64_t totals_age(const struct state_files *files, int64_t wall_now);
/* What can be read of it: where it is itself corrupt, the rest. How many records were accepted. */
size_t totals_load(const struct state_files *files, records_visit visit, void *context);

#endif
