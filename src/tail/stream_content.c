/* See stream.h: what a file's facts and content tell, and a stream that has to begin again. */
#include "base/clock.h"
#include "tail/aim.h"
#include "tail/inflated.h"
#include "tail/rewrite.h"
#include "tail/stream.h"

/* File times may lag behind the clock by a tick of the kernel: within that a second change may
 * leave the same time. */
#define RACY_TIME (50 * NANOSECONDS_PER_MILLISECOND)

bool stream_note_facts(struct tail *tail, struct tail_file *file, const struct facts *facts,
                       int64_t monotonic_now)
{
    bool same_content = facts->size == file->size && facts->modified == file->modified;
    if (same_content && facts->changed == file->changed && !file->racy)
        return false;
    file->modified = facts->modified;
    file->changed = facts->changed;
    file->racy = clock_wall() - facts->changed < RACY_TIME;
    stream_mark_unsaved(tail, file);
    /* A smaller size is for the reader to find: until then it is known what was lost. */
    if (facts->size > file->size)
        stream_set_extent(tail, file, facts->size, file->read_end);
    if (!same_content) {
        file->rest_since = monotonic_now;
        file->judged = file->closed = false;
    }
    return true;
}

/* Nothing was counted at and behind `offset`. */
static void forget_from(struct tail_file *file, uint64_t offset)
{
    file->record.offset = file->scanned = offset;
    file->record.marker_length = 0;
    file->record.marker_end = 0;
    file->record.discarding = file->record.rest_counted = false;
    file->judged = file->partial_told = false;
}

void stream_restart(struct tail *tail, struct tail_file *file, uint64_t size)
{
    struct tail_record *record = &file->record;
    /* A larger size than before may be that of the new content. */
    bool unread =
        size < file->size && file->size > (record->compressed ? file->read_end : record->offset);
    if (unread)
        tail->counts.truncations_unread++;
    else
        tail->counts.truncations_read++;
    if (record->has_line_without_id && !record->compressed && size >= record->offset)
        tail->counts.ambiguous_rewrites++;
    forget_from(file, 0);
    record->lines = 0;
    record->first_length = 0;
    record->compressed = false;
    file->broken = file->reopened = file->replaces = false;
    inflated_free(tail, file);
    if (file->extra) {
        rewrite_release(file);
        file->extra->hole_start = file->extra->hole_end = 0;
        file->extra->repeated_from = file->extra->repeated_until = 0;
    }
    directories_check(&tail->directories, file->name->directory);
    stream_set_extent(tail, file, size, 0);
    aim_restart(tail, file, size);
    stream_mark_unsaved(tail, file);
}

void stream_rewind_to_hole(struct tail *tail, struct tail_file *file)
{
    struct stream_extra *extra = file->extra;
    extra->repeated_from = extra->hole_end;
    /* The LF that ends a line counted without it lies behind the offset. */
    extra->repeated_until = file->record.offset + file->record.rest_counted;
    forget_from(file, extra->hole_start);
    extra->hole_end = extra->hole_start;
    directories_check(&tail->directories, file->name->directory);
    stream_set_extent(tail, file, file->size, file->record.offset);
    stream_mark_unsaved(tail, file);
}

bool stream_has_rest(const struct tail_file *file)
{
    return file->scanned > file->record.offset && !file->record.discarding;
}
