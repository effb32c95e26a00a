/* Which fields become labels of a metric: few values each, few combinations in all. */
#ifndef INFER_INFER_LABELS_H
#define INFER_INFER_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proposal;
struct proposed_metric;
struct seen_path;
struct subject;

/* Adds the event's name, of which there are so many. */
void labels_add_event(struct proposed_metric *metric, uint64_t values);
struct label_wish {
    size_t labels;                        /* in all */
    uint64_t most;                        /* combinations of values */
    const struct seen_path *with;         /* only events with a value there; NULL: all */
    const struct proposed_metric *except; /* whose labels are passed over; NULL: none */
};

/* Adds the fields of the subject that are known best, then those with the fewest values. */
void labels_choose(const struct proposal *proposal, const struct subject *subject,
                   struct proposed_metric *metric, const struct label_wish *wish);
/* Has the metric a label of this path? */
bool labels_have(const struct proposed_metric *metric, const struct seen_path *path);
void labels_free(struct proposed_metric *metric);

#endif
