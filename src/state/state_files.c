/* See state_files.h. A rename is on disk only when its directory was synced; whatever replaces a
 * file is synced before. */
#include "state/state_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

void state_files_init(struct state_files *files, const char *directory)
{
    *files = (struct state_files){
        .directory = memory_copy_text(directory),
        .database = memory_format("%s/state.db", directory),
        .wal = memory_format("%s/state.db-wal", directory),
        .shm = memory_format("%s/state.db-shm", directory),
        .totals = memory_format("%s/totals.db", directory),
        .lock = memory_format("%s/lock", directory),
    };
}

void state_files_free(struct state_files *files)
{
    free(files->directory);
    free(files->database);
    free(files->wal);
    free(files->shm);
    free(files->totals);
    free(files->lock);
    *files = (struct state_files){0};
}

static int make_one(const char *path)
{
    struct stat facts;
    if (mkdir(path, 0700) == 0)
        return 0;
    int error = errno;
    /* A parent may be there and yet not be writable, or be named through a link. */
    if (stat(path, &facts) == 0)
        return S_ISDIR(facts.st_mode) ? 0 : -ENOTDIR;
    return -error;
}

int state_files_make_directory(const struct state_files *files)
{
    AUTO_FREE char *path = memory_copy_text(files->directory);
    if (!path[0])
        return -ENOENT;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int r = make_one(path);
        *slash = '/';
        if (r < 0)
            return r;
    }
    return make_one(path);
}

int state_files_make(const char *path)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return errno == EEXIST ? 0 : -errno;
    close(descriptor);
    return 0;
}

static int sync_path(const char *path, int flags)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (descriptor < 0)
        return -errno;
    int r = fsync(descriptor) < 0 ? -errno : 0;
    close(descriptor);
    return r;
}

int state_files_publish(const struct state_files *files, const char *from, const char *to)
{
    int r = sync_path(from, 0);
    if (r == 0 && rename(from, to) < 0)
        r = -errno;
    return r < 0 ? r : sync_path(files->directory, O_DIRECTORY);
}

/* "20261121T030405Z" */
static void write_compact_time(int64_t time, char *ret_text)
{
    char text[40];
    clock_format_rfc3339(time, 0, text);
    for (const char *c = text; *c; c++)
        if (*c != '-' && *c != ':')
            *ret_text++ = *c;
    *ret_text = '\0';
}

/* The first name of these that nothing has yet: NAME, NAME.1, NAME.2 ... */
static char *choose_name(const struct state_files *files, int64_t time)
{
    char compact[40];
    write_compact_time(time, compact);
    char *name = memory_format("state.db.corrupt-%s", compact);
    for (int i = 1;; i++) {
        struct stat facts;
        AUTO_FREE char *path = memory_format("%s/%s", files->directory, name);
        if (lstat(path, &facts) < 0)
            return name;
        free(name);
        name = memory_format("state.db.corrupt-%s.%d", compact, i);
    }
}

static int rename_if_there(const char *from, const char *directory, const char *name,
                           const char *suffix)
{
    AUTO_FREE char *to = memory_format("%s/%s%s", directory, name, suffix);
    return rename(from, to) < 0 && errno != ENOENT ? -errno : 0;
}

/* The log goes first: it must never be found beside a new database that it does not belong to. */
int state_files_set_aside(const struct state_files *files, int64_t time, char **ret_name)
{
    AUTO_FREE char *name = choose_name(files, time);
    int r = rename_if_there(files->wal, files->directory, name, "-wal");
    if (r == 0)
        r = rename_if_there(files->shm, files->directory, name, "-shm");
    if (r == 0)
        r = rename_if_there(files->database, files->directory, name, "");
    if (r == 0)
        r = sync_path(files->directory, O_DIRECTORY);
    if (r == 0)
        *ret_name = TAKE(name);
    return r;
}

static uint64_t bytes_of(const char *path)
{
    struct stat facts;
    return stat(path, &facts) < 0 ? 0 : (uint64_t)facts.st_size;
}

uint64_t state_files_bytes(const struct state_files *files)
{
    return bytes_of(files->database) + bytes_of(files->wal) + bytes_of(files->shm) +
           bytes_of(files->totals);
}

int file_identity_of(const char *path, struct file_identity *ret_identity)
{
    struct stat facts;
    if (stat(path, &facts) < 0)
        return -errno;
    *ret_identity = (struct file_identity){facts.st_dev, facts.st_ino};
    return 0;
}

bool file_identity_equal(const struct file_identity *a, const struct file_identity *b)
{
    return a->device == b->device && a->inode == b->inode;
}
