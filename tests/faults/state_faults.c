/* Faults of the disk below one directory, for a program that was not built for them (LD_PRELOAD).
 *
 * A change is a call that writes, syncs, creates, truncates, renames or removes a file there. All
 * changes of a process are counted from 1, whatever thread makes them. From the environment:
 *
 *   FAULT_DIRECTORY=DIR    files below it, by absolute path; without it nothing happens
 *   FAULT_KILL_AT=N        SIGKILL in place of change N
 *   FAULT_TORN=1           ... after half of it, if it is a write
 *   FAULT_FAIL_AT=N        change N fails with FAULT_ERRNO (a number; default ENOSPC)
 *   FAULT_FAIL_COUNT=K     ... and so do all up to N + K - 1 (default 1)
 *   FAULT_FULL_WHILE=FILE  while FILE exists what would make a file longer fails with ENOSPC
 *   FAULT_LOG=FILE         a line for each change: its number, the call, the file
 *
 * What goes through a mapping (SQLite's -shm) is not seen. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

_Static_assert(sizeof(off_t) == sizeof(off64_t), "pwrite and pwrite64 are one here");

static atomic_ulong changes;

/* ---- what is asked for ---- */

static unsigned long number_of(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : otherwise;
}

static bool is_below(const char *path)
{
    const char *directory = getenv("FAULT_DIRECTORY");
    if (!directory)
        return false;
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The path behind a descriptor; false if it is none of ours. */
static bool path_of(int descriptor, char *ret_path, size_t size)
{
    char link[64];
    int before = errno;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, ret_path, size - 1);
    errno = before;
    if (length < 0)
        return false;
    ret_path[length] = '\0';
    return is_below(ret_path);
}

static bool is_full(void)
{
    const char *path = getenv("FAULT_FULL_WHILE");
    int before = errno;
    bool full = path && access(path, F_OK) == 0;
    errno = before;
    return full;
}

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (!function)
        abort();
    return function;
}

/* ---- a change ---- */

/* By system call: the functions of the C library are replaced here. */
static void tell(unsigned long number, const char *call, const char *path)
{
    const char *log = getenv("FAULT_LOG");
    char line[4200];
    if (!log)
        return;
    int length = snprintf(line, sizeof(line), "%lu %s %s\n", number, call, path);
    int descriptor =
        (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor < 0)
        return;
    syscall(SYS_write, descriptor, line, (size_t)length);
    syscall(SYS_close, descriptor);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Counts a change. Returns 0: go on, or the errno with which it fails. *ret_torn: half of it is to
 * be made, then die() called. */
static int begin_change(const char *call, const char *path, bool *ret_torn)
{
    unsigned long number = atomic_fetch_add(&changes, 1) + 1;
    unsigned long fail_at = number_of("FAULT_FAIL_AT", 0);
    int before = errno;
    tell(number, call, path);
    errno = before;
    *ret_torn = false;
    if (number == number_of("FAULT_KILL_AT", 0)) {
        *ret_torn = number_of("FAULT_TORN", 0) > 0;
        if (!*ret_torn)
            die();
    }
    if (fail_at > 0 && number >= fail_at && number - fail_at < number_of("FAULT_FAIL_COUNT", 1))
        return (int)number_of("FAULT_ERRNO", ENOSPC);
    return 0;
}

/* A change that cannot be made in half. 0, or -1 with errno. */
static int begin_whole(const char *call, const char *path)
{
    bool torn;
    int error = begin_change(call, path, &torn);
    if (torn)
        die();
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}

static int begin_whole_of(const char *call, int descriptor)
{
    char path[4096];
    return path_of(descriptor, path, sizeof(path)) ? begin_whole(call, path) : 0;
}

static bool would_grow(int descriptor, off_t end)
{
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && end > status.st_size;
}

/* Before `size` bytes are written at `offset` (-1: where the file stands). Returns how many to
 * write; *ret_torn: then die(). -1 with errno: none. */
static ssize_t begin_write(const char *call, int descriptor, size_t size, off_t offset,
                           bool *ret_torn)
{
    char path[4096];
    *ret_torn = false;
    if (!path_of(descriptor, path, sizeof(path)))
        return (ssize_t)size;
    int error = begin_change(call, path, ret_torn);
    off_t begin = offset >= 0 ? offset : lseek(descriptor, 0, SEEK_CUR);
    if (error == 0 && is_full() && would_grow(descriptor, begin + (off_t)size))
        error = ENOSPC;
    if (error == 0)
        return (ssize_t)(*ret_torn ? size / 2 : size);
    errno = error;
    return -1;
}

/* ---- the calls ---- */

EXPORTED ssize_t write(int descriptor, const void *bytes, size_t size)
{
    bool torn;
    ssize_t (*call)(int, const void *, size_t) = real("write");
    ssize_t left = begin_write("write", descriptor, size, -1, &torn);
    ssize_t written = left < 0 ? -1 : call(descriptor, bytes, (size_t)left);
    if (torn)
        die();
    return written;
}

static ssize_t write_at(int descriptor, const void *bytes, size_t size, off_t offset)
{
    bool torn;
    ssize_t (*call)(int, const void *, size_t, off_t) = real("pwrite");
    ssize_t left = begin_write("pwrite", descriptor, size, offset, &torn);
    ssize_t written = left < 0 ? -1 : call(descriptor, bytes, (size_t)left, offset);
    if (torn)
        die();
    return written;
}

EXPORTED ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset)
{
    return write_at(descriptor, bytes, size, offset);
}

