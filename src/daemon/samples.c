/* See samples.h. Going through the files is cut in slices, one a second; the measuring itself is in
 * a thread of the resources room. */
#include "daemon/samples.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/settings.h"
#include "daemon/daemon_internal.h"
#include "daemon/followed.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/sources.h"
#include "resources/sampler.h"
#include "resources/usage.h"
#include "rules/event_name.h"
#include "rules/rule_set.h"
#include "tail/tail.h"

#define SLICE      (2 * NANOSECONDS_PER_MILLISECOND) /* of a second, for going through files */
#define QUIET_TIME (INT64_C(86400) * NANOSECONDS_PER_SECOND)
#define EVENT_MOST ((size_t)65536) /* bytes of one */

/* A directory with files that somebody holds. */
struct held_directory {
    uint64_t key;
    char *path; /* NULL: not found yet */
    char *source;
};

struct samples {
    struct daemon *daemon;
    struct sampler *sampler; /* NULL: not wanted */
    struct event *done;

    bool is_gathering; /* goes through the files */
    size_t position;   /* among them */
    unsigned rounds;   /* that were measured, as far as 2 */
    bool told_left_out;
    struct held_directory held[USAGE_MOST];
    size_t held_count;
};

/* --- What rules want ------------------------------------------------------------------------- */

static bool is_named(const struct rule_set *rules, const char *normal)
{
    struct rule_event_count name;
    for (size_t i = 0; rule_set_event_count(rules, i, &name); i++) {
        char spelt[EVENT_NAME_LONGEST];
        size_t length = event_name_normal(name.event_type, strlen(name.event_type), spelt);
        if (length == strlen(normal) && memcmp(spelt, normal, length) == 0)
            return true;
    }
    return false;
}

static const struct rule_set *rules_of(const struct samples *samples)
{
    return samples->daemon->rooms.rulebook->rules;
}

/* --- Events ---------------------------------------------------------------------------------- */

static void append_place(struct text *json, const char *source, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *directory = slash ? slash + 1 : path;
    text_append_string(json, "{\"event_type\":\"ResourceSampled\",\"source\":\"");
    text_append_json(json, source, strlen(source));
    text_append_string(json, "\",\"path\":\"");
    text_append_json(json, path, strlen(path));
    text_append_string(json, "\",\"directory\":\"");
    text_append_json(json, directory, strlen(directory));
    text_append_string(json, "\"");
}

static void append_usage(struct text *json, const struct usage_sample *sample)
{
    text_printf(json, ",\"process\":\"%d-%llu\",\"memory_bytes\":%llu,\"cpu_seconds\":%.2f",
                sample->process, (unsigned long long)sample->started,
                (unsigned long long)sample->memory, sample->cpu_seconds);
    if (sample->cpu_percent >= 0)
        text_printf(json, ",\"cpu_percent\":%.2f", sample->cpu_percent);
    text_printf(json, ",\"processes\":%zu", sample->process_count);
}

/* `sample` NULL: nobody holds a file there. */
static void emit_usage(struct samples *samples, const char *source, const char *path,
                       const struct usage_sample *sample)
{
    struct text json;
    text_init(&json, EVENT_MOST);
    append_place(&json, source, path);
    if (sample && !sample->ended)
        append_usage(&json, sample);
    else
        text_append_string(&json, ",\"ended\":true");
    if (text_append_string(&json, "}") && !json.overflowed)
        pipeline_emit(samples->daemon->rooms.pipeline, json.data, json.length);
    text_free(&json);
}

/* --- Directories that are held ---------------------------------------------------------------- */

static struct held_directory *find_held(struct samples *samples, uint64_t key)
{
    for (size_t i = 0; i < samples->held_count; i++)
        if (samples->held[i].key == key)
            return &samples->held[i];
    return NULL;
}

static uint64_t key_of(const struct tail_file *file)
{
    return tail_directory_id(tail_file_directory(file));
}

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return memory_copy(path, slash ? (size_t)(slash - path) : 0);
}

static const char *source_of(const struct samples *samples, const struct tail_file *file)
{
    struct followed *made;
    const struct followed *followed = following_view(samples->daemon, file, &made);
    const char *name =
        followed->count ? samples->daemon->rooms.source_names[followed->sources[0].index] : "";
    followed_free(made);
    return name;
}

/* Is it one whose lines some source reads as they are written? */
static bool is_read(const struct tail_file *file)
{
    const struct followed *followed = tail_file_user(file); /* NULL: nothing was read of it yet */
    return !followed || (followed->count > 0 && !followed->is_archive);
}

static void add_new(struct samples *samples)
{
    const struct usage_sample *sample;
    for (size_t at = 0; (sample = sampler_next_usage(samples->sampler, &at)) != NULL;)
        if (!sample->ended && !find_held(samples, sample->key) && samples->held_count < USAGE_MOST)
            samples->held[samples->held_count++] = (struct held_directory){.key = sample->key};
}

