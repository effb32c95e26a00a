/* What lies in one directory: listed, compared with what was known, and told.
 *
 * Nothing is called gone because a listing did not show it: listings are no snapshots, and a
 * rename may slip through one. What a complete listing does not show is asked for by name. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "watch/watch_internal.h"

/* Names of one directory that came by events and wait for its next listing. */
#define ADDED_MAXIMUM ((size_t)256 << 10)

/* A directory being listed. */
struct reading {
    struct watch *watch;
    struct directory *directory;
    int descriptor;
    int64_t wall_now;
    int64_t newest; /* seconds: the last change of anything in it */
    int error;      /* of an entry that could not be looked at */
};

static void hint(const struct watch *watch, const char *path)
{
    watch->handlers.on_file(watch->handlers.context, path, false);
}

static void note_time(struct reading *reading, const struct stat *facts)
{
    if (facts->st_ctim.tv_sec > reading->newest)
        reading->newest = facts->st_ctim.tv_sec;
}

static void read_directory(struct reading *reading, const char *path, size_t length)
{
    struct watch *watch = reading->watch;
    if (length + 2 > PATH_MAX) {
        walk_leave_out(watch, reading->directory, "a path below is too long, it is left out",
                       ENAMETOOLONG);
        return;
    }
    struct directory *child = walk_enter(watch, path, length);
    if (child)
        child->stamp = watch->stamp;
}

