/* See id_links.h. A directory has few runs, so sets of them are short arrays. */
#include "state/id_links.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "state/id_store.h"

#define ALLOCATION_BYTES ((size_t)16) /* what an allocation takes more than asked for, about */

/* --- Sets of runs --------------------------------------------------------------------------- */

bool id_runs_have(const struct id_runs *runs, const struct id_run *run)
{
    for (uint32_t i = 0; i < runs->count; i++)
        if (runs->items[i] == run)
            return true;
    return false;
}

bool id_runs_add(struct id_runs *runs, struct id_run *run)
{
    if (id_runs_have(runs, run))
        return false;
    if (runs->count == runs->capacity) {
        runs->capacity = runs->capacity ? runs->capacity * 2 : 2;
        runs->items = memory_resize(runs->items, runs->capacity, sizeof(struct id_run *));
    }
    uint32_t i = runs->count++;
    for (; i > 0 && runs->items[i - 1]->extent.ids < run->extent.ids; i--)
        runs->items[i] = runs->items[i - 1];
    runs->items[i] = run;
    return true;
}

bool id_runs_remove(struct id_runs *runs, const struct id_run *run)
{
    for (uint32_t i = 0; i < runs->count; i++) {
        if (runs->items[i] != run)
            continue;
        runs->count--;
        memmove(runs->items + i, runs->items + i + 1, (runs->count - i) * sizeof(struct id_run *));
        return true;
    }
    return false;
}

void id_runs_clear(struct id_runs *runs)
{
    free(runs->items);
    *runs = (struct id_runs){0};
}

/* --- Runs and directories by number --------------------------------------------------------- */

static uint64_t hash_of(uint64_t number)
{
    return hash_bytes(&number, sizeof(number));
}

static bool is_run(const void *item, const void *key)
{
    const struct id_run *run = item;
    return run->extent.run == *(const int64_t *)key;
}

static bool is_directory(const void *item, const void *key)
{
    const struct id_directory *directory = item;
    return directory->number == *(const uint64_t *)key;
}

void id_links_init(struct id_links *links)
{
    *links = (struct id_links){0};
    map_init(&links->runs, is_run);
    map_init(&links->directories, is_directory);
}

static void free_directory(struct id_directory *directory)
{
    id_runs_clear(&directory->runs);
    id_runs_clear(&directory->view);
    free(directory);
}

void id_links_clear(struct id_links *links)
{
    size_t position = 0;
    for (struct id_run *run; (run = map_next(&links->runs, &position));)
        free(run);
    position = 0;
    for (struct id_directory *directory; (directory = map_next(&links->directories, &position));)
        free_directory(directory);
    map_free(&links->runs);
    map_free(&links->directories);
    free(links->idle);
    id_links_init(links);
}

size_t id_links_bytes(const struct id_links *links)
{
    return (links->runs.capacity + links->directories.capacity) * sizeof(struct map_slot) +
           links->runs.count * (sizeof(struct id_run) + ALLOCATION_BYTES) +
           links->directories.count * (sizeof(struct id_directory) + 2 * ALLOCATION_BYTES);
}

struct id_run *id_links_find_run(const struct id_links *links, int64_t number)
{
    return map_find(&links->runs, hash_of((uint64_t)number), &number);
}

struct id_directory *id_links_find_directory(const struct id_links *links, uint64_t number)
{
    return map_find(&links->directories, hash_of(number), &number);
}

struct id_run *id_links_run(struct id_links *links, const struct id_extent *extent)
{
    struct id_run *run = id_links_find_run(links, extent->run);
    if (run)
        return run;
    run = memory_zero(1, sizeof(*run));
    run->extent = *extent;
    if (extent->run > links->last_run)
        links->last_run = extent->run;
    map_insert(&links->runs, hash_of((uint64_t)extent->run), run);
    return run;
}

struct id_directory *id_links_directory(struct id_links *links, uint64_t number)
{
    struct id_directory *directory = id_links_find_directory(links, number);
    if (directory)
        return directory;
    directory = memory_zero(1, sizeof(*directory));
    directory->number = number;
    map_insert(&links->directories, hash_of(number), directory);
    return directory;
}

void id_links_drop_empty(struct id_links *links, struct id_directory *directory)
{
    if (directory->runs.count > 0 || directory->overlaid)
        return;
    map_remove(&links->directories, hash_of(directory->number), &directory->number);
    free_directory(directory);
}

/* --- Links ---------------------------------------------------------------------------------- */

static void set_idle(struct id_links *links, struct id_run *run)
{
    if (run->idle)
        return;
    run->idle = true;
    if (links->idle_count == links->idle_capacity) {
        links->idle_capacity = links->idle_capacity ? links->idle_capacity * 2 : 16;
        links->idle = memory_resize(links->idle, links->idle_capacity, sizeof(struct id_run *));
    }
    links->idle[links->idle_count++] = run;
}

void id_links_count(struct id_links *links, struct id_run *run)
{
    if (run->links++ == 0)
        links->ids += run->extent.ids;
}

void id_links_uncount(struct id_links *links, struct id_run *run)
{
    if (--run->links > 0)
        return;
    links->ids -= run->extent.ids;
    set_idle(links, run);
}

bool id_links_link(struct id_links *links, struct id_directory *directory, struct id_run *run)
{
    if (!id_runs_add(&directory->runs, run))
        return false;
    id_links_count(links, run);
    return true;
}

bool id_links_unlink(struct id_links *links, struct id_directory *directory, struct id_run *run)
{
    if (!id_runs_remove(&directory->runs, run))
        return false;
    id_links_uncount(links, run);
    return true;
}

struct id_run *id_links_take_idle(struct id_links *links)
{
    while (links->idle_count > 0) {
        struct id_run *run = links->idle[--links->idle_count];
        run->idle = false;
        if (run->links > 0)
            continue;
        map_remove(&links->runs, hash_of((uint64_t)run->extent.run), &run->extent.run);
        return run;
    }
    return NULL;
}

/* --- Reading the tables --------------------------------------------------------------------- */

static void on_run(void *context, const struct id_extent *extent)
{
    id_links_run(context, extent);
}

static int on_link(void *context, const struct id_link *link)
{
    struct id_links *links = context;
    struct id_run *run = id_links_find_run(links, link->run);
    if (!run || run->extent.rows == 0)
        return SQLITE_CORRUPT;
    id_links_link(links, id_links_directory(links, link->directory), run);
    return SQLITE_OK;
}

static int on_other_link(void *context, const struct id_link *link)
{
    struct id_links *links = context;
    struct id_run *run = id_links_find_run(links, link->run);
    if (!run)
        return SQLITE_CORRUPT;
    id_links_count(links, run);
    return SQLITE_OK;
}

int id_links_load(struct id_links *links, struct id_store *store, bool all_generations)
{
    int code = id_store_each_run(store, on_run, links);
    if (code == SQLITE_OK)
        code = id_store_each_link(store, on_link, links);
    if (code == SQLITE_OK && all_generations)
        code = id_store_each_other_link(store, SIZE_MAX, on_other_link, links);
    if (code != SQLITE_OK)
        return code;
    size_t position = 0;
    for (struct id_run *run; (run = map_next(&links->runs, &position));)
        if (run->links == 0)
            set_idle(links, run);
    return SQLITE_OK;
}
