/* A decode plan: which paths of a record somebody wants, as a trie from keys to slots.
 *
 *   want {"event","job_id"} -> slot 0        root -event-> o -job_id-> [slot 0]
 *   want {"event","commits"} -> slot 1                       -commits-> [slot 1]
 *   list {"event","items"} -> a plan of its own for each element of that array or object
 *
 * Built once at start, read by any number of decoders. A path segment that is a decimal number
 * also names an element of an array. In a list's plan the elements of an array are the roots; an
 * entry of an object is seen as {"key": ..., "value": ...}. Paths may lead into a list too, but
 * then every line is parsed once more. */
#ifndef DECODE_PLAN_H
#define DECODE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decode_plan;

struct decode_plan *decode_plan_new(void);
void decode_plan_free(struct decode_plan *plan);

/* The slot in which the value at this path (no segments: the record or element itself) will be.
 * The same path has the same slot. */
uint32_t decode_plan_want(struct decode_plan *plan, const char *const *segments, size_t count);
/* The plan of the elements of the list at this path; belongs to `plan`. The list's own value is in
 * decode_plan_want of the path. */
struct decode_plan *decode_plan_list(struct decode_plan *plan, const char *const *segments,
                                     size_t count);
/* Does somebody want the value at this path, or something in it? A segment that is NULL is an
 * element of a list, whichever. */
bool decode_plan_wants(const struct decode_plan *plan, const char *const *segments, size_t count);
uint32_t decode_plan_slots(const struct decode_plan *plan);

#endif
