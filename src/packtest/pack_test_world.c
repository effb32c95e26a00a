/* See pack_test_world.h. */
#include "packtest/pack_test_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/hash.h"
#include "base/memory.h"
#include "config/settings.h"
#include "daemon/followed.h"
#include "daemon/line_batch.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/sightings.h"
#include "decode/decoder.h"
#include "encode/encode.h"
#include "packtest/pack_test_file.h"
#include "packtest/pack_test_place.h"
#include "packtest/sample_list.h"
#include "registry/registry.h"
#include "rules/rule_set.h"
#include "tail/lines.h"
#include "tail/tail.h"

#define TICKS_MOST INT64_C(1000)

struct pack_test_world {
    const struct settings *settings;
    struct rulebook *rulebook;
    struct pipeline *pipeline;
    struct sightings *sightings;
    struct line_batch *batch; /* looks into lines ahead of the pipeline */
    struct pack_test_files files;
    int64_t now;
    uint64_t documents_skipped[DOCUMENT_SKIPS];
};

struct pack_test_world *pack_test_world_new(const struct settings *settings, int64_t start)
{
    struct pack_test_world *world = memory_zero(1, sizeof(*world));
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    world->settings = settings;
    world->rulebook = rulebook_load(settings, &diagnostics);
    diagnostics_free(&diagnostics);
    if (!world->rulebook) {
        free(world);
        return NULL;
    }
    world->pipeline = pipeline_new(world->rulebook->rules);
    world->sightings = sightings_new(world->rulebook->rules);
    world->batch = line_batch_new(world->rulebook->rules);
    world->now = start;
    pipeline_set_now(world->pipeline, start);
    return world;
}

void pack_test_world_free(struct pack_test_world *world)
{
    if (!world)
        return;
    pack_test_files_free(&world->files);
    line_batch_free(world->batch);
    sightings_free(world->sightings);
    pipeline_free(world->pipeline);
    rulebook_free(world->rulebook);
    free(world);
}

const struct rule_set *pack_test_world_rules(const struct pack_test_world *world)
{
    return world->rulebook->rules;
}

const struct registry *pack_test_world_registry(const struct pack_test_world *world)
{
    return world->rulebook->registry;
}

/* --- The clock -------------------------------------------------------------------------------- */

static void tick(struct pack_test_world *world)
{
    rule_set_tick(world->rulebook->rules, world->now, false);
    registry_tick(world->rulebook->registry, world->now, true);
    pipeline_set_now(world->pipeline, world->now);
}

/* Second by second, or in steps that are longer. Times may lie centuries apart: no difference of
 * two is taken. */
static void wait_until(struct pack_test_world *world, int64_t end)
{
    int64_t step = end / TICKS_MOST - world->now / TICKS_MOST;
    if (end <= world->now)
        return;
    if (step < NANOSECONDS_PER_SECOND)
        step = NANOSECONDS_PER_SECOND;
    while (world->now < end - step) {
        world->now += step;
        tick(world);
    }
    world->now = end;
    tick(world);
}

void pack_test_world_wait(struct pack_test_world *world, int64_t pause)
{
    int64_t end;
    wait_until(world, __builtin_add_overflow(world->now, pause, &end) ? INT64_MAX : end);
}

/* --- Files ------------------------------------------------------------------------------------ */

static void see(struct pack_test_world *world, struct pack_test_file *file,
                const struct documents_news *what)
{
    struct documents_news news = *what;
    enum documents_skip reason = DOCUMENT_MALFORMED;
    struct text memo;
    if (!file->emits)
        return;
    text_init(&memo, TEXT_UNLIMITED);
    news.path = file->path;
    news.memo = (struct bytes){file->memo.data, file->memo.length};
    if (sightings_take(world->sightings, file->emits, &news, world->now, &memo, &reason) ==
        DOCUMENTS_TAKEN)
        pack_test_file_keep(file, &memo);
    else
        world->documents_skipped[reason]++;
    text_free(&memo);
}

static struct pack_test_file *begin(struct pack_test_world *world,
                                    const struct pack_test_place *place)
{
    struct pack_test_file *file = pack_test_files_get(&world->files, place);
    if (!file->alive && place->wish & DOCUMENTS_CREATED)
        see(world, file, &(struct documents_news){.sight = DOCUMENT_CREATED, .time = world->now});
    file->alive = true;
    return file;
}

void pack_test_world_created(struct pack_test_world *world, const struct pack_test_place *place)
{
    begin(world, place);
}

void pack_test_world_closed(struct pack_test_world *world, const struct pack_test_place *place,
                            bool late)
{
    struct pack_test_file *file = begin(world, place);
    if (!(place->wish & DOCUMENTS_CLOSED) || file->closed)
        return;
    file->closed = true;
    see(world, file,
        &(struct documents_news){.sight = DOCUMENT_CLOSED, .time = world->now, .late = late});
}

