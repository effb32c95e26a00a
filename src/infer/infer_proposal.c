/* See infer_proposal.h. */
#include "infer/infer_proposal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "infer/infer_buckets.h"
#include "infer/infer_labels.h"
#include "infer/infer_names.h"
#include "infer/infer_pairs.h"
#include "infer/infer_subjects.h"
#include "survey/seen.h"

#define COUNTER_SERIES_MOST   300 /* as far as labels of fields make them */
#define HISTOGRAM_SERIES_MOST 40

bool proposal_is_taken(const struct proposal *proposal, const struct seen_path *path)
{
    const struct infer_shape *shape = proposal->shape;
    for (size_t i = 0; i < shape->type_count && !shape->is_unnamed; i++)
        if (shape->types[i] == path)
            return true;
    return path == shape->time || path == shape->id;
}

struct proposed_metric *proposal_add_metric(struct proposal *proposal, enum proposed_kind kind)
{
    proposal->metrics =
        memory_resize(proposal->metrics, proposal->metric_count + 1, sizeof(*proposal->metrics));
    struct proposed_metric *metric = &proposal->metrics[proposal->metric_count++];
    *metric = (struct proposed_metric){.kind = kind};
    return metric;
}

struct proposed_row *proposal_add_row(struct proposed_event *event, enum proposed_update update,
                                      size_t metric)
{
    event->rows = memory_resize(event->rows, event->row_count + 1, sizeof(*event->rows));
    struct proposed_row *row = &event->rows[event->row_count++];
    *row = (struct proposed_row){
        .update = update, .metric = metric, .scale = 1, .timer = event->subject->name};
    return row;
}

/* --- What counts events ------------------------------------------------------------------------
 */

static void count_events(struct proposal *proposal)
{
    bool is_unnamed = proposal->shape->is_unnamed;
    struct proposed_metric *metric = proposal_add_metric(proposal, PROPOSED_COUNTER);
    metric->name = memory_copy_text(PROPOSED_PREFIX "events_total");
    metric->help = memory_copy_text(is_unnamed ? "Events." : "Events, by name.");
    if (!is_unnamed)
        labels_add_event(metric, proposal->event_count);
    labels_choose(proposal, proposal->all, metric,
                  &(const struct label_wish){.labels = 4, .most = COUNTER_SERIES_MOST});
    for (size_t i = 0; i < proposal->event_count; i++)
        proposal_add_row(&proposal->events[i], PROPOSED_INC, 0);
}

static bool has_all_labels(const struct proposed_metric *metric,
                           const struct proposed_metric *labels)
{
    for (size_t i = 0; i < labels->label_count; i++)
        if (!labels_have(metric, labels->labels[i].path))
            return false;
    return true;
}

/* Does a histogram of the subject count its events by these labels? Its metrics are those from
 * `first` on. */
static bool is_counted(const struct proposal *proposal, const struct proposed_metric *labels,
                       size_t first)
{
    for (size_t i = first; i < proposal->metric_count; i++)
        if (proposal->metrics[i].kind == PROPOSED_HISTOGRAM &&
            has_all_labels(&proposal->metrics[i], labels))
            return true;
    return false;
}

/* Labels of this subject alone want a counter of their own. */
static void count_subject(struct proposal *proposal, const struct subject *subject, size_t first)
{
    struct proposed_metric own = {.kind = PROPOSED_COUNTER};
    if (proposal->metric_count >= PROPOSED_METRICS_MOST)
        return;
    if (subject->event_count > 1)
        labels_add_event(&own, subject->event_count);
    size_t count = own.label_count;
    labels_choose(proposal, subject, &own,
                  &(const struct label_wish){
                      .labels = 3, .most = COUNTER_SERIES_MOST, .except = &proposal->metrics[0]});
    if (own.label_count == count || is_counted(proposal, &own, first)) {
        labels_free(&own);
        return;
    }
    own.name = names_metric(proposal, subject, NULL, "events", "total");
    own.help = memory_format("Events of %s, by what they say.", subject->name);
    *proposal_add_metric(proposal, PROPOSED_COUNTER) = own;
    for (size_t i = 0; i < proposal->event_count; i++)
        if (proposal->events[i].subject == subject)
            proposal_add_row(&proposal->events[i], PROPOSED_INC, proposal->metric_count - 1);
}

/* --- What fields tell --------------------------------------------------------------------------
 */

static enum proposed_update update_of(enum meaning_kind kind)
{
    return kind == MEANS_DURATION ? PROPOSED_OBSERVE
           : kind == MEANS_AMOUNT ? PROPOSED_ADD
           : kind == MEANS_LIST   ? PROPOSED_ADD_COUNT
                                  : PROPOSED_SET;
}

/* How many of the subject's events have the field? */
static size_t events_with(const struct proposal *proposal, const struct subject *subject,
                          const struct seen_path *path)
{
    size_t count = 0;
    for (size_t i = 0; i < proposal->event_count; i++) {
        const struct seen_field *field = seen_type_field(proposal->events[i].type, path);
        count += proposal->events[i].subject == subject && field && seen_field_values(field) > 0;
    }
    return count;
}

/* Of {"secs": ..., "nanos": ...} the range is that of its seconds. */
static const struct seen_field *measured_field(const struct subject *subject,
                                               const struct seen_field *field)
{
    const struct seen_path *seconds = seen_path_child(field->path, "secs");
    bool has_seconds = field->numbers == 0 && seconds && subject->joined.fields[seconds->index];
    return has_seconds ? subject->joined.fields[seconds->index] : field;
}

