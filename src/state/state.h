/* The state room: what must survive a restart, in one SQLite database (WAL); sqlite3.h only here.
 *
 *   loop thread                                  writer thread
 *   sink->put, remove, ids  -> open batch
 *   state_commit            -> batch  =========> one transaction, with fsync
 *   state_descriptor readable, state_take_result <== committed, or why not (and tried again)
 *
 * It is told records (base/record.h) and ids, and hands them back; it knows nobody's innards. All
 * of a batch is in the database, or nothing. A batch that failed stays with the writer, which tries
 * it again (on each state_retry) before any other: nothing is lost, nothing half written, and
 * serving goes on meanwhile.
 *
 * Files in the directory (mode 0700, files 0600):
 *   state.db, -wal, -shm   the database
 *   lock                   flock: one instance
 *   totals.db              families and series as of the last clean stop or day, for when state.db
 *                          is found corrupt; made under another name and renamed
 *   state.db.vN            the database before it was brought to a newer schema, N the old one
 *   state.db.corrupt-TIME  set aside
 *
 * Every row carries a checksum of its key and value, so what rots on disk is found, not loaded.
 *
 * Everything lies in a generation: `recount` loads nothing and writes into a new one, which becomes
 * the current one by state_finish_recount in one transaction; what is not of the current one is
 * deleted in bounded steps.
 *
 * Ids (state_holds_id and below) are 8-byte hashes by directory; see state/id_archive.h. */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/record.h"

struct state;
struct text;

struct state_options {
    const char *directory; /* made, with its parents, if it is not there */
    bool recount;
    size_t id_memory; /* bytes for what is known of ids in memory */
};

enum state_start {
    STATE_NEW,      /* there was none (or recount): nothing to load */
    STATE_CLEAN,    /* the last instance stopped in order */
    STATE_UNCLEAN,  /* it did not */
    STATE_SET_ASIDE /* it was corrupt: nothing to load but, perhaps, totals */
};

/* Opens or makes the database and starts the writer. 0, or with a text for the user (the caller
 * frees) in *ret_error, *ret_state untouched:
 *   -EBUSY   another instance has it (says which process)
 *   -EPROTO  written by a newer version of the program (the file is untouched)
 * Everything else (no such directory and not to be made, read-only, full) is no failure: the state
 * is then `failing`, what can be read is loaded, and every commit tries again. */
int state_open(const struct state_options *options, struct state **ret_state,
               char **ret_error) MUST_CHECK;
/* Hands out all records of the current generation, kind by kind; then state_load is over. on_record
 * returns 0, or a negative errno for a record that cannot be: the database counts as corrupt then.
 * Corrupt rows, or a database that cannot be read on, end it too. Returns 0, or -EBADMSG: it was
 * set aside (named by state_counts.set_aside; NULL where that could not be written), state_started
 * is STATE_SET_ASIDE now, and the caller has to begin anew with empty rooms: it may load again,
 * which gives nothing. That is told once also for a database that state_open found corrupt. */
int state_load(struct state *state, int (*on_record)(void *context, const struct record *record),
               void *context) MUST_CHECK;
/* After STATE_SET_ASIDE or STATE_NEW (the database may have been lost): hands out the records of
 * the newest readable totals.db. How many. */
size_t state_load_totals(struct state *state,
                         int (*on_record)(void *context, const struct record *record),
                         void *context);
enum state_start state_started(const struct state *state);
/* Ends the writer: waits for the commit under way for at most `timeout` ns. */
void state_close(struct state *state, int64_t timeout);

/* What goes into the next commit. */
const struct record_sink *state_sink(struct state *state);
/* Bytes in the open batch; ids count 8. */
size_t state_batch_bytes(const struct state *state);
/* Hands the open batch to the writer. False: the last one is still with it, nothing happened.
 * `clean`: the last one of this instance; marks the stop as clean, copies the totals, folds the
 * WAL back. An empty batch is a commit too. */
bool state_commit(struct state *state, bool clean);
/* As state_commit(clean) and waiting for it, at most `timeout` ns. 0 or a negative errno. */
int state_commit_and_wait(struct state *state, bool clean, int64_t timeout) MUST_CHECK;
bool state_is_busy(const struct state *state);
/* The commit under way failed and waits: try it again now. */
void state_retry(struct state *state);
/* With `recount`: what was committed since the start becomes the current generation with the next
 * commit. */
void state_finish_recount(struct state *state);

/* Readable when there is a result to take. */
int state_descriptor(const struct state *state);
struct state_result {
    bool committed;    /* else it failed and waits for state_retry */
    double seconds;    /* it took */
    char reason[16];   /* of a failure: full, read_only, vanished, corrupt, io, other; else "" */
    char message[256]; /* for the log */
};
bool state_take_result(struct state *state, struct state_result *ret_result);

/* The committed value of a record, appended to `out`. One lookup in the database. False: none. */
bool state_recall(struct state *state, enum record_kind kind, struct bytes key, struct text *out);

/* --- Ids: of what is committed ------------------------------------------------------------- */
bool state_holds_id(struct state *state, uint64_t directory, uint64_t id);
/* The ids that are now of `from` become ids of `to`, too. At once, and with the next commit. */
void state_join_ids(struct state *state, uint64_t to, uint64_t from);
void state_forget_ids(struct state *state, uint64_t directory);

struct state_counts {
    int64_t last_commit; /* ns, wall; 0: none yet */
    uint64_t commits;
    uint64_t failures; /* attempts that failed */
    bool failing;      /* the last attempt failed, or the database could not be opened */
    char reason[16];   /* why, as in struct state_result */
    char message[256];
    uint64_t bytes; /* of all its files on disk, as of the last commit */
    uint64_t ids_on_disk;
    size_t id_memory;      /* bytes */
    const char *path;      /* of the database */
    const char *set_aside; /* name of the corrupt one, NULL: none */
};
void state_counts(const struct state *state, struct state_counts *ret_counts);

#endif
