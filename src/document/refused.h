/* Paths for which there is no room: counted, and the last of each turn is named.
 *
 * Nothing is kept of such a path but its hash, in a table of bounded size, so that it is counted
 * once (or again, where another one took its place). */
#ifndef DOCUMENT_REFUSED_H
#define DOCUMENT_REFUSED_H

#include <stdint.h>

struct documents;

struct refused {
    uint64_t *hashes; /* NULL: none yet */
    char *path;       /* to be told of */
};

void refused_free(struct refused *refused);
void refused_add(struct documents *documents, const char *path, uint64_t hash);
void refused_tell(struct documents *documents);

#endif
