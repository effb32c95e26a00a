/* Who has a file open for writing? Asked of /proc/PID/fd, for many files in one scan.
 *
 *   writers_begin(w, now);  writers_want(w, device, inode) ...
 *   while (!writers_step(w, budget_ns)) come back later;
 *   writers_answer(w, device, inode, owner)
 *
 * A scan takes no lease and opens no file, so nobody notices. It looks at all processes it may,
 * in steps, and comes rarely: at most 2 % of the time is spent on it. */
#ifndef TAIL_WRITERS_H
#define TAIL_WRITERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

enum writers_answer {
    WRITERS_NOT_ASKED, /* the last scan was not asked about this file, or is not done */
    WRITERS_NONE,
    WRITERS_SOME,
    WRITERS_UNKNOWN /* some process that could have it open may not be looked at */
};

struct writers;

struct writers *writers_new(void) MUST_CHECK;
void writers_free(struct writers *writers);

/* Is a scan going on; may the next one begin? */
bool writers_scanning(const struct writers *writers);
bool writers_due(const struct writers *writers, int64_t monotonic_now);
/* Forgets the last answers. */
void writers_begin(struct writers *writers);
void writers_want(struct writers *writers, uint64_t device, uint64_t inode);
/* Goes on for about `budget_ns`. True: done, ask for answers. */
bool writers_step(struct writers *writers, int64_t budget_ns);
/* `owner`: the user the file belongs to. */
enum writers_answer writers_answer(const struct writers *writers, uint64_t device, uint64_t inode,
                                   uint32_t owner);

#endif
