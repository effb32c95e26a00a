/* See output.h. */
#include "command/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static bool write_all(int descriptor, const struct text *text)
{
    size_t done = 0;
    while (done < text->length) {
        ssize_t written = write(descriptor, text->data + done, text->length - done);
        if (written >= 0)
            done += (size_t)written;
        else if (errno != EINTR)
            return false;
    }
    return true;
}

static int fail(const char *path)
{
    if (errno != EPIPE)
        fprintf(stderr, "error: cannot write to %s: %s\n", path, strerror(errno));
    return 1;
}

int output_text(const struct text *text)
{
    return write_all(STDOUT_FILENO, text) ? 0 : fail("stdout");
}

static int write_in_place(const char *path, const struct text *text)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return fail(path);
    bool done = write_all(descriptor, text);
    int error = errno;
    if (close(descriptor) < 0 && done)
        return fail(path);
    errno = error;
    return done ? 0 : fail(path);
}

/* The rights that open() would give a new file. */
static mode_t new_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static bool finish(int descriptor, mode_t mode, const struct text *text)
{
    return write_all(descriptor, text) && fchmod(descriptor, mode) == 0 && fsync(descriptor) == 0;
}

static int write_beside(const char *path, mode_t mode, const struct text *text)
{
    AUTO_FREE char *beside = memory_format("%s.XXXXXX", path);
    int descriptor = mkostemp(beside, O_CLOEXEC);
    if (descriptor < 0)
        return fail(path);
    bool done = finish(descriptor, mode, text);
    int error = errno;
    if (close(descriptor) < 0 && done) {
        done = false;
        error = errno;
    }
    if (done && rename(beside, path) == 0)
        return 0;
    error = done ? errno : error;
    unlink(beside);
    errno = error;
    return fail(path);
}

static bool is_stdout(const struct stat *facts)
{
    struct stat own;
    return fstat(STDOUT_FILENO, &own) == 0 && own.st_dev == facts->st_dev &&
           own.st_ino == facts->st_ino;
}

int output_file(const char *path, const struct text *text)
{
    struct stat facts;
    if (!path)
        return output_text(text);
    if (stat(path, &facts) < 0)
        return write_beside(path, new_mode(), text);
    if (is_stdout(&facts)) /* /dev/stdout must not be renamed over, nor its reader lose the file */
        return output_text(text);
    if (!S_ISREG(facts.st_mode))
        return write_in_place(path, text);
    AUTO_FREE char *target = realpath(path, NULL); /* a link stays, and leads to the new content */
    return target ? write_beside(target, facts.st_mode & 07777, text) : fail(path);
}
