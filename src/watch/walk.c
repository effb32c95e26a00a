/* One directory at a time: is it there, is it the same, can it be watched; then what is in it.
 *
 * A directory is always watched before it is listed, so what comes in between gives an event, and
 * what came before is listed. New directories go to the queue of pending ones instead of being
 * walked at once: no depth of nesting and no flood of them can hold up the caller. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "watch/filesystem.h"
#include "watch/library.h"
#include "watch/watch_internal.h"

#define RECENT       (3600 * NANOSECONDS_PER_SECOND)
#define POLLED_OFTEN (120 * NANOSECONDS_PER_SECOND)

struct directory *walk_enter(struct watch *watch, const char *path, size_t length)
{
    if (!watch->handlers.wants_directory(watch->handlers.context, path))
        return NULL;
    struct directory *known = directory_find(&watch->table, path, length);
    if (known)
        return known;
    if (watch->table.by_path.count < watch->max_directories)
        return directory_add(&watch->table, path, length, watch->now);
    if (!watch->told_too_many)
        watch_notice(watch, "too many directories, the rest is not followed", path, 0);
    watch->told_too_many = true;
    return NULL;
}

void walk_pend(struct watch *watch, struct directory *directory)
{
    if (directory->queue != QUEUE_PENDING)
        directory_enqueue(&watch->table, directory, QUEUE_PENDING, watch->now);
}

static bool changed_within(const struct watch *watch, const struct directory *directory,
                           int64_t period)
{
    return directory->changed > watch->now - period;
}

static bool must_poll(const struct watch *watch, const struct directory *directory)
{
    return directory->is_polled || !watch->has_inotify;
}

/* Where files lie and nothing else, new ones are not to be expected after long. */
static bool is_settled(const struct directory *directory)
{
    return directory->names && !directory->first_child && !directory->is_root;
}

static enum queue queue_for(const struct watch *watch, const struct directory *directory)
{
    bool is_recent = changed_within(watch, directory, RECENT);
    if (must_poll(watch, directory)) {
        if (changed_within(watch, directory, POLLED_OFTEN))
            return QUEUE_POLLED;
        return is_recent || directory->trouble || !is_settled(directory) ? QUEUE_BLIND
                                                                         : QUEUE_QUIET;
    }
    if (!directory->is_watched || directory->trouble)
        return QUEUE_BLIND;
    return is_recent ? QUEUE_RECENT : QUEUE_QUIET;
}

void walk_touch(struct watch *watch, struct directory *directory)
{
    directory->changed = watch->now;
    if (directory->queue == QUEUE_QUIET)
        directory_enqueue(&watch->table, directory, QUEUE_RECENT, watch->now);
}

void walk_forget(struct watch *watch, struct directory *directory)
{
    struct directory *leaf;
    do {
        leaf = directory_leaf(directory);
        if (leaf->is_root)
            root_detach(watch, leaf);
        directory_remove(&watch->table, leaf);
    } while (leaf != directory);
    watch->told_too_many = false;
}

void walk_drop(struct watch *watch, struct directory *directory)
{
    walk_forget(watch, directory);
    rescan_ask_for_rebuild(watch);
}

void walk_vanished(struct watch *watch, struct directory *directory)
{
    if (directory->listed != TIME_NONE)
        watch->handlers.on_directory_gone(watch->handlers.context, directory->path);
    walk_forget(watch, directory);
}

void walk_leave_out(struct watch *watch, struct directory *directory, const char *message,
                    int error)
{
    if (!directory->left_out)
        watch_notice(watch, message, directory->path, error);
    directory->left_out = true;
}

/* A root may be a symbolic link; what is below it may not. */
static int stat_directory(const struct directory *directory, struct stat *ret_facts)
{
    struct stat facts;
    int result =
        directory->is_root ? stat(directory->path, &facts) : lstat(directory->path, &facts);
    if (result < 0)
        return -errno;
    if (!S_ISDIR(facts.st_mode))
        return -ENOTDIR;
    *ret_facts = facts;
    return 0;
}

static bool means_absent(int result)
{
    return result == -ENOENT || result == -ENOTDIR || result == -ELOOP;
}

/* Another directory is here now: moved here, mounted over it, or the root's link was changed. */
static void replaced(struct watch *watch, struct directory *directory)
{
    watch->handlers.on_directory_gone(watch->handlers.context, directory->path);
    struct directory *child;
    while ((child = directory->first_child))
        walk_forget(watch, child);
    directory_clear_watched(&watch->table, directory);
    directory_forget_contents(directory);
    directory->listed = TIME_NONE;
    directory->is_known = false;
}

