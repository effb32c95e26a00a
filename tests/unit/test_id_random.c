/* Both sides of the ids on disk against plain sets: random adds, joins and forgets in batches that
 * are committed, rolled back or fail, with steps, news and acknowledgements at any time between,
 * and restarts.
 *
 * What the loop must see: the sets as of the news applied last, and upon them each join and forget
 * that it asked for since. */
#include "id_fixture.h"

#define NUMBERS     12000
#define DIRECTORIES 6
#define STEPS       1500
#define BATCH       ((size_t)64)
#define IN_FLIGHT   8

struct sets {
    unsigned char has[DIRECTORIES][NUMBERS];
};

enum kind { ADD, JOIN, FORGET };

struct order {
    enum kind kind;
    uint64_t directory;
    uint64_t from;
    unsigned seed; /* ADD: which */
    unsigned count;
};

struct orders {
    struct order items[BATCH * IN_FLIGHT];
    size_t count;
};

struct model {
    struct id_fixture fixture;
    uint64_t seed;
    size_t maximum;

    struct orders batch;   /* not committed */
    struct orders pending; /* joins and forgets that no applied news holds */
    struct sets committed;
    struct sets applied; /* as of the last news that the loop took */

    /* News handed out: what was committed then, and how many pending ones are in it. */
    struct flight {
        struct id_news *news;
        struct sets committed;
        size_t confirmed;
    } flights[IN_FLIGHT];
    size_t flying;
    size_t to_confirm; /* pending ones that are committed, but in no news handed out */
};

static unsigned random_below(struct model *model, unsigned limit)
{
    model->seed = model->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(model->seed >> 33) % limit;
}

/* --- Plain sets ----------------------------------------------------------------------------- */

/* The numbers of an add: some near each other, in no order, some twice. */
static size_t number_of_add(const struct order *order, size_t i)
{
    return (order->seed + i * (order->seed % 7 + 1)) % NUMBERS;
}

static void apply_order(struct sets *sets, const struct order *order)
{
    unsigned char *has = sets->has[order->directory];
    if (order->kind == FORGET)
        memset(has, 0, NUMBERS);
    for (size_t i = 0; order->kind == JOIN && i < NUMBERS; i++)
        has[i] |= sets->has[order->from][i];
    for (size_t i = 0; order->kind == ADD && i < order->count; i++)
        has[number_of_add(order, i)] = 1;
}

static void apply_orders(struct sets *sets, const struct orders *orders)
{
    for (size_t i = 0; i < orders->count; i++)
        apply_order(sets, &orders->items[i]);
}

/* --- The writer ----------------------------------------------------------------------------- */

static int write_add(struct model *model, const struct order *order)
{
    uint64_t *ids = memory_resize(NULL, order->count, sizeof(*ids));
    for (size_t i = 0; i < order->count; i++)
        ids[i] = id_of(number_of_add(order, i));
    int code = id_writer_add(model->fixture.writer, order->directory, ids, order->count);
    free(ids);
    return code;
}

static int write_order(struct model *model, const struct order *order)
{
    switch (order->kind) {
    case ADD:
        return write_add(model, order);
    case JOIN:
        return id_writer_join(model->fixture.writer, order->directory, order->from);
    case FORGET:
        return id_writer_forget(model->fixture.writer, order->directory);
    }
    return SQLITE_INTERNAL;
}

/* From now on the database cannot grow; or it can again. */
static void set_full(struct model *model, bool full)
{
    char sql[64];
    int64_t pages = full ? number_of(model->fixture.database, "PRAGMA page_count") : 1000000;
    snprintf(sql, sizeof(sql), "PRAGMA max_page_count=%lld", (long long)pages);
    run_sql(model->fixture.database, sql);
}

static size_t count_pending(const struct orders *orders)
{
    size_t count = 0;
    for (size_t i = 0; i < orders->count; i++)
        count += orders->items[i].kind != ADD;
    return count;
}

static void commit_batch(struct model *model)
{
    struct id_fixture *fixture = &model->fixture;
    size_t stop_at = random_below(model, 4) == 0 ? random_below(model, (unsigned)BATCH) : SIZE_MAX;
    bool full = random_below(model, 6) == 0;
    int code = SQLITE_OK;
    set_full(model, full);
    begin(fixture);
    for (size_t i = 0; i < model->batch.count && i < stop_at && code == SQLITE_OK; i++)
        code = write_order(model, &model->batch.items[i]);
    assert_true(code == SQLITE_OK || (full && code == SQLITE_FULL));
    if (code != SQLITE_OK || stop_at < model->batch.count) {
        if (!sqlite3_get_autocommit(fixture->database))
            run_sql(fixture->database, "ROLLBACK");
        id_writer_rolled_back(fixture->writer);
    } else {
        commit(fixture);
        apply_orders(&model->committed, &model->batch);
        model->to_confirm += count_pending(&model->batch);
        model->batch.count = 0;
    }
    set_full(model, false);
}

static void take_step(struct model *model)
{
    bool more;
    bool full = random_below(model, 8) == 0;
    id_writer_set_step(model->fixture.writer, 100 + random_below(model, 3000),
                       1 + random_below(model, 20));
    set_full(model, full);
    int code = id_writer_step(model->fixture.writer, &more);
    assert_true(code == SQLITE_OK || (full && code == SQLITE_FULL));
    set_full(model, false);
}

/* --- News ----------------------------------------------------------------------------------- */

static void take_news(struct model *model)
{
    if (model->flying == IN_FLIGHT)
        return;
    struct id_news *news = id_writer_take_news(model->fixture.writer);
    if (!news)
        return;
    struct flight *flight = &model->flights[model->flying++];
    flight->news = news;
    flight->committed = model->committed;
    flight->confirmed = model->to_confirm;
    model->to_confirm = 0;
}

