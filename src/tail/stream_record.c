/* See stream_record.h. */
#include "tail/stream_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/memory.h"
#include "base/text.h"
#include "tail/stream.h"

/* Numbers in the database: never reused. */
enum flag {
    FLAG_COMPRESSED = 1 << 0,
    FLAG_DISCARDING = 1 << 1,
    FLAG_REST_COUNTED = 1 << 2,
    FLAG_LINE_WITHOUT_ID = 1 << 3,
    FLAG_READING = 1 << 4,
    FLAG_RACY = 1 << 5,
    FLAG_MOVED = 1 << 6,
    FLAG_PARTIAL_TOLD = 1 << 7,
    FLAG_BROKEN = 1 << 8,
    FLAG_ENDED = 1 << 9
};

/* Its times prove nothing: they may hide a change, or what they tell of is still to be read. */
static bool is_unproved(const struct tail_file *file)
{
    return file->racy || !list_is_empty(&file->turn);
}

static uint32_t flags_of(const struct tail_file *file)
{
    const struct tail_record *record = &file->record;
    return (record->compressed ? FLAG_COMPRESSED : 0U) |
           (record->discarding ? FLAG_DISCARDING : 0U) |
           (record->rest_counted ? FLAG_REST_COUNTED : 0U) |
           (record->has_line_without_id ? FLAG_LINE_WITHOUT_ID : 0U) |
           (file->reading ? FLAG_READING : 0U) | (is_unproved(file) ? FLAG_RACY : 0U) |
           (file->moved ? FLAG_MOVED : 0U) | (file->partial_told ? FLAG_PARTIAL_TOLD : 0U) |
           (file->broken ? FLAG_BROKEN : 0U) | (file->ended ? FLAG_ENDED : 0U);
}

static void set_flags(struct tail_file *file, uint32_t flags)
{
    struct tail_record *record = &file->record;
    record->compressed = flags & FLAG_COMPRESSED;
    record->discarding = flags & FLAG_DISCARDING;
    record->rest_counted = flags & FLAG_REST_COUNTED;
    record->has_line_without_id = flags & FLAG_LINE_WITHOUT_ID;
    file->reading = flags & FLAG_READING;
    file->racy = flags & FLAG_RACY;
    file->moved = flags & FLAG_MOVED;
    file->partial_told = flags & FLAG_PARTIAL_TOLD;
    file->broken = flags & FLAG_BROKEN;
    file->ended = flags & FLAG_ENDED;
}

/* --- What was counted ------------------------------------------------------------------------- */

static void put_counted(struct text *out, const struct tail_record *record)
{
    fields_put_64(out, record->offset);
    fields_put_64(out, record->lines);
    fields_put_64(out, record->first_hash);
    fields_put_32(out, record->first_length);
    fields_put_64(out, record->marker_hash);
    fields_put_32(out, record->marker_length);
    fields_put_64(out, record->marker_end);
}

static bool take_counted(struct fields *fields, struct tail_record *record)
{
    record->offset = fields_64(fields);
    record->lines = fields_64(fields);
    record->first_hash = fields_64(fields);
    record->first_length = fields_32(fields);
    record->marker_hash = fields_64(fields);
    record->marker_length = fields_32(fields);
    record->marker_end = fields_64(fields);
    return record->marker_length <= MARKER_BYTES && record->first_length <= FIRST_LINE_BYTES &&
           record->marker_length <= record->marker_end && record->marker_end <= record->offset;
}

/* --- What was seen of the file ---------------------------------------------------------------- */

/* The rest of a compressed file has to be inflated again, from its beginning. */
static uint64_t read_end_of(const struct tail_file *file)
{
    bool whole = file->broken || file->scanned <= file->record.offset;
    return whole ? file->read_end : 0;
}

