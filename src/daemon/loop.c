/* The loop: hints of inotify become looks at files; reading goes on in bounded slices between
 * which HTTP is answered; once a second what is due by time. */
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "config/settings.h"
#include "daemon/daemon_internal.h"
#include "daemon/own_metrics.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/samples.h"
#include "daemon/sources.h"
#include "document/documents.h"
#include "registry/registry.h"
#include "resources/disk.h"
#include "rules/rule_set.h"
#include "tail/tail.h"
#include "watch/watch.h"

#define SLICE          (INT64_C(2) * NANOSECONDS_PER_MILLISECOND) /* of reading, then back to the loop */
#define WALK_SLICE     (INT64_C(5) * NANOSECONDS_PER_MILLISECOND) /* of rescanning */
#define HINTS_AT_ONCE  256
#define HINTS_A_SECOND 100  /* readings of them; beyond, each is followed by a pause */
#define HINTS_PAUSE    5000 /* us */

static void watch_hints(struct daemon *daemon);

/* Comes again as soon as the loop has looked at everything else. */
static void call_soon(struct event *event)
{
    static const struct timeval at_once = {0, 0};
    event_add(event, &at_once);
}

void loop_wake(struct daemon *daemon)
{
    if (!daemon->hinted)
        daemon->hinted = clock_monotonic();
    if (daemon->work)
        call_soon(daemon->work);
}

static void reach_ends(struct daemon *daemon)
{
    struct tail_counts counts;
    tail_counts(daemon->tail, &counts);
    daemon->caught_up = true;
    restart_arrive(daemon);
    if (!daemon->serves_saved)
        registry_renew_births(daemon->rooms.rulebook->registry, clock_wall());
    registry_born_at_zero(daemon->rooms.rulebook->registry,
                          !daemon_rule_settings(daemon)->no_zero_first);
    log_info("caught up with the files found at start", LOG_INT("files", counts.followed),
             LOG_INT("lines", counts.lines), LOG_INT("bytes", counts.bytes),
             LOG_INT("milliseconds", (clock_monotonic() - daemon->started) / 1000000));
    malloc_trim(0); /* what catching up needed and is not needed any more */
}

/* Comes back by itself for documents that are due later. */
static bool look_at_documents(struct daemon *daemon)
{
    int64_t now = clock_monotonic();
    bool more = documents_turn(daemon->documents, now, clock_wall(), SLICE);
    int64_t next = documents_next(daemon->documents);
    if (!more && next != INT64_MAX) {
        int64_t left = next > now ? next - now : 0;
        const struct timeval delay = {left / NANOSECONDS_PER_SECOND,
                                      left % NANOSECONDS_PER_SECOND / 1000 + 1};
        event_add(daemon->documents_due, &delay);
    }
    return more;
}

/* One slice of reading. Where more ids wait to be saved than memory is for, it waits too. */
static void read_slice(struct daemon *daemon)
{
    struct tail_progress progress;
    if (checkpoint_relieve(daemon))
        return;
    pipeline_set_now(daemon->rooms.pipeline, clock_wall());
    bool more = look_at_documents(daemon);
    /* At first lines wait for documents: what these say (which workflow a session is of) is looked
     * up by those. */
    if (daemon->caught_up || !more)
        more = tail_turn(daemon->tail, SLICE) || more;
    if (!daemon->caught_up && tail_arrived(daemon->tail, &progress) &&
        documents_arrived(daemon->documents))
        reach_ends(daemon);
    if (more) {
        call_soon(daemon->work);
        return;
    }
    if (daemon->caught_up && daemon->hinted)
        own_metrics_observe(daemon->own, OWN_VISIBLE, NULL,
                            (double)(clock_monotonic() - daemon->hinted) / 1e9, clock_wall());
    daemon->hinted = 0;
}

/* Who writes a thousand times a second does not wake us a thousand times: hints gather in the
 * kernel for a moment. */
