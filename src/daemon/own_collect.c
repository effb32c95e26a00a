/* own_metrics_collect: each function fills the families of one room, from one look at it. */
#include <math.h>
#include <string.h>

#include "base/attributes.h"
#include "base/build_info.h"
#include "base/clock.h"
#include "base/memory.h"
#include "daemon/own_internal.h"
#include "daemon/own_metrics.h"
#include "daemon/process.h"
#include "daemon/rulebook.h"
#include "daemon/sightings.h"
#include "serve/serve.h"
#include "state/state.h"
#include "watch/watch.h"

static struct label_value label(const char *text)
{
    return (struct label_value){text, strlen(text)};
}

static void set_by(struct own_metrics *own, enum own which, const struct label_value *values,
                   double value)
{
    registry_update(own->live, own->families[which], UPDATE_SET, values, value, &own->when, NULL,
                    NULL);
}

static void set(struct own_metrics *own, enum own which, double value)
{
    set_by(own, which, NULL, value);
}

static void set_text(struct own_metrics *own, enum own which, const char *text, double value)
{
    struct label_value values[1] = {label(text)};
    set_by(own, which, values, value);
}

/* Of a kept counter: adds what is new in a count that began with the process. */
static void add_by(struct own_metrics *own, enum own which, const struct label_value *values,
                   uint64_t count, uint64_t *added)
{
    registry_update(own->kept, own->families[which], UPDATE_ADD, values, (double)(count - *added),
                    &own->when, NULL, NULL);
    *added = count;
}

static void add(struct own_metrics *own, enum own which, uint64_t count, uint64_t *added)
{
    add_by(own, which, NULL, count, added);
}

static void add_text(struct own_metrics *own, enum own which, const char *text, uint64_t count,
                     uint64_t *added)
{
    struct label_value values[1] = {label(text)};
    add_by(own, which, values, count, added);
}

/* Sources of several packs may have one name. */
static void set_newest(struct own_metrics *own, const char *source, int64_t time)
{
    struct label_value values[1] = {label(source)};
    registry_update(own->live, own->families[LAST_EVENT], UPDATE_MAX, values, (double)time / 1e9,
                    &own->when, NULL, NULL);
}

static void collect_tail(struct own_metrics *own, const struct own_view *view)
{
    struct tail_counts counts;
    struct tail_counts *added = &own->added.tail;
    struct pipeline_counts done;
    tail_counts(view->tail, &counts);
    pipeline_counts(view->pipeline, &done);
    bool waits = counts.lag_bytes > 0 && done.last_event_time != TIME_NONE;
    double lag = waits ? ((double)view->now - (double)done.last_event_time) / 1e9 : 0;
    add(own, READ_BYTES, counts.bytes, &added->bytes);
    add(own, READ_LINES, counts.lines, &added->lines);
    add_text(own, FILES_GIVEN_UP, "cap", counts.given_up_cap, &added->given_up_cap);
    add_text(own, FILES_GIVEN_UP, "vanished", counts.given_up_vanished, &added->given_up_vanished);
    add_text(own, TRUNCATIONS, "false", counts.truncations_read, &added->truncations_read);
    add_text(own, TRUNCATIONS, "true", counts.truncations_unread, &added->truncations_unread);
    add(own, AMBIGUOUS_REWRITES, counts.ambiguous_rewrites, &added->ambiguous_rewrites);
    set(own, FILES_FOLLOWED, (double)counts.followed);
    set(own, FILES_HELD, (double)counts.held);
    set(own, FILES_OPEN, (double)counts.open);
    set(own, LAG_BYTES, (double)counts.lag_bytes);
    set(own, LAG_SECONDS, lag > 0 ? lag : 0);
    set(own, IDS_IN_MEMORY, (double)counts.ids_in_memory);
    set(own, IDS_FORGOTTEN, (double)counts.directories_without_ids);
}

