/* Upkeep of the ids on disk (id_writer_step): merges, links of generations that are no more, and
 * waste. Each step is a transaction of its own, short enough for a commit to wait for it.
 *
 * A merge lives in memory and in the unlinked rows written so far; if it fails, or the process
 * ends, those rows are waste, and another merge begins. */
#include <sqlite3.h>
#include <stdlib.h>

#include "base/memory.h"
#include "state/id_merge.h"
#include "state/id_store.h"
#include "state/id_writer_internal.h"

void id_writer_set_step(struct id_writer *writer, size_t ids_merged, size_t rows_deleted)
{
    writer->ids_a_step = ids_merged;
    writer->rows_a_step = rows_deleted;
}

void id_writer_drop_others(struct id_writer *writer)
{
    writer->others_left = true;
}

/* --- A merge's sources ---------------------------------------------------------------------- */

static void set_merging(struct id_writer *writer, bool merging)
{
    int64_t sources[ID_MERGE_MOST];
    size_t count = id_merge_sources(writer->merge, sources);
    for (size_t i = 0; i < count; i++) {
        struct id_run *run = id_links_find_run(&writer->links, sources[i]);
        if (run)
            run->merging = merging;
    }
}

static bool has_all_sources(const struct id_writer *writer, const struct id_directory *directory)
{
    int64_t sources[ID_MERGE_MOST];
    size_t count = id_merge_sources(writer->merge, sources);
    for (size_t i = 0; i < count; i++) {
        const struct id_run *run = id_links_find_run(&writer->links, sources[i]);
        if (!run || !id_runs_have(&directory->runs, run))
            return false;
    }
    return true;
}

static bool is_still_wanted(const struct id_writer *writer)
{
    const struct id_directory *directory =
        id_links_find_directory(&writer->links, writer->merge_directory);
    return directory && has_all_sources(writer, directory);
}

static void queue_merge_directory(struct id_writer *writer)
{
    struct id_directory *directory =
        id_links_find_directory(&writer->links, writer->merge_directory);
    if (directory)
        id_writer_queue(writer, directory);
}

/* The merge is over, one way or the other. */
static void end_merge(struct id_writer *writer)
{
    set_merging(writer, false);
    id_merge_free(writer->merge);
    writer->merge = NULL;
    queue_merge_directory(writer);
}

void id_upkeep_abandon_merge(struct id_writer *writer)
{
    if (!writer->merge)
        return;
    id_waste_add(&writer->waste, id_merge_run(writer->merge), false);
    end_merge(writer);
}

/* --- Merging -------------------------------------------------------------------------------- */

/* The next directory with too many runs. 0: there is none. */
static size_t find_sources(struct id_writer *writer, struct id_run **ret_sources)
{
    while (writer->queue_count > 0) {
        uint64_t number = writer->queue[--writer->queue_count];
        struct id_directory *directory = id_links_find_directory(&writer->links, number);
        if (!directory)
            continue;
        directory->queued = false;
        size_t count = id_merge_choose(&directory->runs, ret_sources);
        writer->merge_directory = number;
        if (count > 0)
            return count;
    }
    return 0;
}

static int begin_merge(struct id_writer *writer, struct id_run *const *sources, size_t count)
{
    int code = id_merge_begin(writer->store, ++writer->last_run, sources, count, &writer->merge);
    if (code == SQLITE_OK)
        set_merging(writer, true);
    return code;
}

static int replace_sources(struct id_writer *writer, struct id_directory *directory,
                           struct id_run *merged)
{
    if (!has_all_sources(writer, directory))
        return SQLITE_OK;
    int code = id_writer_link(writer, directory, merged);
    int64_t sources[ID_MERGE_MOST];
    size_t count = id_merge_sources(writer->merge, sources);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = id_writer_unlink(writer, directory, id_links_find_run(&writer->links, sources[i]));
    return code;
}

/* May directories other than the merge's have all of the sources? */
static bool are_shared(const struct id_writer *writer)
{
    int64_t sources[ID_MERGE_MOST];
    size_t count = id_merge_sources(writer->merge, sources);
    for (size_t i = 0; i < count; i++)
        if (id_links_find_run(&writer->links, sources[i])->links == 1)
            return false;
    return true;
}

/* In every directory that has all of the sources. One that has only some of them keeps those: it
 * must not get the ids of the others. */
