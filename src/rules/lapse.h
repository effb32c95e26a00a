/* Lapses: keys of a set that nobody took out. One that falls out (`for`), or that a `clear` lets
 * leave, counts in a counter.
 *
 *   calls_pending: {type: gauge, labels: [tool], lapsed: {inc: calls_total, labels: {result:
 * none}}} a key lapses in calls_pending{tool="Bash"}  ->  calls_total{tool="Bash",result="none"} +
 * 1
 *
 * Labels of the counter are those texts, else the gauge's of the same name. */
#ifndef RULES_LAPSE_H
#define RULES_LAPSE_H

#include <stddef.h>

struct diagnostics;
struct lapse;
struct metric;
struct moment;
struct rule_set;
struct series;
struct tree;

/* For a metric whose set's groups then count lapses; all metrics are known. `node` is the map that
 * stands behind `lapsed`. NULL with errors reported. */
struct lapse *lapse_compile(const struct rule_set *set, const struct metric *metric,
                            const struct tree *node, struct diagnostics *diagnostics);
void lapse_free(struct lapse *lapse);
/* What lapses count in; NULL for NULL. */
const struct metric *lapse_counter(const struct lapse *lapse);

/* `count` keys lapsed in this series of the gauge. `lapse` may be NULL: none are counted. */
void lapse_count(const struct lapse *lapse, const struct series *series, size_t count,
                 const struct moment *when);

#endif
