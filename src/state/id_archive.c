/* See id_archive.h. Most questions ask the directory that was asked before. */
#include "state/id_archive.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/memory.h"
#include "state/id_lookup.h"
#include "state/id_memory.h"
#include "state/id_news.h"
#include "state/id_store.h"
#include "state/id_view.h"

struct id_archive {
    struct id_store *store;
    struct id_view view;
    struct id_memory memory;

    /* What was asked last. */
    bool knows_last;
    uint64_t last;
    const struct id_runs *runs; /* or NULL */
};

/* The runs of directories may have changed. */
static void settle(struct id_archive *archive)
{
    archive->knows_last = false;
    for (struct id_run *run; (run = id_links_take_idle(&archive->view.links));) {
        id_memory_drop(&archive->memory, run);
        free(run);
    }
    archive->memory.others = id_links_bytes(&archive->view.links);
}

int id_archive_open(struct sqlite3 *reader, int64_t generation, size_t maximum,
                    struct id_archive **ret_archive)
{
    struct id_archive *archive = memory_zero(1, sizeof(*archive));
    id_view_init(&archive->view);
    int code = id_store_open(reader, generation, &archive->store);
    id_memory_init(&archive->memory, archive->store, maximum);
    if (code == SQLITE_OK)
        code = id_links_load(&archive->view.links, archive->store, false);
    if (code != SQLITE_OK) {
        id_archive_close(archive);
        return code;
    }
    settle(archive);
    *ret_archive = archive;
    return SQLITE_OK;
}

void id_archive_close(struct id_archive *archive)
{
    if (!archive)
        return;
    if (archive->store)
        id_memory_rest(&archive->memory);
    id_memory_drop_all(&archive->memory);
    id_view_clear(&archive->view);
    id_store_close(archive->store);
    free(archive);
}

void id_archive_apply(struct id_archive *archive, struct id_news *news)
{
    id_archive_rest(archive);
    if (!news)
        return;
    id_view_apply(&archive->view, news);
    id_news_free(news);
    settle(archive);
}

static void ask_directory(struct id_archive *archive, uint64_t directory)
{
    archive->knows_last = true;
    archive->last = directory;
    archive->runs = id_view_runs(&archive->view, directory);
    if (archive->runs)
        id_memory_turn(&archive->memory, archive->runs);
}

bool id_archive_holds(struct id_archive *archive, uint64_t directory, uint64_t id)
{
    if (UNLIKELY(!archive->knows_last || archive->last != directory))
        ask_directory(archive, directory);
    return archive->runs && id_lookup(&archive->memory, archive->runs, id);
}

void id_archive_rest(struct id_archive *archive)
{
    id_memory_rest(&archive->memory);
}

void id_archive_join(struct id_archive *archive, uint64_t to, uint64_t from)
{
    id_view_join(&archive->view, to, from);
    settle(archive);
}

void id_archive_forget(struct id_archive *archive, uint64_t directory)
{
    id_view_forget(&archive->view, directory);
    settle(archive);
}

void id_archive_counts(const struct id_archive *archive, struct id_archive_counts *ret_counts)
{
    *ret_counts =
        (struct id_archive_counts){.ids = archive->view.links.ids,
                                   .bytes = archive->memory.bytes + archive->memory.others,
                                   .lookups = archive->memory.lookups,
                                   .errors = archive->memory.errors};
}