static void fit_buckets(struct proposed_metric *metric, const struct seen_field *field,
                        double scale)
{
    bool is_known = field->least_positive > 0;
    metric->bucket_count =
        buckets_fit(is_known ? field->least_positive * scale : 1,
                    is_known ? field->most * scale : 0, metric->buckets, BUCKETS_MOST);
}

static char *help_of(const struct subject *subject, const struct seen_field *field,
                     enum meaning_kind kind)
{
    static const char *const texts[] = {[MEANS_DURATION] = "How long it took",
                                        [MEANS_AMOUNT] = "Sum over events",
                                        [MEANS_LIST] = "How many were listed",
                                        [MEANS_STATE] = "As the last event told"};
    return memory_format("%s: %s%s%s.", texts[kind], subject->name, *subject->name ? ", " : "",
                         field->path->key);
}

static struct proposed_metric *metric_of(struct proposal *proposal, const struct subject *subject,
                                         const struct seen_field *field)
{
    const struct meaning *meaning = &subject->meanings[field->path->index];
    bool counts = meaning->kind == MEANS_AMOUNT || meaning->kind == MEANS_LIST;
    char *name = names_metric(proposal, subject, field->path, meaning->unit, counts ? "total" : "");
    enum proposed_kind kind = counts                            ? PROPOSED_COUNTER
                              : meaning->kind == MEANS_DURATION ? PROPOSED_HISTOGRAM
                                                                : PROPOSED_GAUGE;
    struct proposed_metric *metric = proposal_add_metric(proposal, kind);
    metric->name = name;
    metric->help = help_of(subject, field, meaning->kind);
    if (events_with(proposal, subject, field->path) > 1)
        labels_add_event(metric, subject->event_count);
    bool is_histogram = metric->kind == PROPOSED_HISTOGRAM;
    labels_choose(proposal, subject, metric,
                  &(const struct label_wish){.labels = is_histogram ? 2 : 3,
                                             .most = is_histogram ? HISTOGRAM_SERIES_MOST
                                                                  : COUNTER_SERIES_MOST,
                                             .with = field->path});
    if (metric->kind == PROPOSED_HISTOGRAM)
        fit_buckets(metric, measured_field(subject, field), meaning->scale);
    return metric;
}

static void use_field(struct proposal *proposal, const struct subject *subject,
                      const struct seen_field *field)
{
    const struct meaning *meaning = &subject->meanings[field->path->index];
    metric_of(proposal, subject, field);
    for (size_t i = 0; i < proposal->event_count; i++) {
        struct proposed_event *event = &proposal->events[i];
        const struct seen_field *own = seen_type_field(event->type, field->path);
        if (event->subject != subject || !own || seen_field_values(own) == 0)
            continue;
        struct proposed_row *row =
            proposal_add_row(event, update_of(meaning->kind), proposal->metric_count - 1);
        row->path = field->path;
        row->scale = meaning->scale;
        row->is_optional = seen_field_values(own) < event->type->records;
    }
}

static bool is_measured(enum meaning_kind kind)
{
    return kind == MEANS_DURATION || kind == MEANS_AMOUNT || kind == MEANS_LIST ||
           kind == MEANS_STATE;
}

/* Part of a duration that is an object or a list? */
static bool is_part(const struct subject *subject, const struct seen_path *path)
{
    const struct seen_path *parent = path->parent;
    return parent && parent->index > 0 && subject->meanings[parent->index].kind == MEANS_DURATION;
}

static void use_fields(struct proposal *proposal, struct subject *subject)
{
    for (uint32_t i = 1; i < subject->joined.capacity; i++) {
        const struct seen_field *field = subject->joined.fields[i];
        if (!field || !field->path->is_plain || proposal_is_taken(proposal, field->path) ||
            !is_measured(subject->meanings[i].kind) || is_part(subject, field->path) ||
            proposal->metric_count >= PROPOSED_METRICS_MOST)
            continue;
        use_field(proposal, subject, field);
    }
}

struct proposal *proposal_new(const struct infer_shape *shape, struct seen *seen)
{
    struct proposal *proposal = memory_zero(1, sizeof(*proposal));
    proposal->shape = shape;
    proposal->paths = seen_paths_of(seen);
    subjects_find(proposal, seen);
    pairs_find(proposal);
    count_events(proposal);
    for (size_t i = 0; i < proposal->subject_count; i++) {
        size_t first = proposal->metric_count;
        use_fields(proposal, proposal->subjects[i]);
        if (!shape->is_unnamed)
            count_subject(proposal, proposal->subjects[i], first);
        pairs_propose(proposal, proposal->subjects[i]);
    }
    return proposal;
}

void proposal_free(struct proposal *proposal)
{
    if (!proposal)
        return;
    for (size_t i = 0; i < proposal->event_count; i++)
        free(proposal->events[i].rows);
    for (size_t i = 0; i < proposal->subject_count; i++)
        subject_free(proposal->subjects[i]);
    for (size_t i = 0; i < proposal->metric_count; i++) {
        labels_free(&proposal->metrics[i]);
        free(proposal->metrics[i].name);
        free(proposal->metrics[i].help);
        free(proposal->metrics[i].comment);
    }
    subject_free(proposal->all);
    free(proposal->events);
    free(proposal->subjects);
    free(proposal->metrics);
    free(proposal);
}
