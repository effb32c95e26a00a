/* What `infer` proposes, before it is written: metrics, and the rows that feed them.
 *
 *   agent_started    agent_id               the subject `agent`:
 *   agent_completed  agent_id, duration_ms    app_agents_active, enter and leave by agent_id
 *   agent_failed     agent_id, duration_ms    app_agent_duration_seconds{event}
 *
 * Events whose names differ only in what happened are of one subject, and share metrics. */
#ifndef INFER_INFER_PROPOSAL_H
#define INFER_INFER_PROPOSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "infer/infer_meaning.h"
#include "infer/infer_shape.h"
#include "infer/infer_words.h"

#define PROPOSED_TYPES_MOST   ((size_t)100)
#define PROPOSED_METRICS_MOST ((size_t)250)
#define PROPOSED_LABELS_MOST  ((size_t)4)
#define PROPOSED_PREFIX       "app_"
#define BUCKETS_MOST          ((size_t)16)

struct subject;

enum proposed_kind { PROPOSED_COUNTER, PROPOSED_GAUGE, PROPOSED_HISTOGRAM };

struct proposed_label {
    char *name;
    const struct seen_path *path; /* NULL: the event's name */
    bool is_severity;
    uint64_t values; /* that there may be, none among them */
    bool may_lack;   /* some events have none */
};

struct proposed_metric {
    char *name;
    char *help;
    enum proposed_kind kind;
    struct proposed_label labels[PROPOSED_LABELS_MOST];
    size_t label_count;
    double buckets[BUCKETS_MOST];
    size_t bucket_count;
    char *comment; /* what was seen, or NULL */
};

/* In the order in which they stand under an event. */
enum proposed_update {
    PROPOSED_INC,
    PROPOSED_ADD,
    PROPOSED_ADD_COUNT, /* of a list */
    PROPOSED_SET,
    PROPOSED_OBSERVE,
    PROPOSED_ENTER,
    PROPOSED_LEAVE,
    PROPOSED_START,
    PROPOSED_OBSERVE_ELAPSED,
    PROPOSED_STOP
};

struct proposed_row {
    enum proposed_update update;
    size_t metric;                /* index; SIZE_MAX: of a timer */
    const struct seen_path *path; /* of the value, or the key; NULL: none */
    double scale;
    bool is_optional;  /* the value is not always there */
    const char *timer; /* the subject's name */
};

/* A type of events, and its rows. */
struct proposed_event {
    const struct seen_type *type;
    struct subject *subject;
    struct proposed_row *rows;
    size_t row_count;
};

/* Events of one subject, and what was seen of all of them together. */
struct subject {
    struct words words; /* the name */
    char *name;
    uint64_t records;
    size_t event_count;
    struct seen_type joined;     /* without a name of its own */
    struct meaning *meanings;    /* by path's index */
    const struct seen_path *key; /* of what starts and ends; NULL: none */
};

struct proposal {
    const struct infer_shape *shape;
    const struct seen_paths *paths;
    struct proposed_event *events;
    size_t event_count;
    size_t types_left_out; /* past PROPOSED_TYPES_MOST, or with a name that is not shown */
    uint64_t records_left_out;
    struct subject **subjects; /* by the first of their events */
    size_t subject_count;
    struct subject *all;             /* all events together */
    struct proposed_metric *metrics; /* the first counts events */
    size_t metric_count;
};

/* Of what `seen` saw by the shape's types; both must stay. */
struct proposal *proposal_new(const struct infer_shape *shape, struct seen *seen);
void proposal_free(struct proposal *proposal);

/* Is it one of the paths that the source names (type, time, id)? */
bool proposal_is_taken(const struct proposal *proposal, const struct seen_path *path);
/* The last metric now, without a name. Both are good until the next one of their kind is added. */
struct proposed_metric *proposal_add_metric(struct proposal *proposal, enum proposed_kind kind);
struct proposed_row *proposal_add_row(struct proposed_event *event, enum proposed_update update,
                                      size_t metric);

#endif