static void collect_documents(struct own_metrics *own, const struct own_view *view)
{
    struct documents_counts counts;
    struct documents_counts *added = &own->added.documents;
    if (!view->documents)
        return;
    documents_counts(view->documents, &counts);
    set(own, DOCUMENTS, (double)counts.documents);
    set(own, DOCUMENTS_WAITING, (double)counts.waiting);
    add(own, DOCUMENTS_READ, counts.readings, &added->readings);
    add(own, DOCUMENT_BYTES, counts.bytes, &added->bytes);
    for (size_t i = 0; i < DOCUMENT_SKIPS; i++)
        add_text(own, DOCUMENTS_SKIPPED, documents_skip_names[i], counts.skipped[i],
                 &added->skipped[i]);
}

static void collect_state(struct own_metrics *own, const struct own_view *view)
{
    struct state_counts counts;
    struct tail_counts tail;
    state_counts(view->state, &counts);
    tail_counts(view->tail, &tail);
    set(own, IDS_ON_DISK, (double)counts.ids_on_disk);
    set(own, ID_MEMORY, (double)(counts.id_memory + tail.id_bytes));
    set(own, CHECKPOINT_LAST, (double)view->saved / 1e9);
    set(own, CHECKPOINT_BYTES, (double)counts.bytes);
    set(own, STATE_FAILING, counts.failing);
}

static void collect_watch(struct own_metrics *own, const struct own_view *view)
{
    struct watch_counts counts;
    watch_counts(view->watch, &counts);
    set(own, UP, view->up);
    set(own, CATCH_UP, view->caught_up);
    set(own, DIRECTORIES, (double)counts.directories);
    set(own, WATCHES, (double)counts.watches);
    set(own, UNWATCHED, (double)counts.unwatched_directories);
    set(own, UNREADABLE, (double)counts.unreadable_directories);
    set(own, RESCANS, (double)counts.rescans);
    set(own, OVERFLOWS, (double)counts.overflows);
}

static void collect_serve(struct own_metrics *own, const struct own_view *view)
{
    struct serve_counts counts;
    serve_counts(view->serve, &counts);
    set(own, HTTP_IN_FLIGHT, (double)counts.requests_in_flight);
    set(own, HTTP_CONNECTIONS, (double)counts.connections);
    set(own, HTTP_REFUSED, (double)counts.connections_refused);
}

static void collect_events(struct own_metrics *own, const struct own_view *view)
{
    struct rule_event_count count;
    for (size_t i = 0; rule_set_event_count(view->rulebook->rules, i, &count); i++) {
        if (i == own->added.event_count) {
            own->added.events =
                memory_resize(own->added.events, ++own->added.event_count, 2 * sizeof(uint64_t));
            memset(own->added.events[i], 0, sizeof(own->added.events[i]));
        }
        uint64_t *added = own->added.events[i];
        if (count.seen != added[0])
            add_text(own, EVENTS, count.event_type, count.seen, &added[0]);
        if (count.unmatched != added[1])
            add_text(own, EVENTS_UNMATCHED, count.event_type, count.unmatched, &added[1]);
    }
}

static void collect_pipeline(struct own_metrics *own, const struct own_view *view)
{
    struct pipeline_counts counts;
    pipeline_counts(view->pipeline, &counts);
    for (size_t i = 0; i < SKIP_REASONS; i++)
        add_text(own, LINES_SKIPPED, skip_reason_names[i], counts.skipped[i],
                 &own->added.pipeline.skipped[i]);
    for (size_t i = 0; i < rule_set_source_count(view->rulebook->rules); i++) {
        struct rule_source_facts facts;
        rule_source_facts(rule_set_source(view->rulebook->rules, i), &facts);
        if (view->source_times && view->source_times[i] != TIME_NONE)
            set_newest(own, facts.name, view->source_times[i]);
    }
}

static void add_outcome(struct own_metrics *own, enum own which, const struct label_value *values,
                        uint64_t count, uint64_t *added)
{
    if (count != *added)
        add_by(own, which, values, count, added);
}

