/* See id_view.h. */
#include "state/id_view.h"

#include <stdlib.h>

#include "base/memory.h"

void id_view_init(struct id_view *view)
{
    *view = (struct id_view){0};
    id_links_init(&view->links);
}

void id_view_clear(struct id_view *view)
{
    id_links_clear(&view->links);
    free(view->pending.changes);
    free(view->overlaid);
    id_view_init(view);
}

/* --- What is pending ------------------------------------------------------------------------ */

static const struct id_runs *seen(const struct id_directory *directory)
{
    return directory->overlaid ? &directory->view : &directory->runs;
}

static void add_to_overlay(struct id_view *view, struct id_directory *directory,
                           const struct id_runs *runs)
{
    for (uint32_t i = 0; i < runs->count; i++)
        if (id_runs_add(&directory->view, runs->items[i]))
            id_links_count(&view->links, runs->items[i]);
}

static void empty_overlay(struct id_view *view, struct id_directory *directory)
{
    for (uint32_t i = 0; i < directory->view.count; i++)
        id_links_uncount(&view->links, directory->view.items[i]);
    id_runs_clear(&directory->view);
}

static void overlay(struct id_view *view, struct id_directory *directory)
{
    if (directory->overlaid)
        return;
    directory->overlaid = true;
    add_to_overlay(view, directory, &directory->runs);
    if (view->overlaid_count == view->overlaid_capacity) {
        view->overlaid_capacity = view->overlaid_capacity ? view->overlaid_capacity * 2 : 4;
        view->overlaid =
            memory_resize(view->overlaid, view->overlaid_capacity, sizeof(struct id_directory *));
    }
    view->overlaid[view->overlaid_count++] = directory;
}

static void clear_overlays(struct id_view *view)
{
    for (size_t i = 0; i < view->overlaid_count; i++) {
        empty_overlay(view, view->overlaid[i]);
        view->overlaid[i]->overlaid = false;
    }
    view->overlaid_count = 0;
}

static void apply_join(struct id_view *view, uint64_t to, uint64_t from)
{
    const struct id_directory *source = id_links_find_directory(&view->links, from);
    if (!source || to == from)
        return;
    struct id_directory *target = id_links_directory(&view->links, to);
    overlay(view, target);
    add_to_overlay(view, target, seen(source));
}

static void apply_forget(struct id_view *view, uint64_t number)
{
    struct id_directory *directory = id_links_find_directory(&view->links, number);
    if (!directory)
        return;
    overlay(view, directory);
    empty_overlay(view, directory);
}

static void apply_pending(struct id_view *view, const struct id_change *change)
{
    if (change->kind == ID_JOINED)
        apply_join(view, change->directory, change->from);
    else
        apply_forget(view, change->directory);
}

static void add_pending(struct id_view *view, const struct id_change *change)
{
    id_news_add(&view->pending, change);
    apply_pending(view, change);
}

/* --- What is committed ---------------------------------------------------------------------- */

/* The first equal one, from *inout_first on, is done: nearly always the very first. */
static void confirm(struct id_view *view, const struct id_change *done, size_t *inout_first)
{
    struct id_change *pending = view->pending.changes;
    for (size_t i = *inout_first; i < view->pending.count; i++) {
        if (pending[i].kind != done->kind || pending[i].directory != done->directory ||
            (done->kind == ID_JOINED && pending[i].from != done->from))
            continue;
        for (; i > *inout_first; i--)
            pending[i] = pending[i - 1];
        ++*inout_first;
        return;
    }
}

static void drop_confirmed(struct id_view *view, size_t count)
{
    for (size_t i = count; i < view->pending.count; i++)
        view->pending.changes[i - count] = view->pending.changes[i];
    view->pending.count -= count;
}

/* News may tell again what was read from the tables: then nothing changes. */
static void apply_link(struct id_view *view, const struct id_change *change)
{
    struct id_directory *directory = id_links_directory(&view->links, change->directory);
    id_links_link(&view->links, directory, id_links_run(&view->links, &change->run));
}

static void apply_unlink(struct id_view *view, const struct id_change *change)
{
    struct id_directory *directory = id_links_find_directory(&view->links, change->directory);
    struct id_run *run = id_links_find_run(&view->links, change->run.run);
    if (directory && run)
        id_links_unlink(&view->links, directory, run);
}

static void drop_empty(struct id_view *view, const struct id_news *news)
{
    for (size_t i = 0; i < news->count; i++) {
        struct id_directory *directory =
            id_links_find_directory(&view->links, news->changes[i].directory);
        if (directory)
            id_links_drop_empty(&view->links, directory);
    }
}

void id_view_apply(struct id_view *view, const struct id_news *news)
{
    size_t confirmed = 0;
    clear_overlays(view);
    for (size_t i = 0; i < news->count; i++) {
        const struct id_change *change = &news->changes[i];
        if (change->kind == ID_LINKED)
            apply_link(view, change);
        else if (change->kind == ID_UNLINKED)
            apply_unlink(view, change);
        else
            confirm(view, change, &confirmed);
    }
    drop_confirmed(view, confirmed);
    for (size_t i = 0; i < view->pending.count; i++)
        apply_pending(view, &view->pending.changes[i]);
    drop_empty(view, news);
}

/* --- What the loop asks --------------------------------------------------------------------- */

void id_view_join(struct id_view *view, uint64_t to, uint64_t from)
{
    add_pending(view, &(struct id_change){.kind = ID_JOINED, .directory = to, .from = from});
}

void id_view_forget(struct id_view *view, uint64_t directory)
{
    add_pending(view, &(struct id_change){.kind = ID_FORGOTTEN, .directory = directory});
}

const struct id_runs *id_view_runs(const struct id_view *view, uint64_t directory)
{
    const struct id_directory *found = id_links_find_directory(&view->links, directory);
    return found ? seen(found) : NULL;
}
