/* Packs as YAML text, events as JSON, samples as text out: what the tests of the rules room share.
 *
 *   struct bench b;
 *   bench_start(&b, SOURCE "metrics: {n_total: {type: counter, help: N.}}\n"
 *                          "rules: {e: [{inc: n_total}]}\n", NULL);
 *   feed(&b, 0, "{\"type\":\"e\"}", NOW);
 *   assert_shows(&b, "n_total 1");
 *   bench_end(&b); */
#ifndef TESTS_UNIT_RULES_FIXTURE_H
#define TESTS_UNIT_RULES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "config/yaml.h"
#include "decode/decoder.h"
#include "encode/encode.h"
#include "registry/registry.h"
#include "rules/rule_set.h"

#define SOURCE "sources: {events: {files: '{job_id}/*.jsonl', type: type, time: time}}\n"
#define NOW    (INT64_C(1767225600) * NANOSECONDS_PER_SECOND) /* 2026-01-01 */

struct bench {
    struct registry *registry;
    struct rule_set *rules; /* NULL: the pack has errors */
    struct diagnostics diagnostics;
    struct arena arena;
    struct rule_source *source; /* "events", or the first */
    struct decoder *decoder;
    struct rule_file *files[2]; /* of job-1 and job-2, in directories of their own */
    struct text text;
};

/* A pack's text, and its name. */
struct named_pack {
    const char *name;
    const char *text;
};
#define PACKS_MOST 4

static inline struct rule_source *bench_source(const struct bench *b)
{
    struct rule_source_facts facts;
    for (size_t i = 0; i < rule_set_source_count(b->rules); i++) {
        rule_source_facts(rule_set_source(b->rules, i), &facts);
        if (strcmp(facts.name, "events") == 0)
            return rule_set_source(b->rules, i);
    }
    return rule_set_source(b->rules, 0);
}

static inline void bench_start_packs(struct bench *b, const struct named_pack *packs, size_t count,
                                     const struct rule_limits *limits)
{
    static const struct rule_capture captures[] = {{"job_id", "job-1", 5}, {"job_id", "job-2", 5}};
    struct tree *trees[PACKS_MOST] = {NULL};
    struct rule_pack inputs[PACKS_MOST];
    bool is_read = true;
    diagnostics_init(&b->diagnostics);
    text_init(&b->text, TEXT_UNLIMITED);
    arena_init(&b->arena, 65536);
    b->decoder = NULL;
    b->registry = registry_new(10000);
    for (size_t i = 0; i < count; i++) {
        trees[i] =
            yaml_read_text("pack.yaml", packs[i].text, strlen(packs[i].text), &b->diagnostics);
        inputs[i] = (struct rule_pack){packs[i].name, trees[i]};
        is_read = is_read && trees[i];
    }
    b->rules = is_read ? rule_set_new(inputs, count, b->registry, limits, &b->diagnostics) : NULL;
    for (size_t i = 0; i < count; i++)
        tree_free(trees[i]);
    diagnostics_print(&b->diagnostics, &b->text);
    if (!b->rules)
        return;
    b->source = bench_source(b);
    b->decoder = decoder_new(rule_source_plan(b->source));
    for (size_t i = 0; i < 2; i++)
        b->files[i] = rule_file_new(b->source, i ? "/e/job-2/a.jsonl" : "/e/job-1/a.jsonl",
                                    &captures[i], 1, i + 1, i + 1);
}

static inline void bench_start(struct bench *b, const char *pack, const struct rule_limits *limits)
{
    bench_start_packs(b, &(struct named_pack){"pack", pack}, 1, limits);
}

static inline void bench_end(struct bench *b)
{
    if (b->rules) {
        decoder_free(b->decoder);
        rule_file_free(b->files[0]);
        rule_file_free(b->files[1]);
    }
    rule_set_free(b->rules);
    registry_free(b->registry);
    diagnostics_free(&b->diagnostics);
    arena_free(&b->arena);
    text_free(&b->text);
}

static inline enum rule_match feed(struct bench *b, size_t file, const char *json, int64_t now)
{
    struct value *slots;
    struct rule_event event = {
        .file = b->files[file], .arena = &b->arena, .now = now, .guests = true};
    arena_reset(&b->arena);
    assert_int_equal(decoder_line(b->decoder, json, strlen(json), &b->arena, &slots), DECODE_OK);
    event.slots = slots;
    return rule_set_apply(b->rules, b->source, &event, NULL);
}

/* How often the index-th row had this outcome. */
static inline uint64_t outcomes(const struct bench *b, size_t index, enum row_outcome outcome)
{
    struct rule_row_count row;
    assert_true(rule_set_row_count(b->rules, index, &row));
    return row.outcomes[outcome];
}

static inline bool shows(struct bench *b, const char *sample)
{
    AUTO_FREE char *line = memory_format("\n%s\n", sample);
    text_clear(&b->text);
    encode_text(b->registry, &b->text);
    return b->text.data && strstr(b->text.data, line);
}

#define assert_shows(b, sample)                                                                    \
    do {                                                                                           \
        if (!shows(b, sample))                                                                     \
            fail_msg("no '%s' in:\n%s", sample, (b)->text.data);                                   \
    } while (0)

/* The pack's errors and warnings hold this text. */
#define assert_says(b, wanted)                                                                     \
    do {                                                                                           \
        if (!(b)->text.data || !strstr((b)->text.data, wanted))                                    \
            fail_msg("no '%s' in:\n%s", wanted, (b)->text.data ? (b)->text.data : "nothing");      \
    } while (0)

#endif