static int replace_everywhere(struct id_writer *writer, const struct id_extent *extent)
{
    struct id_run *merged = id_links_run(&writer->links, extent);
    struct id_directory *directory =
        id_links_find_directory(&writer->links, writer->merge_directory);
    bool shared = are_shared(writer);
    int code = replace_sources(writer, directory, merged);
    size_t position = 0;
    while (shared && code == SQLITE_OK &&
           (directory = map_next(&writer->links.directories, &position)))
        code = replace_sources(writer, directory, merged);
    return code;
}

static int merge_on(struct id_writer *writer, bool *ret_done)
{
    struct id_extent merged;
    int code = id_merge_step(writer->merge, writer->ids_a_step, &merged);
    *ret_done = code == SQLITE_OK && merged.ids > 0;
    if (*ret_done)
        code = replace_everywhere(writer, &merged);
    return code;
}

static void note_failure(struct id_writer *writer)
{
    writer->merge_failed = true;
    if (!writer->merge) {
        queue_merge_directory(writer);
        return;
    }
    struct id_run *broken = id_links_find_run(&writer->links, id_merge_broken(writer->merge));
    if (broken)
        broken->broken = true;
    id_upkeep_abandon_merge(writer);
}

static int step_merge(struct id_writer *writer, struct id_run *const *sources, size_t count)
{
    bool done = false;
    int code = id_store_begin(writer->store);
    if (code == SQLITE_OK && count > 0)
        code = begin_merge(writer, sources, count);
    if (code == SQLITE_OK)
        code = merge_on(writer, &done);
    if (code == SQLITE_OK)
        code = id_store_commit(writer->store);
    if (code != SQLITE_OK) {
        id_store_roll_back(writer->store);
        id_writer_rolled_back(writer);
        note_failure(writer);
        return code;
    }
    id_writer_committed(writer);
    writer->merge_failed = false;
    if (done)
        end_merge(writer);
    return code;
}

/* --- Other generations ---------------------------------------------------------------------- */

struct other_links {
    struct id_link *links;
    size_t count;
};

static int on_other_link(void *context, const struct id_link *link)
{
    struct other_links *others = context;
    others->links[others->count++] = *link;
    return SQLITE_OK;
}

static int delete_links(struct id_writer *writer, const struct other_links *others)
{
    int code = id_store_begin(writer->store);
    for (size_t i = 0; i < others->count && code == SQLITE_OK; i++)
        code = id_store_delete_link(writer->store, &others->links[i]);
    if (code == SQLITE_OK)
        code = id_store_commit(writer->store);
    if (code != SQLITE_OK)
        id_store_roll_back(writer->store);
    return code;
}

static void forget_links(struct id_writer *writer, const struct other_links *others)
{
    for (size_t i = 0; i < others->count; i++) {
        struct id_run *run = id_links_find_run(&writer->links, others->links[i].run);
        if (run)
            id_links_uncount(&writer->links, run);
    }
    id_writer_collect_idle(writer, false);
    writer->others_left = others->count > 0;
}

static int step_others(struct id_writer *writer)
{
    struct other_links others = {.links = memory_zero(writer->rows_a_step, sizeof(struct id_link))};
    int code = id_store_each_other_link(writer->store, writer->rows_a_step, on_other_link, &others);
    if (code == SQLITE_OK)
        code = delete_links(writer, &others);
    if (code == SQLITE_OK)
        forget_links(writer, &others);
    free(others.links);
    return code;
}

/* --- A step --------------------------------------------------------------------------------- */

/* On a full disk a merge cannot begin before waste made room. */
static bool may_merge(const struct id_writer *writer)
{
    return !writer->merge_failed || writer->waste.ready.count == 0;
}

static int step(struct id_writer *writer)
{
    struct id_run *sources[ID_MERGE_MOST];
    size_t count = 0;
    if (writer->merge && !is_still_wanted(writer))
        id_upkeep_abandon_merge(writer);
    if (!writer->merge && may_merge(writer))
        count = find_sources(writer, sources);
    if (writer->merge || count > 0)
        return step_merge(writer, sources, count);
    if (writer->others_left)
        return step_others(writer);
    if (writer->waste.ready.count > 0)
        return id_waste_step(&writer->waste, writer->store, writer->rows_a_step);
    return SQLITE_OK;
}

int id_writer_step(struct id_writer *writer, bool *ret_more)
{
    int code = step(writer);
    *ret_more = writer->merge || writer->queue_count > 0 || writer->others_left ||
                writer->waste.ready.count > 0;
    return code;
}
