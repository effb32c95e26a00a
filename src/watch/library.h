/* libinotifytools, used in the one way that is safe: a source of hints.
 *
 * The library keeps its state in globals and is not thread-safe, so this is one instance a
 * process, for one thread. Only initialize, cleanup, watch_file, next_events(0, 1),
 * filename_from_wd and error are used: the other calls block, abort, leave directories unwatched
 * or lose names (each was measured). */
#ifndef WATCH_LIBRARY_H
#define WATCH_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* One inotify event. Texts are valid until the next call of this room's library_*. */
struct library_event {
    uint32_t mask;
    const char *directory; /* the path it was watched by, without '/' at the end; "" if unknown */
    size_t directory_length;
    const char *name; /* within the directory, "" for the directory itself */
};

/* 0, or a negative errno: then there is no inotify (-EMFILE also when the descriptor would be too
 * high for the library's select). Single-threaded; nothing else may open descriptors meanwhile. */
int library_start(void) MUST_CHECK;
/* Gives up all watches and waiting events and starts again, with another descriptor. */
int library_restart(void) MUST_CHECK;
bool library_is_ready(void);

/* To poll for reading: -1 while not ready. CLOEXEC. */
int library_descriptor(void);
/* Rises with each start. */
unsigned library_version(void);
/* Watches that the kernel has dropped, whose records the library cannot free but by a restart. */
size_t library_dead_records(void);

/* Watches a directory; its path has no '/' at the end. 0, or a negative errno. */
int library_watch(const char *path) MUST_CHECK;
/* 1 with an event, 0 when none waits, or a negative errno. Never blocks. */
int library_next(struct library_event *ret_event) MUST_CHECK;

#endif
