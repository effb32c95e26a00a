/* The writer of ids, for id_writer.c (what the caller's transactions do) and id_upkeep.c (steps).
 */
#ifndef STATE_ID_WRITER_INTERNAL_H
#define STATE_ID_WRITER_INTERNAL_H

#include "state/id_links.h"
#include "state/id_news.h"
#include "state/id_waste.h"
#include "state/id_writer.h"

struct id_merge;
struct id_store;

struct id_writer {
    struct id_store *store;
    struct id_links links; /* as of the transaction under way */
    int64_t last_run;      /* the highest number given to a run */

    struct id_news changes; /* of the transaction under way */
    struct id_news *news;   /* committed, not yet handed out */
    struct id_waste waste;

    /* Directories that may have too many runs. */
    uint64_t *queue;
    size_t queue_count;
    size_t queue_capacity;

    struct id_merge *merge; /* begun, or NULL */
    uint64_t merge_directory;
    bool merge_failed; /* the last one: waste goes first now */
    bool others_left;  /* links of other generations may be left to delete */

    size_t ids_a_step;
    size_t rows_a_step;
};

/* Change memory, table and list of changes. After a failure only a rollback may follow. */
int id_writer_link(struct id_writer *writer, struct id_directory *directory,
                   struct id_run *run) MUST_CHECK;
int id_writer_unlink(struct id_writer *writer, struct id_directory *directory,
                     struct id_run *run) MUST_CHECK;
void id_writer_queue(struct id_writer *writer, struct id_directory *directory);

/* Runs that lost their last link become waste. */
void id_writer_collect_idle(struct id_writer *writer, bool known);
/* The merge begun, if any, comes to nothing. */
void id_upkeep_abandon_merge(struct id_writer *writer);

#endif
