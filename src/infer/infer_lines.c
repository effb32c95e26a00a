/* See infer_lines.h. */
#include "infer/infer_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "tail/gzip.h"
#include "tail/lines.h"

#define CHUNK ((size_t)262144)

/* A file under way. */
struct opened {
    int descriptor;
    struct gzip *gzip; /* NULL: plain */
    struct text buffer;
    struct lines cutter;
};

static int read_plain(int descriptor, char *room, size_t *ret_length)
{
    for (;;) {
        ssize_t got = read(descriptor, room, CHUNK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        *ret_length = (size_t)got;
        return 0;
    }
}

/* The next bytes behind those that wait; *ret_length 0: no more. */
static int fill(struct opened *file, size_t *ret_length)
{
    char *room = text_reserve(&file->buffer, CHUNK);
    *ret_length = 0;
    if (!room)
        return -EFBIG;
    int result = file->gzip ? gzip_read(file->gzip, file->descriptor, room, CHUNK, ret_length)
                            : read_plain(file->descriptor, room, ret_length);
    if (result == 0)
        file->buffer.length += *ret_length;
    return result;
}

/* What waits for its LF stays small, also in a file of NULs (a hole): NULs before a line are none
 * of it, and those behind its beginning count as bytes of it. */
static void bound_rest(struct infer_lines *lines, struct opened *file)
{
    struct lines *cutter = &file->cutter;
    cutter->position +=
        lines_leading_nuls(cutter->bytes + cutter->position, cutter->length - cutter->position);
    if (cutter->discarding || cutter->length - cutter->position <= lines->longest + CHUNK)
        return;
    cutter->discarding = true;
    cutter->position = cutter->length;
    lines->too_long++;
}

static void cut(struct infer_lines *lines, struct opened *file)
{
    struct lines *cutter = &file->cutter;
    struct lines_cut line;
    enum lines_kind kind;
    cutter->bytes = file->buffer.data;
    cutter->length = file->buffer.length;
    cutter->position = 0;
    while ((kind = lines_next(cutter, &line)) != LINES_END) {
        if (kind == LINES_TOO_LONG)
            lines->too_long++;
        if (kind != LINES_LINE)
            continue;
        lines->lines++;
        lines->on_line(lines->context, line.bytes, line.length);
    }
    bound_rest(lines, file);
    memmove(file->buffer.data, file->buffer.data + cutter->position,
            file->buffer.length - cutter->position);
    file->buffer.length -= cutter->position;
    cutter->offset += cutter->position;
}

/* What stands behind the last LF. */
static void take_rest(struct infer_lines *lines, const struct opened *file)
{
    const char *bytes = file->buffer.data;
    size_t length = file->buffer.length;
    if (length == 0 || file->cutter.discarding ||
        !lines_strip(&bytes, &length, file->cutter.offset))
        return;
    lines->partial++;
    lines->lines++;
    lines->on_line(lines->context, bytes, length);
}

static int read_all(struct infer_lines *lines, struct opened *file)
{
    uint64_t left = lines->enough ? lines->enough : UINT64_MAX;
    size_t got = 0;
    for (;;) {
        int result = fill(file, &got);
        if (result < 0)
            return result;
        if (got == 0)
            break;
        lines->bytes += got;
        cut(lines, file);
        if (got >= left)
            return 0;
        left -= got;
    }
    take_rest(lines, file);
    return 0;
}

static bool is_gzip(int descriptor)
{
    char magic[2];
    ssize_t got = pread(descriptor, magic, sizeof(magic), 0);
    return got == (ssize_t)sizeof(magic) && gzip_magic(magic, sizeof(magic));
}

int infer_lines_read(struct infer_lines *lines, const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return -errno;
    struct opened file = {.descriptor = descriptor,
                          .gzip = is_gzip(descriptor) ? gzip_new() : NULL,
                          .cutter = {.maximum = lines->longest}};
    text_init(&file.buffer, TEXT_UNLIMITED);
    int result = read_all(lines, &file);
    text_free(&file.buffer);
    gzip_free(file.gzip);
    close(descriptor);
    return result;
}
