/* Looks at one file, told as text: what the tests of emitted events share.
 *
 *   struct life life;
 *   life_start(&life, DOCUMENTS("Ended: {when: {status: [Done]}}") "...", true);
 *   see(&life, RULE_SEEN_CONTENT, "{\"status\":\"Done\"}");
 *   assert_string_equal(told(&life), "Ended{...} ");
 *   life_end(&life); */
#ifndef TESTS_UNIT_SIGHT_FIXTURE_H
#define TESTS_UNIT_SIGHT_FIXTURE_H

#include "rules_fixture.h"

/* A source of documents (or of lines) with this `emit` section. */
#define DOCUMENTS(emit)                                                                            \
    "sources: {events: {files: '{job_id}/*.json', format: document, time: time, emit: {" emit      \
    "}}}\n"
#define LINES(emit)                                                                                \
    "sources: {events: {files: '{job_id}/*.jsonl', type: type, time: time, emit: {" emit "}}}\n"
/* The metric n_total by label x. */
#define METRIC "metrics: {n_total: {type: counter, help: N., labels: [x]}}\n"

#define SEEN_AT (NOW + 1)

struct life {
    struct bench bench;
    const char *pack;
    bool restarts;    /* another process before every look */
    struct text memo; /* as the last look left it */
    struct text told; /* "Event{labels of its first row} " for each event since told() */
    int64_t times[64];
    size_t count; /* events since told() */
    bool late;    /* of the next looks */
};

static inline void life_open(struct life *life)
{
    bench_start(&life->bench, life->pack, NULL);
    if (!life->bench.rules)
        fail_msg("%s", life->bench.text.data);
}

static inline void life_start(struct life *life, const char *pack, bool restarts)
{
    *life = (struct life){.pack = pack, .restarts = restarts};
    text_init(&life->memo, TEXT_UNLIMITED);
    text_init(&life->told, TEXT_UNLIMITED);
    life_open(life);
}

static inline void life_end(struct life *life)
{
    bench_end(&life->bench);
    text_free(&life->memo);
    text_free(&life->told);
}

/* Other rules from now on, for what was seen so far. */
static inline void life_change(struct life *life, const char *pack)
{
    bench_end(&life->bench);
    life->pack = pack;
    life_open(life);
}

static inline void on_told_event(void *context, const char *name, enum rule_match match)
{
    struct life *life = context;
    text_printf(&life->told, "%s%s ", name, match == RULE_MATCHED ? "" : "?");
}

static inline void on_told_row(void *context, const char *rule, const char *update,
                               enum row_outcome outcome, const char *detail, const char *labels,
                               double amount)
{
    struct life *life = context;
    (void)rule, (void)update, (void)detail, (void)amount;
    life->told.length--;
    if (outcome == ROW_APPLIED)
        text_printf(&life->told, "{%s} ", labels);
    else
        text_printf(&life->told, "!%s ", row_outcome_name(outcome));
}

static inline void on_told_time(void *context, int64_t time)
{
    struct life *life = context;
    if (life->count < ARRAY_LENGTH(life->times))
        life->times[life->count] = time;
    life->count++;
}

static inline size_t see(struct life *life, enum rule_sight_kind kind, const char *json)
{
    if (life->restarts)
        life_change(life, life->pack);
    struct bench *b = &life->bench;
    struct value *slots = NULL;
    struct text memo;
    struct rule_trace trace = {life, on_told_event, on_told_row};
    text_init(&memo, TEXT_UNLIMITED);
    arena_reset(&b->arena);
    if (json)
        assert_int_equal(decoder_line(b->decoder, json, strlen(json), &b->arena, &slots),
                         DECODE_OK);
    struct rule_event event = {.slots = slots,
                               .file = b->files[0],
                               .arena = &b->arena,
                               .now = NOW + 5,
                               .guests = true,
                               .trace = &trace};
    struct rule_sight sight = {.kind = kind,
                               .time = SEEN_AT,
                               .late = life->late,
                               .memo = {life->memo.data, life->memo.length}};
    size_t before = life->count;
    size_t count = rule_set_see(b->rules, b->source, &event, &sight, on_told_time, life, &memo);
    assert_int_equal(count, life->count - before);
    text_free(&life->memo);
    life->memo = memo;
    return count;
}

/* What was told since the last call; valid until the next look. */
static inline const char *told(struct life *life)
{
    AUTO_FREE char *text = text_take(&life->told);
    life->count = 0;
    text_init(&life->told, TEXT_UNLIMITED);
    text_clear(&life->bench.text);
    text_append_string(&life->bench.text, text);
    return life->bench.text.data;
}

#endif
