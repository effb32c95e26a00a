/* See reading.h. Directories are walked by the watch room without inotify, files read by the tail
 * room: the same code as `run`, only to the end instead of for ever. */
#include "command/reading_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/place.h"
#include "config/settings.h"
#include "daemon/followed.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/sightings.h"
#include "daemon/sources.h"
#include "daemon/workers.h"
#include "document/documents.h"
#include "tail/tail.h"
#include "watch/watch.h"

/* --- Lines ------------------------------------------------------------------------------------
 */

static void watched_line(struct reading *reading, const struct followed *file,
                         struct tail_directory *directory, const struct tail_line *line)
{
    if (reading->before_line)
        reading->before_line(reading->context, file, line);
    pipeline_lines(reading->pipeline, file, reading->tail, directory, line, 1);
    if (reading->after_line)
        reading->after_line(reading->context, file, line);
}

void reading_take_lines(struct reading *reading, const struct followed *file,
                        struct tail_directory *directory, const struct tail_line *lines,
                        size_t count)
{
    if (!reading->before_line && !reading->after_line)
        pipeline_lines(reading->pipeline, file, reading->tail, directory, lines, count);
    else
        for (size_t i = 0; i < count; i++)
            watched_line(reading, file, directory, &lines[i]);
}

/* --- Tail's callbacks --------------------------------------------------------------------------
 */

static bool on_open(void *context, struct tail_file *file, void **inout_user)
{
    struct reading *reading = context;
    const char *path = tail_file_path(file);
    uint64_t id = tail_file_id(file);
    uint64_t directory = tail_directory_id(tail_file_directory(file));
    struct followed *followed =
        reading->alone ? sources_follow_alone(reading->sources, SOURCES_LINES, path,
                                              reading->forced, id, directory)
                       : sources_follow(reading->sources, SOURCES_LINES, path, id, directory);
    if (!followed)
        return false;
    followed_free(*inout_user);
    *inout_user = followed;
    return true;
}

static void on_lines(void *context, struct tail_file *file, const struct tail_line *lines,
                     size_t count)
{
    struct reading *reading = context;
    reading_take_lines(reading, tail_file_user(file), tail_file_directory(file), lines, count);
}

static void on_skip(void *context, struct tail_file *file, enum tail_skip reason,
                    uint64_t line_number, uint64_t offset)
{
    struct reading *reading = context;
    (void)offset;
    bool too_long = reason == TAIL_SKIP_TOO_LONG;
    pipeline_skip(reading->pipeline, tail_file_path(file), too_long ? SKIP_TOO_LONG : SKIP_PARTIAL,
                  line_number,
                  too_long ? "longer than --max-line-bytes" : "the file ends within a line");
}

static bool is_complete(void *context, struct tail_file *file, const char *bytes, size_t length)
{
    struct reading *reading = context;
    return pipeline_is_record(reading->pipeline, tail_file_user(file), bytes, length);
}

static void on_close(void *context, struct tail_file *file, void *user)
{
    (void)context;
    (void)file;
    followed_free(user);
}

static void on_notice(void *context, const char *message, const char *path, int error)
{
    struct reading *reading = context;
    if (!error)
        return;
    reading->failed = true;
    log_error(message, LOG_TEXT("path", path), LOG_TEXT("cause", strerror(abs(error))));
}

/* --- The document room's callbacks --------------------------------------------------------------
 */

static unsigned wish(void *context, const char *path)
{
    struct reading *reading = context;
    return reading->alone ? sources_wish_alone(reading->sources, path, reading->forced)
                          : sources_wish(reading->sources, path);
}

static uint8_t rank(void *context, const char *path)
{
    struct reading *reading = context;
    return reading->alone ? 0 : sources_rank(reading->sources, path);
}

static enum documents_taken on_news(void *context, const struct documents_news *news,
                                    struct text *ret_memo, enum documents_skip *ret_reason)
{
    struct reading *reading = context;
    uint64_t id = sightings_file_id(news->path);
    uint64_t directory = sightings_directory_id(news->path, wish(context, news->path),
                                                tail_directory_id_at(reading->tail, news->path));
    struct followed *followed =
        reading->alone ? sources_follow_alone(reading->sources, SOURCES_EMITS, news->path,
                                              reading->forced, id, directory)
                       : sources_follow(reading->sources, SOURCES_EMITS, news->path, id, directory);
    if (!followed)
        return DOCUMENTS_TAKEN;
    if (reading->on_document && news->sight == DOCUMENT_CONTENT)
        reading->on_document(reading->context, followed, news->content);
    enum documents_taken taken =
        sightings_take(reading->sightings, followed, news, clock_wall(), ret_memo, ret_reason);
    followed_free(followed);
    return taken;
}

static void on_document_skip(void *context, const char *path, enum documents_skip reason, int error)
{
    struct reading *reading = context;
    reading->failed = reading->failed || reason == DOCUMENT_UNREADABLE;
    sightings_tell_skip(reading->sightings, path, reason, error);
}

/* --- Watch's callbacks -------------------------------------------------------------------------
 */

static bool wants_directory(void *context, const char *path)
{
    struct reading *reading = context;
    return sources_want_directory(reading->sources, path);
}

static bool wants_file(void *context, const char *path)
{
    struct reading *reading = context;
    return sources_want_file(reading->sources, path);
}

static void look(struct reading *reading, const char *path, bool closed)
{
    unsigned wanted = wish(reading, path);
    int64_t now = clock_monotonic();
    if (wanted & DOCUMENTS_LINES)
        tail_look(reading->tail, path, closed, now);
    if (wanted & ~(unsigned)DOCUMENTS_LINES)
        documents_look(reading->documents, path, closed, now);
}

