/* The table of directories: by path, as a tree, and in the queue of when each is looked at next.
 *
 *   "/r"            root, first_child -> "/r/repo"
 *   "/r/repo"       parent "/r",      first_child -> "/r/repo/job-2" -> "/r/repo/job-1"
 *   "/r/repo/job-1" names {"events-1.jsonl"}, watched, in the queue of RECENT
 *
 * A directory is in exactly one queue. All in a queue wait equally long, so each queue is in the
 * order of what is due first. About 200 bytes a directory, and its path and names. */
#ifndef WATCH_DIRECTORY_H
#define WATCH_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "base/map.h"
#include "base/text.h"

struct file_names;

enum queue {
    QUEUE_PENDING, /* to be looked at now */
    QUEUE_POLLED,  /* inotify cannot tell, and something changed within minutes */
    QUEUE_BLIND,   /* inotify does not tell */
    QUEUE_RECENT,  /* inotify tells, but something changed within the hour */
    QUEUE_QUIET,   /* nothing changed for long */
    QUEUES
};

struct directory {
    /* The tree. A root has no parent when that is in no table; such ones are siblings too. */
    struct directory *parent;
    struct directory *first_child;
    struct directory *next_sibling;
    struct directory *previous_sibling;

    /* The queue, and when it went there. */
    struct directory *next;
    struct directory *previous;
    int64_t queued;

    /* What was there at the last look. */
    dev_t device;
    ino_t inode;
    uint64_t signature; /* of itself; 0: to be listed at the next look */
    int64_t changed;    /* monotonic: something in it; or TIME_NONE */
    int64_t listed;     /* monotonic: completely; or TIME_NONE */
    struct file_names *names;
    struct text *added; /* NUL-ended names that came since by events, or NULL */

    uint32_t path_length;
    uint32_t stamp; /* of the parent's listing that showed it last */
    int trouble;    /* errno of the last look, or 0 */
    uint8_t queue;  /* enum queue */
    bool is_root;   /* may itself be a symbolic link */
    bool is_known;  /* device and inode are set */
    bool is_polled; /* inotify does not see what happens on its file system */
    bool is_watched;
    bool hint_all; /* at the next look every file is hinted at */
    bool left_out; /* something below is too long or too much, and that was told */
    char path[];
};

struct directory_queue {
    struct directory *first;
    struct directory *last;
    size_t count;
};

struct directory_table {
    struct map by_path;
    struct map watched; /* by device and inode: a directory seen by two paths is watched by one */
    struct directory *first_orphan; /* of those without parent */
    struct directory_queue queues[QUEUES];
    size_t troubled;
};

void directory_table_init(struct directory_table *table);
/* Frees all directories too. */
void directory_table_free(struct directory_table *table);

struct directory *directory_find(const struct directory_table *table, const char *path,
                                 size_t length);
/* A new one, pending. It takes its place in the tree, below its parent and above its children. */
struct directory *directory_add(struct directory_table *table, const char *path, size_t length,
                                int64_t now);
/* Takes out and frees one that has no children. */
void directory_remove(struct directory_table *table, struct directory *directory);
/* Some directory without children below `top`, or `top` itself: what is to be removed next. */
struct directory *directory_leaf(struct directory *top);

/* To the end of a queue. */
void directory_enqueue(struct directory_table *table, struct directory *directory, enum queue queue,
                       int64_t now);

/* False: the same directory is watched under another path. */
bool directory_set_watched(struct directory_table *table, struct directory *directory);
void directory_clear_watched(struct directory_table *table, struct directory *directory);
void directory_set_trouble(struct directory_table *table, struct directory *directory, int error);
void directory_forget_contents(struct directory *directory);

/* How long ago, in ns, a change must lie here to be sure that its time is not another's too. */
int64_t directory_rest(const struct directory *directory);

/* "directory/name" in a buffer of PATH_MAX. Its length, or 0 when that is too small. */
size_t directory_join(const struct directory *directory, const char *name, char *ret_path);

#endif
