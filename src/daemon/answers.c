/* What HTTP is told: expositions, health, readiness, the landing page. */
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/build_info.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/settings.h"
#include "daemon/daemon_internal.h"
#include "daemon/own_metrics.h"
#include "daemon/rulebook.h"
#include "daemon/sources.h"
#include "encode/encode.h"
#include "registry/registry.h"
#include "serve/exposition.h"
#include "serve/landing.h"
#include "serve/serve.h"
#include "tail/tail.h"
#include "watch/watch.h"

/* The packs' part of an exposition: encoded again only when the registry changed. */
static struct exposition_part *packs_part(struct daemon *daemon, bool json)
{
    const struct registry *registry = daemon->rooms.rulebook->registry;
    uint64_t version = registry_version(registry);
    if (daemon->kept[json].part && daemon->kept[json].version == version)
        return daemon->kept[json].part;
    struct text text;
    bool first = true;
    text_init(&text, TEXT_UNLIMITED);
    if (json)
        encode_json(registry, &first, &text);
    else
        encode_text(registry, &text);
    exposition_part_drop(daemon->kept[json].part);
    daemon->kept[json].part = exposition_part_new(&text);
    daemon->kept[json].version = version;
    return daemon->kept[json].part;
}

void answers_collect_own(struct daemon *daemon, int64_t now)
{
    const struct own_view view = {.rulebook = daemon->rooms.rulebook,
                                  .pipeline = daemon->rooms.pipeline,
                                  .sources = daemon->rooms.sources,
                                  .tail = daemon->tail,
                                  .documents = daemon->documents,
                                  .watch = daemon->watch,
                                  .serve = daemon->serve,
                                  .state = daemon->state,
                                  .source_times = daemon->rooms.source_times,
                                  .up = daemon_root_present(daemon),
                                  .caught_up = daemon->caught_up,
                                  .saved = daemon->checkpoint.saved,
                                  .reloaded = !daemon->reload.failed,
                                  .loaded_at = daemon->reload.loaded_at,
                                  .now = now};
    own_metrics_collect(daemon->own, &view);
}

/* Own metrics, made anew; as JSON with what closes the list around both parts. */
static struct exposition_part *own_part(struct daemon *daemon, bool json, bool first)
{
    const struct registry *registries[] = {own_metrics_kept(daemon->own),
                                           own_metrics_live(daemon->own)};
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    for (size_t i = 0; i < ARRAY_LENGTH(registries); i++)
        if (json)
            encode_json(registries[i], &first, &text);
        else
            encode_text(registries[i], &text);
    if (json)
        text_append_string(&text, "]\n");
    return exposition_part_new(&text);
}

static struct exposition_part *text_part(const char *bytes)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    text_append_string(&text, bytes);
    return exposition_part_new(&text);
}

bool answers_show_metrics(const struct daemon *daemon)
{
    return daemon->caught_up || daemon->serves_saved;
}

static struct exposition *answer_metrics(void *context, enum serve_metrics which, bool json,
                                         const char *remote)
{
    struct daemon *daemon = context;
    struct registry *registry = daemon->rooms.rulebook->registry;
    struct exposition_part *parts[3];
    size_t count = 0;
    int64_t now = clock_wall();
    bool all = which == SERVE_METRICS_ALL;
    bool first = true;
    if (all && !answers_show_metrics(daemon))
        return NULL;
    registry_tick(registry, now, true);
    struct exposition_part *open = json ? text_part("[") : NULL;
    if (open)
        parts[count++] = open;
    if (all) {
        parts[count] = packs_part(daemon, json);
        first = exposition_part_length(parts[count++]) == 0;
    }
    answers_collect_own(daemon, now);
    struct exposition_part *own = own_part(daemon, json, first);
    parts[count++] = own;
    struct exposition *exposition = exposition_new(parts, count);
    exposition_part_drop(own);
    exposition_part_drop(open);
    if (all && !json)
        registry_release_born(registry, scrapers_note(&daemon->scrapers, remote, now), now);
    if (all)
        checkpoint_follow_scrape(daemon);
    return exposition;
}

static void write_check(struct text *out, const char *name, const char *status, const char *detail)
{
    text_printf(out, "%s\"%s\":{\"status\":\"%s\",\"detail\":\"",
                out->data[out->length - 1] == '{' ? "" : ",", name, status);
    text_append_json(out, detail, strlen(detail));
    text_append_string(out, "\"}");
}

static void check_watch(const struct daemon *daemon, struct text *out)
{
    struct watch_counts watched;
    watch_counts(daemon->watch, &watched);
    bool is_present = daemon_root_present(daemon);
    AUTO_FREE char *missing =
        memory_format("%s is not there; waiting for it", daemon->settings->events_dir);
    const char *mode = !is_present ? missing : watched.polling ? "polling" : "inotify";
    write_check(out, "watch", is_present ? "pass" : "fail", mode);
}

