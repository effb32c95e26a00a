/* A checkpoint: one moment of all rooms -> one transaction of the state.
 *
 *   checkpoint_make: every room puts what changed      on the loop, short
 *   the writer commits it                              beside the loop
 *   checkpoint_take_result: every room is told         on the loop
 *
 * At most one is under way. One that fails stays with the writer and is tried again; what changes
 * meanwhile waits in the rooms, within their bounds. */
#include <errno.h>
#include <malloc.h>
#include <poll.h>

#include "base/clock.h"
#include "base/fields.h"
#include "base/log.h"
#include "base/text.h"
#include "config/settings.h"
#include "daemon/daemon_internal.h"
#include "daemon/own_metrics.h"
#include "daemon/rulebook.h"
#include "document/documents.h"
#include "registry/registry.h"
#include "rules/rule_set.h"
#include "tail/tail.h"

/* Series and keys that make a checkpoint due before its time: the loop puts them in a few ms. */
#define CHANGES_MOST ((size_t)50000)
/* Streams and directories, of which one costs as much as five of those. */
#define RECORDS_MOST ((size_t)10000)
/* Of --id-memory, a byte in so many may be taken by an id that is not committed: a set of ids
 * takes up to 32 bytes for each while it is saved. */
#define ID_MEMORY_SHARE ((size_t)64)

/* Such a batch comes after a first walk; most are a thousandth of it. */
#define LARGE_BATCH ((size_t)1 << 20) /* bytes */

/* What was shown is saved at once, but not more often than this. */
#define SCRAPE_PAUSE NANOSECONDS_PER_SECOND

/* As a record of documents without a path. */
static void put_emits(struct daemon *daemon, const struct record_sink *sink)
{
    struct text value;
    uint64_t emits = rule_set_emits_hash(daemon->rooms.rulebook->rules);
    if (emits == daemon->emits)
        return;
    text_init(&value, TEXT_UNLIMITED);
    fields_put_64(&value, emits);
    sink->put(sink->context, RECORD_DOCUMENT, (struct bytes){"", 0},
              (struct bytes){value.data, value.length}, 0);
    text_free(&value);
    daemon->emits = emits;
}

static void put_all(struct daemon *daemon)
{
    const struct record_sink *sink = state_sink(daemon->state);
    int64_t now = clock_wall();
    answers_collect_own(daemon, now);
    tail_save(daemon->tail, sink);
    documents_save(daemon->documents, sink);
    put_emits(daemon, sink);
    rule_set_save(daemon->rooms.rulebook->rules, sink);
    registry_save(daemon->rooms.rulebook->registry, sink, now);
    own_metrics_save(daemon->own, sink, now);
}

static void tell_rooms(struct daemon *daemon)
{
    tail_saved(daemon->tail);
    registry_saved(daemon->rooms.rulebook->registry);
    own_metrics_saved(daemon->own);
}

static void tell_failure(struct daemon *daemon, const char *reason, const char *message)
{
    own_metrics_count_checkpoint_failure(daemon->own, reason, clock_wall());
    if (!daemon->checkpoint.failing)
        log_error("the state cannot be saved; counting and serving go on, and it is tried again",
                  LOG_TEXT("directory", daemon->settings->state_dir), LOG_TEXT("reason", reason),
                  LOG_TEXT("cause", message));
    daemon->checkpoint.failing = true;
}

static void tell_success(struct daemon *daemon, double seconds)
{
    own_metrics_observe(daemon->own, OWN_CHECKPOINT, NULL, seconds, clock_wall());
    if (daemon->checkpoint.failing)
        log_info("the state can be saved again");
    daemon->checkpoint.failing = false;
}

/* Nothing is under way: puts it all and hands it over, unless nothing has changed. */
static void begin(struct daemon *daemon)
{
    put_all(daemon);
    daemon->checkpoint.begun = clock_monotonic();
    daemon->checkpoint.moment = clock_wall();
    if (state_batch_bytes(daemon->state) == 0) {
        daemon->checkpoint.saved = daemon->checkpoint.moment;
        tell_rooms(daemon);
        return;
    }
    daemon->checkpoint.under_way = true;
    daemon->checkpoint.is_large = state_batch_bytes(daemon->state) > LARGE_BATCH;
    (void)state_commit(daemon->state, false);
}

void checkpoint_make(struct daemon *daemon)
{
    if (!daemon->state)
        return;
    if (!daemon->checkpoint.under_way)
        begin(daemon);
    else if (daemon->checkpoint.failing)
        state_retry(daemon->state);
}

void checkpoint_take_result(struct daemon *daemon)
{
    struct state_result result;
    while (state_take_result(daemon->state, &result)) {
        if (!result.committed) {
            tell_failure(daemon, result.reason, result.message);
            continue;
        }
        daemon->checkpoint.under_way = false;
        daemon->checkpoint.saved = daemon->checkpoint.moment;
        tell_success(daemon, result.seconds);
        tell_rooms(daemon);
        if (daemon->checkpoint.is_large)
            malloc_trim(0);
    }
    if (daemon->checkpoint.is_late && !checkpoint_relieve(daemon))
        loop_wake(daemon);
}

void checkpoint_follow_scrape(struct daemon *daemon)
{
    if (daemon->save && clock_monotonic() - daemon->checkpoint.begun >= SCRAPE_PAUSE)
        event_active(daemon->save, EV_TIMEOUT, 0);
}

bool checkpoint_relieve(struct daemon *daemon)
{
    if (!daemon->state)
        return false;
    size_t ids = tail_unsaved_ids(daemon->tail);
    size_t most = (size_t)daemon->settings->id_memory / ID_MEMORY_SHARE;
    size_t changes = registry_unsaved(daemon->rooms.rulebook->registry) +
                     rule_set_unsaved(daemon->rooms.rulebook->rules);
    bool is_due =
        ids > most / 2 || changes > CHANGES_MOST ||
        tail_unsaved_records(daemon->tail) + documents_unsaved(daemon->documents) > RECORDS_MOST;
    if (is_due && !daemon->checkpoint.under_way)
        begin(daemon);
    /* What fails is not waited for: then serving goes first. */
    daemon->checkpoint.is_late =
        ids > most && daemon->checkpoint.under_way && !daemon->checkpoint.failing;
    return daemon->checkpoint.is_late;
}

/* Waits for what is under way. */
static int wait_for_result(struct daemon *daemon, int64_t deadline)
{
    struct pollfd result = {.fd = state_descriptor(daemon->state), .events = POLLIN};
    checkpoint_take_result(daemon);
    while (daemon->checkpoint.under_way && !daemon->checkpoint.failing) {
        int64_t left = (deadline - clock_monotonic()) / NANOSECONDS_PER_MILLISECOND;
        if (left <= 0)
            return -ETIMEDOUT;
        (void)poll(&result, 1, (int)left);
        checkpoint_take_result(daemon);
    }
    return daemon->checkpoint.under_way ? -EIO : 0;
}

int checkpoint_make_and_wait(struct daemon *daemon, bool clean, int64_t timeout)
{
    int64_t deadline = clock_monotonic() + timeout;
    if (daemon->checkpoint.under_way && daemon->checkpoint.failing) {
        daemon->checkpoint.failing = false; /* one more attempt, and its result is to be seen */
        state_retry(daemon->state);
    }
    int r = wait_for_result(daemon, deadline);
    if (r < 0)
        return r;
    put_all(daemon);
    daemon->checkpoint.moment = clock_wall();
    daemon->checkpoint.under_way = true;
    (void)state_commit(daemon->state, clean);
    return wait_for_result(daemon, deadline);
}
