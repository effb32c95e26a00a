/* See id_merge.h. */
#include "state/id_merge.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/memory.h"
#include "state/id_builder.h"
#include "state/id_page.h"
#include "state/id_store.h"

/* A directory may have so many runs. One more, and the shortest are merged: up to the last that is
 * not longer than FACTOR times all shorter ones together. Over 10 million ids in commits of 1,000
 * (500,000) that makes 4.4 (2.9) runs on average, and each id is written 13 (2.8) times: in a large
 * directory each run costs every lookup about 30 ns. */
#define RUNS_LEFT_ALONE 5
#define FACTOR          3

struct source {
    struct id_extent extent;
    uint32_t next_row;
    size_t position; /* in `page` */
    struct id_page page;
};

struct id_merge {
    struct id_store *store;
    struct id_builder *builder;
    int64_t run;
    int64_t broken;
    size_t count;  /* of sources */
    size_t active; /* those with ids left, listed first */
    struct source *order[ID_MERGE_MOST];
    struct source sources[];
};

/* --- Which ---------------------------------------------------------------------------------- */

/* The shortest come last in a set of runs. */
static size_t shortest_first(const struct id_runs *runs, struct id_run **ret_shortest,
                             size_t *ret_all)
{
    size_t count = 0;
    size_t all = 0;
    for (uint32_t i = runs->count; i > 0; i--) {
        struct id_run *run = runs->items[i - 1];
        if (run->broken || run->merging)
            continue;
        if (count < ID_MERGE_MOST)
            ret_shortest[count++] = run;
        all++;
    }
    *ret_all = all;
    return count;
}

size_t id_merge_choose(const struct id_runs *runs, struct id_run *ret_sources[ID_MERGE_MOST])
{
    size_t all;
    size_t count = shortest_first(runs, ret_sources, &all);
    if (all <= RUNS_LEFT_ALONE)
        return 0;
    size_t chosen = 2;
    uint64_t shorter = ret_sources[0]->extent.ids;
    for (size_t i = 1; i < count; i++) {
        if (ret_sources[i]->extent.ids <= FACTOR * shorter)
            chosen = i + 1;
        shorter += ret_sources[i]->extent.ids;
    }
    return chosen;
}

/* --- Sources -------------------------------------------------------------------------------- */

static int read_row(struct id_merge *merge, struct source *source)
{
    int code = id_store_get_page(merge->store, ID_TABLE_ROWS, source->extent.run, source->next_row,
                                 &source->page);
    if (code == SQLITE_CORRUPT)
        merge->broken = source->extent.run;
    source->next_row++;
    source->position = 0;
    return code;
}

/* To the next id of the source at order[which]; without one it is active no more. */
static int advance(struct id_merge *merge, size_t which)
{
    struct source *source = merge->order[which];
    if (++source->position < source->page.count)
        return SQLITE_OK;
    if (source->next_row < source->extent.rows)
        return read_row(merge, source);
    merge->order[which] = merge->order[--merge->active];
    return SQLITE_OK;
}

static uint64_t id_of(const struct source *source)
{
    return source->page.words[source->position];
}

static size_t find_smallest(const struct id_merge *merge)
{
    size_t smallest = 0;
    uint64_t id = id_of(merge->order[0]);
    for (size_t i = 1; i < merge->active; i++) {
        uint64_t other = id_of(merge->order[i]);
        smallest = other < id ? i : smallest;
        id = other < id ? other : id;
    }
    return smallest;
}

/* --- The merge ------------------------------------------------------------------------------ */

static int read_first_rows(struct id_merge *merge)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < merge->count && code == SQLITE_OK; i++)
        code = read_row(merge, merge->order[i]);
    return code;
}

int id_merge_begin(struct id_store *store, int64_t run, struct id_run *const *sources, size_t count,
                   struct id_merge **ret_merge)
{
    struct id_merge *merge = memory_zero(1, sizeof(*merge) + count * sizeof(struct source));
    merge->store = store;
    merge->run = run;
    merge->count = merge->active = count;
    uint64_t ids = 0;
    for (size_t i = 0; i < count; i++) {
        merge->sources[i].extent = sources[i]->extent;
        merge->order[i] = &merge->sources[i];
        ids += sources[i]->extent.ids;
    }
    merge->builder = id_builder_new(store, run, ids);
    /* Should the process end before the merge does, this row tells that there is waste. */
    int code = id_store_put_run(store, &(struct id_extent){.run = run});
    if (code == SQLITE_OK)
        *ret_merge = merge;
    else
        id_merge_free(merge);
    return code;
}

void id_merge_free(struct id_merge *merge)
{
    if (!merge)
        return;
    id_builder_free(merge->builder);
    free(merge);
}

int id_merge_step(struct id_merge *merge, size_t most, struct id_extent *ret_run)
{
    int code = SQLITE_OK;
    if (merge->sources[0].next_row == 0)
        code = read_first_rows(merge);
    while (code == SQLITE_OK && merge->active > 0 && most-- > 0) {
        size_t smallest = find_smallest(merge);
        code = id_builder_put(merge->builder, id_of(merge->order[smallest]));
        if (code == SQLITE_OK)
            code = advance(merge, smallest);
    }
    *ret_run = (struct id_extent){0};
    if (code == SQLITE_OK && merge->active == 0)
        code = id_builder_finish(merge->builder, ret_run);
    return code;
}

int64_t id_merge_broken(const struct id_merge *merge)
{
    return merge->broken;
}

int64_t id_merge_run(const struct id_merge *merge)
{
    return merge->run;
}

size_t id_merge_sources(const struct id_merge *merge, int64_t ret_runs[ID_MERGE_MOST])
{
    for (size_t i = 0; i < merge->count; i++)
        ret_runs[i] = merge->sources[i].extent.run;
    return merge->count;
}
