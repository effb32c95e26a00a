/* See gzip.h. */
#include "tail/gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/attributes.h"
#include "base/memory.h"

#define INPUT_BYTES ((size_t)16 << 10)
/* Window bits for inflateInit2: the largest window, a gzip header and nothing else. */
#define GZIP_WINDOW (15 + 16)

enum gzip_state {
    GZIP_BETWEEN, /* before the first member, or behind one */
    GZIP_WITHIN,  /* a member */
    GZIP_BROKEN
};

struct gzip {
    z_stream stream;
    enum gzip_state state;
    uint64_t position; /* of the next byte to read from the file */
    unsigned char input[INPUT_BYTES];
};

bool gzip_magic(const char *bytes, size_t length)
{
    return bytes[0] == '\x1f' && (length < 2 || bytes[1] == '\x8b');
}

static void *on_allocate(void *context UNUSED, unsigned count, unsigned size)
{
    return memory_zero(count, size);
}

static void on_release(void *context UNUSED, void *bytes)
{
    free(bytes);
}

struct gzip *gzip_new(void)
{
    struct gzip *gzip = memory_zero(1, sizeof(*gzip));
    gzip->stream.zalloc = on_allocate;
    gzip->stream.zfree = on_release;
    if (inflateInit2(&gzip->stream, GZIP_WINDOW) != Z_OK)
        abort(); /* memory never ends here, so only a wrong library is left */
    return gzip;
}

void gzip_free(struct gzip *gzip)
{
    if (!gzip)
        return;
    inflateEnd(&gzip->stream);
    free(gzip);
}

uint64_t gzip_position(const struct gzip *gzip)
{
    return gzip->position - gzip->stream.avail_in;
}

/* The next piece of the file, once all input was used. Returns how much came, 0 at the end of the
 * file, or a negative errno. */
static ssize_t fill(struct gzip *gzip, int descriptor)
{
    ssize_t got;
    do
        got = pread(descriptor, gzip->input, INPUT_BYTES, (off_t)gzip->position);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    gzip->stream.next_in = gzip->input;
    gzip->stream.avail_in = (unsigned)got;
    gzip->position += (uint64_t)got;
    return got;
}

/* Steps over padding to the next member; does nothing when that needs more input. */
static void begin_member(struct gzip *gzip)
{
    z_stream *stream = &gzip->stream;
    while (stream->avail_in > 0 && *stream->next_in == 0) {
        stream->next_in++;
        stream->avail_in--;
    }
    if (stream->avail_in == 0)
        return;
    inflateReset(stream);
    gzip->state = GZIP_WITHIN;
}

/* Inflates what input there is, and output that waited inside zlib for room. */
static void inflate_some(struct gzip *gzip)
{
    switch (inflate(&gzip->stream, Z_NO_FLUSH)) {
    case Z_STREAM_END:
        gzip->state = GZIP_BETWEEN;
        break;
    case Z_OK:
    case Z_BUF_ERROR: /* nothing to do: no input, and no output waiting */
        break;
    default:
        gzip->state = GZIP_BROKEN;
    }
}

int gzip_read(struct gzip *gzip, int descriptor, char *out, size_t room, size_t *ret_length)
{
    z_stream *stream = &gzip->stream;
    stream->next_out = (unsigned char *)out;
    stream->avail_out = (unsigned)room;
    while (stream->avail_out > 0) {
        if (gzip->state == GZIP_WITHIN)
            inflate_some(gzip);
        if (gzip->state == GZIP_BROKEN || stream->avail_out == 0)
            break;
        ssize_t got = stream->avail_in > 0 ? 1 : fill(gzip, descriptor);
        if (got < 0 && stream->avail_out == room)
            return (int)got;
        if (got <= 0)
            break;
        if (gzip->state == GZIP_BETWEEN)
            begin_member(gzip);
    }
    if (gzip->state == GZIP_BROKEN && stream->avail_out == room)
        return -EBADMSG;
    *ret_length = room - stream->avail_out;
    return 0;
}
