/* Reload: settings and rules are read anew; what can be wrong is looked at before anything changes.
 * Then new rule rooms take over: from the old ones, record by record, what is defined in both; from
 * the files, nothing: a new metric starts with its next event.
 *
 * The files' streams stay as they are, with the view of them that the new sources have. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/record.h"
#include "base/text.h"
#include "config/settings.h"
#include "daemon/daemon_internal.h"
#include "daemon/own_metrics.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/sightings.h"
#include "daemon/sources.h"
#include "document/documents.h"
#include "registry/registry.h"
#include "rules/rule_set.h"
#include "tail/tail.h"
#include "watch/watch.h"

/* What the old rules hold is saved first; a state that is slow does not hold up a reload. */
#define SAVE_LONGEST (2 * NANOSECONDS_PER_SECOND)

/* --- From the old rooms to the new -------------------------------------------------------------
 */

/* Records on their way, by kind: those of a kind refer only to those of lower ones. */
struct shuttle {
    struct text records[RECORD_KINDS]; /* each: struct bytes of key and value, then both */
};

static void load_record(void *context, enum record_kind kind, struct bytes key, struct bytes value,
                        int64_t expires)
{
    struct shuttle *shuttle = context;
    struct text *records = &shuttle->records[kind];
    (void)expires;
    text_append(records, (const char *)&key.length, sizeof(key.length));
    text_append(records, (const char *)&value.length, sizeof(value.length));
    text_append(records, key.data, key.length);
    text_append(records, value.data, value.length);
}

static const char *take(const char **inout_at, size_t length)
{
    const char *taken = *inout_at;
    *inout_at += length;
    return taken;
}

static void unload_record(const struct rule_rooms *rooms, const struct record *record)
{
    int r = record->kind <= RECORD_SERIES
                ? registry_restore(rooms->rulebook->registry, record, clock_wall())
                : rule_set_restore(rooms->rulebook->rules, record);
    if (r < 0)
        log_error("a value could not be carried over to the new rules",
                  LOG_INT("kind", record->kind));
}

static void unload(const struct shuttle *shuttle, const struct rule_rooms *rooms)
{
    for (int kind = 1; kind < RECORD_KINDS; kind++) {
        const struct text *records = &shuttle->records[kind];
        for (const char *at = records->data; at && at < records->data + records->length;) {
            struct record record = {.kind = (enum record_kind)kind};
            memcpy(&record.key.length, take(&at, sizeof(size_t)), sizeof(size_t));
            memcpy(&record.value.length, take(&at, sizeof(size_t)), sizeof(size_t));
            record.key.data = take(&at, record.key.length);
            record.value.data = take(&at, record.value.length);
            unload_record(rooms, &record);
        }
    }
}

static void carry_over(const struct rule_rooms *from, const struct rule_rooms *to)
{
    struct shuttle shuttle;
    const struct record_sink sink = {.context = &shuttle, .put = load_record};
    for (int kind = 0; kind < RECORD_KINDS; kind++)
        text_init(&shuttle.records[kind], TEXT_UNLIMITED);
    registry_save_all(from->rulebook->registry, &sink, clock_wall());
    rule_set_save_all(from->rulebook->rules, &sink);
    unload(&shuttle, to);
    for (int kind = 0; kind < RECORD_KINDS; kind++)
        text_free(&shuttle.records[kind]);
}

/* --- Where the new rules look --------------------------------------------------------------------
 */

static bool has_root(const struct sources *sources, const char *path)
{
    size_t position = 0;
    const char *root;
    while ((root = sources_next_root(sources, &position)) != NULL)
        if (strcmp(root, path) == 0)
            return true;
    return false;
}

static void watch_anew(struct daemon *daemon, const struct sources *before)
{
    size_t position = 0;
    const char *root;
    while ((root = sources_next_root(before, &position)) != NULL)
        if (!has_root(daemon->rooms.sources, root))
            watch_remove_root(daemon->watch, root);
    watch_rescan(daemon->watch);
}

/* --- The change ----------------------------------------------------------------------------------
 */

static void take_over(struct daemon *daemon, struct rule_rooms *rooms)
{
    struct rule_rooms before = daemon->rooms;
    daemon->rooms = *rooms;
    restart_track(daemon);
    carry_over(&before, &daemon->rooms);
    bool shows_history = !daemon->caught_up && !daemon->serves_saved;
    registry_born_at_zero(daemon->rooms.rulebook->registry,
                          !shows_history && !daemon_rule_settings(daemon)->no_zero_first);
    pipeline_set_now(daemon->rooms.pipeline, clock_wall());
    pipeline_watch_events(daemon->rooms.pipeline, following_on_event, daemon);
    sightings_watch_events(daemon->rooms.sightings, following_on_event, daemon);
    answers_collect_own(daemon, clock_wall());
    sources_refresh(daemon->rooms.sources, daemon->watch); /* gives them their roots */
    following_view_anew(daemon);
    documents_renew(daemon->documents);
    watch_anew(daemon, before.sources);
    answers_forget(daemon);
    rule_rooms_free(&before);
}

static void tell_unchanged(const struct settings *start, const struct settings *now)
{
    size_t position = 0;
    const char *name;
    while ((name = settings_next_unchanged(start, now, &position)) != NULL)
        log_warn("this setting takes effect at the next start", LOG_TEXT("setting", name));
}

static void use_settings(struct daemon *daemon, struct settings *settings)
{
    tell_unchanged(daemon->settings, settings);
    log_setup((enum log_level)settings->log_level, (enum log_format)settings->log_format);
    if (daemon->reloaded)
        settings_free(daemon->reloaded);
    free(daemon->reloaded);
    daemon->reloaded = settings;
}

static bool refuse(struct daemon *daemon, struct settings *settings,
                   const struct diagnostics *diagnostics, struct text *out)
{
    diagnostics_print(diagnostics, out);
    daemon->reload.failed = true;
    settings_free(settings);
    free(settings);
    log_error("reload failed; the rules in use stay as they are",
              LOG_TEXT("cause", out->data ? out->data : ""));
    return false;
}

bool reload(struct daemon *daemon, struct text *out)
{
    struct diagnostics diagnostics;
    struct rule_rooms rooms = {0};
    struct settings *settings = memory_zero(1, sizeof(*settings));
    diagnostics_init(&diagnostics);
    bool good = settings_load(settings, daemon->settings->given_count, daemon->settings->given,
                              environ, &diagnostics) == 0 &&
                rule_rooms_build(settings, daemon->settings->events_dir, &diagnostics, &rooms) == 0;
    if (!good) {
        refuse(daemon, settings, &diagnostics, out);
        diagnostics_free(&diagnostics);
        return false;
    }
    diagnostics_free(&diagnostics);
    /* Should that fail, what changed waits in the state's open batch: nothing is lost. */
    if (daemon->state && checkpoint_make_and_wait(daemon, false, SAVE_LONGEST) < 0)
        log_warn("the state could not be saved before the reload");
    answers_collect_own(daemon, clock_wall());
    own_metrics_forget_rules(daemon->own, daemon->rooms.rulebook->registry);
    use_settings(daemon, settings);
    take_over(daemon, &rooms);
    daemon->reload.failed = false;
    daemon->reload.loaded_at = clock_wall();
    text_append_string(out, "Reloaded.\n");
    log_info("reloaded");
    return true;
}
