/* Directories that are gone: whatever lay below is looked at, in one pass over all documents for
 * the many directories of a tree that is removed. */
#ifndef DOCUMENT_VANISHED_H
#define DOCUMENT_VANISHED_H

#include <stdint.h>

#include "base/map.h"

struct documents;

struct vanished {
    struct map by_path; /* texts of their own */
    int64_t next_pass;  /* not before that, monotonic */
};

void vanished_init(struct vanished *vanished);
void vanished_free(struct vanished *vanished);
void vanished_add(struct vanished *vanished, const char *path, int64_t monotonic);
/* Makes what is concerned due now, if it is time for a pass. */
void vanished_turn(struct documents *documents);
/* When that will be; INT64_MAX: nothing vanished. */
int64_t vanished_next(const struct vanished *vanished);

#endif
