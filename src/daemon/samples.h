/* Samples: what the resources room measures becomes events of the program's own, which rules know
 * by their names.
 *
 *   a process has events/demo/mapreduce-1/events-1.jsonl open for writing, 120 MB, 3.4 s so far
 *   -> {"event_type":"ResourceSampled","source":"events","path":"/home/u/.prodigy/events/demo/
 *       mapreduce-1","directory":"mapreduce-1","process":"4711-88123","memory_bytes":125829120,
 *       "cpu_seconds":3.4,"cpu_percent":12.5,"processes":3}
 *
 * One event for each directory in which a followed file of lines is open for writing, however many
 * processes hold however many of them; without cpu_percent the first time. When nobody does any
 * more, one with `ended` true and nothing measured; it is also told once after the start of each
 * directory in question that nobody holds a file in, so that what a killed exporter had shown can
 * be taken back. And of each root's file system a DiskSampled (resources/file_system.h).
 *
 * Asked about are files that were changed within a day, and those of directories that are held. It
 * all comes with --resource-interval, and only while a rule names these events. */
#ifndef DAEMON_SAMPLES_H
#define DAEMON_SAMPLES_H

#include <stdint.h>

#include "base/attributes.h"

struct daemon;
struct samples;

/* After the loop's base. NULL: a descriptor is not to be had (errno says why). */
struct samples *samples_new(struct daemon *daemon) MUST_CHECK;
/* Ends what is under way. NULL is fine. Before what it looks at: files, rules. */
void samples_free(struct samples *samples);
/* To be called once a second, when caught up. */
void samples_tick(struct samples *samples, int64_t monotonic_now);

#endif
