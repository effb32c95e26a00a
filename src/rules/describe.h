/* What a rule set says, for whoever describes it: its packs, the metrics that they define, and what
 * feeds each of these.
 *
 *   rules: {JobCompleted, JobFailed: [{inc: jobs_total}]}     (line 12 of pack mine)
 *   rule_set_metric: jobs_total, a counter of pack 0
 *   rule_set_feed: jobs_total is fed by `inc` of mine:12, on events/JobCompleted, events/JobFailed
 *
 * All that is handed out lives as long as the set. Nothing here changes it. */
#ifndef RULES_DESCRIBE_H
#define RULES_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registry/registry.h"

struct rule_set;

struct rule_pack_facts {
    const char *name;
    int64_t default_ttl; /* ns, 0 = never */
    size_t default_max_series;
};
/* The index-th pack; false past the end, ret_facts untouched. */
bool rule_set_pack(const struct rule_set *set, size_t index, struct rule_pack_facts *ret_facts);

/* Values that a label has from the start. */
struct rule_init {
    const char *const *values;
    size_t count;
};

struct rule_metric {
    const struct family_spec *spec;
    size_t pack; /* the first that defines it */
    bool has_init;
    struct rule_init init[REGISTRY_LABELS]; /* of each label of the spec, in its order */
    bool shows_oldest;                      /* the gauge is the age of a set's oldest key */
    bool disabled;                          /* by an override: it is never shown */
    const char *lapses_into; /* counter of the keys that nobody took out; NULL: none */
};
/* The index-th metric, in pack and file order; false past the end, ret_metric untouched. */
bool rule_set_metric(const struct rule_set *set, size_t index, struct rule_metric *ret_metric);

/* An event that a row applies to. */
struct rule_feed_event {
    const char *source;
    const char *name; /* as rules spell it first; "*": every record of the source */
};

struct rule_feed {
    const char *metric; /* NULL: the row updates a memory or timer, or applies to nothing */
    const char *verb;   /* "inc" */
    const char *pack;
    int line;
    const struct rule_feed_event *events; /* in the order of sources, then of the rule's key */
    size_t event_count;
};
/* The index-th row as written, the same as of rule_set_row_count; false past the end, ret_feed
 * untouched. */
bool rule_set_feed(const struct rule_set *set, size_t index, struct rule_feed *ret_feed);

#endif