static void on_file(void *context, const char *path, bool closed)
{
    struct reading *reading = context;
    look(reading, path, closed);
}

static void on_gone(void *context, const char *path)
{
    (void)context;
    (void)path; /* what is there is read; the walk is made once */
}

/* Files begin, are read, and end. */
static void drain(struct reading *reading)
{
    documents_drain(reading->documents, clock_wall(), false);
    tail_drain(reading->tail);
    documents_drain(reading->documents, clock_wall(), true);
}

/* --- Reading -----------------------------------------------------------------------------------
 */

static void use_directory(struct reading *reading, const char *path, bool is_given)
{
    sources_free(reading->sources);
    reading->sources = sources_new(reading->rulebook->rules, reading->settings, path, is_given);
    sources_refresh(reading->sources, NULL);
}

static struct documents *new_documents(struct reading *reading)
{
    const struct documents_handlers handlers = {.context = reading,
                                                .wish = wish,
                                                .rank = rank,
                                                .on_news = on_news,
                                                .on_skip = on_document_skip};
    const struct documents_options options = {
        .max_bytes = (size_t)reading->settings->max_document_bytes,
        .max_documents = (size_t)reading->settings->max_documents};
    return documents_new(&handlers, &options);
}

bool reading_start(struct reading *reading, const struct settings *settings)
{
    struct diagnostics diagnostics;
    reading->settings = settings;
    diagnostics_init(&diagnostics);
    reading->rulebook = rulebook_load(settings, &diagnostics);
    if (!reading->rulebook)
        diagnostics_show(&diagnostics);
    diagnostics_free(&diagnostics);
    if (!reading->rulebook)
        return false;
    struct tail_handlers handlers = {.context = reading,
                                     .on_open = on_open,
                                     .on_lines = on_lines,
                                     .on_skip = on_skip,
                                     .is_complete = is_complete,
                                     .on_close = on_close,
                                     .on_notice = on_notice};
    struct tail_options options = {.max_line_bytes = (size_t)settings->max_line_bytes,
                                   .max_open_files = (size_t)settings->max_open_files,
                                   .max_held_files = (size_t)settings->max_held_files,
                                   .id_memory = (size_t)settings->id_memory};
    reading->pipeline = pipeline_new(reading->rulebook->rules);
    pipeline_use_workers(reading->pipeline, workers_count(settings->decode_workers));
    reading->tail = tail_new(&handlers, &options);
    reading->sightings = sightings_new(reading->rulebook->rules);
    reading->documents = new_documents(reading);
    pipeline_set_now(reading->pipeline, clock_wall());
    use_directory(reading, settings->events_dir, settings_events_dir_given(settings));
    return true;
}

void reading_end(struct reading *reading)
{
    if (reading->tail)
        tail_free(reading->tail);
    if (reading->documents)
        documents_free(reading->documents);
    sightings_free(reading->sightings);
    sources_free(reading->sources);
    pipeline_free(reading->pipeline);
    rulebook_free(reading->rulebook);
}

void reading_fail(struct reading *reading, const char *path, int error)
{
    reading->failed = true;
    log_error("cannot be read", LOG_TEXT("path", path), LOG_TEXT("cause", strerror(error)));
}

/* The events directory may be missing where others are followed too. */
static bool some_root_exists(const struct sources *sources)
{
    const char *root;
    for (size_t position = 0; (root = sources_next_root(sources, &position));)
        if (access(root, R_OK | X_OK) == 0)
            return true;
    return false;
}

void reading_directory(struct reading *reading, const char *path, bool is_given)
{
    struct watch_handlers handlers = {.context = reading,
                                      .wants_directory = wants_directory,
                                      .wants_file = wants_file,
                                      .on_file = on_file,
                                      .on_gone = on_gone,
                                      .on_directory_gone = on_gone,
                                      .on_notice = on_notice};
    struct watch_options options = {.no_inotify = true,
                                    .max_directories = (size_t)reading->settings->max_directories};
    AUTO_FREE char *working = place_working();
    AUTO_FREE char *home = place_home(environ);
    AUTO_FREE char *whole = place_resolve(path, home, working);
    int error = access(whole, R_OK | X_OK) < 0 ? errno : 0;
    reading->alone = false;
    use_directory(reading, whole, is_given);
    if (error && (is_given || !some_root_exists(reading->sources))) {
        reading_fail(reading, path, error);
        return;
    }
    struct watch *watch = watch_new(&handlers, &options);
    sources_refresh(reading->sources, watch);
    watch_start(watch, clock_monotonic());
    drain(reading);
    watch_free(watch);
}

static bool has_source(const struct reading *reading, const char *path, bool force)
{
    return sources_wish_alone(reading->sources, path, force) != 0;
}

void reading_file(struct reading *reading, const char *path, bool force)
{
    AUTO_FREE char *whole = realpath(path, NULL);
    struct stat facts;
    if (!whole || stat(whole, &facts) < 0 || access(whole, R_OK) < 0) {
        reading_fail(reading, path, errno);
        return;
    }
    if (!S_ISREG(facts.st_mode)) {
        reading_fail(reading, path, EINVAL);
        return;
    }
    if (!has_source(reading, whole, force)) {
        reading->failed = true;
        log_error("no source's pattern fits the end of this path", LOG_TEXT("path", whole));
        return;
    }
    reading->alone = true;
    reading->forced = force;
    look(reading, whole, true);
    drain(reading);
}
