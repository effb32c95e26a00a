/* Merging runs into one, in steps: the sources are read row by row, the new run is written as its
 * ids go by. The sources stay as they are. */
#ifndef STATE_ID_MERGE_H
#define STATE_ID_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "state/id_extent.h"
#include "state/id_links.h"

struct id_merge;
struct id_store;

#define ID_MERGE_MOST 16 /* sources of one merge */

/* How many of the shortest runs of a directory are to be merged into one; 0: none. Broken runs and
 * those being merged are not among ret_sources[]. */
size_t id_merge_choose(const struct id_runs *runs, struct id_run *ret_sources[ID_MERGE_MOST]);

/* Begins to write `run` (a number never used before), unfinished as yet. 0 or a SQLite code. */
int id_merge_begin(struct id_store *store, int64_t run, struct id_run *const *sources, size_t count,
                   struct id_merge **ret_merge) MUST_CHECK;
void id_merge_free(struct id_merge *merge);
/* Merges about `most` ids more. *ret_run.ids > 0: that was the last of it. On failure the merge can
 * only be freed; SQLITE_CORRUPT: id_merge_broken tells which source could not be read. */
int id_merge_step(struct id_merge *merge, size_t most, struct id_extent *ret_run) MUST_CHECK;
/* 0: none. */
int64_t id_merge_broken(const struct id_merge *merge);
/* The run that is being made. */
int64_t id_merge_run(const struct id_merge *merge);
size_t id_merge_sources(const struct id_merge *merge, int64_t ret_runs[ID_MERGE_MOST]);

#endif
