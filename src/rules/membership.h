/* Sets: gauges that count the distinct keys now inside, by `enter`, `leave`, `clear`.
 *
 *   enter agents_active key=a1 (job X)   X: {a1}       gauge{X} = 1
 *   enter agents_active key=a1 (job Y)   Y: {a1}       gauge{X} = 0, gauge{Y} = 1   (it moves)
 *   leave agents_active key=a1           Y: {}         gauge{Y} = 0   (the key is enough)
 *
 * Members are entries of a MEMORY_SET memory, so they are bounded and forgotten like all keys. A
 * key that left stays as a memory of when: an enter not later than that is ignored. */
#ifndef RULES_MEMBERSHIP_H
#define RULES_MEMBERSHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "rules/memory.h"
#include "rules/rule_set.h"

struct metric;
struct registry;
struct scene;
struct series;
struct set_groups;

/* Who counts in one series: freed with its last entry. */
struct set_group {
    struct set_groups *groups;
    struct registry *registry;
    struct series *series; /* pinned */
    uint32_t epoch;        /* entries of an older one were cleared out */
    uint32_t inside;       /* entries of this epoch */
    uint32_t entries;      /* that point here, of any epoch */
    int64_t cleared_at;    /* event time of the last clear; INT64_MIN: none */
};

/* The groups of one metric, by its series. */
struct set_groups {
    struct map by_series;
};

/* An enter under the series of the metric that the row's labels name (already found or made). */
enum row_outcome set_enter(struct memory *memory, struct set_groups *groups,
                           const struct memory_key *key, struct registry *registry,
                           struct series *series, const struct scene *scene);
enum row_outcome set_leave(struct memory *memory, const struct memory_key *key,
                           const struct scene *scene);
/* Everyone out of this series. */
enum row_outcome set_clear(struct set_groups *groups, struct registry *registry,
                           struct series *series, const struct scene *scene);
/* Lets keys fall out whose last enter is longer ago than the memory's `stay`. */
void set_expire(struct memory *memory, int64_t now);
/* For memory_store.forget_member: the entry's key counts no more. */
void set_forget(void *context, struct memory_entry *entry);

void set_groups_init(struct set_groups *groups);
void set_groups_free(struct set_groups *groups);

#endif
