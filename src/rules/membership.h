/* Sets: gauges that count the distinct keys now inside, by `enter`, `leave`, `clear`.
 *
 *   enter agents_active key=a1 (job X)   X: {a1}       gauge{X} = 1
 *   enter agents_active key=a1 (job Y)   Y: {a1}       gauge{X} = 0, gauge{Y} = 1   (it moves)
 *   leave agents_active key=a1           Y: {}         gauge{Y} = 0   (the key is enough)
 *
 * Members are entries of a MEMORY_SET memory, so they are bounded and forgotten like all keys. A
 * key that left stays as a memory of when: an enter not later than that is ignored, but for one of
 * the same moment that stands behind the leave (or clear) in the same file. */
#ifndef RULES_MEMBERSHIP_H
#define RULES_MEMBERSHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/text.h"
#include "rules/memory.h"
#include "rules/rule_set.h"

struct lapse;
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
    uint32_t cleared_in;   /* file whose line said so, as memory_entry.left_in */
    int64_t oldest;        /* set_show_ages: since when someone is inside */
    bool is_unsaved;
    bool has_record; /* a save put one, or it came out of one */
};

/* The groups of one metric, by its series. */
struct set_groups {
    struct map by_series;
    bool shows_oldest;   /* the gauge shows an age, not how many are inside */
    struct lapse *lapse; /* counts keys that fall out or are cleared; NULL: nobody does */
    bool tracks;
    bool is_unsaved;     /* some of them, or `removed` */
    struct text removed; /* keys of series whose groups' records are to go, as bytes of fields.h */
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
/* Every key of the scope leaves. */
enum row_outcome set_leave_all(struct memory *memory, uint64_t scope_id, const struct scene *scene);
/* Lets keys fall out whose last enter is longer ago than the memory's `stay`. */
void set_expire(struct memory *memory, int64_t now);
/* Gauges of `shows: oldest`: how long ago the key entered that is inside longest, in seconds. */
void set_show_ages(const struct memory *memory, struct set_groups *groups, int64_t now);
/* For memory_store.forget_member: the entry's key counts no more. */
void set_forget(void *context, struct memory *memory, struct memory_entry *entry);

void set_groups_init(struct set_groups *groups);
void set_groups_free(struct set_groups *groups);

/* --- For set_record.c --------------------------------------------------------------------------
 */

/* NULL: none is there. */
struct set_group *set_group_find(const struct set_groups *groups, const struct series *series);
/* For a series that has none. */
struct set_group *set_group_new(struct set_groups *groups, struct registry *registry,
                                struct series *series);
void set_group_note(struct set_group *group);
/* The entry was in this group, at this epoch of it. */
void set_rejoin(struct memory *memory, struct memory_entry *entry, struct set_group *group,
                uint32_t epoch);
/* All is restored: groups without entries go, gauges show how many are inside. */
void set_groups_settle(struct set_groups *groups, int64_t now);

#endif