void pack_test_world_removed(struct pack_test_world *world, const struct pack_test_place *place,
                             bool late)
{
    struct pack_test_file *file = begin(world, place);
    if (place->wish & DOCUMENTS_REMOVED)
        see(world, file,
            &(struct documents_news){.sight = DOCUMENT_REMOVED, .time = world->now, .late = late});
    pack_test_files_remove(&world->files, file);
}

/* --- Lines ------------------------------------------------------------------------------------ */

/* Waits for the line's time; false: its id was counted before in its directory. */
static bool look_ahead(struct pack_test_world *world, struct pack_test_file *file,
                       const struct tail_line *line)
{
    const struct tail_line *same;
    (void)line_batch_begin(world->batch, file->lines, line, 1);
    const struct decoded *decoded = line_batch_next(world->batch, &same);
    bool is_new = true;
    bool has_id = false;
    for (size_t i = 0; i < file->lines->count && decoded[i].result == DECODE_OK; i++) {
        struct rule_source *source = file->lines->sources[i].source;
        const char *id;
        size_t length;
        wait_until(world, rule_source_time(source, decoded[i].slots));
        if (!has_id && rule_source_id(source, decoded[i].slots, &id, &length)) {
            has_id = true;
            is_new = pack_test_files_count_id(&world->files, file, hash_stable(id, length));
        }
    }
    return is_new;
}

static void take_line(struct pack_test_world *world, struct pack_test_file *file,
                      const struct lines_cut *cut)
{
    const struct tail_line line = {
        .bytes = cut->bytes, .length = cut->length, .number = cut->number};
    if (look_ahead(world, file, &line))
        pipeline_lines(world->pipeline, file->lines, NULL, NULL, &line, 1);
    else
        pipeline_skip(world->pipeline, file->path, SKIP_DUPLICATE, cut->number, "");
}

void pack_test_world_lines(struct pack_test_world *world, const struct pack_test_place *place,
                           const char *bytes, size_t length)
{
    struct pack_test_file *file = begin(world, place);
    struct lines lines = {.bytes = bytes,
                          .length = length,
                          .offset = file->offset,
                          .number = file->line_number,
                          .maximum = (size_t)world->settings->max_line_bytes};
    struct lines_cut cut;
    enum lines_kind kind;
    while ((kind = lines_next(&lines, &cut)) != LINES_END)
        if (kind == LINES_LINE)
            take_line(world, file, &cut);
        else if (kind == LINES_TOO_LONG)
            pipeline_skip(world->pipeline, file->path, SKIP_TOO_LONG, cut.number, "too long");
    file->offset += length;
    file->line_number = lines.number;
    if (place->wish & DOCUMENTS_REOPEN)
        file->closed = false;
}

void pack_test_world_sampled(struct pack_test_world *world, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    while (bytes < end) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
        pipeline_emit(world->pipeline, bytes, (size_t)((stop ? stop : end) - bytes));
        bytes = stop ? stop + 1 : end;
    }
}

/* --- Documents -------------------------------------------------------------------------------- */

/* Waits for the time that the document tells. */
static void wait_for_content(struct pack_test_world *world, const struct pack_test_file *file,
                             const char *bytes, size_t length)
{
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < file->emits->count; i++) {
        struct rule_source *source = file->emits->sources[i].source;
        struct decoder *decoder = decoder_new(rule_source_plan(source));
        struct value *slots;
        if (decoder_line(decoder, bytes, length, &arena, &slots) == DECODE_OK)
            wait_until(world, rule_source_time(source, slots));
        decoder_free(decoder);
    }
    arena_free(&arena);
}

void pack_test_world_document(struct pack_test_world *world, const struct pack_test_place *place,
                              const char *bytes, size_t length)
{
    struct pack_test_file *file = begin(world, place);
    if (!file->emits)
        return;
    wait_for_content(world, file, bytes, length);
    see(world, file,
        &(struct documents_news){
            .sight = DOCUMENT_CONTENT, .time = world->now, .content = {bytes, length}});
    if (place->wish & DOCUMENTS_REOPEN)
        file->closed = false;
}

/* --- What is seen of it ----------------------------------------------------------------------- */

void pack_test_world_samples(struct pack_test_world *world, struct sample_list *ret_samples)
{
    struct text text;
    char error[SAMPLE_ERROR];
    size_t line;
    tick(world);
    text_init(&text, TEXT_UNLIMITED);
    encode_text(world->rulebook->registry, &text);
    /* Our own writing: it is good. */
    (void)!sample_list_read(ret_samples, text.data ? text.data : "", text.length, &line, error);
    text_free(&text);
}

const char *pack_test_world_skipped(const struct pack_test_world *world, size_t index,
                                    uint64_t *ret_count)
{
    struct pipeline_counts counts;
    if (index >= SKIP_REASONS + DOCUMENT_SKIPS)
        return NULL;
    pipeline_counts(world->pipeline, &counts);
    bool of_document = index >= SKIP_REASONS;
    size_t place = of_document ? index - SKIP_REASONS : index;
    *ret_count = of_document ? world->documents_skipped[place] : counts.skipped[place];
    return of_document ? documents_skip_names[place] : skip_reason_names[place];
}
