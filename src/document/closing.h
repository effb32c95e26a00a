/* Who of the documents is closed: no process has it open for writing.
 *
 * Those to be asked about gather until a scan of /proc may begin; it answers for all of them. A
 * scan goes on in steps, and so does telling its answers. */
#ifndef DOCUMENT_CLOSING_H
#define DOCUMENT_CLOSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct document;
struct documents;
struct writers;

struct closing {
    struct writers *writers;
    struct document **documents; /* to be asked about, or answered */
    size_t count;
    size_t capacity;
    size_t left;    /* of the answers: those at lower places are still to be told */
    bool answering; /* the scan is done */
};

void closing_init(struct closing *closing);
void closing_free(struct closing *closing);

/* Is it still to be told as closed in this life? */
bool closing_is_wished(const struct document *document);
/* After a look that found it there: asks about it if it is time, or gives when it will be time
 * (NEVER: something else comes first). A document whose lines were awaited is told. */
int64_t closing_consider(struct documents *documents, struct document *document);
/* Something happened to it: what was found out is worth nothing. */
void closing_forget(struct documents *documents, struct document *document);
/* Its name is gone while it was asked about after a close, or while its lines were awaited: it is
 * to be told as closed before it is told as removed. */
void closing_expect(struct document *document);
/* Tells it as closed. */
void closing_tell(struct documents *documents, struct document *document);

/* Goes on with the scan, if one is wanted, for about `budget_ns`. True: more is to be done at once.
 */
bool closing_turn(struct documents *documents, int64_t budget_ns);
/* When closing_turn has to do something; NEVER: nobody is asked about. */
int64_t closing_next(const struct documents *documents);

#endif
