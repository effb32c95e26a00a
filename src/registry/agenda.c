/* See agenda.h. entries[0] is due first; the children of i are 2i + 1 and 2i + 2. */
#include "registry/agenda.h"

#include <stdlib.h>

#include "base/memory.h"
#include "registry/registry_internal.h"

#define AGENDA_FIRST_CAPACITY 16

static void put(struct agenda *agenda, uint32_t place, struct agenda_entry entry)
{
    agenda->entries[place] = entry;
    entry.series->due = place + 1;
}

/* Finds the place of `entry` at `place` or nearer to the front. */
static void move_up(struct agenda *agenda, uint32_t place, struct agenda_entry entry)
{
    while (place > 0) {
        uint32_t parent = (place - 1) / 2;
        if (agenda->entries[parent].due <= entry.due)
            break;
        put(agenda, place, agenda->entries[parent]);
        place = parent;
    }
    put(agenda, place, entry);
}

/* Finds the place of `entry` at `place` or further from the front. */
static void move_down(struct agenda *agenda, uint32_t place, struct agenda_entry entry)
{
    for (;;) {
        uint32_t child = place * 2 + 1;
        if (child >= agenda->count)
            break;
        if (child + 1 < agenda->count &&
            agenda->entries[child + 1].due < agenda->entries[child].due)
            child++;
        if (entry.due <= agenda->entries[child].due)
            break;
        put(agenda, place, agenda->entries[child]);
        place = child;
    }
    put(agenda, place, entry);
}

void agenda_free(struct agenda *agenda)
{
    free(agenda->entries);
    *agenda = (struct agenda){0};
}

void agenda_add(struct agenda *agenda, struct series *series, int64_t due)
{
    struct agenda_entry entry = {.due = due, .series = series};
    if (due == INT64_MAX)
        return;
    if (series->due) {
        if (agenda->entries[series->due - 1].due > due)
            move_up(agenda, series->due - 1, entry);
        return;
    }
    if (agenda->count == agenda->capacity) {
        agenda->capacity += agenda->capacity / 4 + AGENDA_FIRST_CAPACITY;
        agenda->entries =
            memory_resize(agenda->entries, agenda->capacity, sizeof(*agenda->entries));
    }
    move_up(agenda, agenda->count++, entry);
}

void agenda_remove(struct agenda *agenda, struct series *series)
{
    if (!series->due)
        return;
    uint32_t place = series->due - 1;
    series->due = 0;
    struct agenda_entry last = agenda->entries[--agenda->count];
    if (place == agenda->count)
        return;
    if (place > 0 && last.due < agenda->entries[(place - 1) / 2].due)
        move_up(agenda, place, last);
    else
        move_down(agenda, place, last);
}

struct series *agenda_take(struct agenda *agenda, int64_t now)
{
    if (agenda->count == 0 || agenda->entries[0].due > now)
        return NULL;
    struct series *series = agenda->entries[0].series;
    agenda_remove(agenda, series);
    return series;
}
