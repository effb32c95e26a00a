/* What the next commit changes, in the order in which it was told: one growing buffer, handed from
 * thread to thread as a whole. */
#ifndef STATE_BATCH_H
#define STATE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "state/row.h"

struct batch {
    struct text bytes;
};

enum batch_action { BATCH_PUT, BATCH_REMOVE, BATCH_IDS, BATCH_JOIN, BATCH_FORGET };

/* Pointers lead into the batch. */
struct batch_entry {
    enum batch_action action;
    struct row row;     /* put; remove: without value and time */
    int64_t checksum;   /* put */
    uint64_t directory; /* ids, forget; join: the one that gets them */
    uint64_t from;      /* join */
    uint64_t *ids;      /* may be put into another order */
    size_t count;
};

struct batch *batch_new(void);
void batch_free(struct batch *batch);

void batch_put(struct batch *batch, const struct row *row);
void batch_remove(struct batch *batch, enum record_kind kind, struct bytes key);
void batch_ids(struct batch *batch, uint64_t directory, const uint64_t *ids, size_t count);
void batch_join(struct batch *batch, uint64_t to, uint64_t from);
void batch_forget(struct batch *batch, uint64_t directory);

/* Walks: *position is 0 at first. False: that was the last. */
bool batch_next(const struct batch *batch, size_t *position, struct batch_entry *ret_entry);
size_t batch_bytes(const struct batch *batch);
/* Empties it; keeps what memory usual commits need. */
void batch_clear(struct batch *batch);

#endif
