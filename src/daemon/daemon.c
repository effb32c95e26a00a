/* See daemon.h: daemon_run is the order in which rooms are built; teardown is the reverse. */
#include "daemon/daemon.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/build_info.h"
#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/settings.h"
#include "daemon/daemon_internal.h"
#include "daemon/own_metrics.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/samples.h"
#include "daemon/sightings.h"
#include "daemon/sources.h"
#include "resources/disk.h"
#include "serve/serve.h"
#include "watch/watch.h"

#define STOP_GRACE    2                             /* seconds for answers under way */
#define SAVE_LONGEST  (20 * NANOSECONDS_PER_SECOND) /* at the end */
#define CLOSE_LONGEST (5 * NANOSECONDS_PER_SECOND)

bool daemon_root_present(const struct daemon *daemon)
{
    return !sources_need(daemon->rooms.sources, daemon->settings->events_dir) ||
           watch_root_present(daemon->watch, daemon->settings->events_dir);
}

const struct settings *daemon_rule_settings(const struct daemon *daemon)
{
    return daemon->reloaded ? daemon->reloaded : daemon->settings;
}

/* --- Building --------------------------------------------------------------------------------- */

static int fail(const char *what, const char *cause)
{
    fprintf(stderr, "jsonl-exporter: %s: %s\n", what, cause);
    return -1;
}

/* Missing is waited for; a directory that cannot be read will not mend itself. */
static int check_events_dir(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) < 0)
        return errno == ENOENT ? 0 : fail(path, strerror(errno));
    if (!S_ISDIR(facts.st_mode))
        return fail(path, strerror(ENOTDIR));
    if (access(path, R_OK | X_OK) < 0)
        return fail(path, strerror(errno));
    return 0;
}

static int build_rules(struct daemon *daemon)
{
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    int r = rule_rooms_build(daemon->settings, daemon->settings->events_dir, &diagnostics,
                             &daemon->rooms);
    if (r < 0)
        diagnostics_show(&diagnostics);
    diagnostics_free(&diagnostics);
    if (r < 0)
        return -1;
    daemon->own = own_metrics_new();
    daemon->reload.loaded_at = clock_wall();
    pipeline_watch_events(daemon->rooms.pipeline, following_on_event, daemon);
    sightings_watch_events(daemon->rooms.sightings, following_on_event, daemon);
    return 0;
}

static void free_rules(struct daemon *daemon)
{
    answers_forget(daemon);
    own_metrics_free(daemon->own);
    daemon->own = NULL;
    rule_rooms_free(&daemon->rooms);
}

/* Held descriptors and connections need room; the soft limit is often a low habit. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* The rooms that hold what was counted. A state that proves to be corrupt is begun anew, and they
 * with it. */
static int build_counting(struct daemon *daemon)
{
    for (;;) {
        if (build_rules(daemon) < 0)
            return -1;
        if (following_build(daemon) < 0)
            return fail("cannot watch files", strerror(ENOMEM));
        if (restart_load(daemon) == 0)
            return 0;
        following_free(daemon);
        free_rules(daemon);
    }
}

static int build_serving(struct daemon *daemon)
{
    const struct settings *settings = daemon->settings;
    struct serve_handlers handlers;
    char *error = NULL;
    if (settings->no_metrics)
        return 0;
    answers_handlers(daemon, &handlers);
    struct serve_options options = {
        .addresses = (const char *const *)settings->listen_addresses.items,
        .address_count = settings->listen_addresses.count,
        .telemetry_path = settings->telemetry_path,
        .expose_ui = settings->expose_ui,
        .enable_lifecycle = settings->enable_lifecycle,
        .max_connections = (size_t)settings->max_connections,
        .max_requests = (size_t)settings->max_requests,
        .timeout_seconds = (int)(settings->web_timeout / NANOSECONDS_PER_SECOND),
        .version = "jsonl-exporter/" BUILD_VERSION};
    int result = serve_new(daemon->base, &handlers, &options, &daemon->serve, &error);
    if (result == 0)
        return 0;
    AUTO_FREE char *cause =
        memory_format("%s%s", error ? error : "unknown cause",
                      result == -EADDRINUSE ? " (--metrics-port chooses another)" : "");
    fail("cannot serve metrics", cause);
    free(error);
    return -1;
}

