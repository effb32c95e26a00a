/* What is looked at by time, in steps of one directory: the caller stops when its time is up.
 *
 * A pass takes what was in the queues of blind and of recently changed directories when it began,
 * and what in the quiet one has waited long enough. A look costs an lstat of the directory and of
 * each known file, and nothing else where nothing changed.
 *
 * Of directories that changed recently but are watched, a pass takes as many as fit in its time,
 * RECENT_TIME; the rest has its turn in the next ones. So ten thousand of them cost no more than
 * a thousandth of a core, and only what inotify does not show is found later there. */
#include <stdlib.h>

#include "base/clock.h"
#include "watch/library.h"
#include "watch/watch_internal.h"

#define ROOTS_PERIOD         NANOSECONDS_PER_SECOND
#define REBUILD_PERIOD       NANOSECONDS_PER_SECOND
#define REBUILD_PATIENCE     (2 * NANOSECONDS_PER_SECOND)
#define RECENT_TIME          (10 * NANOSECONDS_PER_MILLISECOND)
#define RECENT_AT_LEAST      ((size_t)500) /* directories a pass, however long it takes */
#define DEAD_RECORDS_MAXIMUM ((size_t)4096)

void rescan_ask_for_rebuild(struct watch *watch)
{
    if (!watch->rebuild_wanted)
        watch->rebuild_asked = watch->now;
    watch->rebuild_wanted = true;
}

static void restart_library(struct watch *watch)
{
    if (!watch->wants_inotify)
        return;
    bool had_inotify = watch->has_inotify;
    int result = library_restart();
    watch->has_inotify = result == 0;
    watch->retry_watches = TIME_NONE;
    if (result < 0) {
        rescan_ask_for_rebuild(watch);
        watch->rebuild_next = watch->now + WATCH_RESCAN_RECENT;
    }
    if (had_inotify != watch->has_inotify)
        watch_notice(watch,
                     result < 0 ? "inotify cannot be started again, everything is polled"
                                : "inotify works again",
                     NULL, -result);
}

static void rebuild(struct watch *watch)
{
    watch->rebuilds++;
    watch->rebuild_wanted = false;
    watch->rebuild_next = watch->now + REBUILD_PERIOD;
    restart_library(watch);
    size_t position = 0;
    struct directory *directory;
    while ((directory = map_next(&watch->table.by_path, &position))) {
        directory_clear_watched(&watch->table, directory);
        walk_pend(watch, directory);
    }
}

/* Waiting events belong to the old instance: they are taken first, if they come to an end. */
void rescan_rebuild_if_due(struct watch *watch)
{
    if (watch->has_inotify && library_dead_records() > DEAD_RECORDS_MAXIMUM)
        rescan_ask_for_rebuild(watch);
    if (watch->rebuild_wanted && watch->now >= watch->rebuild_next &&
        (watch->is_drained || watch->now - watch->rebuild_asked >= REBUILD_PATIENCE))
        rebuild(watch);
}

static size_t count_waited_long(const struct watch *watch)
{
    size_t count = 0;
    const struct directory *directory = watch->table.queues[QUEUE_QUIET].first;
    for (; directory && directory->queued <= watch->now - WATCH_RESCAN_QUIET;
         directory = directory->next)
        count++;
    return count;
}

static void start_pass(struct watch *watch)
{
    watch->is_rescanning = true;
    watch->rescan_duration = 0;
    watch->next_rescan = watch->now + WATCH_RESCAN_RECENT;
    watch->recent_looks = 0;
    watch->recent_time = 0;
    watch->due[QUEUE_BLIND] = watch->table.queues[QUEUE_BLIND].count;
    watch->due[QUEUE_RECENT] = watch->table.queues[QUEUE_RECENT].count;
    watch->due[QUEUE_QUIET] = count_waited_long(watch);
}

static void end_pass(struct watch *watch)
{
    const struct directory_table *table = &watch->table;
    watch->is_rescanning = false;
    watch->rescans++;
    watch->last_rescan_duration = watch->rescan_duration;
    if (table->watched.count == table->by_path.count)
        watch->watch_error = 0;
}

void rescan_schedule(struct watch *watch)
{
    if (watch->now >= watch->next_roots) {
        watch->next_roots = watch->now + ROOTS_PERIOD;
        root_look_at_all(watch);
    }
    rescan_rebuild_if_due(watch);
    if (watch->now >= watch->next_poll) {
        watch->next_poll = watch->now + WATCH_POLL_RECENT;
        watch->due[QUEUE_POLLED] = watch->table.queues[QUEUE_POLLED].count;
    }
    if (watch->now >= watch->next_rescan && !watch->is_rescanning)
        start_pass(watch);
}

void rescan_all(struct watch *watch)
{
    size_t position = 0;
    struct directory *directory;
    while ((directory = map_next(&watch->table.by_path, &position))) {
        directory->hint_all = true;
        walk_pend(watch, directory);
    }
    watch->next_roots = watch->now;
}

/* Pending ones first: something is known to have happened there. */
static struct directory *next_due(struct watch *watch)
{
    struct directory_queue *queues = watch->table.queues;
    if (queues[QUEUE_PENDING].first)
        return queues[QUEUE_PENDING].first;
    for (enum queue queue = QUEUE_POLLED; queue < QUEUES; queue++) {
        if (watch->due[queue] > 0 && queues[queue].first) {
            watch->due[queue]--;
            return queues[queue].first;
        }
        watch->due[queue] = 0;
    }
    return NULL;
}

/* Those that have waited as long as quiet ones do are looked at in any case. */
static void note_recent(struct watch *watch, int64_t time)
{
    watch->recent_looks++;
    watch->recent_time += time;
    const struct directory *next = watch->table.queues[QUEUE_RECENT].first;
    if (watch->recent_time >= RECENT_TIME && watch->recent_looks >= RECENT_AT_LEAST &&
        !(next && next->queued <= watch->now - WATCH_RESCAN_QUIET))
        watch->due[QUEUE_RECENT] = 0;
}

bool rescan_step(struct watch *watch)
{
    struct directory *directory = next_due(watch);
    if (!directory) {
        if (watch->is_rescanning)
            end_pass(watch);
        return false;
    }
    enum queue queue = directory->queue;
    int64_t start = clock_monotonic();
    walk_look(watch, directory);
    int64_t time = clock_monotonic() - start;
    watch->rescan_duration += time;
    if (queue == QUEUE_RECENT)
        note_recent(watch, time);
    return true;
}