static void read_file(struct reading *reading, const char *path, const char *name)
{
    struct watch *watch = reading->watch;
    struct stat facts;
    if (!watch->handlers.wants_file(watch->handlers.context, path))
        return;
    if (fstatat(reading->descriptor, name, &facts, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            reading->error = errno;
        return;
    }
    if (!S_ISREG(facts.st_mode))
        return;
    note_time(reading, &facts);
    listing_add(&watch->listing, name, &facts,
                signature_is_rested(&facts, reading->wall_now, directory_rest(reading->directory)));
}

/* DT_DIR, DT_REG, or anything else for what is neither. */
static unsigned char type_of(struct reading *reading, const struct dirent *entry)
{
    struct stat facts;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type;
    if (fstatat(reading->descriptor, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            reading->error = errno;
        return DT_UNKNOWN;
    }
    return S_ISDIR(facts.st_mode) ? DT_DIR : S_ISREG(facts.st_mode) ? DT_REG : DT_UNKNOWN;
}

static void read_entry(struct reading *reading, const struct dirent *entry)
{
    char path[PATH_MAX];
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return;
    unsigned char type = type_of(reading, entry);
    if (type != DT_DIR && type != DT_REG)
        return;
    size_t length = directory_join(reading->directory, name, path);
    if (length == 0)
        walk_leave_out(reading->watch, reading->directory,
                       "a path below is too long, it is left out", ENAMETOOLONG);
    else if (type == DT_DIR)
        read_directory(reading, path, length);
    else
        read_file(reading, path, name);
}

/* Fills the listing. 0 when it is complete, or a negative errno. */
static int read_entries(struct reading *reading)
{
    const struct directory *directory = reading->directory;
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (directory->is_root ? 0 : O_NOFOLLOW);
    int descriptor = open(directory->path, flags);
    if (descriptor < 0)
        return -errno;
    DIR *stream = fdopendir(descriptor);
    if (!stream) {
        int error = errno;
        close(descriptor);
        return -error;
    }
    reading->descriptor = descriptor;
    const struct dirent *entry;
    while (errno = 0, (entry = readdir(stream)))
        read_entry(reading, entry);
    int error = errno ? errno : reading->error;
    closedir(stream);
    return -error;
}

static bool is_regular(const char *path, int *ret_error)
{
    struct stat facts;
    *ret_error = 0;
    if (lstat(path, &facts) == 0)
        return S_ISREG(facts.st_mode);
    *ret_error = errno;
    return false;
}

/* A name that was known: if the listing does not show it, it is gone for sure, or to be kept. */
static void settle_absent(struct reading *reading, const char *name, uint64_t signature,
                          bool complete)
{
    struct watch *watch = reading->watch;
    char path[PATH_MAX];
    int error = 0;
    if (listing_has(&watch->listing, name) || directory_join(reading->directory, name, path) == 0 ||
        !watch->handlers.wants_file(watch->handlers.context, path))
        return;
    if (!complete || is_regular(path, &error) || (error && error != ENOENT))
        listing_keep(&watch->listing, name, signature);
    else
        watch->handlers.on_gone(watch->handlers.context, path);
}

static void settle_all_absent(struct reading *reading, bool complete)
{
    struct listing *listing = &reading->watch->listing;
    const struct file_names *names = reading->directory->names;
    const struct text *added = reading->directory->added;
    for (size_t i = 0; i < file_names_count(names); i++)
        settle_absent(reading, file_names_text(names, i), file_names_signature(names, i), complete);
    for (size_t at = 0; added && at < added->length; at += strlen(added->data + at) + 1)
        settle_absent(reading, added->data + at, 0, complete);
    listing_sort(listing);
}

static void hint_at_differences(const struct reading *reading)
{
    const struct watch *watch = reading->watch;
    struct directory *directory = reading->directory;
    const struct listing *listing = &watch->listing;
    char path[PATH_MAX];
    for (size_t i = 0; i < listing->count; i++) {
        const struct listing_entry *entry = &listing->entries[i];
        size_t known = file_names_find(directory->names, listing_name(listing, i));
        bool differs =
            known == SIZE_MAX || file_names_signature(directory->names, known) != entry->signature;
        if (differs && directory->listed != TIME_NONE)
            directory->changed = watch->now;
        if ((differs || !entry->rested || directory->hint_all) &&
            directory_join(directory, listing_name(listing, i), path) > 0)
            hint(watch, path);
    }
}

static void settle_child(struct watch *watch, struct directory *child)
{
    struct stat facts;
    if (lstat(child->path, &facts) < 0 ? errno == ENOENT : !S_ISDIR(facts.st_mode))
        walk_vanished(watch, child);
    else if (!watch->handlers.wants_directory(watch->handlers.context, child->path))
        walk_drop(watch, child);
    else
        walk_pend(watch, child);
}

/* Roots look after themselves: their links are not listed as directories. */
static void settle_unseen_children(struct watch *watch, const struct directory *directory)
{
    struct directory *next;
    for (struct directory *child = directory->first_child; child; child = next) {
        next = child->next_sibling;
        if (child->stamp != watch->stamp && !child->is_root)
            settle_child(watch, child);
    }
}

static void keep(struct reading *reading, const struct stat *facts, bool complete)
{
    struct watch *watch = reading->watch;
    struct directory *directory = reading->directory;
    bool is_first = directory->listed == TIME_NONE;
    int64_t age = reading->wall_now / NANOSECONDS_PER_SECOND - reading->newest;
    if (is_first)
        directory->changed = watch->now - (age > 0 ? age : 0) * NANOSECONDS_PER_SECOND;
    else if (directory->signature != signature_of(facts))
        directory->changed = watch->now;
    directory_forget_contents(directory);
    directory->names = file_names_new(&watch->listing);
    if (!complete)
        return;
    directory->signature = signature_of(facts);
    directory->listed = watch->now;
    directory->hint_all = false;
}

int contents_list(struct watch *watch, struct directory *directory, const struct stat *facts)
{
    struct reading reading = {
        .watch = watch, .directory = directory, .wall_now = clock_wall(), .newest = 0};
    listing_clear(&watch->listing);
    watch->stamp++;
    note_time(&reading, facts);
    int result = read_entries(&reading);
    listing_sort(&watch->listing);
    settle_all_absent(&reading, result == 0);
    hint_at_differences(&reading);
    keep(&reading, facts, result == 0);
    if (result == 0)
        settle_unseen_children(watch, directory);
    return result;
}

int contents_check(struct watch *watch, struct directory *directory)
{
    int64_t wall_now = clock_wall();
    int64_t rest = directory_rest(directory);
    char path[PATH_MAX];
    for (size_t i = 0; i < file_names_count(directory->names); i++) {
        struct stat facts;
        if (directory_join(directory, file_names_text(directory->names, i), path) == 0)
            continue;
        if (lstat(path, &facts) < 0)
            return errno == ENOENT ? -ESTALE : -errno;
        if (!S_ISREG(facts.st_mode))
            return -ESTALE;
        uint64_t signature = signature_of(&facts);
        bool differs = signature != file_names_signature(directory->names, i);
        if (differs)
            directory->changed = watch->now;
        if (differs || !signature_is_rested(&facts, wall_now, rest))
            hint(watch, path);
        file_names_set_signature(directory->names, i, signature);
    }
    return 0;
}

void contents_add(struct watch *watch, struct directory *directory, const char *name)
{
    if (file_names_find(directory->names, name) != SIZE_MAX)
        return;
    if (!directory->added) {
        directory->added = memory_alloc(sizeof(*directory->added));
        text_init(directory->added, ADDED_MAXIMUM);
    }
    if (!text_append(directory->added, name, strlen(name) + 1))
        walk_pend(watch, directory);
}
