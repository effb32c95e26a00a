/* See reader.h.
 *
 *   offset        scanned                        size
 *   |{"half of a l|ine that is still being writ...|
 *                 ^ the next chunk starts here
 *
 * A short rest is simply read again from the offset: that is cheaper than being clever, and finds
 * changes within it (files that are written through a memory map, NULs first). */
#include "tail/reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"
#include "tail/deliver.h"
#include "tail/gzip.h"
#include "tail/inflated.h"
#include "tail/lines.h"
#include "tail/marker.h"
#include "tail/stream.h"

#define SHORT_REST ((uint64_t)16 << 10)

/* What one read gave. */
struct chunk {
    char *bytes;
    size_t length;
    uint64_t position; /* of the first byte in the file */
    uint64_t size;     /* of the file, after the read */
};

/* True: the file holds what was counted. False: the stream starts again. */
static bool still_holds(struct tail *tail, struct tail_file *file, uint64_t size)
{
    switch (marker_check(tail, file, size)) {
    case MARKER_HOLDS:
        return true;
    case MARKER_CHANGED:
        stream_restart(tail, file, size);
        return false;
    case MARKER_HOLE_FILLED:
        stream_rewind_to_hole(tail, file);
        return false;
    }
    return false;
}

/* Reads `length` bytes from `position` on, and checks the file behind it. 1: all is well, 0: the
 * stream starts again, or a negative errno. */
static int read_checked(struct tail *tail, struct tail_file *file, size_t length,
                        struct chunk *inout_chunk)
{
    struct facts facts;
    tail_reserve(tail, length);
    ssize_t got = stream_pread(file->descriptor, tail->buffer, length, inout_chunk->position);
    if (got < 0)
        return (int)got;
    int r = facts_of_descriptor(file->descriptor, &facts);
    if (r < 0)
        return r;
    if (!still_holds(tail, file, facts.size))
        return 0;
    inout_chunk->bytes = tail->buffer;
    inout_chunk->length = (size_t)got;
    inout_chunk->size = facts.size;
    return 1;
}

/* Everything up to `end` was looked at. */
static enum reader_result read_until(struct tail *tail, struct tail_file *file, uint64_t size,
                                     uint64_t end)
{
    stream_set_extent(tail, file, size, end);
    return end < size ? READER_MORE : READER_END;
}

/* The first byte that is no NUL at or behind `from`. Holes cost nothing; of real NULs at most a
 * line's length is read. Returns false when there is none; *ret_position then is untouched. */
