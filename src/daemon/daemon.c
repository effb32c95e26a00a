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
#include "daemon/followed.h"
#include "daemon/own_metrics.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/sources.h"
#include "registry/registry.h"
#include "resources/disk.h"
#include "rules/rule_set.h"
#include "serve/serve.h"
#include "tail/tail.h"
#include "watch/watch.h"

#define STOP_GRACE 2 /* seconds for answers under way */

bool daemon_root_present(const struct daemon *daemon)
{
    return watch_root_present(daemon->watch, daemon->settings->events_dir);
}

/* --- Callbacks: what one room tells goes to the next ----------------------------------------- */

static void on_file(void *context, const char *path, bool closed)
{
    struct daemon *daemon = context;
    tail_look(daemon->tail, path, closed, clock_monotonic());
    loop_wake(daemon);
}

static void on_gone(void *context, const char *path)
{
    struct daemon *daemon = context;
    tail_gone(daemon->tail, path, clock_monotonic());
    loop_wake(daemon);
}

static void on_directory_gone(void *context, const char *path)
{
    struct daemon *daemon = context;
    tail_directory_gone(daemon->tail, path, clock_monotonic());
    loop_wake(daemon);
}

static void on_notice(void *context, const char *message, const char *path, int error)
{
    (void)context;
    if (error)
        log_warn(message, LOG_TEXT("path", path), LOG_TEXT("cause", strerror(abs(error))));
    else
        log_info(message, LOG_TEXT("path", path));
}

static bool wants_directory(void *context, const char *path)
{
    struct daemon *daemon = context;
    return sources_want_directory(daemon->sources, path);
}

static bool wants_file(void *context, const char *path)
{
    struct daemon *daemon = context;
    return sources_want_file(daemon->sources, path);
}

static bool on_open(void *context, struct tail_file *file, void **inout_user)
{
    struct daemon *daemon = context;
    struct followed *followed =
        sources_follow(daemon->sources, tail_file_path(file), tail_file_id(file),
                       tail_directory_id(tail_file_directory(file)));
    if (!followed)
        return false;
    followed_free(*inout_user);
    *inout_user = followed;
    return true;
}

static void on_line(void *context, struct tail_file *file, const struct tail_line *line)
{
    struct daemon *daemon = context;
    pipeline_line(daemon->pipeline, tail_file_user(file), daemon->tail, tail_file_directory(file),
                  line);
}

static void on_skip(void *context, struct tail_file *file, enum tail_skip reason,
                    uint64_t line_number, uint64_t offset)
{
    struct daemon *daemon = context;
    (void)offset;
    bool too_long = reason == TAIL_SKIP_TOO_LONG;
    pipeline_skip(daemon->pipeline, tail_file_path(file), too_long ? SKIP_TOO_LONG : SKIP_PARTIAL,
                  line_number,
                  too_long ? "longer than --max-line-bytes" : "the file ended within a line");
}

static bool is_complete(void *context, struct tail_file *file, const char *bytes, size_t length)
{
    struct daemon *daemon = context;
    return pipeline_is_record(daemon->pipeline, tail_file_user(file), bytes, length);
}

static void on_close(void *context, struct tail_file *file, void *user)
{
    (void)context;
    (void)file;
    followed_free(user);
}

