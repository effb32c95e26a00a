/* The watch room: directory trees -> "look at this file", "this name is gone".
 *
 * Built on libinotifytools as a source of hints (one instance a process: the library keeps its
 * state in globals). Hints are never facts: a file named by on_file may be gone or unchanged, and
 * several writes give one hint. Every change is hinted at least once: by inotify, or where inotify
 * cannot see, by a rescan (monotonic clock):
 *   - each RESCAN_RECENT where something changed within the hour. Of directories that inotify does
 *     watch, a pass takes at least 500, and more while that takes less than 10 ms: beyond, they
 *     take turns, so that tens of thousands cost a thousandth of a core;
 *   - each RESCAN_RECENT where no watch could be had, or the directory cannot be read;
 *   - each POLL_RECENT, where all is polled, for what changed within two minutes;
 *   - each RESCAN_QUIET elsewhere.
 *
 * One table of directories by absolute path serves all roots, so roots may overlap. Symbolic links
 * below a root are never followed; a root itself may be one. A root that is missing is waited for,
 * quietly (its nearest existing ancestor is not watched: a look every second finds it).
 *
 * Not thread-safe. Callbacks come from within watch_start, watch_read and watch_tick only, never
 * nested; they may not call watch_*. Paths given to callbacks are absolute and normal (no "//",
 * no trailing "/"), valid during the call, any bytes but NUL, at most PATH_MAX. */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define WATCH_RESCAN_RECENT (INT64_C(10) * 1000000000)  /* ns */
#define WATCH_RESCAN_QUIET  (INT64_C(600) * 1000000000) /* ns */
#define WATCH_POLL_RECENT   (INT64_C(1) * 1000000000)   /* ns */

struct watch;

struct watch_handlers {
    void *context;
    /* May a wanted file lie somewhere below? Directories for which not are not entered. */
    bool (*wants_directory)(void *context, const char *path);
    bool (*wants_file)(void *context, const char *path);
    /* A regular file was created, listed, written, closed, moved here or had attributes changed
     * (written or closed: perhaps a FIFO or a device, which is not looked at for each write).
     * `closed`: its writer closed it (IN_CLOSE_WRITE). */
    void (*on_file)(void *context, const char *path, bool closed);
    /* A wanted name that was there is gone: deleted, moved away, or absent in a complete listing.
     */
    void (*on_gone)(void *context, const char *path);
    /* A directory was renamed within the tree or vanished: open files below `path` are to be
     * looked at under the names that on_file gives for them now. */
    void (*on_directory_gone)(void *context, const char *path);
    /* A state changed that deserves one log line; `path` may be NULL, `error` an errno or 0. */
    void (*on_notice)(void *context, const char *message, const char *path, int error);
};

struct watch_options {
    bool no_inotify;        /* poll only */
    size_t max_directories; /* entered at most; 0: 1,000,000 */
};

struct watch_counts {
    uint64_t rescans;
    uint64_t overflows;
    uint64_t rebuilds;
    size_t directories;
    size_t watches;
    size_t unwatched_directories; /* known, but only rescanned: limit, permission, file system */
    size_t unreadable_directories;
    size_t roots;
    size_t roots_missing;
    bool polling;                 /* any root is polled instead of watched */
    int64_t last_rescan_duration; /* ns */
};

/* To be called first thing in main, single-threaded, before other descriptors are opened.
 * Returns 0, or a negative errno (then everything is polled, which is no reason to stop). */
int watch_library_start(void);

struct watch *watch_new(const struct watch_handlers *handlers,
                        const struct watch_options *options) MUST_CHECK;
void watch_free(struct watch *watch);

/* Roots are directories that need not exist. Absolute paths. The same path twice is one root.
 * To be called before watch_start, or any time after (then it is walked at the next tick). */
void watch_add_root(struct watch *watch, const char *path);
/* What lies below is forgotten without a callback, but for what other roots want. */
void watch_remove_root(struct watch *watch, const char *path);
/* Is this root there and listed at the last look? */
bool watch_root_present(const struct watch *watch, const char *path);

/* The first walk of all roots; on_file for every wanted file. Blocking; newest first is not
 * promised here (tail orders its queue). */
void watch_start(struct watch *watch, int64_t monotonic_now);

/* The inotify descriptor to wait on for reading, or -1 (then only tick). May change after any
 * watch_read or watch_tick: `watch_descriptor_version` tells. CLOEXEC. */
int watch_descriptor(const struct watch *watch);
unsigned watch_descriptor_version(const struct watch *watch);

/* Takes up to `budget` events. True: more are waiting (inside the library's buffer, where poll on
 * the descriptor does not see them), so call again soon. */
bool watch_read(struct watch *watch, size_t budget, int64_t monotonic_now);
/* Rescans, polls and rebuilds that are due, in bounded steps of about `budget_ns`; true: not done,
 * call again soon. To be called at least once a second. */
bool watch_tick(struct watch *watch, int64_t monotonic_now, int64_t budget_ns);
/* Everything is walked again at the next ticks (after SIGHUP, or to be sure). */
void watch_rescan(struct watch *watch);

void watch_counts(const struct watch *watch, struct watch_counts *ret_counts);

#endif
