/* Is an id in a run? The filter says no, or the one row that could hold it is searched.
 *
 * A page of the filter that cannot be read says "perhaps" to every id. First ids that cannot be
 * read are taken from the rows. An id whose row cannot be read is not there. */
#ifndef STATE_ID_LOOKUP_H
#define STATE_ID_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

struct id_memory;
struct id_runs;

/* In any of these runs, which are those of this turn (id_memory.h)? */
bool id_lookup(struct id_memory *memory, const struct id_runs *runs, uint64_t id);

#endif
