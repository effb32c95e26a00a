/* See lock_file.h. */
#include "state/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOLDER_LENGTH 32

/* The text is for people: the lock holds without it, on a full disk too. */
static void write_holder(int descriptor)
{
    char text[HOLDER_LENGTH];
    int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(descriptor, 0) == 0) {
        ssize_t ignored = pwrite(descriptor, text, (size_t)length, 0);
        (void)ignored;
    }
}

static void read_holder(int descriptor, char *ret_holder)
{
    ssize_t length = pread(descriptor, ret_holder, HOLDER_LENGTH - 1, 0);
    ret_holder[length > 0 ? length : 0] = '\0';
    ret_holder[strspn(ret_holder, "0123456789")] = '\0';
}

/* Is this still the file of that name? One unlinked meanwhile locks nobody out. */
static bool is_named(int descriptor, const char *path)
{
    struct stat locked;
    struct stat named;
    return fstat(descriptor, &locked) == 0 && stat(path, &named) == 0 &&
           locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

/* Where nothing can be written, a file that is there can be locked all the same. */
static int open_file(const char *path)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0 && (errno == EROFS || errno == EACCES)) {
        int error = errno;
        descriptor = open(path, O_RDONLY | O_CLOEXEC);
        errno = error;
    }
    return descriptor;
}

int lock_file_take(const char *path, int *ret_descriptor, char *ret_holder)
{
    for (;;) {
        int descriptor = open_file(path);
        if (descriptor < 0)
            return -errno;
        if (flock(descriptor, LOCK_EX | LOCK_NB) < 0) {
            int error = errno;
            read_holder(descriptor, ret_holder);
            close(descriptor);
            return error == EWOULDBLOCK ? -EBUSY : -error;
        }
        if (is_named(descriptor, path)) {
            write_holder(descriptor);
            *ret_descriptor = descriptor;
            return 0;
        }
        close(descriptor);
    }
}
