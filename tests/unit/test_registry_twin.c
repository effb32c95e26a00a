/* Two registries that the same happens to: one is killed, restarted and reloaded at any moment, its
 * twin never. They show the same. */
#include "registry_home.h"

#include <stdio.h>

static const struct family_spec twin_specs[] = {
    {.name = "a_total",
     .labels = two_labels,
     .label_count = 2,
     .ttl = HOUR,
     .max_series = 4,
     .label_folds = {false, true}},
    {.name = "b_total", .labels = one_label, .label_count = 1, .ttl = 5 * MINUTE},
    {.name = "c_seconds",
     .type = METRIC_HISTOGRAM,
     .labels = one_label,
     .label_count = 1,
     .buckets = three_buckets,
     .bucket_count = 3,
     .ttl = 30 * MINUTE,
     .max_series = 24,
     .label_folds = {true}},
    {.name = "d_latency",
     .type = METRIC_SUMMARY,
     .labels = one_label,
     .label_count = 1,
     .quantiles = two_quantiles,
     .quantile_count = 2,
     .max_series = 16,
     .label_folds = {true}},
    {.name = "e_depth",
     .type = METRIC_GAUGE,
     .labels = one_label,
     .label_count = 1,
     .ttl = 20 * MINUTE,
     .max_series = 5},
    {.name = "f_rate", .type = METRIC_GAUGE, .labels = one_label, .label_count = 1},
};

enum { STEPS = 1500, TWIN_SAMPLES = 70 };

/* One thing that happens, so that it can be done again after a crash. */
struct step {
    enum { STEP_UPDATE, STEP_DROP, STEP_TICK } what;
    size_t family;
    enum update_kind kind;
    char labels[16];
    double amount;
    int64_t event_time;
    int64_t since; /* the last step */
    int64_t now;
};

static struct registry *twin_new(struct shelf *shelf)
{
    struct registry *registry = registry_new(TWIN_SAMPLES);
    struct family *family;
    for (size_t i = 0; i < ARRAY_LENGTH(twin_specs); i++)
        assert_int_equal(registry_define(registry, &twin_specs[i], &family), 0);
    registry_track(registry, shelf_recall, shelf, KEEP);
    registry_born_at_zero(registry, true);
    return registry;
}

static void take_step(struct registry *registry, const struct step *step)
{
    struct scene scene = {.registry = registry};
    scene.family = registry_find(registry, twin_specs[step->family].name);
    for (int64_t now = step->since; now < step->now; now += SECOND)
        registry_tick(registry, now, true);
    switch (step->what) {
    case STEP_UPDATE:
        update_late(&scene, step->kind, step->labels, step->amount, step->event_time, step->now);
        break;
    case STEP_DROP:
        drop(&scene, step->labels);
        break;
    case STEP_TICK:
        registry_tick(registry, step->now, true);
        registry_release_born(registry, step->event_time, step->now);
        break;
    }
}

static struct step random_step(int64_t since)
{
    int64_t now = since + (1 + rand() % (rand() % 10 ? 60 : 1000)) * SECOND;
    static const enum update_kind kinds[][3] = {
        {UPDATE_ADD, UPDATE_ADD, UPDATE_SET},
        {UPDATE_ADD, UPDATE_ADD, UPDATE_TOUCH},
        {UPDATE_OBSERVE, UPDATE_OBSERVE, UPDATE_TOUCH},
        {UPDATE_OBSERVE, UPDATE_OBSERVE, UPDATE_OBSERVE},
        {UPDATE_ADD, UPDATE_MAX, UPDATE_SET},
        {UPDATE_RATE, UPDATE_RATE, UPDATE_RATE},
    };
    struct step step = {.since = since, .now = now, .event_time = now};
    step.family = (size_t)rand() % ARRAY_LENGTH(twin_specs);
    step.kind = kinds[step.family][rand() % 3];
    /* Late ones, but where they would hide series in another order than that of arrival, which is
     * the one that a restart keeps. */
    if (twin_specs[step.family].ttl == 0)
        step.event_time -= rand() % 3 * (rand() % (10 * 60)) * SECOND;
    step.amount = rand() % 40 / 4.0;
    step.what = rand() % 25 == 0 ? STEP_DROP : rand() % 4 == 0 ? STEP_TICK : STEP_UPDATE;
    snprintf(step.labels, sizeof(step.labels), step.family == 0 ? "%c|%c" : "%c%c",
             'a' + rand() % 2, 'a' + rand() % 5);
    return step;
}

