/* The state, for its own files: state.c (opening, loading, closing) and handover.c (what goes to
 * the writer and comes back), committed.c (what is looked up). */
#ifndef STATE_STATE_INTERNAL_H
#define STATE_STATE_INTERNAL_H

#include "state/failure.h"
#include "state/state.h"
#include "state/state_files.h"

struct batch;
struct opening;
struct reader;
struct sqlite3;
struct writer;

struct state {
    struct record_sink sink;
    struct state_files files;
    size_t id_memory;
    bool recount;

    struct opening *opening; /* the writer's from the first commit on */
    struct writer *writer;
    struct reader *reader; /* NULL: the database is not open */
    int64_t generation;    /* of what the reader reads */
    /* A reader's connection from before the database could be written: closing it would drop the
     * locks of all others on the same file. NULL: none. */
    struct sqlite3 *retired;
    bool lacks_reader; /* the writer has the database open, this side could not yet */

    /* What the start found. */
    enum state_start started;
    bool untold;     /* that it was set aside: state_load is to say so */
    char *set_aside; /* the corrupt one's name */

    struct batch *batch; /* open: takes what is put */
    struct batch *spare; /* NULL while the writer has it */
    bool busy;           /* a batch is with the writer */
    bool waits;          /* it failed, and waits for state_retry */
    bool finish_recount; /* with the next commit */

    struct failure failure; /* of the last attempt, or of the start */
    struct failure
        trouble; /* of upkeep, since the last commit; or for ever, if something is lost */
    int64_t last_commit;
    uint64_t commits;
    uint64_t failures;
    uint64_t bytes;
};

/* The sink's functions, and results. */
void state_init_handover(struct state *state);
/* Notes what went wrong beside commits. */
void state_note_trouble(struct state *state, const struct failure *trouble);

#endif
