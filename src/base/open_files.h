/* Which files a process has open for writing, as /proc/PID/fd tells. Nothing is opened but that
 * directory, so nobody notices. */
#ifndef BASE_OPEN_FILES_H
#define BASE_OPEN_FILES_H

#include <stdint.h>

typedef void (*open_files_see)(void *context, uint64_t device, uint64_t inode);

/* Calls `see` for every descriptor of `process` (a name in /proc, which is open as `processes`)
 * that is open for writing, whatever is behind it. 0; or a negative errno when its descriptors may
 * not be listed: -ENOENT or -ESRCH where it has ended. */
int open_files_written(int processes, const char *process, open_files_see see, void *context);

#endif
