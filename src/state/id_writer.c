/* See id_writer.h. Each link made or cut is noted in `changes` when it is done in memory: a
 * rollback undoes them backwards, a commit makes them news. */
#include "state/id_writer.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/memory.h"
#include "state/id_builder.h"
#include "state/id_page.h"
#include "state/id_sort.h"
#include "state/id_store.h"
#include "state/id_writer_internal.h"

#define IDS_A_STEP  ((size_t)200000)
#define ROWS_A_STEP ((size_t)2000)

/* --- Opening and closing -------------------------------------------------------------------- */

static void queue_all(struct id_writer *writer)
{
    size_t position = 0;
    for (struct id_directory *directory;
         (directory = map_next(&writer->links.directories, &position));)
        id_writer_queue(writer, directory);
}

int id_writer_open(struct sqlite3 *database, int64_t generation, struct id_writer **ret_writer)
{
    struct id_writer *writer = memory_zero(1, sizeof(*writer));
    id_links_init(&writer->links);
    writer->news = id_news_new();
    id_writer_set_step(writer, IDS_A_STEP, ROWS_A_STEP);
    int code = id_store_open(database, generation, &writer->store);
    if (code == SQLITE_OK)
        code = id_links_load(&writer->links, writer->store, true);
    if (code != SQLITE_OK) {
        id_writer_close(writer);
        return code;
    }
    writer->last_run = writer->links.last_run;
    id_writer_collect_idle(writer, false);
    queue_all(writer);
    *ret_writer = writer;
    return SQLITE_OK;
}

void id_writer_close(struct id_writer *writer)
{
    if (!writer)
        return;
    id_upkeep_abandon_merge(writer);
    id_waste_clear(&writer->waste);
    id_links_clear(&writer->links);
    id_news_free(writer->news);
    free(writer->changes.changes);
    free(writer->queue);
    id_store_close(writer->store);
    free(writer);
}

/* --- Links ---------------------------------------------------------------------------------- */

void id_writer_queue(struct id_writer *writer, struct id_directory *directory)
{
    if (directory->queued)
        return;
    directory->queued = true;
    if (writer->queue_count == writer->queue_capacity) {
        writer->queue_capacity = writer->queue_capacity ? writer->queue_capacity * 2 : 16;
        writer->queue = memory_resize(writer->queue, writer->queue_capacity, sizeof(uint64_t));
    }
    writer->queue[writer->queue_count++] = directory->number;
}

int id_writer_link(struct id_writer *writer, struct id_directory *directory, struct id_run *run)
{
    if (!id_links_link(&writer->links, directory, run))
        return SQLITE_OK;
    id_news_add(
        &writer->changes,
        &(struct id_change){.kind = ID_LINKED, .directory = directory->number, .run = run->extent});
    id_writer_queue(writer, directory);
    return id_store_link(writer->store, directory->number, run->extent.run);
}

int id_writer_unlink(struct id_writer *writer, struct id_directory *directory, struct id_run *run)
{
    id_news_add(&writer->changes, &(struct id_change){.kind = ID_UNLINKED,
                                                      .directory = directory->number,
                                                      .run = run->extent});
    id_links_unlink(&writer->links, directory, run);
    return id_store_unlink(writer->store, directory->number, run->extent.run);
}

/* --- Adding --------------------------------------------------------------------------------- */

/* The shortest run of the directory, if it is a single row with room for so many ids more, and its
 * row can be read: it is rewritten with them, so that small commits leave no trail of runs. */
static struct id_run *find_room(struct id_writer *writer, const struct id_directory *directory,
                                size_t count, struct id_page *ret_page)
{
    if (directory->runs.count == 0)
        return NULL;
    struct id_run *run = directory->runs.items[directory->runs.count - 1];
    if (run->extent.ids + count > ID_PAGE_WORDS || run->broken || run->merging)
        return NULL;
    int code = id_store_get_page(writer->store, ID_TABLE_ROWS, run->extent.run, 0, ret_page);
    run->broken = code == SQLITE_CORRUPT;
    if (code == SQLITE_OK)
        return run;
    ret_page->count = 0;
    return NULL;
}

/* Puts both, each sorted, in order. */
static int put_both(struct id_builder *builder, const uint64_t *ids, size_t count,
                    const struct id_page *page)
{
    int code = SQLITE_OK;
    for (size_t i = 0, j = 0; code == SQLITE_OK && (i < count || j < page->count);) {
        bool from_page = i == count || (j < page->count && page->words[j] < ids[i]);
        code = id_builder_put(builder, from_page ? page->words[j++] : ids[i++]);
    }
    return code;
}

