/* What the next save has to put: whose record changed, and whose is to be removed.
 *
 * An item carries a link; while that is in `changed` its record is put once, however often it
 * changes. Without tracking nothing is remembered, and marking costs one test. */
#ifndef TAIL_UNSAVED_H
#define TAIL_UNSAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"
#include "tail/list.h"

struct unsaved {
    struct list changed; /* links inside the items */
    size_t changed_count;
    uint64_t *removed; /* ids whose record the state has */
    size_t removed_count;
    size_t removed_capacity;
    bool tracks;
};

void unsaved_init(struct unsaved *unsaved, bool tracks);
void unsaved_free(struct unsaved *unsaved);

/* The record of the item with this link is to be put. */
void unsaved_mark(struct unsaved *unsaved, struct list *link);
/* Its record is as the state has it. */
void unsaved_clear(struct unsaved *unsaved, struct list *link);
/* Takes out the first link, whose record is put now; NULL: there is none. */
struct list *unsaved_take(struct unsaved *unsaved);
/* The item with this id goes; `stored`: the state has, or will have, a record of it. */
void unsaved_remove(struct unsaved *unsaved, struct list *link, uint64_t id, bool stored);
/* Tells the sink of all records to be removed, and forgets them. */
void unsaved_put_removed(struct unsaved *unsaved, const struct record_sink *sink,
                         enum record_kind kind);

/* One record, whose key is an id of this room. */
struct text;
void unsaved_put(const struct record_sink *sink, enum record_kind kind, uint64_t id,
                 const struct text *value);

#endif