static void collect_row(struct own_metrics *own, const struct rule_row_count *row, uint64_t *added)
{
    static const enum row_outcome errors[] = {ROW_NO_NUMBER, ROW_NOT_IN_TABLE, ROW_INVALID,
                                              ROW_LIMIT};
    const uint64_t *counts = row->outcomes;
    struct label_value values[2] = {label(row->rule)};
    for (size_t i = 0; i < ARRAY_LENGTH(errors); i++) {
        values[1] = label(row_outcome_name(errors[i]));
        add_outcome(own, RULE_ERRORS, values, counts[errors[i]], &added[errors[i]]);
    }
    values[1] = label(row->field);
    add_outcome(own, FIELDS_MISSING, values, counts[ROW_MISSING], &added[ROW_MISSING]);
    add_outcome(own, TOO_OLD, values, counts[ROW_TOO_OLD], &added[ROW_TOO_OLD]);
}

static void collect_rules(struct own_metrics *own, const struct own_view *view)
{
    const struct rule_set *rules = view->rulebook->rules;
    struct rule_row_count row;
    for (size_t i = 0; rule_set_row_count(rules, i, &row); i++) {
        if (i == own->added.row_count) {
            own->added.rows = memory_resize(own->added.rows, ++own->added.row_count,
                                            ROW_OUTCOMES * sizeof(uint64_t));
            memset(own->added.rows[i], 0, sizeof(own->added.rows[i]));
        }
        collect_row(own, &row, own->added.rows[i]);
    }
    set(own, MEMORY_KEYS, (double)rule_set_memory_keys(rules));
    set(own, MEMORY_EVICTIONS, (double)rule_set_memory_evictions(rules));
}

static void collect_registry(struct own_metrics *own, const struct own_view *view)
{
    const struct registry *registry = view->rulebook->registry;
    size_t position = 0;
    const struct family *family;
    while ((family = registry_next_family(registry, &position))) {
        struct family_usage usage;
        const char *name = family_spec(family)->name;
        family_usage(family, &usage);
        set_text(own, SERIES, name, (double)usage.series);
        if (usage.folded)
            set_text(own, SERIES_FOLDED, name, (double)usage.folded);
        if (usage.expired)
            set_text(own, SERIES_EXPIRED, name, (double)usage.expired);
    }
    set(own, RELOAD_SUCCESSFUL, view->reloaded);
    set(own, RELOAD_TIME, (double)view->loaded_at / 1e9);
    set(own, SAMPLES, (double)registry_samples(registry));
}

static void set_if_known(struct own_metrics *own, enum own which, double value)
{
    if (!isnan(value))
        set(own, which, value);
}

static void collect_process(struct own_metrics *own)
{
    struct process_facts facts;
    struct label_value build[OWN_LABELS] = {label(BUILD_VERSION), label(BUILD_REVISION),
                                            label(BUILD_BRANCH),  label(BUILD_COMPILER),
                                            label(BUILD_OS),      label(BUILD_ARCH)};
    process_read(&facts);
    if (isnan(own->start_time))
        own->start_time = facts.start_time;
    set_by(own, BUILD_INFO, build, 1);
    set_if_known(own, PROCESS_CPU, facts.cpu_seconds);
    set_if_known(own, PROCESS_START, own->start_time);
    set_if_known(own, PROCESS_RESIDENT, facts.resident_bytes);
    set_if_known(own, PROCESS_VIRTUAL, facts.virtual_bytes);
    set_if_known(own, PROCESS_VIRTUAL_MAX, facts.virtual_max_bytes);
    set_if_known(own, PROCESS_FDS, facts.open_descriptors);
    set_if_known(own, PROCESS_MAX_FDS, facts.max_descriptors);
    set_if_known(own, PROCESS_THREADS, facts.threads);
}

void own_metrics_collect(struct own_metrics *own, const struct own_view *view)
{
    own->when.now = view->now;
    if (view->now > own->when.event_time) /* a clock set back must not make values look old */
        own->when.event_time = view->now;
    collect_process(own);
    collect_events(own, view);
    if (view->sources)
        own_sources_collect(own, view->sources); /* drops what is told below by source */
    collect_pipeline(own, view);
    collect_rules(own, view);
    collect_registry(own, view);
    if (view->tail)
        collect_tail(own, view);
    collect_documents(own, view);
    if (view->watch)
        collect_watch(own, view);
    if (view->serve)
        collect_serve(own, view);
    if (view->state)
        collect_state(own, view);
}
