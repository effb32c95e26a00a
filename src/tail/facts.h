/* What one statx tells about a file. */
#ifndef TAIL_FACTS_H
#define TAIL_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct facts {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    int64_t modified; /* ns since 1970, as the next two */
    int64_t changed;
    int64_t born; /* 0: the file system does not know */
    uint32_t links;
    uint32_t owner;
    bool regular;
};

/* Of the file at `path` itself: a symbolic link is not followed. 0 or a negative errno. */
int facts_of_path(const char *path, struct facts *ret_facts) MUST_CHECK;
int facts_of_descriptor(int descriptor, struct facts *ret_facts) MUST_CHECK;

#endif
