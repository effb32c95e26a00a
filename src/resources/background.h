/* Threads that measure beside the loop, at the lowest priority and without signals. */
#ifndef RESOURCES_BACKGROUND_H
#define RESOURCES_BACKGROUND_H

#include <pthread.h>
#include <stdbool.h>

/* Starts `work` with `context`; false when there can be no thread now, *ret_thread is untouched
 * then. The caller joins it. */
bool background_start(void *(*work)(void *context), void *context, pthread_t *ret_thread);
/* To be called first in `work`. */
void background_lower(void);
/* To be called last in `work`: wakes who waits for this eventfd. */
void background_done(int descriptor);

#endif
