/* coverage [PATH...]: what is in the files that the rules say nothing of.
 *
 * Reads as `once` does. For each line the rules' trace tells which event it was to which source;
 * then all of its fields are looked at, and kept by source and event (survey/seen.h). */
#include "command/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/record.h"
#include "base/text.h"
#include "command/command.h"
#include "command/output.h"
#include "config/settings.h"
#include "daemon/followed.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/sightings.h"
#include "rules/event_name.h"
#include "rules/rule_set.h"
#include "survey/seen.h"
#include "tail/tail.h"

static bool event_is(const void *item, const void *key)
{
    const struct covered_event *event = item;
    const struct covered_event *wanted = key;
    return event->source == wanted->source && event->name == wanted->name;
}

static struct covered_event *need_event(struct coverage *coverage, size_t source)
{
    const struct covered_event wanted = {.source = source, .name = coverage->name};
    uint64_t hash = hash_bytes(&wanted.name, sizeof(wanted.name)) + source;
    struct covered_event *event = map_find(&coverage->by_name, hash, &wanted);
    if (event)
        return event;
    event = memory_zero(1, sizeof(*event));
    *event = wanted;
    event->is_named = coverage->is_named;
    coverage->events =
        memory_resize(coverage->events, coverage->event_count + 1, sizeof(struct covered_event *));
    coverage->events[coverage->event_count++] = event;
    map_insert(&coverage->by_name, hash, event);
    return event;
}

static struct seen *need_seen(struct coverage *coverage, size_t source)
{
    struct seen **seen = &coverage->seen[source];
    if (!*seen)
        *seen = seen_new(event_name_normal);
    return *seen;
}

/* The event that was told of last is one of this source. */
static void take_event(struct coverage *coverage, size_t source)
{
    if (!coverage->name)
        return;
    struct covered_event *event = need_event(coverage, source);
    event->count++;
    if (!coverage->in_line)
        return;
    if (coverage->told_count == coverage->told_capacity) {
        coverage->told_capacity = coverage->told_capacity ? coverage->told_capacity * 2 : 8;
        coverage->told =
            memory_resize(coverage->told, coverage->told_capacity, sizeof(struct covered_event *));
    }
    coverage->told[coverage->told_count++] = event;
}

/* The fields of a line, for each source to which it was an event. */
static void take_line(struct coverage *coverage, const struct tail_line *line)
{
    for (size_t i = 0; i < coverage->told_count; i++) {
        const struct covered_event *event = coverage->told[i];
        (void)seen_take(need_seen(coverage, event->source), line->bytes, line->length, event->name,
                        strlen(event->name)); /* it was decoded before */
    }
    coverage->told_count = 0;
}

static void take_document(struct coverage *coverage, const struct followed *file,
                          struct bytes content)
{
    for (size_t i = 0; i < file->count; i++) {
        struct rule_source_facts facts;
        rule_source_facts(file->sources[i].source, &facts);
        if (facts.is_document) /* what cannot be decoded is told as a document not taken */
            (void)seen_take(need_seen(coverage, file->sources[i].index), content.data,
                            content.length, "", 0);
    }
}

/* --- The reading -------------------------------------------------------------------------------
 */

static void coverage_free(struct coverage *coverage)
{
    for (size_t i = 0; i < coverage->event_count; i++)
        free(coverage->events[i]);
    for (size_t i = 0; i < coverage->source_count; i++)
        seen_free(coverage->seen[i]);
    free(coverage->events);
    free(coverage->seen);
    free(coverage->told);
    map_free(&coverage->by_name);
}

static void on_event(void *context, const char *event_name, enum rule_match match)
{
    struct coverage *coverage = context;
    coverage->name = match == RULE_NO_TYPE ? NULL : event_name;
    coverage->is_named = match == RULE_MATCHED;
}

static void on_row(void *context, const char *rule, const char *update, enum row_outcome outcome,
                   const char *detail, const char *labels, double amount)
{
    (void)context; /* the rule set counts what becomes of rows */
    (void)rule;
    (void)update;
    (void)outcome;
    (void)detail;
    (void)labels;
    (void)amount;
}

static void on_source(void *context, size_t source, int64_t event_time, int64_t now)
{
    (void)event_time;
    (void)now;
    take_event(context, source);
}

static void before_line(void *context, const struct followed *file, const struct tail_line *line)
{
    struct coverage *coverage = context;
    (void)file;
    (void)line;
    coverage->in_line = true;
}

static void after_line(void *context, const struct followed *file, const struct tail_line *line)
{
    struct coverage *coverage = context;
    (void)file;
    coverage->in_line = false;
    take_line(coverage, line);
}

static void on_document(void *context, const struct followed *file, struct bytes content)
{
    take_document(context, file, content);
}

static void listen(struct coverage *coverage, const struct rule_trace *trace)
{
    struct reading *reading = &coverage->reading;
    reading->before_line = before_line;
    reading->after_line = after_line;
    reading->on_document = on_document;
    reading->context = coverage;
    pipeline_trace(reading->pipeline, trace);
    sightings_trace(reading->sightings, trace);
    pipeline_watch_events(reading->pipeline, on_source, coverage);
    sightings_watch_events(reading->sightings, on_source, coverage);
    coverage->source_count = rule_set_source_count(reading->rulebook->rules);
    coverage->seen = memory_zero(coverage->source_count, sizeof(struct seen *));
    map_init(&coverage->by_name, event_is);
}

int command_coverage(const struct settings *settings)
{
    struct coverage coverage = {.told_count = 0};
    const struct rule_trace trace = {.context = &coverage, .on_event = on_event, .on_row = on_row};
    struct reading *reading = &coverage.reading;
    struct text text;
    if (!reading_start(reading, settings)) {
        reading_end(reading);
        return 1;
    }
    listen(&coverage, &trace);
    reading_arguments(reading);
    rule_set_tick(reading->rulebook->rules, clock_wall(), false);
    text_init(&text, TEXT_UNLIMITED);
    coverage_print(&coverage, &text);
    int status = output_file(settings->output, &text);
    text_free(&text);
    bool failed = reading->failed;
    coverage_free(&coverage);
    reading_end(reading);
    return status || failed ? 1 : 0;
}
