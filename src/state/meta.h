/* The one row that says where the whole database stands. Returns are SQLite codes. */
#ifndef STATE_META_H
#define STATE_META_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct sqlite3;

struct meta {
    int64_t life;       /* which database this is: chosen at random when it was made */
    int64_t generation; /* the current one */
    int64_t newest;     /* the highest generation that was ever written into */
    int64_t sequence;   /* commits so far */
    int64_t committed;  /* the last one: ns, wall; 0: none yet */
    bool clean;         /* it was the last of an instance that stopped in order */
};

/* Makes the row, in generation 1, and `ret_meta` says what is in it. */
int meta_create(struct sqlite3 *database, struct meta *ret_meta) MUST_CHECK;
/* SQLITE_CORRUPT when the row is not there, or not as it was written. */
int meta_read(struct sqlite3 *database, struct meta *ret_meta) MUST_CHECK;
/* Writes `next` in place of `last`. SQLITE_CONSTRAINT when `last` is not what is there: somebody
 * else wrote. */
int meta_replace(struct sqlite3 *database, const struct meta *last,
                 const struct meta *next) MUST_CHECK;

#endif
