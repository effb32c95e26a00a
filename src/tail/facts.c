/* See facts.h. */
#include "tail/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/clock.h"

static int64_t nanoseconds(const struct statx_timestamp *stamp)
{
    return stamp->tv_sec * NANOSECONDS_PER_SECOND + (int64_t)stamp->tv_nsec;
}

static int ask(int descriptor, const char *path, int flags, struct facts *ret_facts)
{
    struct statx told;
    if (statx(descriptor, path, flags, STATX_BASIC_STATS | STATX_BTIME, &told) < 0)
        return -errno;
    *ret_facts = (struct facts){
        .device = makedev(told.stx_dev_major, told.stx_dev_minor),
        .inode = told.stx_ino,
        .size = told.stx_size,
        .modified = nanoseconds(&told.stx_mtime),
        .changed = nanoseconds(&told.stx_ctime),
        .born = (told.stx_mask & STATX_BTIME) ? nanoseconds(&told.stx_btime) : 0,
        .links = told.stx_nlink,
        .owner = told.stx_uid,
        .regular = S_ISREG(told.stx_mode),
    };
    return 0;
}

int facts_of_path(const char *path, struct facts *ret_facts)
{
    return ask(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, ret_facts);
}

int facts_of_descriptor(int descriptor, struct facts *ret_facts)
{
    return ask(descriptor, "", AT_EMPTY_PATH, ret_facts);
}
