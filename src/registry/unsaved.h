/* What the next save has to put: series that changed, totals that leave memory, records that are to
 * go. For the files of this room.
 *
 *   changed   -> noted once (slot numbers in an array of the family)   save: put
 *   leaves    -> detached, but kept until its record is committed      save: put, saved: freed
 *   dropped   -> its key is kept until its record is gone              save: remove, saved: freed
 *
 * So between a save and its commit nothing is told wrong: a label set that comes back is found
 * among those that leave before it is recalled, and a dropped one is not recalled. 4 bytes a series
 * that changed. */
#ifndef REGISTRY_UNSAVED_H
#define REGISTRY_UNSAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/record.h"
#include "base/text.h"
#include "registry/registry.h"

#define UNTRACKED UINT32_MAX /* series->unsaved while nothing is tracked */

struct label_text;

/* Of one family. */
struct family_unsaved {
    uint32_t *slots; /* of its series that changed */
    uint32_t count;
    uint32_t capacity;
    struct series **leaving; /* detached; with `unsaved` set: not put yet as they are */
    uint32_t leaving_count;
    uint32_t leaving_capacity;
    bool remembers; /* totals may have left: new label sets are asked for */
    bool changed;   /* its own record */
};

/* Of the registry. */
struct registry_unsaved {
    bool on;
    registry_recall recall; /* NULL: nothing is remembered */
    void *context;
    int64_t keep;           /* ns */
    size_t count;           /* of what the next save puts or removes, families aside */
    size_t leaving_samples; /* of totals that leave */
    struct map dropped;     /* struct dropped_key */
    struct text key;        /* scratch */
    struct text value;
};

void unsaved_series_init(struct registry *registry);
void unsaved_series_free(struct registry *registry);
void unsaved_family_free(struct family *family);

/* For a series whose `unsaved` is 0, attached or leaving. */
void unsaved_series_note(struct series *series);
/* It is as its record tells, or is none of ours any more. */
void unsaved_series_clear(struct series *series);
/* An attached series has another slot than before. */
void unsaved_series_move(const struct series *series);

/* A detached series starts, ceases to leave. */
void leaving_series_add(struct series *series);
void leaving_series_remove(struct series *series);
/* The commit is done: those that were put are freed. */
void leaving_series_let_go(struct family *family);

/* The record of this key is to go. */
void dropped_add(struct registry *registry, struct bytes key);
bool dropped_has(const struct registry *registry, struct bytes key);
/* Calls `visit` for each key; `to_save`: only for those that no save removed yet, which then did.
 */
void dropped_each(struct registry *registry, bool to_save,
                  void (*visit)(void *context, struct bytes key), void *context);
/* The commit is done: those that were removed are forgotten. */
void dropped_let_go(struct registry *registry);

#endif
