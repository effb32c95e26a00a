/* See watch.h; the room's face. */
#include "watch/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "watch/library.h"
#include "watch/watch_internal.h"

int watch_library_start(void)
{
    return library_start();
}

struct watch *watch_new(const struct watch_handlers *handlers, const struct watch_options *options)
{
    struct watch *watch = memory_zero(1, sizeof(*watch));
    watch->handlers = *handlers;
    watch->max_directories =
        options->max_directories ? options->max_directories : MAXIMUM_DIRECTORIES;
    watch->wants_inotify = !options->no_inotify && library_is_ready();
    watch->has_inotify = watch->wants_inotify;
    watch->retry_watches = watch->rebuild_next = TIME_NONE;
    directory_table_init(&watch->table);
    listing_init(&watch->listing);
    return watch;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    /* Gives back the watches; should that fail, the next object polls. */
    if (watch->has_watched && library_restart() < 0)
        watch->has_watched = false;
    for (size_t i = 0; i < watch->root_count; i++)
        free(watch->roots[i].path);
    free(watch->roots);
    directory_table_free(&watch->table);
    listing_free(&watch->listing);
    free(watch);
}

void watch_start(struct watch *watch, int64_t monotonic_now)
{
    watch->now = monotonic_now;
    watch->next_roots = monotonic_now;
    watch->next_poll = monotonic_now + WATCH_POLL_RECENT;
    watch->next_rescan = monotonic_now + WATCH_RESCAN_RECENT;
    rescan_schedule(watch);
    while (rescan_step(watch))
        ;
}

int watch_descriptor(const struct watch *watch)
{
    return watch->has_inotify ? library_descriptor() : -1;
}

unsigned watch_descriptor_version(const struct watch *watch)
{
    return watch->has_inotify ? library_version() : 0;
}

bool watch_read(struct watch *watch, size_t budget, int64_t monotonic_now)
{
    watch->now = monotonic_now;
    int result = 0;
    struct library_event event;
    for (size_t i = 0; watch->has_inotify && i < budget; i++) {
        result = library_next(&event);
        if (result <= 0)
            break;
        hint_from_event(watch, &event);
    }
    watch->is_drained = result == 0;
    if (result < 0)
        rescan_ask_for_rebuild(watch);
    rescan_rebuild_if_due(watch);
    const struct directory_queue *pending = &watch->table.queues[QUEUE_PENDING];
    for (size_t i = 0; i < budget && pending->first; i++)
        rescan_step(watch);
    return result > 0 || pending->first;
}

bool watch_tick(struct watch *watch, int64_t monotonic_now, int64_t budget_ns)
{
    watch->now = monotonic_now;
    int64_t end = clock_monotonic() + budget_ns;
    rescan_schedule(watch);
    while (rescan_step(watch))
        if (clock_monotonic() >= end)
            return true;
    return false;
}

void watch_rescan(struct watch *watch)
{
    rescan_all(watch);
}

static void count_roots(const struct watch *watch, struct watch_counts *counts)
{
    counts->roots = watch->root_count;
    counts->polling = !watch->has_inotify;
    for (size_t i = 0; i < watch->root_count; i++) {
        const struct directory *directory = watch->roots[i].directory;
        counts->roots_missing += !directory;
        counts->polling = counts->polling || (directory && directory->is_polled);
    }
}

void watch_counts(const struct watch *watch, struct watch_counts *ret_counts)
{
    const struct directory_table *table = &watch->table;
    *ret_counts = (struct watch_counts){
        .rescans = watch->rescans,
        .overflows = watch->overflows,
        .rebuilds = watch->rebuilds,
        .directories = table->by_path.count,
        .watches = table->watched.count,
        .unwatched_directories = table->by_path.count - table->watched.count,
        .unreadable_directories = table->troubled,
        .last_rescan_duration = watch->last_rescan_duration,
    };
    count_roots(watch, ret_counts);
}

void watch_notice(const struct watch *watch, const char *message, const char *path, int error)
{
    watch->handlers.on_notice(watch->handlers.context, message, path, error);
}
