/* Measures every few seconds, beside the loop: what the processes use that hold files open
 * (usage.h), and how full file systems are (file_system.h).
 *
 *   if (sampler_due(s, now)) { sampler_begin(s, now);  sampler_want(...);  sampler_start(s); }
 *   readable: sampler_take(s), then sampler_next_usage and sampler_next_disk
 *
 * A measurement has a thread of its own, at lowest priority, for as long as it takes; the result
 * comes back through a descriptor the loop waits on. However many processes and files there are, it
 * takes at most 1 % of a processor: then it comes less often. */
#ifndef RESOURCES_SAMPLER_H
#define RESOURCES_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLER_PATHS_MOST ((size_t)64) /* whose file systems are asked; further ones are not */

struct sampler;
struct usage_sample;

/* `period` in ns. NULL when no descriptor can be had (errno says why). */
struct sampler *sampler_new(int64_t period);
/* Ends a measurement under way. NULL is fine. */
void sampler_free(struct sampler *sampler);

/* Readable when a measurement is done. */
int sampler_descriptor(const struct sampler *sampler);
/* May the next one begin? */
bool sampler_due(const struct sampler *sampler, int64_t monotonic_now);

/* Forgets what was wanted, and the last results; the period begins now. Not while a measurement is
 * under way. */
void sampler_begin(struct sampler *sampler, int64_t monotonic_now);
/* See usage_want. */
void sampler_want(struct sampler *sampler, uint64_t device, uint64_t inode, uint64_t key);
/* A directory; copied, each once. */
void sampler_want_disk(struct sampler *sampler, const char *path);
void sampler_start(struct sampler *sampler);

/* A measurement that is done is over; its results stay until the next sampler_begin. False: none
 * is. */
bool sampler_take(struct sampler *sampler);
/* Walk the results: *position = 0 first, NULL at the end. A disk's is its event as JSON. */
const struct usage_sample *sampler_next_usage(const struct sampler *sampler, size_t *position);
const char *sampler_next_disk(const struct sampler *sampler, size_t *position);
/* See usage_left_out. */
size_t sampler_left_out(const struct sampler *sampler);

#endif
