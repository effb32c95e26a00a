/* A file read whole, and its bytes wiped after use. */
#ifndef DOCUMENT_CONTENT_H
#define DOCUMENT_CONTENT_H

#include <stddef.h>

#include "base/attributes.h"

struct facts;

struct content {
    char *data;
    size_t length;
    size_t capacity;
};

/* Reads the file that was seen with these facts. 0, and *ret_content is to be wiped; or
 *   -EAGAIN         it is another file by now, or was changed while it was read
 *   any other errno it cannot be read
 * Never waits: not for a FIFO, nor for the holder of a lease. No copy of the bytes stays. */
int content_read(const char *path, const struct facts *seen,
                 struct content *ret_content) MUST_CHECK;
/* Overwrites the bytes and frees them. */
void content_wipe(struct content *content);

#endif
