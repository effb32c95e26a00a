/* Disk use of a directory tree, measured now and then beside the loop.
 *
 * A walk of a big tree takes long, so it runs in a thread of its own at lowest priority, hourly;
 * the result comes back through a descriptor the loop waits on, as a DiskSampled event:
 *
 *   {"event_type":"DiskSampled","path":"/home/u/.prodigy/events","bytes":123456}
 *
 * Bytes are blocks in use (as du counts; a file with several names counts once for each name).
 * What cannot be read is left out. Symbolic links and other file systems are not followed. */
#ifndef RESOURCES_DISK_H
#define RESOURCES_DISK_H

#include <stdbool.h>
#include <stdint.h>

#define DISK_PERIOD (INT64_C(3600) * 1000000000) /* ns */

struct disk;
struct text;

/* `path` is copied. NULL when no descriptor can be had (errno says why). */
struct disk *disk_new(const char *path);
/* Ends a measurement under way. NULL is fine. */
void disk_free(struct disk *disk);

/* Readable when a measurement is done. */
int disk_descriptor(const struct disk *disk);
/* Starts a measurement when one is due. */
void disk_tick(struct disk *disk, int64_t monotonic_now);
/* The event of a finished measurement, appended as JSON. False: none is done, or the directory
 * was not there. */
bool disk_take(struct disk *disk, struct text *out);

#endif
