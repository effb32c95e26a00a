/* See inflated.h. */
#include "tail/inflated.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tail/gzip.h"
#include "tail/marker.h"
#include "tail/stream.h"

/* Streams that are inflated at a time. */
#define INFLATED_MAXIMUM ((size_t)4)

struct inflated {
    struct gzip *gzip;
    char *bytes;
    size_t length;
    size_t capacity;
    uint64_t offset; /* of bytes[0] in the plain content */
    bool marker_seen;
    bool ready; /* the marker was there, and bytes[0] stands at record.offset */
    struct tail_file *file;
    struct list link; /* in tail->inflating */
};

static struct inflated *state_of(const struct tail_file *file)
{
    return file->extra ? file->extra->inflated : NULL;
}

void inflated_free(struct tail *tail, struct tail_file *file)
{
    struct inflated *inflated = state_of(file);
    if (!inflated)
        return;
    file->extra->inflated = NULL;
    list_remove(&inflated->link);
    tail->inflating_count--;
    gzip_free(inflated->gzip);
    free(inflated->bytes);
    free(inflated);
}

struct tail_file *inflated_oldest(const struct tail *tail)
{
    struct list *first = tail->inflating.next;
    return first == &tail->inflating ? NULL : list_item(first, struct inflated, link)->file;
}

static struct inflated *begin(struct tail *tail, struct tail_file *file)
{
    if (tail->inflating_count >= INFLATED_MAXIMUM)
        inflated_free(tail, inflated_oldest(tail));
    struct inflated *inflated = memory_zero(1, sizeof(*inflated));
    inflated->gzip = gzip_new();
    inflated->file = file;
    inflated->marker_seen = file->record.marker_length == 0;
    inflated->ready = file->record.offset == 0;
    stream_extra(file)->inflated = inflated;
    list_init(&inflated->link);
    tail->inflating_count++;
    return inflated;
}

/* The state, as the most recently used one. */
static struct inflated *get(struct tail *tail, struct tail_file *file)
{
    struct inflated *inflated = state_of(file);
    if (!inflated)
        inflated = begin(tail, file);
    list_append(&tail->inflating, &inflated->link);
    return inflated;
}

static void drop(struct inflated *inflated, size_t length)
{
    inflated->length -= length;
    inflated->offset += length;
    memmove(inflated->bytes, inflated->bytes + length, inflated->length);
}

static void drop_until(struct inflated *inflated, uint64_t offset)
{
    if (offset <= inflated->offset)
        return;
    uint64_t ahead = offset - inflated->offset;
    drop(inflated, ahead < inflated->length ? (size_t)ahead : inflated->length);
}

/* What was counted before is stepped over, all but the marker, which must be there. */
static enum inflated_result skip_counted(struct inflated *inflated, const struct tail_file *file)
{
    const struct tail_record *record = &file->record;
    if (!inflated->marker_seen) {
        drop_until(inflated, record->marker_end - record->marker_length);
        if (inflated->offset + inflated->length < record->marker_end)
            return INFLATED_SKIPPED;
        size_t length = (size_t)(record->marker_end - inflated->offset);
        if (!marker_equals(record, inflated->bytes, length))
            return INFLATED_CHANGED;
        inflated->marker_seen = true;
    }
    drop_until(inflated, record->offset);
    inflated->ready = inflated->offset == record->offset;
    return inflated->ready ? INFLATED_MORE : INFLATED_SKIPPED;
}

static void reserve(struct inflated *inflated, size_t more)
{
    if (inflated->length + more <= inflated->capacity)
        return;
    inflated->capacity = inflated->length + more;
    inflated->bytes = memory_resize(inflated->bytes, inflated->capacity, 1);
}

enum inflated_result inflated_fill(struct tail *tail, struct tail_file *file, int *ret_error)
{
    struct inflated *inflated = get(tail, file);
    reserve(inflated, tail->options.chunk_bytes);
    size_t got;
    int r = gzip_read(inflated->gzip, file->descriptor, inflated->bytes + inflated->length,
                      tail->options.chunk_bytes, &got);
    if (r == -EBADMSG)
        return INFLATED_BROKEN;
    if (r < 0) {
        *ret_error = r;
        return INFLATED_FAILED;
    }
    if (got == 0)
        return inflated->ready ? INFLATED_END : INFLATED_CHANGED;
    inflated->length += got;
    return inflated->ready ? INFLATED_MORE : skip_counted(inflated, file);
}

const char *inflated_bytes(const struct tail_file *file, size_t *ret_length)
{
    const struct inflated *inflated = state_of(file);
    *ret_length = inflated && inflated->ready ? inflated->length : 0;
    return inflated && inflated->ready ? inflated->bytes : NULL;
}

void inflated_use(struct tail *tail, struct tail_file *file, size_t length)
{
    struct inflated *inflated = file->extra->inflated;
    drop(inflated, length);
    size_t usual = 2 * tail->options.chunk_bytes;
    if (inflated->capacity > usual && inflated->length <= usual) {
        inflated->bytes = memory_resize(inflated->bytes, usual, 1);
        inflated->capacity = usual;
    }
}

uint64_t inflated_position(const struct tail_file *file)
{
    return gzip_position(state_of(file)->gzip);
}
