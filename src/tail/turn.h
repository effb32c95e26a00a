/* The queue of streams to be read, one chunk each at a time. */
#ifndef TAIL_TURN_H
#define TAIL_TURN_H

#include "tail/tail_internal.h"

/* At the end, unless it is queued. */
void turn_queue(struct tail *tail, struct tail_file *file);
/* Queues again what could not be opened or read. */
void turn_retry(struct tail *tail);

#endif
