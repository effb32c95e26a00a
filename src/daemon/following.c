/* The watch, tail and document rooms: how they are built, and what they tell each other and the
 * pipeline. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/settings.h"
#include "daemon/daemon_internal.h"
#include "daemon/followed.h"
#include "daemon/own_metrics.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/sightings.h"
#include "daemon/sources.h"
#include "document/documents.h"
#include "rules/rule_set.h"
#include "tail/tail.h"
#include "watch/watch.h"

/* --- What one room tells goes to the next ------------------------------------------------------
 */

static void on_file(void *context, const char *path, bool closed)
{
    struct daemon *daemon = context;
    int64_t now = clock_monotonic();
    unsigned wish = sources_wish(daemon->rooms.sources, path);
    if (wish & DOCUMENTS_LINES)
        tail_look(daemon->tail, path, closed, now);
    if (wish & ~(unsigned)DOCUMENTS_LINES)
        documents_look(daemon->documents, path, closed, now);
    loop_wake(daemon);
}

static void on_gone(void *context, const char *path)
{
    struct daemon *daemon = context;
    tail_gone(daemon->tail, path, clock_monotonic());
    documents_gone(daemon->documents, path, clock_monotonic());
    loop_wake(daemon);
}

static void on_directory_gone(void *context, const char *path)
{
    struct daemon *daemon = context;
    tail_directory_gone(daemon->tail, path, clock_monotonic());
    documents_directory_gone(daemon->documents, path, clock_monotonic());
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
    return sources_want_directory(daemon->rooms.sources, path);
}

static bool wants_file(void *context, const char *path)
{
    struct daemon *daemon = context;
    return sources_want_file(daemon->rooms.sources, path);
}

static struct followed *new_view(const struct daemon *daemon, const struct tail_file *file)
{
    return sources_follow(daemon->rooms.sources, SOURCES_LINES, tail_file_path(file),
                          tail_file_id(file), tail_directory_id(tail_file_directory(file)));
}

static struct followed *need_view(const struct daemon *daemon, const struct tail_file *file)
{
    struct followed *view = new_view(daemon, file);
    return view ? view : followed_nothing(tail_file_path(file));
}

const struct followed *following_view(const struct daemon *daemon, const struct tail_file *file,
                                      struct followed **ret_made)
{
    struct followed *view = tail_file_user(file);
    *ret_made = view ? NULL : need_view(daemon, file);
    return view ? view : *ret_made;
}

/* Most files are empty or at rest: what rules see of one is made when it has something to give. */
static struct followed *view_of(const struct daemon *daemon, struct tail_file *file)
{
    if (!tail_file_user(file))
        tail_file_set_user(file, need_view(daemon, file));
    return tail_file_user(file);
}

void following_view_anew(struct daemon *daemon)
{
    size_t position = 0;
    struct tail_file *file;
    while ((file = tail_next_file(daemon->tail, &position)) != NULL) {
        struct followed *before = tail_file_user(file);
        if (!before)
            continue;
        struct followed *followed = need_view(daemon, file);
        followed->duplicates = before->duplicates;
        tail_file_set_user(file, followed);
        followed_free(before);
    }
}

static bool on_open(void *context, struct tail_file *file, void **inout_user)
{
    struct daemon *daemon = context;
    struct followed *before = *inout_user;
    if (!before)
        return (sources_wish(daemon->rooms.sources, tail_file_path(file)) & DOCUMENTS_LINES) != 0;
    struct followed *followed = new_view(daemon, file);
    if (!followed)
        return false;
    followed->duplicates = before->duplicates;
    followed_free(before);
    *inout_user = followed;
    return true;
}

static uint64_t duplicates(const struct daemon *daemon)
{
    struct pipeline_counts counts;
    pipeline_counts(daemon->rooms.pipeline, &counts);
    return counts.skipped[SKIP_DUPLICATE];
}

