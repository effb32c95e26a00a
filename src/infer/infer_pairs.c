/* See infer_pairs.h. A field names what starts and ends if starts have many values there (a thing
 * may be started again), and ends have the same: then both together have hardly more than each
 * alone. */
#include "infer/infer_pairs.h"

#include <string.h>

#include "base/memory.h"
#include "infer/infer_buckets.h"
#include "infer/infer_names.h"
#include "infer/infer_proposal.h"
#include "infer/infer_subjects.h"
#include "survey/seen.h"

static bool has_turn(const struct proposal *proposal, const struct subject *subject,
                     enum subject_turn turn)
{
    for (size_t i = 0; i < proposal->event_count; i++)
        if (proposal->events[i].subject == subject &&
            subject_turn(proposal->events[i].type) == turn)
            return true;
    return false;
}

/* The values of a path in all events that start, or end: false if some of them lack it. */
static bool join_turn(const struct proposal *proposal, const struct subject *subject,
                      const struct seen_path *path, enum subject_turn turn, struct distinct *values,
                      uint64_t *records)
{
    for (size_t i = 0; i < proposal->event_count; i++) {
        const struct seen_type *type = proposal->events[i].type;
        if (proposal->events[i].subject != subject || subject_turn(type) != turn)
            continue;
        const struct seen_field *field = seen_type_field(type, path);
        bool is_scalar =
            field && (seen_field_is(field, VALUE_STRING) || seen_field_is(field, VALUE_NUMBER));
        if (!is_scalar || seen_field_values(field) * 100 < type->records * 95)
            return false;
        distinct_join(values, &field->distinct);
        *records += type->records;
    }
    return true;
}

/* How many things are named by this path; 0: it names none. */
static uint64_t count_named(const struct proposal *proposal, const struct subject *subject,
                            const struct seen_path *path)
{
    struct distinct started = {.count = 0};
    struct distinct ended = {.count = 0};
    uint64_t starts = 0;
    uint64_t ends = 0;
    uint64_t named = 0;
    if (join_turn(proposal, subject, path, SUBJECT_STARTS, &started, &starts) &&
        join_turn(proposal, subject, path, SUBJECT_ENDS, &ended, &ends)) {
        uint64_t first = distinct_count(&started);
        uint64_t second = distinct_count(&ended);
        uint64_t larger = first > second ? first : second;
        distinct_join(&started, &ended);
        if (first * 4 >= starts && distinct_count(&started) * 10 <= larger * 13)
            named = first;
    }
    distinct_clear(&started);
    distinct_clear(&ended);
    return named;
}

/* "agent_id" says more of an agent than "worker" does; lower is better. */
static unsigned path_rank(const struct subject *subject, const struct seen_path *path)
{
    struct words words;
    words_read(&words, path->key, path->length);
    bool is_id = word_is_in(words_last(&words), " id uuid key ");
    bool is_own = words.count > 0 && subject->words.count > 0 &&
                  strcmp(words.items[0], words_last(&subject->words)) == 0;
    return (is_id ? 0U : 2U) + (is_own || words.count == 1 ? 0U : 1U);
}

static const struct seen_path *find_key(const struct proposal *proposal,
                                        const struct subject *subject)
{
    const struct seen_path *found = NULL;
    unsigned lowest = 0;
    for (uint32_t i = 1; i < subject->joined.capacity; i++) {
        const struct seen_field *field = subject->joined.fields[i];
        enum meaning_kind kind = subject->meanings[i].kind;
        if (!field || (kind != MEANS_KEY && kind != MEANS_LABEL) || !field->path->is_plain ||
            proposal_is_taken(proposal, field->path) ||
            count_named(proposal, subject, field->path) == 0)
            continue;
        unsigned rank = path_rank(subject, field->path);
        if (!found || rank < lowest) {
            found = field->path;
            lowest = rank;
        }
    }
    return found;
}

static void add_rows(struct proposal *proposal, const struct subject *subject,
                     const struct seen_path *key, size_t metric, bool is_timed)
{
    for (size_t i = 0; i < proposal->event_count; i++) {
        struct proposed_event *event = &proposal->events[i];
        enum subject_turn turn = subject_turn(event->type);
        if (event->subject != subject || turn == SUBJECT_OTHER)
            continue;
        enum proposed_update update =
            is_timed ? (turn == SUBJECT_STARTS ? PROPOSED_START : PROPOSED_OBSERVE_ELAPSED)
            : turn == SUBJECT_STARTS ? PROPOSED_ENTER
                                     : PROPOSED_LEAVE;
        proposal_add_row(event, update, metric)->path = key;
        if (update == PROPOSED_OBSERVE_ELAPSED)
            proposal_add_row(event, PROPOSED_STOP, SIZE_MAX)->path = key;
    }
}

static bool has_duration(const struct subject *subject)
{
    for (uint32_t i = 1; i < subject->joined.capacity; i++)
        if (subject->meanings[i].kind == MEANS_DURATION)
            return true;
    return false;
}

static void propose_active(struct proposal *proposal, const struct subject *subject,
                           const struct seen_path *key)
{
    char *name = names_metric(proposal, subject, NULL, "", "active");
    struct proposed_metric *metric = proposal_add_metric(proposal, PROPOSED_GAUGE);
    metric->name = name;
    metric->help = memory_format("How many were started and have not ended: %s.", subject->name);
    add_rows(proposal, subject, key, proposal->metric_count - 1, false);
}

static void propose_elapsed(struct proposal *proposal, const struct subject *subject,
                            const struct seen_path *key)
{
    char *name = names_metric(proposal, subject, NULL, "seconds", "");
    struct proposed_metric *metric = proposal_add_metric(proposal, PROPOSED_HISTOGRAM);
    metric->name = name;
    metric->help = memory_format("Time from start to end: %s.", subject->name);
    metric->bucket_count = buckets_fit(1, 0, metric->buckets, BUCKETS_MOST);
    metric->comment = memory_copy_text("measured between events: look at the buckets");
    add_rows(proposal, subject, key, proposal->metric_count - 1, true);
}

void pairs_find(struct proposal *proposal)
{
    for (size_t i = 0; i < proposal->subject_count; i++) {
        struct subject *subject = proposal->subjects[i];
        if (has_turn(proposal, subject, SUBJECT_STARTS) &&
            has_turn(proposal, subject, SUBJECT_ENDS))
            subject->key = find_key(proposal, subject);
    }
}

void pairs_propose(struct proposal *proposal, const struct subject *subject)
{
    if (!subject->key || proposal->metric_count + 2 > PROPOSED_METRICS_MOST)
        return;
    propose_active(proposal, subject, subject->key);
    if (!has_duration(subject) && proposal->shape->time)
        propose_elapsed(proposal, subject, subject->key);
}
