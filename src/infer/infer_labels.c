/* See infer_labels.h. */
#include "infer/infer_labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "infer/infer_names.h"
#include "infer/infer_proposal.h"
#include "survey/seen.h"

#define COMMON_SHARE 3 /* a label is there in one of so many events at least */

static uint64_t combinations(const struct proposed_metric *metric)
{
    uint64_t product = 1;
    for (size_t i = 0; i < metric->label_count; i++)
        product *= metric->labels[i].values;
    return product;
}

bool labels_have(const struct proposed_metric *metric, const struct seen_path *path)
{
    for (size_t i = 0; i < metric->label_count; i++)
        if (metric->labels[i].path == path)
            return true;
    return false;
}

static bool has_name(const struct proposed_metric *metric, const char *name)
{
    for (size_t i = 0; i < metric->label_count; i++)
        if (strcmp(metric->labels[i].name, name) == 0)
            return true;
    return false;
}

static void add(struct proposed_metric *metric, const struct proposed_label *label)
{
    const struct seen_path *path = label->path;
    char *name = path ? names_label(path, false) : memory_copy_text("event");
    if (has_name(metric, name)) {
        free(name);
        name = names_label(path, true);
    }
    if (has_name(metric, name)) {
        free(name);
        return;
    }
    struct proposed_label *added = &metric->labels[metric->label_count++];
    *added = *label;
    added->name = name;
}

void labels_add_event(struct proposed_metric *metric, uint64_t values)
{
    add(metric, &(const struct proposed_label){.values = values});
}

/* A field that some series may lack has one value more: none. */
static uint64_t values_of(const struct subject *subject, uint32_t index)
{
    const struct seen_field *field = subject->joined.fields[index];
    return distinct_count(&field->distinct) + (seen_field_values(field) < subject->records);
}

static bool is_better(const struct subject *subject, uint32_t a, uint32_t b)
{
    const struct meaning *left = &subject->meanings[a];
    const struct meaning *right = &subject->meanings[b];
    if (left->rank != right->rank)
        return left->rank < right->rank;
    return values_of(subject, a) < values_of(subject, b); /* else as they stand in records */
}

/* Have enough of the events that feed the metric (those with a value at `with`; NULL: all) this
 * field? */
static bool is_common(const struct proposal *proposal, const struct subject *subject,
                      const struct seen_path *path, const struct seen_path *with)
{
    uint64_t records = 0;
    uint64_t values = 0;
    for (size_t i = 0; i < proposal->event_count; i++) {
        const struct proposed_event *event = &proposal->events[i];
        if ((subject != proposal->all && event->subject != subject) ||
            (with && !seen_type_field(event->type, with)))
            continue;
        const struct seen_field *field = seen_type_field(event->type, path);
        records += event->type->records;
        values += field ? seen_field_values(field) : 0;
    }
    return values * COMMON_SHARE >= records;
}

/* Does it tell single things apart? */
static bool is_key(const struct proposal *proposal, const struct seen_path *path)
{
    for (size_t i = 0; i < proposal->subject_count; i++)
        if (proposal->subjects[i]->key == path)
            return true;
    return false;
}

static bool is_candidate(const struct proposal *proposal, const struct subject *subject,
                         uint32_t index)
{
    const struct seen_field *field = subject->joined.fields[index];
    if (!field || !field->path->is_plain || proposal_is_taken(proposal, field->path) ||
        is_key(proposal, field->path))
        return false;
    enum meaning_kind kind = subject->meanings[index].kind;
    return kind == MEANS_LABEL || kind == MEANS_SEVERITY;
}

/* The best one that is not in the metric yet; 0: none. */
static uint32_t next_best(const struct proposal *proposal, const struct subject *subject,
                          const struct proposed_metric *metric, const struct label_wish *wish)
{
    uint32_t found = 0;
    uint64_t room = wish->most / combinations(metric);
    for (uint32_t i = 1; i < subject->joined.capacity; i++) {
        if (!is_candidate(proposal, subject, i))
            continue;
        const struct seen_path *path = subject->joined.fields[i]->path;
        if (labels_have(metric, path) || (wish->except && labels_have(wish->except, path)) ||
            values_of(subject, i) > room || !is_common(proposal, subject, path, wish->with))
            continue;
        if (found == 0 || is_better(subject, i, found))
            found = i;
    }
    return found;
}

void labels_choose(const struct proposal *proposal, const struct subject *subject,
                   struct proposed_metric *metric, const struct label_wish *wish)
{
    for (size_t tries = 0; metric->label_count < wish->labels && tries < 8; tries++) {
        uint32_t index = next_best(proposal, subject, metric, wish);
        if (index == 0)
            return;
        const struct seen_field *field = subject->joined.fields[index];
        add(metric, &(const struct proposed_label){
                        .path = field->path,
                        .is_severity = subject->meanings[index].kind == MEANS_SEVERITY,
                        .values = values_of(subject, index),
                        .may_lack = seen_field_values(field) < subject->records});
    }
}

void labels_free(struct proposed_metric *metric)
{
    for (size_t i = 0; i < metric->label_count; i++)
        free(metric->labels[i].name);
}
