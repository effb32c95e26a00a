/* The product in one function: pipeline_line. See pipeline.h. */
#include "daemon/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/followed.h"
#include "decode/decoder.h"
#include "decode/value.h"
#include "registry/registry.h"
#include "rules/rule_set.h"
#include "tail/tail.h"

#define ARENA_KEPT ((size_t)1 << 20) /* bytes; one huge line does not stay in memory */

const char *const skip_reason_names[SKIP_REASONS] = {
    "malformed", "too_long", "too_deep", "not_object", "no_type", "duplicate", "partial"};

struct pipeline {
    struct rule_set *rules;
    struct decoder **decoders; /* by source */
    struct rule_file *nowhere; /* the "file" of the program's own events */
    struct arena arena;
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

struct pipeline *pipeline_new(struct rule_set *rules)
{
    size_t count = rule_set_source_count(rules);
    struct pipeline *pipeline = memory_zero(1, sizeof(*pipeline));
    pipeline->rules = rules;
    pipeline->counts.last_event_time = TIME_NONE;
    pipeline->decoders = memory_zero(count, sizeof(*pipeline->decoders));
    for (size_t i = 0; i < count; i++)
        pipeline->decoders[i] = decoder_new(rule_source_plan(rule_set_source(rules, i)));
    pipeline->nowhere =
        rule_file_new(rule_set_source(rules, count - 1), "", NULL, 0, UINT64_MAX, UINT64_MAX);
    arena_init(&pipeline->arena, ARENA_KEPT);
    return pipeline;
}

void pipeline_free(struct pipeline *pipeline)
{
    if (!pipeline)
        return;
    for (size_t i = 0; i < rule_set_source_count(pipeline->rules); i++)
        decoder_free(pipeline->decoders[i]);
    free(pipeline->decoders);
    rule_file_free(pipeline->nowhere);
    arena_free(&pipeline->arena);
    free(pipeline);
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

/* A line as one source wants it; slots live until the arena is reset. */
static enum decode_result decode(struct pipeline *pipeline, const struct followed_source *view,
                                 const struct tail_line *line, struct value **ret_slots)
{
    return decoder_line(pipeline->decoders[view->index], line->bytes, line->length,
                        &pipeline->arena, ret_slots);
}

/* The record's id: what the first of the file's sources that knows one takes for it. `slots` are
 * the first source's. */
static bool find_id(struct pipeline *pipeline, const struct followed *file,
                    const struct tail_line *line, struct value *slots, struct label_value *ret_id)
{
    for (size_t i = 0; i < file->count; i++) {
        if (i > 0 && decode(pipeline, &file->sources[i], line, &slots) != DECODE_OK)
            continue;
        if (rule_source_id(file->sources[i].source, slots, &ret_id->text, &ret_id->length))
            return true;
    }
    return false;
}

/* Was this record counted before? Its id tells; without one, where it stood. */
static bool is_known(struct pipeline *pipeline, const struct place *place,
                     const struct tail_line *line, struct value *slots)
{
    struct label_value id;
    if (!find_id(pipeline, place->file, line, slots, &id))
        return line->repeated;
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
    enum rule_match match = rule_set_apply(pipeline->rules, view->source, &event, &time);
    if (match == RULE_NO_TYPE)
        return match;
    if (time != TIME_NONE)
        pipeline->counts.last_event_time = time;
    if (pipeline->on_event)
        pipeline->on_event(pipeline->context, view->index, time, pipeline->now);
    return match;
}

void pipeline_line(struct pipeline *pipeline, const struct followed *file, struct tail *tail,
                   struct tail_directory *directory, const struct tail_line *line)
{
    const struct place place = {file, tail, directory};
    bool has_type = false;
    for (size_t i = 0; i < file->count; i++) {
        const struct followed_source *view = &file->sources[i];
        struct value *slots;
        arena_reset(&pipeline->arena);
        enum decode_result result = decode(pipeline, view, line, &slots);
        if (UNLIKELY(result != DECODE_OK)) {
            pipeline_skip(pipeline, file->path, reason_of(result), line->number,
                          decoder_error(pipeline->decoders[view->index]));
            return;
        }
        if (i == 0 && is_known(pipeline, &place, line, slots)) {
            pipeline_skip(pipeline, file->path, SKIP_DUPLICATE, line->number, "");
            return;
        }
        has_type = apply(pipeline, view, slots, !has_type) != RULE_NO_TYPE || has_type;
    }
    if (UNLIKELY(!has_type && file->count > 0))
        pipeline_skip(pipeline, file->path, SKIP_NO_TYPE, line->number, "no event name");
    log_trouble(pipeline, file->path, line->number);
}

bool pipeline_is_record(struct pipeline *pipeline, const struct followed *file, const char *bytes,
                        size_t length)
{
    struct value *slots;
    arena_reset(&pipeline->arena);
    return file->count > 0 && decoder_line(pipeline->decoders[file->sources[0].index], bytes,
                                           length, &pipeline->arena, &slots) == DECODE_OK;
}

void pipeline_emit(struct pipeline *pipeline, const char *json, size_t length)
{
    size_t index = rule_set_source_count(pipeline->rules) - 1;
    struct followed_source view = {.source = rule_set_source(pipeline->rules, index),
                                   .index = index,
                                   .file = pipeline->nowhere};
    struct value *slots;
    arena_reset(&pipeline->arena);
    if (decoder_line(pipeline->decoders[index], json, length, &pipeline->arena, &slots) !=
        DECODE_OK)
        return;
    apply(pipeline, &view, slots, true);
    log_trouble(pipeline, "", 0);
}

void pipeline_counts(const struct pipeline *pipeline, struct pipeline_counts *ret_counts)
{
    *ret_counts = pipeline->counts;
}
