/* inotify events -> hints. An event says where to look, never what is there: the name is looked
 * at before a file is called new or gone, and a directory is left to walk.c. */
#include <errno.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "watch/library.h"
#include "watch/watch_internal.h"

#define CAME (IN_CREATE | IN_MOVED_TO)
#define LEFT (IN_DELETE | IN_MOVED_FROM)

/* 0 when a regular file is there, -EINVAL when something else is, or a negative errno. */
static int find_file(const char *path)
{
    struct stat facts;
    if (lstat(path, &facts) < 0)
        return -errno;
    return S_ISREG(facts.st_mode) ? 0 : -EINVAL;
}

/* The name came, left or had its attributes changed. */
static void hint_about_name(struct watch *watch, struct directory *directory, const char *name,
                            const char *path, bool came)
{
    int result = find_file(path);
    if (result == -ENOENT || result == -EINVAL) {
        watch->handlers.on_gone(watch->handlers.context, path);
        return;
    }
    if (came)
        contents_add(watch, directory, name);
    watch->handlers.on_file(watch->handlers.context, path, false);
}

static void hint_about_file(struct watch *watch, struct directory *directory,
                            const struct library_event *event)
{
    char path[PATH_MAX];
    if (directory_join(directory, event->name, path) == 0 ||
        !watch->handlers.wants_file(watch->handlers.context, path))
        return;
    walk_touch(watch, directory);
    if (event->mask & (CAME | LEFT | IN_ATTRIB))
        hint_about_name(watch, directory, event->name, path, event->mask & CAME);
    else
        watch->handlers.on_file(watch->handlers.context, path, event->mask & IN_CLOSE_WRITE);
}

/* Of a moved directory, and of all below, the library keeps the old path for good. */
static void hint_about_child(struct watch *watch, struct directory *directory,
                             const struct library_event *event)
{
    char path[PATH_MAX];
    size_t length = directory_join(directory, event->name, path);
    if (length == 0 || length + 2 > PATH_MAX) {
        walk_leave_out(watch, directory, "a path below is too long, it is left out", ENAMETOOLONG);
        return;
    }
    struct directory *child = directory_find(&watch->table, path, length);
    if (child && event->mask & IN_MOVED_FROM)
        rescan_ask_for_rebuild(watch);
    if (!child && !(event->mask & LEFT))
        child = walk_enter(watch, path, length);
    if (!child)
        return;
    walk_touch(watch, directory);
    walk_pend(watch, child);
}

static void hint_about_directory(struct watch *watch, struct directory *directory, uint32_t mask)
{
    if (mask & (IN_MOVE_SELF | IN_UNMOUNT))
        rescan_ask_for_rebuild(watch);
    if (mask & IN_IGNORED)
        directory_clear_watched(&watch->table, directory);
    walk_pend(watch, directory);
}

static void note_overflow(struct watch *watch)
{
    watch->overflows++;
    watch_notice(watch, "inotify's queue was full, all directories are looked at again", NULL, 0);
    rescan_ask_for_rebuild(watch);
}

void hint_from_event(struct watch *watch, const struct library_event *event)
{
    if (event->mask & IN_Q_OVERFLOW) {
        note_overflow(watch);
        return;
    }
    struct directory *directory =
        directory_find(&watch->table, event->directory, event->directory_length);
    if (!directory)
        return; /* of a watch whose directory has left the table */
    if (!*event->name)
        hint_about_directory(watch, directory, event->mask);
    else if (event->mask & IN_ISDIR)
        hint_about_child(watch, directory, event);
    else
        hint_about_file(watch, directory, event);
}
