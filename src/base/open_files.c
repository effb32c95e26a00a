/* See open_files.h. A link in /proc/PID/fd shows by its own mode how the file was opened, so that
 * only descriptors open for writing cost a second look at the file behind them. */
#include "base/open_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void look_at_descriptor(int directory, const char *link, open_files_see see, void *context)
{
    struct stat own;
    struct statx file;
    if (fstatat(directory, link, &own, AT_SYMLINK_NOFOLLOW) < 0 || !(own.st_mode & S_IWUSR))
        return;
    if (statx(directory, link, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &file) == 0)
        see(context, makedev(file.stx_dev_major, file.stx_dev_minor), file.stx_ino);
}

int open_files_written(int processes, const char *process, open_files_see see, void *context)
{
    char path[64];
    if (snprintf(path, sizeof(path), "%s/fd", process) >= (int)sizeof(path))
        return -ENOENT;
    int directory = openat(processes, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *links = directory < 0 ? NULL : fdopendir(directory);
    if (!links) {
        int error = errno;
        if (directory >= 0)
            close(directory);
        return -error;
    }
    struct dirent *entry;
    while ((entry = readdir(links)) != NULL)
        if (entry->d_name[0] != '.')
            look_at_descriptor(directory, entry->d_name, see, context);
    closedir(links);
    return 0;
}
