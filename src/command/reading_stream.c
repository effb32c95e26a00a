/* reading_stream: lines that come from a descriptor, not from a file that can be looked at. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "command/reading_internal.h"
#include "config/settings.h"
#include "daemon/followed.h"
#include "daemon/pipeline.h"
#include "daemon/sources.h"
#include "tail/lines.h"
#include "tail/tail.h"

#define STREAM_CHUNK ((size_t)65536)

/* The lines in `bytes` go out; returns how many bytes they were. */
static size_t cut_lines(struct reading *reading, const struct followed *file, struct lines *lines)
{
    struct lines_cut cut;
    lines->position = 0;
    for (;;) {
        enum lines_kind kind = lines_next(lines, &cut);
        if (kind == LINES_END)
            return lines->position;
        struct tail_line line = {.bytes = cut.bytes,
                                 .length = cut.length,
                                 .number = cut.number,
                                 .offset = lines->offset + cut.start};
        if (kind == LINES_LINE)
            reading_take_lines(reading, file, NULL, &line, 1);
        else if (kind == LINES_TOO_LONG)
            pipeline_skip(reading->pipeline, file->path, SKIP_TOO_LONG, cut.number,
                          "longer than --max-line-bytes");
    }
}

static void take_last_line(struct reading *reading, const struct followed *file,
                           const struct text *rest, const struct lines *lines)
{
    const char *bytes = rest->data;
    size_t length = rest->length;
    struct tail_line line = {
        .number = lines->number + 1, .offset = lines->offset, .unterminated = true};
    if (length == 0 || lines->discarding || !lines_strip(&bytes, &length, lines->offset))
        return;
    line.bytes = bytes;
    line.length = length;
    if (pipeline_is_record(reading->pipeline, file, bytes, length))
        reading_take_lines(reading, file, NULL, &line, 1);
    else
        pipeline_skip(reading->pipeline, file->path, SKIP_PARTIAL, line.number,
                      "the input ends within a line");
}

void reading_stream(struct reading *reading, int descriptor, const char *name)
{
    struct followed *file =
        sources_follow_alone(reading->sources, SOURCES_LINES, name, true, UINT64_MAX, UINT64_MAX);
    struct lines lines = {.maximum = (size_t)reading->settings->max_line_bytes};
    struct text buffer;
    if (!file) {
        reading->failed = true;
        log_error("the rules have no source to read this by", LOG_TEXT("path", name));
        return;
    }
    text_init(&buffer, TEXT_UNLIMITED);
    for (;;) {
        char *room = text_reserve(&buffer, STREAM_CHUNK);
        ssize_t got = room ? read(descriptor, room, STREAM_CHUNK) : -1;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            reading_fail(reading, name, errno);
        if (got <= 0)
            break;
        buffer.length += (size_t)got;
        lines.bytes = buffer.data;
        lines.length = buffer.length;
        size_t used = cut_lines(reading, file, &lines);
        memmove(buffer.data, buffer.data + used, buffer.length - used);
        buffer.length -= used;
        lines.offset += used;
    }
    take_last_line(reading, file, &buffer, &lines);
    text_free(&buffer);
    followed_free(file);
}
