/* Streams whose name is gone: read until no writer is left, then ended. */
#ifndef TAIL_HELD_H
#define TAIL_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include "tail/tail_internal.h"

/* A followed stream lost its name, or another file has it now. If another name of the file is
 * known it goes on under that. The stream stays valid during this call. */
void held_hold(struct tail *tail, struct tail_file *file, int64_t monotonic_now);
/* As held_hold, found when it was to be opened. */
void held_missing(struct tail *tail, struct tail_file *file);
/* A held stream ends for the owner: its rest is counted or told. Unless it was unlinked it stays
 * dormant; if it was, its descriptor is kept until that is saved. `file` may be invalid afterwards.
 * Nothing happens while another stream is compared with it, or has to be read on first. */
void held_end(struct tail *tail, struct tail_file *file);
/* As held_end for a stream that cannot be read to its end. */
void held_give_up(struct tail *tail, struct tail_file *file);
/* Ends the one held longest while more than the maximum are held. */
void held_keep_cap(struct tail *tail);
/* Back to followed, as after stream_new. */
void held_revive(struct tail *tail, struct tail_file *file);

#endif
