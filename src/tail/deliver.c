/* See deliver.h. The one place that moves a stream's offset forward. */
#include "tail/deliver.h"

#include "base/attributes.h"
#include "tail/lines.h"
#include "tail/marker.h"
#include "tail/stream.h"

/* Lines that are to be handed out together. */
struct handout {
    struct tail *tail;
    struct tail_file *file;
    const struct stream_extra *repeated; /* the range of those lines; NULL: none */
    size_t count;
    struct tail_line lines[TAIL_LINES_MOST];
};

static void hand_out(struct tail *tail, struct tail_file *file, const struct tail_line *lines,
                     size_t count)
{
    uint64_t asked = tail->ids_asked;
    if (count == 0)
        return;
    tail->counts.lines += count;
    tail->handlers.on_lines(tail->handlers.context, file, lines, count);
    if (UNLIKELY(tail->ids_asked - asked < count)) /* each line has one id at most */
        file->record.has_line_without_id = true;
}

static void hand_out_all(struct handout *handout)
{
    hand_out(handout->tail, handout->file, handout->lines, handout->count);
    handout->count = 0;
}

static void skip_line(struct tail *tail, struct tail_file *file, uint64_t number, uint64_t offset)
{
    tail->handlers.on_skip(tail->handlers.context, file, TAIL_SKIP_TOO_LONG, number, offset);
}

/* Where hand-outs are marked as repeated; NULL: nowhere from here on. */
static const struct stream_extra *repeated_range(const struct tail_file *file)
{
    const struct stream_extra *extra = file->extra;
    return extra && extra->repeated_until > file->record.offset ? extra : NULL;
}

static bool is_repeated(const struct stream_extra *range, uint64_t start, uint64_t end)
{
    return range && start >= range->repeated_from && end <= range->repeated_until;
}

/* The first reading of a stream: its directory may need the check now. */
static void begin_reading(struct tail *tail, struct tail_file *file)
{
    file->reading = true;
    directories_begin_reader(&tail->directories, file->name->directory);
}

static void remember_hole(struct tail_file *file, uint64_t start, uint64_t end)
{
    struct stream_extra *extra = stream_extra(file);
    extra->hole_start = start;
    extra->hole_end = end;
}

static void move_offset(struct tail *tail, struct tail_file *file, uint64_t end)
{
    if (end == file->record.offset)
        return;
    tail->counts.bytes += end - file->record.offset;
    file->record.offset = end;
    file->partial_told = false;
    if (file->scanned < end)
        file->scanned = end;
}

/* The record after `used` bytes; `last` is the last line that was handed out among them. */
static void keep_record(struct tail_file *file, const struct lines *lines, size_t last_start,
                        size_t last_end)
{
    struct tail_record *record = &file->record;
    record->lines = lines->number;
    record->discarding = lines->discarding;
    record->rest_counted = lines->rest_counted;
    if (record->offset == 0 && lines->position > 0)
        marker_set_first(record, lines->bytes, lines->position);
    if (last_end > 0)
        marker_set(record, lines->bytes + last_start, last_end - last_start,
                   record->offset + last_end);
    else if (record->marker_length == 0 && lines->position > 0)
        marker_set(record, lines->bytes, lines->position, record->offset + lines->position);
}

static void add_line(struct handout *handout, const struct lines_cut *cut, uint64_t start,
                     uint64_t end)
{
    if (handout->count == TAIL_LINES_MOST)
        hand_out_all(handout);
    handout->lines[handout->count++] = (struct tail_line){
        .bytes = cut->bytes,
        .length = cut->length,
        .number = cut->number,
        .offset = start,
        .repeated = is_repeated(handout->repeated, start, end),
    };
}

size_t deliver_lines(struct tail *tail, struct tail_file *file, const char *bytes, size_t length)
{
    const uint64_t offset = file->record.offset;
    struct handout handout; /* its lines are not to be cleared */
    handout.tail = tail;
    handout.file = file;
    handout.repeated = repeated_range(file);
    handout.count = 0;
    struct lines lines = {.bytes = bytes,
                          .length = length,
                          .offset = offset,
                          .maximum = tail->options.max_line_bytes,
                          .number = file->record.lines,
                          .discarding = file->record.discarding,
                          .rest_counted = file->record.rest_counted};
    struct lines_cut cut;
    size_t last_start = 0;
    size_t last_end = 0;
    if (!file->reading)
        begin_reading(tail, file);
    for (enum lines_kind kind; (kind = lines_next(&lines, &cut)) != LINES_END;) {
        if (kind == LINES_BLANK)
            continue;
        size_t nuls = UNLIKELY(bytes[cut.start] == '\0')
                          ? lines_leading_nuls(bytes + cut.start, lines.position - cut.start)
                          : 0;
        if (nuls > 0)
            remember_hole(file, offset + cut.start, offset + cut.start + nuls);
        last_start = cut.start + nuls;
        last_end = lines.position;
        if (LIKELY(kind == LINES_LINE)) {
            add_line(&handout, &cut, offset + last_start, offset + last_end);
            continue;
        }
        hand_out_all(&handout);
        skip_line(tail, file, cut.number, offset + last_start);
    }
    hand_out_all(&handout);
    keep_record(file, &lines, last_start, last_end);
    move_offset(tail, file, offset + lines.position);
    return lines.position;
}

void deliver_rest(struct tail *tail, struct tail_file *file, const char *bytes, size_t length)
{
    struct tail_record *record = &file->record;
    const uint64_t start = record->offset;
    const char *content = bytes;
    size_t content_length = length;
    (void)lines_strip(&content, &content_length, start);
    const struct tail_line line = {
        .bytes = content,
        .length = content_length,
        .number = ++record->lines,
        .offset = start,
        .repeated = is_repeated(repeated_range(file), start, start + length),
        .unterminated = true,
    };
    if (!file->reading)
        begin_reading(tail, file);
    if (start == 0)
        marker_set_first(record, bytes, length);
    marker_set(record, bytes, length, start + length);
    record->rest_counted = true;
    move_offset(tail, file, start + length);
    hand_out(tail, file, &line, 1);
}

void deliver_too_long(struct tail *tail, struct tail_file *file, uint64_t end)
{
    skip_line(tail, file, ++file->record.lines, file->record.offset);
    file->record.discarding = true;
    file->record.rest_counted = false;
    move_offset(tail, file, end);
}

void deliver_hole(struct tail_file *file, uint64_t end)
{
    remember_hole(file, file->record.offset, end);
    file->record.offset = end;
    if (file->scanned < end)
        file->scanned = end;
}
