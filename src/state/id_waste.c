/* See id_waste.h. A run's own row goes last: what is left of it after a crash is found by it. */
#include "state/id_waste.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/id_store.h"

#define FIRST_CAPACITY ((size_t)16)

void id_waste_clear(struct id_waste *waste)
{
    free(waste->waiting.items);
    free(waste->ready.items);
    *waste = (struct id_waste){0};
}

static void append(struct id_waste_list *list, struct id_waste_run item)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : FIRST_CAPACITY;
        list->items = memory_resize(list->items, list->capacity, sizeof(*list->items));
    }
    list->items[list->count++] = item;
}

void id_waste_add(struct id_waste *waste, int64_t run, bool known)
{
    struct id_waste_run item = {.run = run, .told = waste->handed + 1};
    append(known ? &waste->waiting : &waste->ready, item);
}

void id_waste_news_handed(struct id_waste *waste)
{
    waste->handed++;
}

void id_waste_news_arrived(struct id_waste *waste)
{
    struct id_waste_list *waiting = &waste->waiting;
    size_t told = 0;
    while (told < waiting->count && waiting->items[told].told <= waste->handed)
        append(&waste->ready, waiting->items[told++]);
    waiting->count -= told;
    if (told > 0 && waiting->count > 0)
        memmove(waiting->items, waiting->items + told, waiting->count * sizeof(*waiting->items));
}

/* Takes from *inout_left what was deleted; if nothing is left, there may be more of the run. */
static int delete_run(struct id_store *store, int64_t run, size_t *inout_left)
{
    static const enum id_table tables[] = {ID_TABLE_ROWS, ID_TABLE_FILTERS};
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
        size_t deleted = 0;
        int code = id_store_delete_pages(store, tables[i], run, *inout_left, &deleted);
        if (code != SQLITE_OK)
            return code;
        *inout_left -= deleted;
        if (*inout_left == 0)
            return SQLITE_OK;
    }
    *inout_left -= 1;
    return id_store_delete_run(store, run);
}

int id_waste_step(struct id_waste *waste, struct id_store *store, size_t most)
{
    int code = id_store_begin(store);
    size_t left = most + 1;
    size_t count = waste->ready.count;
    while (code == SQLITE_OK && count > 0) {
        code = delete_run(store, waste->ready.items[count - 1].run, &left);
        if (left == 0)
            break;
        count--;
    }
    if (code == SQLITE_OK)
        code = id_store_commit(store);
    if (code == SQLITE_OK)
        waste->ready.count = count;
    else
        id_store_roll_back(store);
    return code;
}