static void deliver_first(struct model *model)
{
    if (model->flying == 0)
        return;
    struct flight *flight = &model->flights[0];
    id_archive_apply(model->fixture.archive, flight->news);
    model->applied = flight->committed;
    struct orders *pending = &model->pending;
    pending->count -= flight->confirmed;
    memmove(pending->items, pending->items + flight->confirmed,
            pending->count * sizeof(*pending->items));
    model->flying--;
    memmove(flight, flight + 1, model->flying * sizeof(*flight));
}

static void acknowledge(struct model *model)
{
    if (model->flying == 0)
        id_writer_acknowledge(model->fixture.writer);
}

/* --- The loop ------------------------------------------------------------------------------- */

static void give_order(struct model *model)
{
    if (model->batch.count == BATCH || model->pending.count >= BATCH * (IN_FLIGHT - 1))
        return;
    static const unsigned counts[] = {1, 10, 60, 600, 4000};
    unsigned kind = random_below(model, 20);
    struct order order = {.kind = kind < 16   ? ADD
                                  : kind < 19 ? JOIN
                                              : FORGET,
                          .directory = random_below(model, DIRECTORIES),
                          .from = random_below(model, DIRECTORIES),
                          .seed = random_below(model, NUMBERS)};
    order.count = 1 + random_below(model, counts[random_below(model, ARRAY_LENGTH(counts))]);
    if (order.kind == JOIN)
        id_archive_join(model->fixture.archive, order.directory, order.from);
    if (order.kind == FORGET)
        id_archive_forget(model->fixture.archive, order.directory);
    if (order.kind != ADD)
        model->pending.items[model->pending.count++] = order;
    model->batch.items[model->batch.count++] = order;
}

static void check(struct model *model, unsigned every)
{
    static struct sets expected;
    expected = model->applied;
    apply_orders(&expected, &model->pending);
    for (uint64_t d = 0; d < DIRECTORIES; d++)
        for (uint64_t i = random_below(model, every); i < NUMBERS; i += every)
            if (id_archive_holds(model->fixture.archive, d, id_of(i)) != expected.has[d][i])
                fail_msg("directory %d, number %d: expected %d", (int)d, (int)i,
                         expected.has[d][i]);
    struct id_archive_counts counts = counts_of(&model->fixture);
    assert_int_equal(counts.errors, 0);
    /* Beyond the maximum: numbers and links of all runs, first ids of those asked. */
    assert_in_range(counts.bytes, 0, model->maximum + 100000);
}

static void drop_news(struct model *model)
{
    for (size_t i = 0; i < model->flying; i++)
        id_news_free(model->flights[i].news);
    model->flying = 0;
}

static void restart(struct model *model)
{
    static const size_t maxima[] = {0, 5000, 50000, ROOMY};
    model->maximum = maxima[random_below(model, ARRAY_LENGTH(maxima))];
    drop_news(model);
    close_sides(&model->fixture);
    open_sides(&model->fixture, model->maximum);
    model->applied = model->committed;
    model->batch.count = model->pending.count = model->to_confirm = 0;
}

static void do_something(struct model *model)
{
    unsigned choice = random_below(model, 100);
    if (choice < 40)
        give_order(model);
    else if (choice < 52)
        commit_batch(model);
    else if (choice < 70)
        take_step(model);
    else if (choice < 78)
        take_news(model);
    else if (choice < 86)
        deliver_first(model);
    else if (choice < 91)
        acknowledge(model);
    else if (choice < 99)
        check(model, 50);
    else
        restart(model);
}

/* All that is linked is there, and nothing else; no directory has many runs. */
static void check_tables(struct model *model)
{
    struct sqlite3 *database = model->fixture.database;
    assert_int_equal(number_of(database, "SELECT count(*) FROM id_run WHERE ids = 0 OR"
                                         " run NOT IN (SELECT run FROM id_link)"),
                     0);
    assert_int_equal(number_of(database, "SELECT count(*) FROM id_row WHERE place >> 24"
                                         " NOT IN (SELECT run FROM id_run)"),
                     0);
    assert_int_equal(number_of(database, "SELECT count(*) FROM id_filter WHERE place >> 24"
                                         " NOT IN (SELECT run FROM id_run)"),
                     0);
    assert_int_equal(number_of(database, "SELECT total(rows) FROM id_run"),
                     number_of(database, "SELECT count(*) FROM id_row"));
    assert_in_range(number_of(database, "SELECT coalesce(max(runs), 0) FROM (SELECT count(*) AS"
                                        " runs FROM id_link GROUP BY directory)"),
                    0, 5);
}

static void settle(struct model *model)
{
    while (model->batch.count > 0)
        commit_batch(model);
    take_news(model);
    while (model->flying > 0)
        deliver_first(model);
    id_writer_set_step(model->fixture.writer, 1000, 100);
    finish_steps(&model->fixture);
    model->applied = model->committed;
    model->pending.count = model->to_confirm = 0;
}

static void run_seed(uint64_t seed)
{
    struct model *model = memory_zero(1, sizeof(*model));
    model->seed = seed;
    model->maximum = ROOMY;
    set_up_ids(&model->fixture, model->maximum);
    for (int i = 0; i < STEPS; i++)
        do_something(model);
    check(model, 1);
    settle(model);
    check(model, 1);
    check_tables(model);
    restart(model);
    check(model, 1);
    tear_down_ids(&model->fixture);
    free(model);
}

static void test_random_operations(void **state UNUSED)
{
    const char *wish = getenv("SEED");
    uint64_t first = wish ? strtoull(wish, NULL, 10) : 1;
    uint64_t count = wish ? 1 : 3;
    for (uint64_t seed = first; seed < first + count; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        run_seed(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
