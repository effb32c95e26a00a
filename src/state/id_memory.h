/* What is in memory of runs, within a maximum: filters, first ids, short runs, rows lately read.
 *
 * All is loaded when it is first needed, a page at a time, so no lookup waits for a whole filter.
 * When there is no more room, rows lately read give way first; then all that is held of the run
 * longest unused. Runs of the directory that is being asked stay: if there is no room for a filter
 * beside theirs, it is done without. */
#ifndef STATE_ID_MEMORY_H
#define STATE_ID_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "state/id_links.h"
#include "state/id_rows.h"
#include "state/id_store.h"

struct id_held {
    struct id_run *run;
    struct id_held *newer;
    struct id_held *older;
    uint64_t turn; /* of its last use */
    size_t bytes;  /* of all below but the rows themselves */

    uint64_t *filter; /* aligned to a line; NULL: none yet, or no room */
    void *filter_allocation;
    unsigned char *loaded; /* a bit for each page of the filter */

    uint64_t *firsts;     /* of each row; NULL: none yet, or a single row */
    struct id_row **rows; /* each row, if it is in memory; NULL: none yet */

    uint64_t *ids; /* of a single row; NULL: none yet, or no room */
};

struct id_memory {
    struct id_store *store;
    size_t maximum;
    size_t bytes;  /* held, without `others` */
    size_t others; /* bytes that the caller takes out of the maximum */
    struct id_rows rows;

    /* By their last use; those of the directory being asked have `turn`. */
    struct id_held *newest;
    struct id_held *oldest;
    uint64_t turn;

    unsigned reads_left; /* before the read transaction is renewed */
    uint64_t lookups;
    uint64_t errors;
};

void id_memory_init(struct id_memory *memory, struct id_store *store, size_t maximum);
/* These runs are about to be asked, and no others until the next turn. */
void id_memory_turn(struct id_memory *memory, const struct id_runs *runs);
/* Nothing of it is held any more. */
void id_memory_drop(struct id_memory *memory, struct id_run *run);
void id_memory_drop_all(struct id_memory *memory);

/* False: there cannot be room for so many bytes more, and nothing gave way. */
bool id_memory_make_room(struct id_memory *memory, size_t bytes);
/* So many bytes more are allocated for parts of it. */
void id_memory_take(struct id_memory *memory, struct id_held *held, size_t bytes);

/* As id_store_get_page, within a transaction that is renewed now and then, so that the WAL can be
 * folded back. Failures are counted. */
int id_memory_read(struct id_memory *memory, enum id_table table, const struct id_run *run,
                   int64_t place, struct id_page *ret_page) MUST_CHECK;
/* The ids of a row of the run, kept from before or read now; valid until the next call of any of
 * these. NULL: it cannot be read. */
const uint64_t *id_memory_row(struct id_memory *memory, struct id_held *held, uint32_t row);
/* Ends the read transaction. */
void id_memory_rest(struct id_memory *memory);

#endif