/* Looks through the files for where the new ones lie. */
static void name_new(struct samples *samples)
{
    size_t nameless = 0;
    for (size_t i = 0; i < samples->held_count; i++)
        nameless += samples->held[i].path == NULL;
    const struct tail_file *file;
    for (size_t at = 0; nameless > 0 && (file = tail_next_file(samples->daemon->tail, &at));) {
        struct held_directory *held = is_read(file) ? find_held(samples, key_of(file)) : NULL;
        if (!held || held->path)
            continue;
        held->path = directory_of(tail_file_path(file));
        held->source = memory_copy_text(source_of(samples, file));
        nameless--;
    }
}

static void forget(struct samples *samples, struct held_directory *held)
{
    free(held->path);
    free(held->source);
    *held = samples->held[--samples->held_count];
}

static void emit_usages(struct samples *samples)
{
    const struct usage_sample *sample;
    for (size_t at = 0; (sample = sampler_next_usage(samples->sampler, &at)) != NULL;) {
        struct held_directory *held = find_held(samples, sample->key);
        if (!held)
            continue;
        if (held->path)
            emit_usage(samples, held->source, held->path, sample);
        if (sample->ended)
            forget(samples, held);
    }
}

static void emit_disks(struct samples *samples)
{
    const char *json;
    for (size_t at = 0; (json = sampler_next_disk(samples->sampler, &at)) != NULL;)
        pipeline_emit(samples->daemon->rooms.pipeline, json, strlen(json));
}

static void tell_left_out(struct samples *samples)
{
    size_t left_out = sampler_left_out(samples->sampler);
    if (left_out > 0 && !samples->told_left_out)
        log_warn("processes write to more directories than are measured at a time; the others "
                 "have no resource samples",
                 LOG_INT("measured", USAGE_MOST), LOG_INT("left_out", left_out));
    samples->told_left_out = left_out > 0;
}

static void take_results(struct samples *samples)
{
    if (!sampler_take(samples->sampler))
        return;
    samples->rounds += samples->rounds < 2;
    pipeline_set_now(samples->daemon->rooms.pipeline, clock_wall());
    add_new(samples);
    name_new(samples);
    emit_usages(samples);
    emit_disks(samples);
    tell_left_out(samples);
}

/* --- What is asked about --------------------------------------------------------------------- */

static void want_file(struct samples *samples, const struct tail_file *file, int64_t wall_now)
{
    struct tail_file_facts facts;
    tail_file_facts(file, &facts);
    const struct held_directory *held = find_held(samples, key_of(file));
    if (facts.compressed || !is_read(file) || (!held && wall_now - facts.modified > QUIET_TIME))
        return;
    sampler_want(samples->sampler, facts.device, facts.inode, key_of(file));
    if (!held && samples->rounds == 1) {
        AUTO_FREE char *path = directory_of(tail_file_path(file));
        emit_usage(samples, source_of(samples, file), path, NULL);
    }
}

static void want_disks(struct samples *samples)
{
    const struct sources *sources = samples->daemon->rooms.sources;
    const char *root;
    for (size_t position = 0; (root = sources_next_root(sources, &position)) != NULL;)
        sampler_want_disk(samples->sampler, root);
}

/* The next slice; the measuring begins behind the last. Files that come or go between slices may
 * be missed once. */
static void gather(struct samples *samples)
{
    const struct tail_file *file;
    int64_t begun = clock_monotonic();
    int64_t wall_now = clock_wall();
    pipeline_set_now(samples->daemon->rooms.pipeline, wall_now);
    while ((file = tail_next_file(samples->daemon->tail, &samples->position)) != NULL) {
        want_file(samples, file, wall_now);
        if (clock_monotonic() - begun > SLICE)
            return;
    }
    samples->is_gathering = false;
    if (is_named(rules_of(samples), "disksampled"))
        want_disks(samples);
    sampler_start(samples->sampler);
}

void samples_tick(struct samples *samples, int64_t monotonic_now)
{
    if (!samples->sampler)
        return;
    if (!samples->is_gathering) {
        if (!sampler_due(samples->sampler, monotonic_now) ||
            !is_named(rules_of(samples), "resourcesampled"))
            return;
        samples->is_gathering = true;
        samples->position = 0;
        sampler_begin(samples->sampler, monotonic_now);
    }
    gather(samples);
}

static void on_done(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    take_results(context);
}

/* --- Building -------------------------------------------------------------------------------- */

static bool start(struct samples *samples, int64_t interval)
{
    samples->sampler = sampler_new(interval);
    if (!samples->sampler)
        return false;
    samples->done = event_new(samples->daemon->base, sampler_descriptor(samples->sampler),
                              EV_READ | EV_PERSIST, on_done, samples);
    return samples->done && event_add(samples->done, NULL) == 0;
}

struct samples *samples_new(struct daemon *daemon)
{
    struct samples *samples = memory_zero(1, sizeof(*samples));
    samples->daemon = daemon;
    if (daemon->settings->resource_interval == 0 ||
        start(samples, daemon->settings->resource_interval))
        return samples;
    int error = errno;
    samples_free(samples);
    errno = error;
    return NULL;
}

void samples_free(struct samples *samples)
{
    if (!samples)
        return;
    if (samples->done)
        event_free(samples->done);
    sampler_free(samples->sampler);
    while (samples->held_count > 0)
        forget(samples, &samples->held[0]);
    free(samples);
}