static void put_seen(struct text *out, const struct tail_file *file)
{
    fields_put_64(out, file->inode);
    fields_put_64(out, file->size);
    fields_put_64(out, read_end_of(file));
    fields_put_time(out, file->modified);
    fields_put_time(out, file->changed);
    fields_put_time(out, file->missing);
}

static void take_seen(struct fields *fields, struct tail_file *file)
{
    file->inode = fields_64(fields);
    file->size = fields_64(fields);
    file->read_end = fields_64(fields);
    file->modified = fields_time(fields);
    file->changed = fields_time(fields);
    file->missing = fields_time(fields);
}

/* --- What few have ---------------------------------------------------------------------------- */

static void put_extra(struct text *out, const struct stream_extra *extra)
{
    fields_put_64(out, extra ? extra->hole_start : 0);
    fields_put_64(out, extra ? extra->hole_end : 0);
    fields_put_64(out, extra ? extra->repeated_from : 0);
    fields_put_64(out, extra ? extra->repeated_until : 0);
}

static bool take_extra(struct fields *fields, struct stream_extra *ret_extra)
{
    *ret_extra = (struct stream_extra){0};
    ret_extra->hole_start = fields_64(fields);
    ret_extra->hole_end = fields_64(fields);
    ret_extra->repeated_from = fields_64(fields);
    ret_extra->repeated_until = fields_64(fields);
    return ret_extra->hole_start <= ret_extra->hole_end;
}

/* --- The whole -------------------------------------------------------------------------------- */

void stream_record_put(const struct tail_file *file, struct text *scratch,
                       const struct record_sink *sink)
{
    text_clear(scratch);
    identity_put(scratch, &file->record.identity);
    fields_put_bytes(scratch, file->name->path, strlen(file->name->path));
    fields_put_32(scratch, flags_of(file));
    put_counted(scratch, &file->record);
    put_seen(scratch, file);
    put_extra(scratch, file->extra);
    unsaved_put(sink, RECORD_STREAM, file->id, scratch);
}

/* All that can be wrong with it. `seen` is a stream that is none: it only holds fields. */
static bool take(struct bytes value, struct tail_file *seen, struct stream_extra *ret_extra,
                 struct bytes *ret_path)
{
    struct fields fields = fields_of(value);
    if (!identity_take(&fields, &seen->record.identity) || seen->record.identity.kind == 0)
        return false;
    *ret_path = fields_bytes(&fields);
    set_flags(seen, fields_32(&fields));
    bool sound = take_counted(&fields, &seen->record);
    take_seen(&fields, seen);
    sound = take_extra(&fields, ret_extra) && sound;
    return sound && !fields.failed && ret_path->length > 0 &&
           !memchr(ret_path->data, '\0', ret_path->length);
}

/* Everything but where it is linked in. */
static void fill(struct tail *tail, struct tail_file *file, const struct tail_file *seen)
{
    const struct tail_record *record = &seen->record;
    file->record = *record;
    file->inode = seen->inode;
    file->modified = seen->modified;
    file->changed = seen->changed;
    file->missing = seen->missing;
    file->scanned = record->offset;
    file->reading = seen->reading;
    file->racy = seen->racy;
    file->moved = seen->moved;
    file->partial_told = seen->partial_told;
    file->broken = seen->broken;
    file->ended = seen->ended;
    stream_set_extent(tail, file, seen->size, record->compressed ? seen->read_end : record->offset);
}

int stream_record_take(struct tail *tail, uint64_t id, struct bytes value)
{
    struct tail_file seen = {0};
    struct stream_extra extra;
    struct bytes path;
    if (!take(value, &seen, &extra, &path) || stream_find(tail, &seen.record.identity))
        return -EINVAL;
    AUTO_FREE char *name = memory_copy(path.data, path.length);
    struct tail_file *file = stream_restore(tail, &seen.record.identity, name, id);
    fill(tail, file, &seen);
    if (extra.hole_end > extra.hole_start || extra.repeated_until > extra.repeated_from)
        *stream_extra(file) = extra;
    return 0;
}
