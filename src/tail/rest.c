/* See rest.h. */
#include "tail/rest.h"

#include "tail/deliver.h"
#include "tail/inflated.h"
#include "tail/lines.h"
#include "tail/reader.h"
#include "tail/stream.h"
#include "tail/turn.h"

static void count_rest(struct tail *tail, struct tail_file *file, const char *bytes, size_t length)
{
    deliver_rest(tail, file, bytes, length);
    if (file->record.compressed)
        inflated_use(tail, file, length);
    stream_mark_unsaved(tail, file);
}

enum rest_result rest_judge(struct tail *tail, struct tail_file *file)
{
    if (!stream_has_rest(file))
        return REST_NONE;
    size_t length;
    const char *bytes = reader_rest(tail, file, &length);
    if (!bytes) {
        turn_queue(tail, file);
        return REST_LATER;
    }
    const char *content = bytes;
    size_t content_length = length;
    file->judged = true;
    if (!lines_strip(&content, &content_length, file->record.offset))
        return REST_NONE;
    const struct tail_handlers *handlers = &tail->handlers;
    if (content_length > tail->options.max_line_bytes ||
        !handlers->is_complete(handlers->context, file, content, content_length))
        return REST_INCOMPLETE;
    count_rest(tail, file, bytes, length);
    return REST_COUNTED;
}

void rest_tell_partial(struct tail *tail, struct tail_file *file)
{
    if (file->partial_told)
        return;
    file->partial_told = true;
    stream_mark_unsaved(tail, file);
    tail->handlers.on_skip(tail->handlers.context, file, TAIL_SKIP_PARTIAL, file->record.lines + 1,
                           file->record.offset);
}
