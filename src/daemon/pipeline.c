/* The product in one function: take_line. See pipeline.h. */
#include "daemon/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/followed.h"
#include "daemon/line_batch.h"
#include "decode/value.h"
#include "registry/registry.h"
#include "rules/rule_set.h"
#include "tail/tail.h"

#define ARENA_KEPT ((size_t)1 << 20) /* bytes; one huge line does not stay in memory */

const char *const skip_reason_names[SKIP_REASONS] = {
    "malformed", "too_long", "too_deep", "not_object", "no_type", "duplicate", "partial"};

struct pipeline {
    struct rule_set *rules;
    struct line_batch *batch; /* decodes */
    struct followed *nowhere; /* the "file" of the program's own events */
    struct arena arena;       /* of the event under way */
    int64_t now;
    const struct rule_trace *trace;
    struct pipeline_counts counts;
    pipeline_on_event on_event;
    void *context;
};

/* Where a line stands. */
struct place {
    const struct followed *file;
    struct tail *tail; /* NULL, as `directory`: ids are not checked */
    struct tail_directory *directory;
};

/* The last source, which has no files. */
static struct followed *new_nowhere(const struct rule_set *rules)
{
    size_t index = rule_set_source_count(rules) - 1;
    struct rule_source *source = rule_set_source(rules, index);
    struct followed *nowhere = memory_zero(1, sizeof(*nowhere) + sizeof(nowhere->sources[0]));
    nowhere->path = memory_copy_text("");
    nowhere->count = 1;
    nowhere->sources[0] = (struct followed_source){
        .source = source,
        .index = index,
        .file = rule_file_new(source, "", NULL, 0, UINT64_MAX, UINT64_MAX)};
    return nowhere;
}

struct pipeline *pipeline_new(struct rule_set *rules)
{
    struct pipeline *pipeline = memory_zero(1, sizeof(*pipeline));
    pipeline->rules = rules;
    pipeline->counts.last_event_time = TIME_NONE;
    pipeline->batch = line_batch_new(rules);
    pipeline->nowhere = new_nowhere(rules);
    arena_init(&pipeline->arena, ARENA_KEPT);
    return pipeline;
}

void pipeline_free(struct pipeline *pipeline)
{
    if (!pipeline)
        return;
    line_batch_free(pipeline->batch);
    followed_free(pipeline->nowhere);
    arena_free(&pipeline->arena);
    free(pipeline);
}

void pipeline_use_workers(struct pipeline *pipeline, size_t threads)
{
    line_batch_set_workers(pipeline->batch, threads);
}

void pipeline_watch_events(struct pipeline *pipeline, pipeline_on_event on_event, void *context)
{
    pipeline->on_event = on_event;
    pipeline->context = context;
}

void pipeline_set_now(struct pipeline *pipeline, int64_t now)
{
    pipeline->now = now;
}

void pipeline_trace(struct pipeline *pipeline, const struct rule_trace *trace)
{
    pipeline->trace = trace;
}

void pipeline_skip(struct pipeline *pipeline, const char *path, enum skip_reason reason,
                   uint64_t line_number, const char *cause)
{
    bool first = pipeline->counts.skipped[reason]++ == 0;
    if (first && reason != SKIP_DUPLICATE)
        log_warn("line skipped; further ones of this kind are only counted", LOG_TEXT("file", path),
                 LOG_INT("line", line_number), LOG_TEXT("reason", skip_reason_names[reason]),
                 LOG_TEXT("cause", cause));
}

static void log_trouble(struct pipeline *pipeline, const char *path, uint64_t line_number)
{
    const struct rule_trouble *trouble;
    while (UNLIKELY((trouble = rule_set_take_trouble(pipeline->rules)) != NULL))
        log_warn("a row could not be applied as it is meant; further times are only counted",
                 LOG_TEXT("rule", trouble->rule), LOG_TEXT("update", trouble->update),
                 LOG_TEXT("reason", row_outcome_name(trouble->outcome)),
                 LOG_TEXT("field", trouble->field), LOG_TEXT("file", path),
                 LOG_INT("line", line_number));
}

static enum skip_reason reason_of(enum decode_result result)
{
    return result == DECODE_TOO_DEEP     ? SKIP_TOO_DEEP
           : result == DECODE_NOT_OBJECT ? SKIP_NOT_OBJECT
                                         : SKIP_MALFORMED;
}

