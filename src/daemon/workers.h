/* Workers: threads that do the items of a task together with the caller, who needs them in order.
 *
 *   items        0  1  2  3  4  5  6        The caller needs 0: nobody took it, it does it itself.
 *   caller       0        3     5           It needs 1: a worker is at it, so it does the next that
 *   a worker        1  2     4     6        nobody took, and looks again.
 *
 * A thread starts with the first task, sleeps between tasks and wakes up for nothing else. One
 * lock, taken twice an item: an item is to be worth some microseconds. Items of one task must share
 * nothing that one of them changes. */
#ifndef DAEMON_WORKERS_H
#define DAEMON_WORKERS_H

#include <stddef.h>
#include <stdint.h>

#define WORKERS_MOST       ((size_t)8)
#define WORKERS_ITEMS_MOST ((size_t)64) /* of a task */

struct workers;

/* Does one item. `doer` is 0 for the caller, else the thread's number: 1 .. threads. */
typedef void (*workers_do)(void *context, size_t doer, size_t item);

/* `threads`: 1 .. WORKERS_MOST; if some cannot be started, the others do their work. */
struct workers *workers_new(size_t threads, workers_do work, void *context);
/* Between tasks: ends the threads. NULL is nothing. */
void workers_free(struct workers *workers);

/* A task of `items` items; the one before must be done, that is: all its items were needed. */
void workers_begin(struct workers *workers, size_t items);
/* Comes back when the item is done. */
void workers_need(struct workers *workers, size_t item);

/* So many threads a setting means: itself, or (negative) as many as suit the machine, that is one
 * if this process may use two processors. */
size_t workers_count(int64_t setting);

#endif