static void on_event(void *context, size_t source, int64_t event_time, int64_t now)
{
    struct daemon *daemon = context;
    if (event_time == TIME_NONE)
        return;
    if (event_time > daemon->source_times[source])
        daemon->source_times[source] = event_time;
    double delay = ((double)now - (double)event_time) / 1e9; /* may be more than 64 bits of ns */
    if (daemon->caught_up)
        own_metrics_observe(daemon->own, OWN_SOURCE_DELAY, daemon->source_names[source],
                            delay > 0 ? delay : 0, now);
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
    struct text text;
    diagnostics_init(&diagnostics);
    text_init(&text, TEXT_UNLIMITED);
    daemon->rulebook = rulebook_load(daemon->settings, &diagnostics);
    if (!daemon->rulebook) {
        diagnostics_print(&diagnostics, &text);
        fputs(text.data ? text.data : "", stderr);
        text_free(&text);
        diagnostics_free(&diagnostics);
        return -1;
    }
    diagnostics_free(&diagnostics);
    size_t count = rule_set_source_count(daemon->rulebook->rules);
    daemon->source_times = memory_zero(count, sizeof(*daemon->source_times));
    daemon->source_names = memory_zero(count, sizeof(*daemon->source_names));
    for (size_t i = 0; i < count; i++) {
        struct rule_source_facts facts;
        rule_source_facts(rule_set_source(daemon->rulebook->rules, i), &facts);
        daemon->source_names[i] = facts.name;
        daemon->source_times[i] = TIME_NONE;
    }
    daemon->pipeline = pipeline_new(daemon->rulebook->rules);
    daemon->own = own_metrics_new();
    pipeline_watch_events(daemon->pipeline, on_event, daemon);
    return 0;
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

static int build_following(struct daemon *daemon)
{
    const struct settings *settings = daemon->settings;
    struct tail_handlers tail_handlers = {.context = daemon,
                                          .on_open = on_open,
                                          .on_line = on_line,
                                          .on_skip = on_skip,
                                          .is_complete = is_complete,
                                          .on_close = on_close,
                                          .on_notice = on_notice};
    struct tail_options tail_options = {.max_line_bytes = (size_t)settings->max_line_bytes,
                                        .max_open_files = (size_t)settings->max_open_files,
                                        .max_held_files = (size_t)settings->max_held_files,
                                        .max_held_time = settings->held_file_timeout,
                                        .id_memory = (size_t)settings->id_memory};
    struct watch_handlers watch_handlers = {.context = daemon,
                                            .wants_directory = wants_directory,
                                            .wants_file = wants_file,
                                            .on_file = on_file,
                                            .on_gone = on_gone,
                                            .on_directory_gone = on_directory_gone,
                                            .on_notice = on_notice};
    struct watch_options watch_options = {.no_inotify = settings->no_inotify,
                                          .max_directories = (size_t)settings->max_directories};
    daemon->sources = sources_new(daemon->rulebook->rules, settings, settings->events_dir,
                                  settings_events_dir_given(settings));
    daemon->tail = tail_new(&tail_handlers, &tail_options);
    daemon->watch = watch_new(&watch_handlers, &watch_options);
    daemon->disk = disk_new(settings->events_dir);
    return daemon->disk ? 0 : fail("cannot measure disk use", strerror(errno));
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
        .max_connections = (size_t)settings->max_connections,
        .max_requests = (size_t)settings->max_requests,
        .timeout_seconds = (int)(settings->web_timeout / NANOSECONDS_PER_SECOND),
        .version = "jsonl-exporter/" BUILD_VERSION};
    if (serve_new(daemon->base, &handlers, &options, &daemon->serve, &error) == 0)
        return 0;
    fail("cannot serve metrics", error ? error : "unknown cause");
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
    AUTO_FREE char *packs = rulebook_pack_names(daemon->rulebook);
    log_info("jsonl-exporter started", LOG_TEXT("version", BUILD_VERSION),
             LOG_TEXT("following", daemon->settings->events_dir), LOG_TEXT("packs", packs),
             LOG_TEXT("serving", *serving ? serving : "nothing (--no-metrics)"));
}

static int build(struct daemon *daemon)
{
    daemon->base = event_base_new();
    if (!daemon->base || event_base_priority_init(daemon->base, LOOP_PRIORITIES) < 0)
        return fail("cannot make an event loop", strerror(errno));
    if (check_events_dir(daemon->settings->events_dir) < 0 || build_rules(daemon) < 0 ||
        build_following(daemon) < 0 || build_serving(daemon) < 0)
        return -1;
    return loop_start(daemon) < 0 ? fail("cannot start the loop", strerror(errno)) : 0;
}

/* The first walk: then there is something to read. */
static void start_following(struct daemon *daemon)
{
    sources_refresh(daemon->sources, daemon->watch);
    watch_start(daemon->watch, clock_monotonic());
    if (!daemon_root_present(daemon)) {
        daemon->root_was_missing = true;
        log_warn("the events directory is not there; waiting for it",
                 LOG_TEXT("path", daemon->settings->events_dir));
    }
    loop_wake(daemon);
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

static void tear_down(struct daemon *daemon)
{
    loop_stop(daemon);
    if (daemon->serve)
        finish_answers(daemon);
    serve_free(daemon->serve);
    disk_free(daemon->disk);
    if (daemon->watch)
        watch_free(daemon->watch);
    if (daemon->tail)
        tail_free(daemon->tail);
    sources_free(daemon->sources);
    answers_free(daemon);
    own_metrics_free(daemon->own);
    pipeline_free(daemon->pipeline);
    free(daemon->source_names);
    free(daemon->source_times);
    rulebook_free(daemon->rulebook);
    if (daemon->base)
        event_base_free(daemon->base);
}

int daemon_run(const struct settings *settings)
{
    struct daemon daemon = {.settings = settings, .started = clock_monotonic()};
    raise_descriptor_limit();
    bool is_built = build(&daemon) == 0;
    if (is_built) {
        tell_start(&daemon);
        start_following(&daemon);
        malloc_trim(0); /* what reading rules left behind */
        event_base_dispatch(daemon.base);
    }
    tear_down(&daemon);
    return is_built ? 0 : 1;
}