static void on_lines(void *context, struct tail_file *file, const struct tail_line *lines,
                     size_t count)
{
    struct daemon *daemon = context;
    struct followed *followed = view_of(daemon, file);
    uint64_t before = duplicates(daemon);
    pipeline_lines(daemon->rooms.pipeline, followed, daemon->tail, tail_file_directory(file), lines,
                   count);
    followed->duplicates += duplicates(daemon) - before;
}

static void on_skip(void *context, struct tail_file *file, enum tail_skip reason,
                    uint64_t line_number, uint64_t offset)
{
    struct daemon *daemon = context;
    (void)offset;
    bool too_long = reason == TAIL_SKIP_TOO_LONG;
    pipeline_skip(daemon->rooms.pipeline, tail_file_path(file),
                  too_long ? SKIP_TOO_LONG : SKIP_PARTIAL, line_number,
                  too_long ? "longer than --max-line-bytes" : "the file ended within a line");
}

static bool is_complete(void *context, struct tail_file *file, const char *bytes, size_t length)
{
    struct daemon *daemon = context;
    return pipeline_is_record(daemon->rooms.pipeline, view_of(daemon, file), bytes, length);
}

static void on_close(void *context, struct tail_file *file, void *user)
{
    (void)context;
    (void)file;
    followed_free(user);
}

static unsigned wish(void *context, const char *path)
{
    struct daemon *daemon = context;
    return sources_wish(daemon->rooms.sources, path);
}

static uint8_t rank(void *context, const char *path)
{
    struct daemon *daemon = context;
    return sources_rank(daemon->rooms.sources, path);
}

/* Followed only while it is looked at: most documents rest. */
static enum documents_taken on_news(void *context, const struct documents_news *news,
                                    struct text *ret_memo, enum documents_skip *ret_reason)
{
    struct daemon *daemon = context;
    uint64_t directory =
        sightings_directory_id(news->path, sources_wish(daemon->rooms.sources, news->path),
                               tail_directory_id_at(daemon->tail, news->path));
    struct followed *followed = sources_follow(daemon->rooms.sources, SOURCES_EMITS, news->path,
                                               sightings_file_id(news->path), directory);
    if (!followed) { /* its root went a moment ago: what is known of it stays */
        *ret_reason = DOCUMENT_UNREADABLE;
        return DOCUMENTS_NOT_YET;
    }
    enum documents_taken taken =
        sightings_take(daemon->rooms.sightings, followed, news, clock_wall(), ret_memo, ret_reason);
    followed_free(followed);
    return taken;
}

static bool is_read(void *context, const char *path)
{
    struct daemon *daemon = context;
    return tail_is_read(daemon->tail, path);
}

/* Where a root is missing altogether (not mounted, moved away) its files are not told as removed.
 */
static bool can_look(void *context, const char *path)
{
    struct daemon *daemon = context;
    size_t position = 0;
    const char *root;
    while ((root = sources_next_root(daemon->rooms.sources, &position)) != NULL) {
        size_t length = strlen(root);
        if (strncmp(root, path, length) == 0 && (path[length] == '/' || length == 1) &&
            watch_root_present(daemon->watch, root))
            return true;
    }
    return false;
}

static void on_document_skip(void *context, const char *path, enum documents_skip reason, int error)
{
    struct daemon *daemon = context;
    sightings_tell_skip(daemon->rooms.sightings, path, reason, error);
}

static bool holds_id(void *context, uint64_t directory, uint64_t id)
{
    return state_holds_id(context, directory, id);
}

static void join_ids(void *context, uint64_t to, uint64_t from)
{
    state_join_ids(context, to, from);
}

static void forget_ids(void *context, uint64_t directory)
{
    state_forget_ids(context, directory);
}

void following_on_event(void *context, size_t source, int64_t event_time, int64_t now)
{
    struct daemon *daemon = context;
    struct rule_rooms *rooms = &daemon->rooms;
    if (event_time == TIME_NONE)
        return;
    if (event_time > rooms->source_times[source])
        rooms->source_times[source] = event_time;
    double delay = ((double)now - (double)event_time) / 1e9; /* may be more than 64 bits of ns */
    if (daemon->caught_up)
        own_metrics_observe(daemon->own, OWN_SOURCE_DELAY, rooms->source_names[source],
                            delay > 0 ? delay : 0, now);
}

