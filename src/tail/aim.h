/* The first catch-up: to where the files ended at tail_aim, whatever is written behind that.
 *
 * Each stream that has something to be read is aimed at its size. It has arrived when it was read
 * that far, or when it cannot be: it failed, ended, or what it had is gone. What is truncated
 * meanwhile is aimed at what is left, never farther. */
#ifndef TAIL_AIM_H
#define TAIL_AIM_H

#include <stdbool.h>
#include <stdint.h>

#include "tail/tail_internal.h"

/* What this stream has in aim.bytes_left: taken out before, and put in after a change. */
static inline uint64_t aim_left(const struct tail_file *file)
{
    return file->aimed && file->target > file->read_end ? file->target - file->read_end : 0;
}

/* After a step of reading; `at_end`: to the end of the file. */
void aim_read(struct tail *tail, struct tail_file *file, bool at_end);
/* The stream starts again in a file of this size. */
void aim_restart(struct tail *tail, struct tail_file *file, uint64_t size);
/* It is not waited for any more. */
void aim_drop(struct tail *tail, struct tail_file *file);

#endif