static void pause_hints(struct daemon *daemon)
{
    static const struct timeval pause = {0, HINTS_PAUSE};
    if (daemon->hint_readings++ < HINTS_A_SECOND || !daemon->hints)
        return;
    event_del(daemon->hints);
    event_add(daemon->hints_pause, &pause);
}

static void take_hints(struct daemon *daemon)
{
    if (watch_read(daemon->watch, HINTS_AT_ONCE, clock_monotonic()))
        call_soon(daemon->more_hints); /* poll does not see what the library holds */
    watch_hints(daemon);
    pause_hints(daemon);
}

static void tell_root_state(struct daemon *daemon)
{
    bool is_present = daemon_root_present(daemon);
    if (!is_present && !daemon->root_was_missing)
        log_warn("the events directory is not there; waiting for it",
                 LOG_TEXT("path", daemon->settings->events_dir));
    else if (is_present && daemon->root_was_missing)
        log_info("the events directory is there", LOG_TEXT("path", daemon->settings->events_dir));
    daemon->root_was_missing = !is_present;
}

static void observe_rescan(struct daemon *daemon, uint64_t rescans_before)
{
    struct watch_counts counts;
    watch_counts(daemon->watch, &counts);
    if (counts.rescans > rescans_before)
        own_metrics_observe(daemon->own, OWN_RESCAN, NULL,
                            (double)counts.last_rescan_duration / 1e9, clock_wall());
}

/* One slice of rescanning; what it finds is read next. */
static void walk_slice(struct daemon *daemon)
{
    struct watch_counts before;
    watch_counts(daemon->watch, &before);
    if (watch_tick(daemon->watch, clock_monotonic(), WALK_SLICE))
        call_soon(daemon->walk);
    watch_hints(daemon);
    observe_rescan(daemon, before.rescans);
    call_soon(daemon->work);
}

static void every_second(struct daemon *daemon)
{
    int64_t monotonic = clock_monotonic();
    int64_t now = clock_wall();
    sources_refresh(daemon->rooms.sources, daemon->watch);
    walk_slice(daemon);
    daemon->hint_readings = 0;
    pipeline_set_now(daemon->rooms.pipeline, now);
    tail_tick(daemon->tail, monotonic);
    rule_set_tick(daemon->rooms.rulebook->rules, now, !daemon->caught_up);
    registry_tick(daemon->rooms.rulebook->registry, now, true);
    disk_tick(daemon->disk, monotonic);
    if (daemon->caught_up)
        samples_tick(daemon->samples, monotonic);
    tell_root_state(daemon);
}

static void emit_disk(struct daemon *daemon)
{
    struct text json;
    text_init(&json, 65536);
    pipeline_set_now(daemon->rooms.pipeline, clock_wall());
    if (disk_take(daemon->disk, &json))
        pipeline_emit(daemon->rooms.pipeline, json.data, json.length);
    text_free(&json);
}

static void reload_for_signal(struct daemon *daemon)
{
    struct text ignored; /* the log tells the same */
    text_init(&ignored, TEXT_UNLIMITED);
    (void)reload(daemon, &ignored);
    text_free(&ignored);
}

static void on_hangup(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    reload_for_signal(context);
}

static void on_save(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    checkpoint_make(context);
}

static void on_save_done(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    checkpoint_take_result(context);
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
    struct daemon *daemon = context;
    (void)what;
    log_info("stopping", LOG_TEXT("signal", number == SIGINT ? "SIGINT" : "SIGTERM"));
    event_base_loopbreak(daemon->base);
}

static void on_second(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    every_second(context);
}

static void on_work(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    read_slice(context);
}

static void on_walk(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    walk_slice(context);
}

static void on_hints(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    take_hints(context);
}

static void on_hints_pause(evutil_socket_t descriptor, short what, void *context)
{
    const struct daemon *daemon = context;
    (void)descriptor;
    (void)what;
    if (daemon->hints)
        event_add(daemon->hints, NULL);
}

