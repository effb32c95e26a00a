/* The lines of one file, plain or gzip, from its first byte to its end. */
#ifndef INFER_INFER_LINES_H
#define INFER_INFER_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct infer_lines {
    void *context;
    void (*on_line)(void *context, const char *line, size_t length);
    size_t longest;  /* bytes: a longer line is passed over */
    uint64_t enough; /* plain bytes, after which reading ends; 0: never */

    /* Counts; to be 0 at first. */
    uint64_t bytes; /* plain ones read */
    uint64_t lines;
    uint64_t too_long;
    uint64_t partial; /* files that end within a line */
};

/* 0, or a negative errno when the file cannot be read; -EBADMSG: its gzip is broken
 * from some place on. What came before was told. Of gzip that only ends too soon, what is there. */
int infer_lines_read(struct infer_lines *lines, const char *path) MUST_CHECK;

#endif