/* --- Building ----------------------------------------------------------------------------------
 */

/* Of the process's descriptors files may take one in `share`: the rest is for HTTP and the state.
 */
static size_t within_descriptors(int64_t wanted, rlim_t share)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / share >= (rlim_t)wanted)
        return (size_t)wanted;
    return limit.rlim_cur / share > 0 ? (size_t)(limit.rlim_cur / share) : 1;
}

static void build_tail(struct daemon *daemon)
{
    const struct settings *settings = daemon->settings;
    const struct tail_handlers handlers = {.context = daemon,
                                           .on_open = on_open,
                                           .on_lines = on_lines,
                                           .on_skip = on_skip,
                                           .is_complete = is_complete,
                                           .on_close = on_close,
                                           .on_notice = on_notice};
    const struct tail_archive archive = {
        .context = daemon->state, .holds = holds_id, .join = join_ids, .forget = forget_ids};
    const struct tail_options options = {
        .max_line_bytes = (size_t)settings->max_line_bytes,
        .max_open_files = within_descriptors(settings->max_open_files, 3),
        .max_held_files = within_descriptors(settings->max_held_files, 4),
        .max_held_time = settings->held_file_timeout,
        .id_memory = (size_t)settings->id_memory,
        .is_one_id_set = settings->count_archives,
        .archive = daemon->state ? &archive : NULL,
        .retention = settings->state_retention};
    daemon->tail = tail_new(&handlers, &options);
}

static void build_documents(struct daemon *daemon)
{
    const struct documents_handlers handlers = {.context = daemon,
                                                .wish = wish,
                                                .rank = rank,
                                                .on_news = on_news,
                                                .is_read = is_read,
                                                .can_look = can_look,
                                                .on_skip = on_document_skip};
    const struct documents_options options = {
        .max_bytes = (size_t)daemon->settings->max_document_bytes,
        .max_documents = (size_t)daemon->settings->max_documents};
    daemon->documents = documents_new(&handlers, &options);
}

int following_build(struct daemon *daemon)
{
    const struct watch_handlers handlers = {.context = daemon,
                                            .wants_directory = wants_directory,
                                            .wants_file = wants_file,
                                            .on_file = on_file,
                                            .on_gone = on_gone,
                                            .on_directory_gone = on_directory_gone,
                                            .on_notice = on_notice};
    const struct watch_options options = {.no_inotify = daemon->settings->no_inotify,
                                          .max_directories =
                                              (size_t)daemon->settings->max_directories};
    build_tail(daemon);
    build_documents(daemon);
    if (!daemon->watch)
        daemon->watch = watch_new(&handlers, &options);
    return daemon->watch ? 0 : -ENOMEM;
}

void following_free(struct daemon *daemon)
{
    if (daemon->tail)
        tail_free(daemon->tail);
    daemon->tail = NULL;
    if (daemon->documents)
        documents_free(daemon->documents);
    daemon->documents = NULL;
}

void following_start(struct daemon *daemon)
{
    sources_refresh(daemon->rooms.sources, daemon->watch);
    watch_start(daemon->watch, clock_monotonic());
    tail_walked(daemon->tail, clock_wall());
    tail_aim(daemon->tail);
    documents_walked(daemon->documents, clock_monotonic());
    if (daemon->emits != 0 && daemon->emits != rule_set_emits_hash(daemon->rooms.rulebook->rules))
        documents_renew(daemon->documents);
    if (!daemon_root_present(daemon)) {
        daemon->root_was_missing = true;
        log_warn("the events directory is not there; waiting for it",
                 LOG_TEXT("path", daemon->settings->events_dir));
    }
    loop_wake(daemon);
}
