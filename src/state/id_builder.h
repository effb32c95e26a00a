/* Writes one run while its ids go by in order: rows, first ids, filter. Memory: two pages and the
 * first ids.
 *
 *   504 ids     -> a row
 *   63 blocks   -> a page of the filter (about 2,000 ids)
 *   first id of each row, 504 of them -> a page of first ids, at the end */
#ifndef STATE_ID_BUILDER_H
#define STATE_ID_BUILDER_H

#include <stdint.h>

#include "base/attributes.h"
#include "state/id_extent.h"

struct id_builder;
struct id_store;

/* At most `most` ids will be put. */
struct id_builder *id_builder_new(struct id_store *store, int64_t run, uint64_t most) MUST_CHECK;
void id_builder_free(struct id_builder *builder);
/* Not less than the one before; if equal, it is kept once. 0 or a SQLite code. */
int id_builder_put(struct id_builder *builder, uint64_t id) MUST_CHECK;
/* Writes what is left, and the run's row of id_run. At least one id was put. */
int id_builder_finish(struct id_builder *builder, struct id_extent *ret_run) MUST_CHECK;

#endif