static char *serving_addresses(const struct daemon *daemon)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    for (size_t i = 0; daemon->serve && i < serve_listener_count(daemon->serve); i++) {
        char address[64];
        serve_listener_address(daemon->serve, i, address);
        text_printf(&text, "%shttp://%s%s", i ? "," : "", address,
                    daemon->settings->telemetry_path);
    }
    return text_take(&text);
}

static void tell_start(const struct daemon *daemon)
{
    AUTO_FREE char *serving = serving_addresses(daemon);
    AUTO_FREE char *packs = rulebook_pack_names(daemon->rooms.rulebook);
    log_info("jsonl-exporter started", LOG_TEXT("version", BUILD_VERSION),
             LOG_TEXT("following", daemon->settings->events_dir), LOG_TEXT("packs", packs),
             LOG_TEXT("state", daemon->state ? daemon->settings->state_dir : "none (--no-state)"),
             LOG_TEXT("serving", *serving ? serving : "nothing (--no-metrics)"));
}

static int build(struct daemon *daemon)
{
    daemon->base = event_base_new();
    if (!daemon->base || event_base_priority_init(daemon->base, LOOP_PRIORITIES) < 0)
        return fail("cannot make an event loop", strerror(errno));
    if (check_events_dir(daemon->settings->events_dir) < 0 || restart_open(daemon) < 0 ||
        build_counting(daemon) < 0)
        return -1;
    daemon->disk = disk_new(daemon->settings->events_dir);
    if (!daemon->disk)
        return fail("cannot measure disk use", strerror(errno));
    daemon->samples = samples_new(daemon);
    if (!daemon->samples)
        return fail("cannot measure processes", strerror(errno));
    if (build_serving(daemon) < 0)
        return -1;
    return loop_start(daemon) < 0 ? fail("cannot start the loop", strerror(errno)) : 0;
}

/* Answers under way may still go out. */
static void finish_answers(struct daemon *daemon)
{
    int64_t deadline = clock_monotonic() + STOP_GRACE * NANOSECONDS_PER_SECOND;
    struct serve_counts counts;
    serve_stop(daemon->serve, STOP_GRACE);
    for (;;) {
        event_base_loop(daemon->base, EVLOOP_NONBLOCK);
        serve_counts(daemon->serve, &counts);
        if (counts.requests_in_flight == 0 || clock_monotonic() > deadline)
            return;
        usleep(1000);
    }
}

/* What was last served is what the next start begins with. */
static void save_for_ever(struct daemon *daemon)
{
    bool is_served = daemon->caught_up || daemon->serves_saved;
    if (!daemon->state || !daemon->tail)
        return;
    if (checkpoint_make_and_wait(daemon, is_served, SAVE_LONGEST) < 0)
        log_error("the state could not be saved; the next start counts from the last time it was",
                  LOG_TEXT("directory", daemon->settings->state_dir));
}

static void tear_down(struct daemon *daemon, bool has_run)
{
    loop_stop(daemon);
    if (daemon->serve)
        finish_answers(daemon);
    serve_free(daemon->serve);
    daemon->serve = NULL;
    samples_free(daemon->samples);
    disk_free(daemon->disk);
    if (has_run)
        save_for_ever(daemon);
    state_close(daemon->state, CLOSE_LONGEST);
    daemon->state = NULL;
    if (daemon->watch)
        watch_free(daemon->watch);
    following_free(daemon);
    free_rules(daemon);
    if (daemon->reloaded)
        settings_free(daemon->reloaded);
    free(daemon->reloaded);
    if (daemon->base)
        event_base_free(daemon->base);
}

int daemon_run(const struct settings *settings)
{
    struct daemon daemon = {.settings = settings, .started = clock_monotonic()};
    raise_descriptor_limit();
    /* The threads allocate little: one heap for all is smaller than one for each. */
    mallopt(M_ARENA_MAX, 1);
    bool is_built = build(&daemon) == 0;
    if (is_built) {
        tell_start(&daemon);
        restart_tell(&daemon);
        following_start(&daemon);
        malloc_trim(0); /* what reading rules left behind */
        event_base_dispatch(daemon.base);
    }
    tear_down(&daemon, is_built);
    return is_built ? 0 : 1;
}