static void on_disk(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    emit_disk(context);
}

/* The descriptor of hints may change when the watch room rebuilds itself. */
static void watch_hints(struct daemon *daemon)
{
    unsigned version = watch_descriptor_version(daemon->watch);
    int descriptor = watch_descriptor(daemon->watch);
    if (daemon->hints && version == daemon->hints_version)
        return;
    if (daemon->hints)
        event_free(daemon->hints);
    daemon->hints = NULL;
    daemon->hints_version = version;
    if (descriptor < 0)
        return;
    daemon->hints = event_new(daemon->base, descriptor, EV_READ | EV_PERSIST, on_hints, daemon);
    event_add(daemon->hints, NULL);
}

static bool start_signals(struct daemon *daemon)
{
    static const struct {
        int number;
        event_callback_fn callback;
    } wanted[] = {{SIGTERM, on_signal}, {SIGINT, on_signal}, {SIGHUP, on_hangup}};
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        daemon->signals[i] =
            evsignal_new(daemon->base, wanted[i].number, wanted[i].callback, daemon);
        if (!daemon->signals[i] || event_add(daemon->signals[i], NULL) < 0)
            return false;
    }
    return true;
}

static bool start_saving(struct daemon *daemon)
{
    const int64_t interval = daemon->settings->state_interval;
    const struct timeval period = {interval / NANOSECONDS_PER_SECOND,
                                   interval % NANOSECONDS_PER_SECOND / 1000};
    if (!daemon->state)
        return true;
    daemon->save = event_new(daemon->base, -1, EV_PERSIST, on_save, daemon);
    daemon->save_done = event_new(daemon->base, state_descriptor(daemon->state),
                                  EV_READ | EV_PERSIST, on_save_done, daemon);
    return daemon->save && daemon->save_done && event_add(daemon->save, &period) == 0 &&
           event_add(daemon->save_done, NULL) == 0;
}

int loop_start(struct daemon *daemon)
{
    static const struct timeval one_second = {1, 0};
    daemon->second = event_new(daemon->base, -1, EV_PERSIST, on_second, daemon);
    daemon->work = event_new(daemon->base, -1, 0, on_work, daemon);
    daemon->documents_due = event_new(daemon->base, -1, 0, on_work, daemon);
    daemon->walk = event_new(daemon->base, -1, 0, on_walk, daemon);
    daemon->more_hints = event_new(daemon->base, -1, 0, on_hints, daemon);
    daemon->hints_pause = event_new(daemon->base, -1, 0, on_hints_pause, daemon);
    daemon->disk_done = event_new(daemon->base, disk_descriptor(daemon->disk), EV_READ | EV_PERSIST,
                                  on_disk, daemon);
    if (!start_signals(daemon) || !start_saving(daemon) || !daemon->second || !daemon->work ||
        !daemon->documents_due || !daemon->walk || !daemon->more_hints || !daemon->hints_pause ||
        !daemon->disk_done || event_add(daemon->second, &one_second) < 0 ||
        event_add(daemon->disk_done, NULL) < 0)
        return -1;
    event_priority_set(daemon->work, LOOP_PRIORITIES - 1);
    event_priority_set(daemon->documents_due, LOOP_PRIORITIES - 1);
    event_priority_set(daemon->walk, LOOP_PRIORITIES - 1);
    watch_hints(daemon);
    return 0;
}

void loop_stop(struct daemon *daemon)
{
    struct event **events[] = {&daemon->signals[0],    &daemon->signals[1], &daemon->signals[2],
                               &daemon->second,        &daemon->work,       &daemon->walk,
                               &daemon->documents_due, &daemon->more_hints, &daemon->hints_pause,
                               &daemon->hints,         &daemon->disk_done,  &daemon->save,
                               &daemon->save_done};
    for (size_t i = 0; i < ARRAY_LENGTH(events); i++) {
        if (*events[i])
            event_free(*events[i]);
        *events[i] = NULL;
    }
}
