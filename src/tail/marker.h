/* Does a file still hold what was counted of it? Told by the last counted line (the marker), after
 * a reopening also by the first line, and by a hole that was stepped over. */
#ifndef TAIL_MARKER_H
#define TAIL_MARKER_H

#include <stdbool.h>
#include <stdint.h>

#include "tail/tail_internal.h"

enum marker_check {
    MARKER_HOLDS,
    MARKER_CHANGED,    /* the file is shorter, or something else stands there */
    MARKER_HOLE_FILLED /* a hole that was stepped over now holds whole lines */
};

/* Before and after each read; `size` of the file as of now. Compressed streams: only the size. */
enum marker_check marker_check(struct tail *tail, struct tail_file *file, uint64_t size);
/* Do the first and the last counted line of this record stand in that file, at their places? False
 * for a compressed one, or where nothing was counted. */
bool marker_holds_in(struct tail *tail, int descriptor, const struct tail_record *record);
/* The last counted line is `bytes` with all that belongs to it, and ends before `end`. */
void marker_set(struct tail_record *record, const char *bytes, size_t length, uint64_t end);
/* `bytes` begin with the first line of the stream. */
void marker_set_first(struct tail_record *record, const char *bytes, size_t length);
/* Is this the marker? `length` is at least that of the marker, which ends where `bytes` end. */
bool marker_equals(const struct tail_record *record, const char *bytes, size_t length);

#endif
