/* How full the file system below a directory is: asked of the file system, nothing is walked.
 *
 *   {"event_type":"DiskSampled","path":"/home/u/.prodigy/worktrees",
 *    "file_system":{"size_bytes":1000,"used_bytes":600,"available_bytes":350}}
 *
 * Available is what ordinary users may still write. */
#ifndef RESOURCES_FILE_SYSTEM_H
#define RESOURCES_FILE_SYSTEM_H

#include <stdbool.h>

struct text;

/* Appends the event as JSON. False, and nothing: the directory is not there, or cannot be asked. */
bool file_system_sample(const char *path, struct text *out);

#endif