/* A root that is missing is waited for; one that cannot be one wants somebody's eyes. */
static void check_sources(const struct daemon *daemon, struct text *out)
{
    struct text detail;
    text_init(&detail, TEXT_UNLIMITED);
    bool is_wrong = sources_describe(daemon->rooms.sources, &detail);
    write_check(out, "sources", is_wrong ? "warn" : "pass", detail.data);
    text_free(&detail);
}

static void check_catch_up(const struct daemon *daemon, struct text *out)
{
    struct tail_progress progress;
    (void)tail_arrived(daemon->tail, &progress);
    AUTO_FREE char *reading =
        memory_format("reading the files found at start: %llu of %llu bytes left, in %zu files",
                      (unsigned long long)progress.bytes_left,
                      (unsigned long long)progress.bytes_total, progress.files_left);
    write_check(out, "catch_up", daemon->caught_up ? "pass" : "fail",
                daemon->caught_up ? "the files found at start were read to their ends" : reading);
}

/* What cannot be saved is served all the same: a warning, no failure. */
static void check_state(const struct daemon *daemon, struct text *out)
{
    struct state_counts counts;
    if (!daemon->state) {
        write_check(out, "state", "pass", "nothing is saved (--no-state)");
        return;
    }
    state_counts(daemon->state, &counts);
    AUTO_FREE char *failing =
        memory_format("cannot be saved: %s: %s", counts.reason, counts.message);
    write_check(out, "state", counts.failing ? "warn" : "pass",
                counts.failing ? failing : counts.path);
}

static void write_checks(struct daemon *daemon, struct text *out)
{
    text_append_string(out, "\"checks\":{");
    check_watch(daemon, out);
    check_sources(daemon, out);
    check_catch_up(daemon, out);
    check_state(daemon, out);
    write_check(out, "rules", daemon->reload.failed ? "warn" : "pass",
                daemon->reload.failed ? "the last reload failed; those before are in use"
                                      : "loaded");
    text_append_string(out, "}");
}

static void write_state(struct daemon *daemon, const char *status, struct text *out)
{
    double uptime = (double)(clock_monotonic() - daemon->started) / 1e9;
    text_printf(out, "{\"status\":\"%s\",\"version\":\"%s\",\"uptime_seconds\":%.3f,", status,
                BUILD_VERSION, uptime);
    write_checks(daemon, out);
    text_append_string(out, "}\n");
}

static void answer_health(void *context, struct text *out)
{
    write_state(context, "healthy", out);
}

static bool answer_ready(void *context, struct text *out)
{
    struct daemon *daemon = context;
    bool ready = daemon->caught_up && daemon_root_present(daemon);
    write_state(daemon, ready ? "ready" : "not_ready", out);
    return ready;
}

static void answer_status(void *context, size_t limit, struct text *out)
{
    status_write(context, limit, out);
}

static bool answer_reload(void *context, struct text *out)
{
    return reload(context, out);
}

static void answer_landing(void *context, struct text *out)
{
    struct daemon *daemon = context;
    bool is_present = daemon_root_present(daemon);
    struct landing landing = {.name = "jsonl-exporter",
                              .version = BUILD_VERSION,
                              .description =
                                  "Follows JSONL event files and serves them to Prometheus.",
                              .directory = daemon->settings->events_dir,
                              .packs = (const char *const *)daemon->rooms.rulebook->packs,
                              .pack_count = daemon->rooms.rulebook->pack_count,
                              .telemetry_path = daemon->settings->telemetry_path,
                              .ready = daemon->caught_up && is_present,
                              .state = !is_present ? "The directory is not there; waiting for it."
                                       : !daemon->caught_up ? "Reading the files found at start."
                                                            : NULL};
    landing_write(&landing, out);
}

static void on_request(void *context, const char *handler, const char *method, int status,
                       double seconds, size_t response_bytes)
{
    struct daemon *daemon = context;
    int64_t now = clock_wall();
    own_metrics_count_request(daemon->own, handler, method, status, now);
    own_metrics_observe(daemon->own, OWN_HTTP_DURATION, handler, seconds, now);
    own_metrics_observe(daemon->own, OWN_HTTP_SIZE, handler, (double)response_bytes, now);
}

void answers_handlers(struct daemon *daemon, struct serve_handlers *ret_handlers)
{
    *ret_handlers = (struct serve_handlers){.context = daemon,
                                            .metrics = answer_metrics,
                                            .health = answer_health,
                                            .ready = answer_ready,
                                            .status = answer_status,
                                            .reload = answer_reload,
                                            .landing = answer_landing,
                                            .on_request = on_request};
}

void answers_forget(struct daemon *daemon)
{
    for (size_t i = 0; i < ARRAY_LENGTH(daemon->kept); i++) {
        exposition_part_drop(daemon->kept[i].part);
        daemon->kept[i].part = NULL;
    }
}
