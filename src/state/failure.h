/* Why something with the state failed: one word for metrics and conditions, a sentence for the log.
 */
#ifndef STATE_FAILURE_H
#define STATE_FAILURE_H

#include "base/attributes.h"

struct sqlite3;

enum failure_reason {
    FAILURE_NONE,
    FAILURE_FULL,      /* no room on the disk, or past a quota */
    FAILURE_READ_ONLY, /* it may not be written */
    FAILURE_VANISHED,  /* the directory or the database is not the one that was opened */
    FAILURE_CORRUPT,
    FAILURE_IO,
    FAILURE_OTHER
};

struct failure {
    enum failure_reason reason;
    char message[256];
};

/* "full", "read_only", ...; "" for none. Static. */
const char *failure_word(enum failure_reason reason);
/* The negative errno that stands for it; 0 for none. */
int failure_error(enum failure_reason reason);

/* Both as text: for struct state_result and struct state_counts. */
void failure_tell(const struct failure *failure, char ret_reason[16], char ret_message[256]);

/* These fill *ret_failure and return failure_error of its reason. */
int failure_set(struct failure *ret_failure, enum failure_reason reason, const char *format, ...)
    PRINTF(3, 4);
/* `error` is a positive errno; `doing` what was tried: "cannot make the directory". */
int failure_of_errno(struct failure *ret_failure, int error, const char *doing);
/* `code` is what a call on `database` (may be NULL) has just returned; not SQLITE_OK. */
int failure_of_sqlite(struct failure *ret_failure, struct sqlite3 *database, int code,
                      const char *doing);

#endif
