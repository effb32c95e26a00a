/* Names of metrics and labels: in words that Prometheus wants, and no two alike. */
#ifndef INFER_INFER_NAMES_H
#define INFER_INFER_NAMES_H

#include <stdbool.h>

struct proposal;
struct seen_path;
struct subject;

/* The name of a metric about `what` (a field's key, or NULL) of a subject, ending with `unit` (may
 * be "") and `suffix` ("total", "active" or ""). Different from all of the proposal, also in the
 * samples that histograms show. The caller frees. */
char *names_metric(const struct proposal *proposal, const struct subject *subject,
                   const struct seen_path *what, const char *unit, const char *suffix);
/* The name of a label of a field; `is_whole`: from all keys on the way. The caller frees. */
char *names_label(const struct seen_path *path, bool is_whole);

#endif
