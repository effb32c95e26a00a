/* See line_batch.h.
 *
 *   lines   |0 .. 15|16 .. 31|32 .. 40|41 .. 56|     (a block ends early when it has bytes enough)
 *   block       0        1        2        3         each with its own arena
 *
 * Which lines make a block depends on nothing but the lines, and each block is decoded by itself:
 * so it does not matter who decodes it, or when. */
#include "daemon/line_batch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "daemon/followed.h"
#include "daemon/workers.h"
#include "rules/rule_set.h"
#include "tail/tail.h"

#define BLOCKS        WORKERS_ITEMS_MOST /* a batch is one task */
#define BLOCK_LINES   ((size_t)16)
#define BLOCK_BYTES   ((size_t)8192)       /* which end a block */
#define BLOCK_KEPT    ((size_t)128 * 1024) /* bytes; one huge line does not stay in memory */
#define SHARED_BLOCKS ((size_t)4)          /* fewer are not worth waking a worker */

struct block {
    const struct tail_line *lines;
    size_t count;
    struct decoded *decoded; /* of each line for each source, in the arena */
    struct arena arena;
};

struct line_batch {
    const struct rule_set *rules;
    struct decoder **decoders[WORKERS_MOST + 1]; /* by doer and source; NULL: not needed yet */
    struct workers *workers;                     /* NULL: none */
    size_t threads;

    /* The lines under way. */
    const struct followed *file;
    struct block blocks[BLOCKS];
    size_t block_count;
    bool is_shared;    /* with the workers */
    size_t next_block; /* whose lines come when those of the one before are out */
    size_t next_line;  /* within the block before */
};

static struct decoder **new_decoders(const struct rule_set *rules)
{
    size_t count = rule_set_source_count(rules);
    struct decoder **decoders = memory_zero(count, sizeof(*decoders));
    for (size_t i = 0; i < count; i++) {
        struct rule_source_facts facts;
        rule_source_facts(rule_set_source(rules, i), &facts);
        if (!facts.is_document)
            decoders[i] = decoder_new(rule_source_plan(rule_set_source(rules, i)));
    }
    return decoders;
}

static void free_decoders(struct decoder **decoders, size_t count)
{
    for (size_t i = 0; decoders && i < count; i++)
        decoder_free(decoders[i]);
    free(decoders);
}

/* One line for one source. */
static struct decoded decode(struct decoder *decoder, const struct tail_line *line,
                             struct arena *arena)
{
    struct decoded decoded = {.slots = NULL};
    decoded.result = decoder_line(decoder, line->bytes, line->length, arena, &decoded.slots);
    if (UNLIKELY(decoded.result != DECODE_OK)) {
        const char *error = decoder_error(decoder);
        decoded.error = arena_copy(arena, error, strlen(error));
    }
    return decoded;
}

static void decode_block(struct block *block, const struct followed *file,
                         struct decoder *const *decoders)
{
    arena_reset(&block->arena);
    block->decoded =
        arena_alloc(&block->arena, block->count * file->count * sizeof(*block->decoded));
    struct decoded *decoded = block->decoded;
    for (size_t i = 0; i < block->count; i++, decoded += file->count) {
        for (size_t j = 0; j < file->count; j++) {
            decoded[j] = decode(decoders[file->sources[j].index], &block->lines[i], &block->arena);
            if (UNLIKELY(j == 0 && decoded[j].result != DECODE_OK))
                break;
        }
    }
}

struct line_batch *line_batch_new(const struct rule_set *rules)
{
    struct line_batch *batch = memory_zero(1, sizeof(*batch));
    batch->rules = rules;
    batch->decoders[0] = new_decoders(rules);
    for (size_t i = 0; i < BLOCKS; i++)
        arena_init(&batch->blocks[i].arena, BLOCK_KEPT);
    return batch;
}

void line_batch_free(struct line_batch *batch)
{
    if (!batch)
        return;
    line_batch_set_workers(batch, 0);
    free_decoders(batch->decoders[0], rule_set_source_count(batch->rules));
    for (size_t i = 0; i < BLOCKS; i++)
        arena_free(&batch->blocks[i].arena);
    free(batch);
}

static void on_item(void *context, size_t doer, size_t item)
{
    struct line_batch *batch = context;
    decode_block(&batch->blocks[item], batch->file, batch->decoders[doer]);
}

void line_batch_set_workers(struct line_batch *batch, size_t threads)
{
    workers_free(batch->workers);
    batch->workers = NULL;
    for (size_t i = 1; i <= WORKERS_MOST; i++) {
        free_decoders(batch->decoders[i], rule_set_source_count(batch->rules));
        batch->decoders[i] = NULL;
    }
    batch->threads = threads < WORKERS_MOST ? threads : WORKERS_MOST;
}

static void share(struct line_batch *batch)
{
    if (!batch->workers) {
        for (size_t i = 1; i <= batch->threads; i++)
            batch->decoders[i] = new_decoders(batch->rules);
        batch->workers = workers_new(batch->threads, on_item, batch);
    }
    workers_begin(batch->workers, batch->block_count);
}

/* The first lines of these as a block; returns how many. */
static size_t fill_block(struct block *block, const struct tail_line *lines, size_t count)
{
    size_t bytes = 0;
    size_t taken = 0;
    while (taken < count && taken < BLOCK_LINES && bytes < BLOCK_BYTES)
        bytes += lines[taken++].length;
    block->lines = lines;
    block->count = taken;
    return taken;
}

size_t line_batch_begin(struct line_batch *batch, const struct followed *file,
                        const struct tail_line *lines, size_t count)
{
    size_t taken = 0;
    batch->file = file;
    batch->block_count = 0;
    batch->next_block = batch->next_line = 0;
    while (taken < count && batch->block_count < BLOCKS)
        taken += fill_block(&batch->blocks[batch->block_count++], lines + taken, count - taken);
    batch->is_shared = batch->threads > 0 && batch->block_count >= SHARED_BLOCKS;
    if (batch->is_shared)
        share(batch);
    return taken;
}

const struct decoded *line_batch_next(struct line_batch *batch, const struct tail_line **ret_line)
{
    if (batch->next_block == 0 || batch->next_line == batch->blocks[batch->next_block - 1].count) {
        if (batch->next_block == batch->block_count)
            return NULL;
        if (batch->is_shared)
            workers_need(batch->workers, batch->next_block);
        else
            on_item(batch, 0, batch->next_block);
        batch->next_block++;
        batch->next_line = 0;
    }
    const struct block *block = &batch->blocks[batch->next_block - 1];
    size_t line = batch->next_line++;
    *ret_line = &block->lines[line];
    return &block->decoded[line * batch->file->count];
}
