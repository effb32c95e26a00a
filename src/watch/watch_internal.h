/* The watch room from inside: its one object, and what its files do with it.
 *
 *   library event -> hint.c -> pending directories ---+
 *   root.c (every second) ----> pending directories --+-> walk.c: look at one directory:
 *   rescan.c (what is due by time) -------------------+   stat, watch, then contents.c: list,
 *                                                         compare, and tell the owner */
#ifndef WATCH_WATCH_INTERNAL_H
#define WATCH_WATCH_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "watch/directory.h"
#include "watch/file_names.h"
#include "watch/watch.h"

#define MAXIMUM_DIRECTORIES ((size_t)1000000)

struct library_event;

struct root {
    char *path;
    size_t length;
    struct directory *directory; /* NULL: missing */
    int told_error;              /* why it cannot be reached, but for that it is not there; or 0 */
};

struct watch {
    struct watch_handlers handlers;
    size_t max_directories;
    int64_t now; /* as the caller said last */

    struct directory_table table;
    struct root *roots;
    size_t root_count;

    /* inotify. Not used when the options or the library do not let us. */
    bool wants_inotify;
    bool has_inotify;
    bool has_watched;      /* the library holds records of ours */
    int64_t retry_watches; /* no watch is tried before, since a limit was reached */
    int watch_error;       /* told and not yet over, or 0 */

    /* Rebuilding: a new inotify instance, and every directory looked at again. */
    bool rebuild_wanted;
    int64_t rebuild_asked; /* since when */
    int64_t rebuild_next;  /* not before */
    bool is_drained;       /* the library had no event at the last try */

    /* Rescans: so many at the front of each queue are due in the pass under way. */
    size_t due[QUEUES];
    int64_t next_roots;
    int64_t next_poll;
    int64_t next_rescan;
    bool is_rescanning;
    int64_t rescan_duration;
    int64_t recent_time; /* of this pass, spent on watched directories */
    size_t recent_looks;

    /* Listing. */
    struct listing listing;
    uint32_t stamp;
    bool told_too_many;

    uint64_t rescans;
    uint64_t overflows;
    uint64_t rebuilds;
    int64_t last_rescan_duration;
};

void watch_notice(const struct watch *watch, const char *message, const char *path, int error);

/* walk.c: one directory. */

/* The directory of this path, pending if it is new; NULL when it is not wanted or one too many. */
struct directory *walk_enter(struct watch *watch, const char *path, size_t length);
/* To be looked at as soon as there is time. */
void walk_pend(struct watch *watch, struct directory *directory);
/* Something in it changed: it is rescanned often for an hour. */
void walk_touch(struct watch *watch, struct directory *directory);
/* Finds out what is there now. The directory may be gone from the table afterwards. */
void walk_look(struct watch *watch, struct directory *directory);
/* It is not there any more, and so nothing below it. */
void walk_vanished(struct watch *watch, struct directory *directory);
/* Takes it and all below out of the table; nobody is told. */
void walk_forget(struct watch *watch, struct directory *directory);
/* As walk_forget for one that is still there: its watches go with a rebuild. */
void walk_drop(struct watch *watch, struct directory *directory);
/* Below this directory something is left out; told once. */
void walk_leave_out(struct watch *watch, struct directory *directory, const char *message,
                    int error);

/* contents.c: what lies in one directory. */

/* Lists it, enters directories, hints at files that differ from what is known, reports what is
 * gone. `facts` were taken before. 0, or a negative errno: then what was known stays known. */
int contents_list(struct watch *watch, struct directory *directory,
                  const struct stat *facts) MUST_CHECK;
/* Looks at the known files only. -ESTALE: one is gone, it must be listed. */
int contents_check(struct watch *watch, struct directory *directory) MUST_CHECK;
/* A wanted file's name came by an event: its going will be noticed too. */
void contents_add(struct watch *watch, struct directory *directory, const char *name);

/* root.c */
void root_look_at_all(struct watch *watch);
/* The table drops this directory, which is one. */
void root_detach(struct watch *watch, const struct directory *directory);

/* hint.c */
void hint_from_event(struct watch *watch, const struct library_event *event);

/* rescan.c */
void rescan_ask_for_rebuild(struct watch *watch);
/* Starts what is due by time: roots, polls, rescans, a rebuild. */
void rescan_schedule(struct watch *watch);
void rescan_rebuild_if_due(struct watch *watch);
/* Makes everything due. */
void rescan_all(struct watch *watch);
/* Looks at the next directory that is due. False: none is. */
bool rescan_step(struct watch *watch);

#endif