static int build_run(struct id_writer *writer, const uint64_t *ids, size_t count,
                     const struct id_page *page, struct id_run **ret_run)
{
    struct id_builder *builder =
        id_builder_new(writer->store, ++writer->last_run, count + page->count);
    struct id_extent extent;
    int code = put_both(builder, ids, count, page);
    if (code == SQLITE_OK)
        code = id_builder_finish(builder, &extent);
    if (code == SQLITE_OK)
        *ret_run = id_links_run(&writer->links, &extent);
    id_builder_free(builder);
    return code;
}

int id_writer_add(struct id_writer *writer, uint64_t directory, uint64_t *ids, size_t count)
{
    count = id_sort(ids, count);
    if (count == 0)
        return SQLITE_OK;
    struct id_directory *to = id_links_directory(&writer->links, directory);
    struct id_page page = {.count = 0};
    struct id_run *replaced = find_room(writer, to, count, &page);
    struct id_run *run;
    int code = build_run(writer, ids, count, &page, &run);
    if (code == SQLITE_OK)
        code = id_writer_link(writer, to, run);
    if (code == SQLITE_OK && replaced)
        code = id_writer_unlink(writer, to, replaced);
    if (code != SQLITE_OK)
        id_links_drop_empty(&writer->links, to);
    return code;
}

int id_writer_join(struct id_writer *writer, uint64_t to, uint64_t from)
{
    id_news_add(&writer->changes,
                &(struct id_change){.kind = ID_JOINED, .directory = to, .from = from});
    struct id_directory *source = id_links_find_directory(&writer->links, from);
    if (!source || to == from)
        return SQLITE_OK;
    struct id_directory *target = id_links_directory(&writer->links, to);
    int code = SQLITE_OK;
    for (uint32_t i = 0; i < source->runs.count && code == SQLITE_OK; i++)
        code = id_writer_link(writer, target, source->runs.items[i]);
    return code;
}

int id_writer_forget(struct id_writer *writer, uint64_t directory)
{
    id_news_add(&writer->changes,
                &(struct id_change){.kind = ID_FORGOTTEN, .directory = directory});
    struct id_directory *forgotten = id_links_find_directory(&writer->links, directory);
    int code = SQLITE_OK;
    while (forgotten && forgotten->runs.count > 0 && code == SQLITE_OK)
        code =
            id_writer_unlink(writer, forgotten, forgotten->runs.items[forgotten->runs.count - 1]);
    return code;
}

/* --- After the transaction ------------------------------------------------------------------ */

void id_writer_collect_idle(struct id_writer *writer, bool known)
{
    for (struct id_run *run; (run = id_links_take_idle(&writer->links));) {
        id_waste_add(&writer->waste, run->extent.run, known);
        free(run);
    }
}

static void drop_empty_directories(struct id_writer *writer)
{
    for (size_t i = 0; i < writer->changes.count; i++) {
        struct id_directory *directory =
            id_links_find_directory(&writer->links, writer->changes.changes[i].directory);
        if (directory)
            id_links_drop_empty(&writer->links, directory);
    }
}

void id_writer_committed(struct id_writer *writer)
{
    id_writer_collect_idle(writer, true);
    drop_empty_directories(writer);
    id_news_take_over(writer->news, &writer->changes);
}

static void undo(struct id_writer *writer, const struct id_change *change)
{
    if (change->kind != ID_LINKED && change->kind != ID_UNLINKED)
        return;
    struct id_directory *directory = id_links_directory(&writer->links, change->directory);
    struct id_run *run = id_links_find_run(&writer->links, change->run.run);
    if (change->kind == ID_LINKED)
        id_links_unlink(&writer->links, directory, run);
    else
        id_links_link(&writer->links, directory, run);
}

void id_writer_rolled_back(struct id_writer *writer)
{
    for (size_t i = writer->changes.count; i > 0; i--)
        undo(writer, &writer->changes.changes[i - 1]);
    /* Left without links are only runs that the transaction made: their rows are gone with it. */
    for (struct id_run *run; (run = id_links_take_idle(&writer->links));)
        free(run);
    drop_empty_directories(writer);
    writer->changes.count = 0;
}

struct id_news *id_writer_take_news(struct id_writer *writer)
{
    if (writer->news->count == 0)
        return NULL;
    struct id_news *taken = writer->news;
    writer->news = id_news_new();
    id_waste_news_handed(&writer->waste);
    return taken;
}

void id_writer_acknowledge(struct id_writer *writer)
{
    id_waste_news_arrived(&writer->waste);
}
