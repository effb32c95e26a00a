/* Runs that nothing links any more: whose rows are to be deleted, once the loop knows. */
#ifndef STATE_ID_WASTE_H
#define STATE_ID_WASTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct id_store;

struct id_waste_run {
    int64_t run;
    uint64_t told; /* the number of the news that tells the loop */
};

struct id_waste_list {
    struct id_waste_run *items;
    size_t count;
    size_t capacity;
};

struct id_waste {
    struct id_waste_list waiting; /* in the order in which they are told */
    struct id_waste_list ready;   /* may be deleted */
    uint64_t handed;              /* how many news were handed to the loop */
};

void id_waste_clear(struct id_waste *waste);
/* `known`: the loop may be reading it, until the next news to be handed out has arrived. */
void id_waste_add(struct id_waste *waste, int64_t run, bool known);
void id_waste_news_handed(struct id_waste *waste);
/* All news handed out have arrived. */
void id_waste_news_arrived(struct id_waste *waste);
/* Deletes up to `most` rows of what is ready, in a transaction of its own. 0 or a SQLite code:
 * nothing happened then. */
int id_waste_step(struct id_waste *waste, struct id_store *store, size_t most) MUST_CHECK;

#endif
