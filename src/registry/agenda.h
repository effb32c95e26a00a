/* What is due when: a binary heap of series by time. A series stands in it once at most, and knows
 * its place (series->due), so that it can be moved up or taken out. 16 bytes a series. */
#ifndef REGISTRY_AGENDA_H
#define REGISTRY_AGENDA_H

#include <stdint.h>

struct series;

struct agenda_entry {
    int64_t due; /* ns, wall */
    struct series *series;
};

struct agenda {
    struct agenda_entry *entries;
    uint32_t count;
    uint32_t capacity;
};

void agenda_free(struct agenda *agenda);
/* The series will be taken at `due` at the latest. INT64_MAX: never, nothing happens. */
void agenda_add(struct agenda *agenda, struct series *series, int64_t due);
void agenda_remove(struct agenda *agenda, struct series *series); /* fine for one not there */
/* Takes out a series that is due at `now` or was before, or gives NULL. */
struct series *agenda_take(struct agenda *agenda, int64_t now);

#endif