/* `registry` ends as it stands; what is committed comes back, and what came after it again. */
static struct registry *crash(struct registry *registry, struct shelf *shelf,
                              const struct step *steps, size_t count, int64_t saved_at)
{
    registry_free(registry);
    shelf_lose(shelf);
    registry = twin_new(shelf);
    struct loading loading = {registry, saved_at};
    assert_int_equal(shelf_each(shelf, on_restore, &loading), 0);
    registry_tick(registry, saved_at, true);
    for (size_t i = 0; i < count; i++)
        take_step(registry, &steps[i]);
    return registry;
}

static struct registry *reload(struct registry *registry, struct shelf *shelf, int64_t now)
{
    struct shelf records = {0};
    struct record_sink sink = shelf_sink(&records);
    registry_save_all(registry, &sink, now);
    shelf_commit(&records);
    registry_free(registry);
    registry = twin_new(shelf);
    struct loading loading = {registry, now};
    assert_int_equal(shelf_each(&records, on_restore, &loading), 0);
    registry_tick(registry, now, true);
    shelf_free(&records);
    return registry;
}

static void save_into(struct registry *registry, struct shelf *shelf, int64_t now)
{
    struct record_sink sink = shelf_sink(shelf);
    registry_save(registry, &sink, now);
}

static void run_twins(unsigned seed)
{
    struct shelf twin_shelf = {0};
    struct shelf shelf = {0};
    struct registry *twin = twin_new(&twin_shelf);
    struct registry *registry = twin_new(&shelf);
    static struct step steps[STEPS];
    size_t committed = 0; /* steps in the last commit */
    size_t saved = 0;     /* in the last save */
    int64_t now = START;
    srand(seed);
    for (size_t i = 0; i < STEPS; i++) {
        steps[i] = random_step(now);
        now = steps[i].now;
        if (i % 10 == 0) /* so that a save finds nothing overdue */
            steps[i].what = STEP_TICK;
        take_step(twin, &steps[i]);
        take_step(registry, &steps[i]);
        if (i % 10 == 0 && saved == committed) {
            save_into(twin, &twin_shelf, now);
            shelf_commit(&twin_shelf);
            registry_saved(twin);
            save_into(registry, &shelf, now);
            saved = i + 1;
        } else if (saved > committed && rand() % 8 == 0) {
            shelf_commit(&shelf);
            committed = saved;
            if (rand() % 2)
                registry_saved(registry);
            else /* killed before it heard of it */
                registry = crash(registry, &shelf, steps + committed, i + 1 - committed,
                                 steps[committed - 1].now);
        } else if (committed > 0 && rand() % 50 == 0) {
            registry = crash(registry, &shelf, steps + committed, i + 1 - committed,
                             steps[committed - 1].now);
            saved = committed;
        } else if (steps[i].what == STEP_TICK && rand() % 15 == 0) {
            /* What was saved and not committed stays in the open batch. */
            registry = reload(registry, &shelf, now);
        }
        if (steps[i].what == STEP_TICK)
            assert_same(twin, registry);
    }
    registry_free(twin);
    registry_free(registry);
    shelf_free(&shelf);
    shelf_free(&twin_shelf);
}

static void test_a_twin_that_is_never_restarted_shows_the_same(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 10; seed++)
        run_twins(seed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_twin_that_is_never_restarted_shows_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
