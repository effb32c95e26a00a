/* A file was found at a path: which stream is it? A new one, one that is known under another name,
 * or one that was remembered. */
#ifndef TAIL_FOUND_H
#define TAIL_FOUND_H

#include <stdbool.h>

#include "tail/tail_internal.h"

struct found {
    const char *path;
    struct facts facts;
    struct identity identity; /* filled in by found_other */
    int descriptor;           /* of the file, or -1; taken over or closed by found_other */
    bool closed;              /* a writer closed it just now */
};

/* As far as facts can tell. */
bool found_same_inode(const struct tail_file *file, const struct facts *facts);
/* The file is where its stream is: is there something to do? */
void found_unmoved(struct tail *tail, struct tail_file *file, const struct found *found);
/* Another file than that of `current`, the stream followed at this path (NULL: none). */
void found_other(struct tail *tail, struct found *found, struct tail_file *current);

#endif
