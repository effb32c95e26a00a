/* What was saved comes back: the rooms take their records, before the first file is looked at.
 *
 *   start      state        /metrics until caught up   series born in the catch-up
 *   new        empty        503                        show their values (history); where the
 *                                                      database was lost, raised to old totals
 *   clean      loaded       200, what was last served  show 0 first
 *   unclean    loaded       503                        show 0 first
 *   set aside  empty        503                        show their values, raised to old totals
 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fields.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/record.h"
#include "base/text.h"
#include "config/settings.h"
#include "daemon/daemon_internal.h"
#include "daemon/own_metrics.h"
#include "daemon/rulebook.h"
#include "document/documents.h"
#include "registry/registry.h"
#include "rules/rule_set.h"
#include "tail/tail.h"

/* A commit at the end of a recount may take long, but it must be seen whether it succeeds. */
#define FINISH_LONGEST (10 * NANOSECONDS_PER_SECOND)

int restart_open(struct daemon *daemon)
{
    const struct settings *settings = daemon->settings;
    char *error = NULL;
    if (settings->no_state)
        return 0;
    /* Ids that are not committed yet have the other part. */
    const struct state_options options = {.directory = settings->state_dir,
                                          .recount = settings->recount,
                                          .id_memory = (size_t)settings->id_memory / 2};
    if (state_open(&options, &daemon->state, &error) == 0)
        return 0;
    log_error("cannot use the state", LOG_TEXT("directory", settings->state_dir),
              LOG_TEXT("cause", error ? error : "unknown"),
              LOG_TEXT("help", "--state-dir names another directory, --no-state does without"));
    free(error);
    return -1;
}

/* Of no path: by which rules documents were looked at. */
static int take_emits(struct daemon *daemon, const struct record *record)
{
    struct fields fields = fields_of(record->value);
    uint64_t emits = fields_64(&fields);
    if (fields.failed)
        return -EINVAL;
    daemon->emits = emits;
    return 0;
}

static int take_record(void *context, const struct record *record)
{
    struct daemon *daemon = context;
    switch (record->kind) {
    case RECORD_FAMILY:
    case RECORD_SERIES:
        return registry_restore(daemon->rooms.rulebook->registry, record, clock_wall());
    case RECORD_MEMORY:
    case RECORD_SET:
    case RECORD_MEMORY_KEY:
        return rule_set_restore(daemon->rooms.rulebook->rules, record);
    case RECORD_DIRECTORY:
    case RECORD_STREAM:
        return tail_restore(daemon->tail, record);
    case RECORD_DOCUMENT:
        return record->key.length > 0 ? documents_restore(daemon->documents, record)
                                      : take_emits(daemon, record);
    case RECORD_OWN:
        return own_metrics_restore(daemon->own, record, clock_wall());
    case RECORD_KINDS:
        break;
    }
    return -EINVAL;
}

static int raise_record(void *context, const struct record *record)
{
    struct daemon *daemon = context;
    return registry_raise(daemon->rooms.rulebook->registry, record, clock_wall());
}

static bool recall_series(void *context, const char *key, size_t length, struct text *out)
{
    return state_recall(context, RECORD_SERIES, (struct bytes){key, length}, out);
}

void restart_track(struct daemon *daemon)
{
    const struct rulebook *rulebook = daemon->rooms.rulebook;
    if (!daemon->state)
        return;
    registry_track(rulebook->registry, recall_series, daemon->state,
                   daemon->settings->total_retention);
    rule_set_track(rulebook->rules);
}

static const char *name_of(enum state_start start)
{
    static const char *const names[] = {[STATE_NEW] = "new",
                                        [STATE_CLEAN] = "clean",
                                        [STATE_UNCLEAN] = "unclean",
                                        [STATE_SET_ASIDE] = "set_aside"};
    return names[start];
}

const char *restart_kind(const struct daemon *daemon)
{
    return daemon->settings->recount && state_started(daemon->state) == STATE_NEW
               ? "recount"
               : name_of(state_started(daemon->state));
}

void restart_tell(const struct daemon *daemon)
{
    struct state_counts counts;
    if (!daemon->state)
        return;
    state_counts(daemon->state, &counts);
    if (counts.failing)
        log_error("the state cannot be saved; what is counted is served all the same",
                  LOG_TEXT("path", counts.path), LOG_TEXT("reason", counts.reason),
                  LOG_TEXT("cause", counts.message));
    log_info("state loaded", LOG_TEXT("path", counts.path), LOG_TEXT("start", restart_kind(daemon)),
             LOG_INT("ids", counts.ids_on_disk));
}

static void tell_set_aside(const struct daemon *daemon)
{
    struct state_counts counts;
    state_counts(daemon->state, &counts);
    log_error("the state was corrupt and is set aside; everything is counted anew from the files",
              LOG_TEXT("path", counts.path),
              LOG_TEXT("set_aside", counts.set_aside ? counts.set_aside : ""));
}

int restart_load(struct daemon *daemon)
{
    if (!daemon->state)
        return 0;
    restart_track(daemon);
    own_metrics_track(daemon->own);
    documents_track(daemon->documents);
    if (state_load(daemon->state, take_record, daemon) < 0) {
        tell_set_aside(daemon);
        daemon->emits = 0; /* of the database that is no more */
        return -EBADMSG;
    }
    enum state_start start = state_started(daemon->state);
    daemon->serves_saved = start == STATE_CLEAN;
    if (start == STATE_CLEAN || start == STATE_UNCLEAN)
        registry_born_at_zero(daemon->rooms.rulebook->registry, !daemon->settings->no_zero_first);
    return 0;
}

static void raise_to_totals(struct daemon *daemon)
{
    size_t count = state_load_totals(daemon->state, raise_record, daemon);
    if (count > 0)
        log_info("no total is below what it was in the newest copy of totals",
                 LOG_INT("records", count));
}

void restart_arrive(struct daemon *daemon)
{
    if (!daemon->state)
        return;
    enum state_start start = state_started(daemon->state);
    bool is_lost = start == STATE_SET_ASIDE || start == STATE_NEW;
    if (is_lost && !daemon->settings->recount)
        raise_to_totals(daemon);
    if (!daemon->settings->recount)
        return;
    state_finish_recount(daemon->state);
    if (checkpoint_make_and_wait(daemon, false, FINISH_LONGEST) == 0)
        log_info("recount complete; what was counted before is forgotten");
}
