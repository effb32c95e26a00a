/* A rule set with its registry, and where both are saved: what the tests of saving and restoring
 * rules share.
 *
 *   struct home home;
 *   home_start(&home, PACK, NULL);
 *   feed(&home.bench, 0, "{\"type\":\"e\"}", NOW);
 *   commit(&home, NOW);
 *   restart(&home, NOW);
 *   home_end(&home); */
#ifndef TESTS_UNIT_RULES_HOME_H
#define TESTS_UNIT_RULES_HOME_H

#include "record_fixture.h"
#include "rules_fixture.h"

struct home {
    struct bench bench;
    struct shelf shelf;
    struct named_pack packs[PACKS_MOST];
    size_t pack_count;
    struct rule_limits limits;
};

static inline void home_open(struct home *home)
{
    bench_start_packs(&home->bench, home->packs, home->pack_count, &home->limits);
    if (!home->bench.rules)
        fail_msg("%s", home->bench.text.data);
    registry_track(home->bench.registry, shelf_recall, &home->shelf, NOW);
    rule_set_track(home->bench.rules);
}

static inline void home_start_packs(struct home *home, const struct named_pack *packs, size_t count,
                                    const struct rule_limits *limits)
{
    *home = (struct home){.pack_count = count};
    if (limits)
        home->limits = *limits;
    memcpy(home->packs, packs, count * sizeof(*packs));
    home_open(home);
}

static inline void home_start(struct home *home, const char *pack, const struct rule_limits *limits)
{
    home_start_packs(home, &(struct named_pack){"pack", pack}, 1, limits);
}

static inline void home_end(struct home *home)
{
    bench_end(&home->bench);
    shelf_free(&home->shelf);
}

/* One moment of both rooms. */
static inline void save(struct home *home, int64_t now)
{
    struct record_sink sink = shelf_sink(&home->shelf);
    rule_set_save(home->bench.rules, &sink);
    registry_save(home->bench.registry, &sink, now);
}

static inline void commit(struct home *home, int64_t now)
{
    save(home, now);
    shelf_commit(&home->shelf);
    registry_saved(home->bench.registry);
}

struct loading {
    struct bench *bench;
    int64_t now;
};

static inline int on_record(void *context, const struct record *record)
{
    const struct loading *loading = context;
    return record->kind <= RECORD_SERIES
               ? registry_restore(loading->bench->registry, record, loading->now)
               : rule_set_restore(loading->bench->rules, record);
}

static inline void load(struct home *home, struct shelf *shelf, int64_t now)
{
    struct loading loading = {&home->bench, now};
    assert_int_equal(shelf_each(shelf, on_record, &loading), 0);
}

/* The process ends as it is, and another starts. What is not committed is lost. */
static inline void restart(struct home *home, int64_t now)
{
    bench_end(&home->bench);
    shelf_lose(&home->shelf);
    home_open(home);
    load(home, &home->shelf, now);
}

/* The same process takes other rules. What was saved and not committed stays in the open batch. */
static inline void reload(struct home *home, int64_t now)
{
    struct shelf records = {0};
    struct record_sink sink = shelf_sink(&records);
    sink.remove = NULL;
    registry_save_all(home->bench.registry, &sink, now);
    rule_set_save_all(home->bench.rules, &sink);
    shelf_commit(&records);
    bench_end(&home->bench);
    home_open(home);
    load(home, &records, now);
    shelf_free(&records);
}

static inline char *exposition(const struct bench *bench)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    assert_true(encode_text(bench->registry, &text));
    char *lines = sorted_lines(&text);
    text_free(&text);
    return lines;
}

#endif