static void identify(struct watch *watch, struct directory *directory, const struct stat *facts)
{
    if (directory->is_known &&
        (directory->device != facts->st_dev || directory->inode != facts->st_ino))
        replaced(watch, directory);
    if (directory->is_known)
        return;
    const struct directory *parent = directory->parent;
    directory->device = facts->st_dev;
    directory->inode = facts->st_ino;
    directory->is_known = true;
    directory->is_polled = parent && parent->is_known && parent->device == facts->st_dev
                               ? parent->is_polled
                               : filesystem_needs_polling(directory->path);
}

/* Told once, until every directory is watched again. */
static void note_watch_error(struct watch *watch, const struct directory *directory, int error)
{
    bool is_limit = error == ENOSPC || error == ENOMEM;
    if (error == EACCES || means_absent(-error))
        return; /* the listing will tell */
    if (is_limit)
        watch->retry_watches = watch->now + WATCH_RESCAN_RECENT;
    if (watch->watch_error != error)
        watch_notice(watch,
                     is_limit ? "no more inotify watches (fs.inotify.max_user_watches), "
                                "directories over the limit are rescanned"
                              : "a directory cannot be watched, it is rescanned",
                     directory->path, error);
    watch->watch_error = error;
}

/* True: it is watched since now, so what is in it must be listed. */
static bool try_to_watch(struct watch *watch, struct directory *directory)
{
    if (must_poll(watch, directory) || directory->is_watched || watch->now < watch->retry_watches)
        return false;
    /* Soon all are watched anew; and one that was moved, watched twice, would leak a record. */
    if (watch->rebuild_wanted)
        return false;
    /* The library knows a directory by one path only; under the others it is rescanned. */
    if (!directory_set_watched(&watch->table, directory))
        return false;
    int result = library_watch(directory->path);
    if (result < 0) {
        directory_clear_watched(&watch->table, directory);
        note_watch_error(watch, directory, -result);
        return false;
    }
    watch->has_watched = true;
    return true;
}

/* A directory's times tell that a name came or went, if they are old enough to be trusted, and if
 * its file system keeps them: so now and then it is listed all the same. */
static bool must_list(const struct watch *watch, const struct directory *directory,
                      const struct stat *facts)
{
    bool often = directory->is_polled && changed_within(watch, directory, RECENT);
    int64_t period = often ? WATCH_RESCAN_RECENT : WATCH_RESCAN_QUIET;
    return directory->hint_all || directory->added || directory->listed <= watch->now - period ||
           directory->signature != signature_of(facts) ||
           !signature_is_rested(facts, clock_wall(), directory_rest(directory));
}

/* Told once for each change, and not for all that lies below. */
static void settle_trouble(struct watch *watch, struct directory *directory, int error)
{
    if (directory->trouble == error)
        return;
    bool was_troubled = directory->trouble != 0;
    bool parent_troubled = directory->parent && directory->parent->trouble;
    directory_set_trouble(&watch->table, directory, error);
    if (error && !parent_troubled)
        watch_notice(watch, "directory cannot be read, it is tried again", directory->path, error);
    if (error || !was_troubled)
        return;
    watch_notice(watch, "directory can be read again", directory->path, 0);
    for (struct directory *child = directory->first_child; child; child = child->next_sibling)
        if (child->trouble)
            walk_pend(watch, child);
}

static int look_inside(struct watch *watch, struct directory *directory)
{
    struct stat facts = {.st_ino = 0};
    int result = stat_directory(directory, &facts);
    if (result < 0)
        return result;
    identify(watch, directory, &facts);
    bool is_new = try_to_watch(watch, directory);
    if (!is_new && !must_list(watch, directory, &facts)) {
        result = contents_check(watch, directory);
        if (result != -ESTALE)
            return result;
    }
    return contents_list(watch, directory, &facts);
}

/* What is wanted may have changed since it was entered, but only before a rescan on demand. */
static bool is_unwanted(const struct watch *watch, const struct directory *directory)
{
    return directory->hint_all && !directory->is_root &&
           !watch->handlers.wants_directory(watch->handlers.context, directory->path);
}

void walk_look(struct watch *watch, struct directory *directory)
{
    if (is_unwanted(watch, directory)) {
        walk_drop(watch, directory);
        return;
    }
    int result = look_inside(watch, directory);
    if (means_absent(result)) {
        walk_vanished(watch, directory);
        return;
    }
    settle_trouble(watch, directory, -result);
    directory_enqueue(&watch->table, directory, queue_for(watch, directory), watch->now);
}
