/* A proposal as a rule file, with comments that say what was seen. Of values only how many there
 * are, and the ranges of numbers that are measured. */
#ifndef INFER_INFER_WRITE_H
#define INFER_INFER_WRITE_H

#include <stdint.h>

struct infer_files;
struct infer_lines;
struct proposal;
struct seen_totals;
struct text;

/* What was read. */
struct infer_read {
    const struct infer_files *files;
    const struct infer_lines *lines;
    const struct seen_totals *totals;
    uint64_t broken_files;
};

void infer_write(const struct proposal *proposal, const struct infer_read *read, struct text *out);

#endif