EXPORTED ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset)
{
    return write_at(descriptor, bytes, size, offset);
}

EXPORTED int fsync(int descriptor)
{
    int (*call)(int) = real("fsync");
    return begin_whole_of("fsync", descriptor) < 0 ? -1 : call(descriptor);
}

EXPORTED int fdatasync(int descriptor)
{
    int (*call)(int) = real("fdatasync");
    return begin_whole_of("fdatasync", descriptor) < 0 ? -1 : call(descriptor);
}

static int set_length(int descriptor, off_t length)
{
    int (*call)(int, off_t) = real("ftruncate");
    return begin_whole_of("ftruncate", descriptor) < 0 ? -1 : call(descriptor, length);
}

EXPORTED int ftruncate(int descriptor, off_t length)
{
    return set_length(descriptor, length);
}

EXPORTED int ftruncate64(int descriptor, off64_t length)
{
    return set_length(descriptor, length);
}

static int allocate(int descriptor, off_t offset, off_t length)
{
    int (*call)(int, off_t, off_t) = real("posix_fallocate");
    char path[4096];
    if (!path_of(descriptor, path, sizeof(path)))
        return call(descriptor, offset, length);
    if (begin_whole("posix_fallocate", path) < 0)
        return errno;
    if (is_full() && would_grow(descriptor, offset + length))
        return ENOSPC;
    return call(descriptor, offset, length);
}

EXPORTED int posix_fallocate(int descriptor, off_t offset, off_t length)
{
    return allocate(descriptor, offset, length);
}

EXPORTED int posix_fallocate64(int descriptor, off64_t offset, off64_t length)
{
    return allocate(descriptor, offset, length);
}

EXPORTED int rename(const char *old_path, const char *new_path)
{
    int (*call)(const char *, const char *) = real("rename");
    if (is_below(new_path) && begin_whole("rename", new_path) < 0)
        return -1;
    return call(old_path, new_path);
}

/* True: it concerns us, and is told by *ret_path. */
static bool is_ours_at(int directory, const char *name, char *ret_path, size_t size)
{
    char base[4096];
    if (name[0] == '/' || directory == AT_FDCWD) {
        snprintf(ret_path, size, "%s", name);
        return is_below(name);
    }
    if (!path_of(directory, base, sizeof(base)))
        return false;
    int length = snprintf(ret_path, size, "%s/%s", base, name);
    return length > 0 && (size_t)length < size;
}

EXPORTED int renameat(int old_directory, const char *old_name, int new_directory,
                      const char *new_name)
{
    int (*call)(int, const char *, int, const char *) = real("renameat");
    char path[8200];
    if (is_ours_at(new_directory, new_name, path, sizeof(path)) &&
        begin_whole("renameat", path) < 0)
        return -1;
    return call(old_directory, old_name, new_directory, new_name);
}

EXPORTED int unlink(const char *path)
{
    int (*call)(const char *) = real("unlink");
    if (is_below(path) && access(path, F_OK) == 0 && begin_whole("unlink", path) < 0)
        return -1;
    return call(path);
}

EXPORTED int unlinkat(int directory, const char *name, int flags)
{
    int (*call)(int, const char *, int) = real("unlinkat");
    char path[8200];
    if (is_ours_at(directory, name, path, sizeof(path)) && begin_whole("unlinkat", path) < 0)
        return -1;
    return call(directory, name, flags);
}

EXPORTED int mkdir(const char *path, mode_t mode)
{
    int (*call)(const char *, mode_t) = real("mkdir");
    if (is_below(path) && access(path, F_OK) < 0 && begin_whole("mkdir", path) < 0)
        return -1;
    return call(path, mode);
}

/* Opening is a change where it makes a file or empties it. */
static int begin_open(int directory, const char *name, int flags)
{
    char path[8200];
    int before = errno;
    if (!(flags & (O_CREAT | O_TRUNC)) || !is_ours_at(directory, name, path, sizeof(path)))
        return 0;
    bool is_there = faccessat(directory, name, F_OK, 0) == 0;
    errno = before;
    return is_there && !(flags & O_TRUNC) ? 0 : begin_whole("open", path);
}

static int open_at(int directory, const char *name, int flags, mode_t mode)
{
    int (*call)(int, const char *, int, ...) = real("openat");
    return begin_open(directory, name, flags) < 0 ? -1 : call(directory, name, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(arguments, unsigned) : 0;
}

EXPORTED int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_at(AT_FDCWD, path, flags, mode);
}

EXPORTED int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_at(AT_FDCWD, path, flags, mode);
}

EXPORTED int openat(int directory, const char *name, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_at(directory, name, flags, mode);
}

EXPORTED int openat64(int directory, const char *name, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_at(directory, name, flags, mode);
}
