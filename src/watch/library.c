/* See library.h. The only file that includes libinotifytools. */
#include "watch/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inotifytools/inotifytools.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <unistd.h>

#define INHERITED_MAXIMUM ((size_t)64)    /* inotify descriptors that were there before */
#define DRAIN_MAXIMUM     ((size_t)65536) /* events thrown away before a restart */

/* IN_CLOSE_WRITE tells that a writer is done; the rest, that something is to be looked at. */
#define WATCH_MASK                                                                                 \
    (IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |            \
     IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* One a process, as the library's own state is. */
static struct {
    bool ready;
    int descriptor;
    unsigned version;
    size_t dead_records;
} library;

struct descriptors {
    int numbers[INHERITED_MAXIMUM];
    size_t count;
};

static bool is_inotify(int directory, const char *name)
{
    char target[64];
    ssize_t length = readlinkat(directory, name, target, sizeof(target) - 1);
    if (length < 0)
        return false;
    target[length] = '\0';
    return strcmp(target, "anon_inode:inotify") == 0;
}

/* All inotify descriptors that this process has open. */
static int find_descriptors(struct descriptors *ret_found)
{
    DIR *directory = opendir("/proc/self/fd");
    if (!directory)
        return -errno;
    struct descriptors found = {.count = 0};
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (entry = readdir(directory))) {
        if (!is_inotify(dirfd(directory), entry->d_name))
            continue;
        if (found.count == INHERITED_MAXIMUM)
            result = -EMFILE;
        else
            found.numbers[found.count++] = (int)strtol(entry->d_name, NULL, 10);
    }
    closedir(directory);
    if (result == 0)
        *ret_found = found;
    return result;
}

static bool descriptors_have(const struct descriptors *descriptors, int number)
{
    for (size_t i = 0; i < descriptors->count; i++)
        if (descriptors->numbers[i] == number)
            return true;
    return false;
}

/* The library does not tell its descriptor: it is the inotify one that was not there before. */
static int find_new_descriptor(const struct descriptors *before)
{
    struct descriptors after = {.count = 0};
    int result = find_descriptors(&after);
    if (result < 0)
        return result;
    for (size_t i = 0; i < after.count; i++)
        if (!descriptors_have(before, after.numbers[i]))
            return after.numbers[i];
    return -ENXIO;
}

static int take_descriptor(const struct descriptors *before)
{
    int descriptor = find_new_descriptor(before);
    if (descriptor < 0)
        return descriptor;
    if (descriptor >= FD_SETSIZE)
        return -EMFILE;
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
    return descriptor;
}

int library_start(void)
{
    if (library_is_ready())
        return 0;
    struct descriptors before = {.count = 0};
    int result = find_descriptors(&before);
    if (result < 0)
        return result;
    if (!inotifytools_initialize()) {
        int error = inotifytools_error();
        return error > 0 ? -error : -EIO;
    }
    result = take_descriptor(&before);
    if (result < 0) {
        inotifytools_cleanup();
        return result;
    }
    library.ready = true;
    library.descriptor = result;
    library.version++;
    library.dead_records = 0;
    return 0;
}

/* The library's buffer outlives cleanup: what it holds would be taken for the new watches'. */
static void drain(void)
{
    struct library_event event;
    for (size_t i = 0; i < DRAIN_MAXIMUM && library_next(&event) > 0; i++)
        ;
}

int library_restart(void)
{
    if (library_is_ready()) {
        drain();
        inotifytools_cleanup();
        library.ready = false;
    }
    return library_start();
}

bool library_is_ready(void)
{
    return library.ready;
}

int library_descriptor(void)
{
    return library.ready ? library.descriptor : -1;
}

unsigned library_version(void)
{
    return library.version;
}

size_t library_dead_records(void)
{
    return library.dead_records;
}

int library_watch(const char *path)
{
    /* With '/' at the end the library keeps the name as it is given. */
    char with_slash[PATH_MAX];
    size_t length = strlen(path);
    if (length + 2 > sizeof(with_slash))
        return -ENAMETOOLONG;
    char *end = stpcpy(with_slash, path);
    if (length == 0 || end[-1] != '/')
        memcpy(end, "/", 2);
    if (inotifytools_watch_file(with_slash, WATCH_MASK))
        return 0;
    int error = inotifytools_error();
    return error > 0 ? -error : -EIO;
}

static void name_directory(struct library_event *event, int wd)
{
    const char *path = wd > 0 ? inotifytools_filename_from_wd(wd) : NULL;
    event->directory = path ? path : "";
    event->directory_length = strlen(event->directory);
    if (event->directory_length > 1 && event->directory[event->directory_length - 1] == '/')
        event->directory_length--;
}

int library_next(struct library_event *ret_event)
{
    const struct inotify_event *event = inotifytools_next_events(0, 1);
    if (!event) {
        int error = inotifytools_error();
        return error == 0 || error == EINTR ? 0 : -error;
    }
    *ret_event = (struct library_event){.mask = event->mask, .name = event->len ? event->name : ""};
    name_directory(ret_event, event->wd);
    if (event->mask & IN_IGNORED)
        library.dead_records++;
    return 1;
}
