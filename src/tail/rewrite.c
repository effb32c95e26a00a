/* See rewrite.h. */
#include "tail/rewrite.h"

#include <string.h>

#include "base/attributes.h"
#include "tail/marker.h"
#include "tail/stream.h"

void rewrite_begin(struct tail_file *file, struct tail_file *predecessor)
{
    struct stream_extra *extra = stream_extra(file);
    extra->predecessor = predecessor;
    extra->compared = 0;
    predecessor->successors++;
}

void rewrite_release(struct tail_file *file)
{
    if (!file->extra || !file->extra->predecessor)
        return;
    file->extra->predecessor->successors--;
    file->extra->predecessor = NULL;
}

static size_t equal_length(const char *one, const char *other, size_t length)
{
    if (memcmp(one, other, length) == 0)
        return length;
    size_t i = 0;
    while (one[i] == other[i])
        i++;
    return i;
}

/* Compares up to a chunk more. False: one of them ends here, or they differ. */
static bool compare_more(struct tail *tail, const struct tail_file *file,
                         struct stream_extra *extra)
{
    const struct tail_file *old = extra->predecessor;
    size_t half = tail->capacity / 2;
    uint64_t left = old->read_end - extra->compared;
    size_t wanted = left < half ? (size_t)left : half;
    ssize_t first = stream_pread(old->descriptor, tail->buffer, wanted, extra->compared);
    ssize_t second = stream_pread(file->descriptor, tail->buffer + half, wanted, extra->compared);
    if (first <= 0 || second <= 0)
        return false;
    size_t length = (size_t)(first < second ? first : second);
    size_t equal = equal_length(tail->buffer, tail->buffer + half, length);
    extra->compared += equal;
    return equal == wanted && extra->compared < old->read_end;
}

/* Both hold the old one's unterminated rest, and the new one ends it. */
static bool ends_rest(const struct tail_file *file, const struct tail_file *old)
{
    char next;
    return old->scanned > old->record.offset && !old->record.discarding &&
           file->extra->compared == old->scanned &&
           stream_pread(file->descriptor, &next, 1, old->scanned) == 1 && next == '\n';
}

/* All is compared: what does it mean? */
static void conclude(struct tail *tail, struct tail_file *file, struct stream_extra *extra)
{
    struct tail_file *old = extra->predecessor;
    const uint64_t counted = old->record.offset;
    const uint64_t equal = extra->compared;
    extra->repeated_from = 0;
    extra->repeated_until = equal < counted ? equal : counted;
    /* The last line was counted without its LF, which the rewrite may have added. */
    if (equal >= counted && old->record.rest_counted)
        extra->repeated_until = counted + 1;
    if (ends_rest(file, old)) {
        old->record.offset = old->scanned;
        old->record.rest_counted = true;
    }
    if (equal < counted && equal < file->size)
        tail->counts.ambiguous_rewrites++;
}

/* The restored stream that was at the same name last, and has what makes this matter. */
static const struct tail_file *find_restored(const struct tail_file *file)
{
    const struct tail_file *last = NULL;
    for (const struct tail_file *old = file->name->first; old; old = old->next_at_name)
        if (old->restored && old->record.has_line_without_id && (!last || old->id > last->id))
            last = old;
    return last;
}

bool rewrite_of_restored(const struct tail *tail, const struct tail_file *file)
{
    return !tail->walked && file->record.offset == 0 && find_restored(file) != NULL;
}

/* By the time of reading all files were looked at, so that one which was only renamed is met. */
static void compare_with_restored(struct tail *tail, struct tail_file *file)
{
    const struct tail_file *old = find_restored(file);
    file->replaces = false;
    if (!old || file->record.offset > 0)
        return;
    if (!marker_holds_in(tail, file->descriptor, &old->record)) {
        tail->counts.ambiguous_rewrites++;
        return;
    }
    struct stream_extra *extra = stream_extra(file);
    extra->repeated_from = 0;
    extra->repeated_until = old->record.offset + old->record.rest_counted;
}

bool rewrite_step(struct tail *tail, struct tail_file *file)
{
    if (UNLIKELY(file->replaces))
        compare_with_restored(tail, file);
    struct stream_extra *extra = file->extra;
    struct tail_file *old = extra ? extra->predecessor : NULL;
    if (!old)
        return true;
    if (!old->drained)
        return false;
    if (old->record.has_line_without_id && !old->record.compressed && old->descriptor >= 0 &&
        file->record.offset == 0) {
        if (compare_more(tail, file, extra))
            return false;
        conclude(tail, file, extra);
    }
    rewrite_release(file);
    return true;
}