static bool find_content(struct tail *tail, const struct tail_file *file, uint64_t from,
                         uint64_t *ret_position)
{
    uint64_t limit = from;
    for (size_t looked = 0; looked <= tail->options.max_line_bytes;) {
        off_t data = lseek(file->descriptor, (off_t)from, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return false;
        from = data < 0 ? from : (uint64_t)data;
        ssize_t got = stream_pread(file->descriptor, tail->scratch, MARKER_BYTES, from);
        if (got <= 0)
            return false;
        size_t nuls = lines_leading_nuls(tail->scratch, (size_t)got);
        limit = from + nuls;
        if (nuls < (size_t)got)
            break;
        looked += nuls;
        from += nuls;
    }
    *ret_position = limit;
    return true;
}

/* The chunk begins at the offset, with a NUL. */
static enum reader_result skip_nuls(struct tail *tail, struct tail_file *file,
                                    const struct chunk *chunk)
{
    size_t nuls = lines_leading_nuls(chunk->bytes, chunk->length);
    uint64_t content = chunk->position + nuls;
    if (nuls == chunk->length && !find_content(tail, file, content, &content)) {
        file->scanned = file->record.offset;
        return read_until(tail, file, chunk->size, chunk->size);
    }
    deliver_hole(file, content);
    stream_set_extent(tail, file, chunk->size, content);
    return READER_MORE;
}

/* Of a line that is too long and the first, its beginning is all there is to know the file by. It
 * was looked at up to `end`. */
static void mark_beginning(struct tail *tail, struct tail_file *file, uint64_t end)
{
    struct tail_record *record = &file->record;
    size_t length = end < FIRST_LINE_BYTES ? (size_t)end : FIRST_LINE_BYTES;
    if (record->offset > 0 || record->marker_length > 0)
        return;
    ssize_t got = stream_pread(file->descriptor, tail->scratch, length, 0);
    if (got <= 0)
        return;
    marker_set_first(record, tail->scratch, (size_t)got);
    marker_set(record, tail->scratch, (size_t)got, (uint64_t)got);
}

/* The content from the offset to `end` has no LF, and `end` is where the file was read to. NULs at
 * the end of it may be bytes that are not written yet. */
static enum reader_result keep_rest(struct tail *tail, struct tail_file *file,
                                    const struct chunk *chunk, size_t content_length)
{
    uint64_t end = chunk->position + chunk->length;
    uint64_t content_end = end - chunk->length + content_length;
    if (content_end < end && (end >= chunk->size || !find_content(tail, file, end, &end))) {
        file->scanned = content_end > file->record.offset ? content_end : file->record.offset;
        return read_until(tail, file, chunk->size, chunk->size);
    }
    file->scanned = end;
    if (lines_rest_too_long(end - file->record.offset, tail->options.max_line_bytes)) {
        mark_beginning(tail, file, end);
        deliver_too_long(tail, file, end);
    }
    return read_until(tail, file, chunk->size, end);
}

/* The chunk stands at the offset: hands out its lines. */
static enum reader_result take_lines(struct tail *tail, struct tail_file *file,
                                     const struct chunk *chunk)
{
    size_t used = deliver_lines(tail, file, chunk->bytes, chunk->length);
    size_t rest = chunk->length - used;
    if (rest == 0)
        return read_until(tail, file, chunk->size, file->record.offset);
    if (chunk->bytes[used] == '\0') {
        file->scanned = file->record.offset;
        /* Others than the last are found by skip_nuls in the next step. */
        bool is_last = file->record.offset + rest >= chunk->size;
        return read_until(tail, file, chunk->size, is_last ? chunk->size : file->record.offset);
    }
    size_t content = lines_without_trailing_nuls(chunk->bytes, chunk->length);
    return keep_rest(tail, file, chunk, content);
}

/* The chunk lies within a long line that has been looked at up to there. */
static enum reader_result go_on_in_line(struct tail *tail, struct tail_file *file,
                                        struct chunk *chunk, int *ret_error)
{
    if (!memchr(chunk->bytes, '\n', chunk->length)) {
        size_t content = lines_without_trailing_nuls(chunk->bytes, chunk->length);
        return keep_rest(tail, file, chunk, content);
    }
    uint64_t end = chunk->position + chunk->length;
    chunk->position = file->record.offset;
    int r = read_checked(tail, file, (size_t)(end - chunk->position), chunk);
    if (r < 0)
        *ret_error = r;
    if (r <= 0)
        return r < 0 ? READER_FAILED : READER_MORE;
    return take_lines(tail, file, chunk);
}

/* A corrupt file is told once and left alone until it is another one. */
static enum reader_result leave_broken(struct tail *tail, struct tail_file *file)
{
    tail_notice(tail, "compressed file is corrupt", file->name->path, EBADMSG);
    file->broken = true;
    stream_set_extent(tail, file, file->size, file->size);
    return READER_END;
}

/* Nothing in it but NULs, or far too long a rest: it must not be kept. */
static void bound_inflated_rest(struct tail *tail, struct tail_file *file)
{
    size_t length;
    const char *bytes = inflated_bytes(file, &length);
    size_t nuls = length > 0 ? lines_leading_nuls(bytes, length) : 0;
    if (nuls > 0) {
        inflated_use(tail, file, nuls);
        file->record.offset += nuls;
        length -= nuls;
    }
    if (lines_rest_too_long(length, tail->options.max_line_bytes)) {
        inflated_use(tail, file, length);
        deliver_too_long(tail, file, file->record.offset + length);
        length = 0;
    }
    file->scanned = file->record.offset + length;
}

static enum reader_result inflate_step(struct tail *tail, struct tail_file *file, uint64_t size,
                                       int *ret_error)
{
    if (file->broken) {
        stream_set_extent(tail, file, size, size);
        return READER_END;
    }
    enum inflated_result result = inflated_fill(tail, file, ret_error);
    if (result == INFLATED_FAILED)
        return READER_FAILED;
    if (result == INFLATED_BROKEN)
        return leave_broken(tail, file);
    if (result == INFLATED_CHANGED) {
        stream_restart(tail, file, size);
        return READER_MORE;
    }
    uint64_t used = inflated_position(file);
    stream_set_extent(tail, file, size, used > file->read_end ? used : file->read_end);
    if (result == INFLATED_SKIPPED)
        return READER_MORE;
    size_t length;
    const char *bytes = inflated_bytes(file, &length);
    inflated_use(tail, file, deliver_lines(tail, file, bytes, length));
    bound_inflated_rest(tail, file);
    return result == INFLATED_END ? READER_END : READER_MORE;
}

/* Short enough to be read again, and for a chunk to reach beyond it. */
static bool is_short_rest(const struct tail *tail, uint64_t length)
{
    return length <= SHORT_REST && length <= tail->options.chunk_bytes / 2;
}

static enum reader_result plain_step(struct tail *tail, struct tail_file *file, int *ret_error)
{
    const uint64_t offset = file->record.offset;
    if (file->scanned < offset || is_short_rest(tail, file->scanned - offset))
        file->scanned = offset;
    struct chunk chunk = {.position = file->scanned};
    int r = read_checked(tail, file, tail->options.chunk_bytes, &chunk);
    if (r < 0)
        *ret_error = r;
    if (r <= 0)
        return r < 0 ? READER_FAILED : READER_MORE;
    if (chunk.length == 0)
        return read_until(tail, file, chunk.size, chunk.position);
    if (chunk.position > offset)
        return go_on_in_line(tail, file, &chunk, ret_error);
    if (offset == 0 && gzip_magic(chunk.bytes, chunk.length)) {
        file->record.compressed = chunk.length > 1;
        return read_until(tail, file, chunk.size, chunk.length > 1 ? 0 : chunk.size);
    }
    if (chunk.bytes[0] == '\0' && !file->record.discarding)
        return skip_nuls(tail, file, &chunk);
    return take_lines(tail, file, &chunk);
}

enum reader_result reader_step(struct tail *tail, struct tail_file *file, int *ret_error)
{
    struct facts facts;
    int r = facts_of_descriptor(file->descriptor, &facts);
    if (r < 0) {
        *ret_error = r;
        return READER_FAILED;
    }
    if (!still_holds(tail, file, facts.size))
        return READER_MORE;
    if (file->record.compressed)
        return inflate_step(tail, file, facts.size, ret_error);
    /* Of a rest that was cut off nothing is left; that it never was a line is known. */
    if (facts.size < file->scanned) {
        tail->counts.truncations_unread++;
        file->scanned = file->record.offset;
    }
    stream_set_extent(tail, file, facts.size, file->read_end);
    return plain_step(tail, file, ret_error);
}

const char *reader_rest(struct tail *tail, struct tail_file *file, size_t *ret_length)
{
    size_t length = 0;
    const char *bytes = NULL;
    if (file->record.compressed) {
        bytes = inflated_bytes(file, &length);
    } else if (stream_has_rest(file) && file->descriptor >= 0) {
        struct chunk chunk = {.position = file->record.offset};
        size_t wanted = (size_t)(file->scanned - file->record.offset);
        if (read_checked(tail, file, wanted, &chunk) == 1 && chunk.size == file->size) {
            bytes = chunk.bytes;
            length = chunk.length;
        }
    }
    if (!bytes)
        return NULL;
    if (memchr(bytes, '\n', length)) {
        /* It was written anew since. */
        file->scanned = file->record.offset;
        return NULL;
    }
    *ret_length = lines_without_trailing_nuls(bytes, length);
    return *ret_length > 0 ? bytes : NULL;
}
