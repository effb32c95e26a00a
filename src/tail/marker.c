/* See marker.h. */
#include "tail/marker.h"

#include <string.h>

#include "base/attributes.h"
#include "base/hash.h"
#include "tail/stream.h"

/* A hole longer than this is one that a truncation left, and nobody fills it. */
#define HOLE_BYTES MARKER_BYTES

static bool holds_hash(struct tail *tail, int descriptor, uint64_t start, uint32_t length,
                       uint64_t hash)
{
    return stream_pread(descriptor, tail->scratch, length, start) == (ssize_t)length &&
           hash_stable(tail->scratch, length) == hash;
}

static bool holds_first(struct tail *tail, int descriptor, const struct tail_record *record)
{
    return holds_hash(tail, descriptor, 0, record->first_length, record->first_hash);
}

static bool holds_last(struct tail *tail, int descriptor, const struct tail_record *record)
{
    return holds_hash(tail, descriptor, record->marker_end - record->marker_length,
                      record->marker_length, record->marker_hash);
}

/* Something stands at the hole's start now. Whole lines, or is a writer still at it? */
static enum marker_check look_into_hole(struct tail *tail, const struct tail_file *file,
                                        const struct stream_extra *extra)
{
    /* Without a marker nothing else tells that the content was replaced. */
    if (file->record.marker_length == 0)
        return MARKER_CHANGED;
    size_t length = (size_t)(extra->hole_end - extra->hole_start);
    ssize_t got = stream_pread(file->descriptor, tail->scratch, length, extra->hole_start);
    if (got <= 0)
        return MARKER_HOLDS;
    const char *end = memchr(tail->scratch, '\0', (size_t)got);
    size_t filled = end ? (size_t)(end - tail->scratch) : (size_t)got;
    return tail->scratch[filled - 1] == '\n' ? MARKER_HOLE_FILLED : MARKER_HOLDS;
}

static enum marker_check check_hole(struct tail *tail, const struct tail_file *file)
{
    const struct stream_extra *extra = file->extra;
    if (!extra || extra->hole_end == extra->hole_start || file->record.discarding ||
        extra->hole_end - extra->hole_start > HOLE_BYTES)
        return MARKER_HOLDS;
    char first;
    if (stream_pread(file->descriptor, &first, 1, extra->hole_start) != 1 || first == '\0')
        return MARKER_HOLDS;
    return look_into_hole(tail, file, extra);
}

enum marker_check marker_check(struct tail *tail, struct tail_file *file, uint64_t size)
{
    const struct tail_record *record = &file->record;
    if (record->compressed)
        return size < file->read_end ? MARKER_CHANGED : MARKER_HOLDS;
    if (size < record->offset)
        return MARKER_CHANGED;
    if (record->marker_length > 0 && !holds_last(tail, file->descriptor, record))
        return MARKER_CHANGED;
    if (UNLIKELY(file->reopened) && record->first_length > 0 &&
        !holds_first(tail, file->descriptor, record))
        return MARKER_CHANGED;
    file->reopened = false;
    return check_hole(tail, file);
}

bool marker_holds_in(struct tail *tail, int descriptor, const struct tail_record *record)
{
    return !record->compressed && record->marker_length > 0 && record->first_length > 0 &&
           holds_first(tail, descriptor, record) && holds_last(tail, descriptor, record);
}

void marker_set(struct tail_record *record, const char *bytes, size_t length, uint64_t end)
{
    size_t kept = length < MARKER_BYTES ? length : MARKER_BYTES;
    record->marker_hash = hash_stable(bytes + length - kept, kept);
    record->marker_length = (uint32_t)kept;
    record->marker_end = end;
}

void marker_set_first(struct tail_record *record, const char *bytes, size_t length)
{
    size_t kept = length < FIRST_LINE_BYTES ? length : FIRST_LINE_BYTES;
    const char *end = memchr(bytes, '\n', kept);
    if (end)
        kept = (size_t)(end - bytes) + 1;
    record->first_hash = hash_stable(bytes, kept);
    record->first_length = (uint32_t)kept;
}

bool marker_equals(const struct tail_record *record, const char *bytes, size_t length)
{
    return length >= record->marker_length &&
           hash_stable(bytes + length - record->marker_length, record->marker_length) ==
               record->marker_hash;
}