/* The record's id: what the first of the file's sources that knows one takes for it. */
static bool find_id(const struct followed *file, const struct decoded *decoded,
                    struct label_value *ret_id)
{
    for (size_t i = 0; i < file->count; i++)
        if (LIKELY(decoded[i].result == DECODE_OK) &&
            rule_source_id(file->sources[i].source, decoded[i].slots, &ret_id->text,
                           &ret_id->length))
            return true;
    return false;
}

/* Was this record counted before? Its id tells; without one, where it stood: what lies in an
 * archive was, as far as one can know. */
static bool is_known(const struct place *place, const struct tail_line *line,
                     const struct decoded *decoded)
{
    struct label_value id;
    if (!find_id(place->file, decoded, &id))
        return line->repeated || place->file->is_archive;
    return place->tail && place->directory &&
           !tail_count_id(place->tail, place->directory, hash_stable(id.text, id.length));
}

/* The line's event as one source sees it. Guests (rules without sources) see the first event. */
static enum rule_match apply(struct pipeline *pipeline, const struct followed_source *view,
                             const struct value *slots, bool guests)
{
    struct rule_event event = {.slots = slots,
                               .file = view->file,
                               .arena = &pipeline->arena,
                               .now = pipeline->now,
                               .guests = guests,
                               .trace = pipeline->trace};
    int64_t time;
    arena_reset(&pipeline->arena);
    enum rule_match match = rule_set_apply(pipeline->rules, view->source, &event, &time);
    if (match == RULE_NO_TYPE)
        return match;
    if (time != TIME_NONE)
        pipeline->counts.last_event_time = time;
    if (pipeline->on_event)
        pipeline->on_event(pipeline->context, view->index, time, pipeline->now);
    return match;
}

/* One line, decoded for each source of its file, to its end: skipped, or all updates of its events
 * made. */
static void take_line(struct pipeline *pipeline, const struct place *place,
                      const struct tail_line *line, const struct decoded *decoded)
{
    const struct followed *file = place->file;
    bool has_type = false;
    for (size_t i = 0; i < file->count; i++) {
        if (UNLIKELY(decoded[i].result != DECODE_OK)) {
            pipeline_skip(pipeline, file->path, reason_of(decoded[i].result), line->number,
                          decoded[i].error);
            return;
        }
        if (i == 0 && is_known(place, line, decoded)) {
            pipeline_skip(pipeline, file->path, SKIP_DUPLICATE, line->number, "");
            return;
        }
        has_type =
            apply(pipeline, &file->sources[i], decoded[i].slots, !has_type) != RULE_NO_TYPE ||
            has_type;
    }
    if (UNLIKELY(!has_type))
        pipeline_skip(pipeline, file->path, SKIP_NO_TYPE, line->number, "no event name");
    log_trouble(pipeline, file->path, line->number);
}

void pipeline_lines(struct pipeline *pipeline, const struct followed *file, struct tail *tail,
                    struct tail_directory *directory, const struct tail_line *lines, size_t count)
{
    const struct place place = {file, tail, directory};
    if (file->count == 0) /* nobody asks for it */
        return;
    while (count > 0) {
        size_t taken = line_batch_begin(pipeline->batch, file, lines, count);
        const struct tail_line *line;
        const struct decoded *decoded;
        while ((decoded = line_batch_next(pipeline->batch, &line)) != NULL)
            take_line(pipeline, &place, line, decoded);
        lines += taken;
        count -= taken;
    }
}

bool pipeline_is_record(struct pipeline *pipeline, const struct followed *file, const char *bytes,
                        size_t length)
{
    const struct tail_line line = {.bytes = bytes, .length = length};
    const struct tail_line *same;
    if (file->count == 0)
        return false;
    (void)line_batch_begin(pipeline->batch, file, &line, 1);
    return line_batch_next(pipeline->batch, &same)->result == DECODE_OK;
}

void pipeline_emit(struct pipeline *pipeline, const char *json, size_t length)
{
    const struct tail_line line = {.bytes = json, .length = length};
    pipeline_lines(pipeline, pipeline->nowhere, NULL, NULL, &line, 1);
}

void pipeline_counts(const struct pipeline *pipeline, struct pipeline_counts *ret_counts)
{
    *ret_counts = pipeline->counts;
}
