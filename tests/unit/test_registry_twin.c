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

struct twin {
    struct registry *registry;
    struct shelf shelf;
    bool born_at_zero; /* then nothing is let go: when that happens depends on commits */
};

static void twin_start(struct twin *twin)
{
    struct family *family;
    twin->registry = registry_new(TWIN_SAMPLES);
    for (size_t i = 0; i < ARRAY_LENGTH(twin_specs); i++)
        assert_int_equal(registry_define(twin->registry, &twin_specs[i], &family), 0);
    registry_track(twin->registry, shelf_recall, &twin->shelf, KEEP);
    registry_born_at_zero(twin->registry, twin->born_at_zero);
}

static void twin_end(struct twin *twin)
{
    registry_free(twin->registry);
    shelf_free(&twin->shelf);
}

static void load(struct twin *twin, struct shelf *shelf, int64_t now)
{
    struct loading loading = {twin->registry, now};
    assert_int_equal(shelf_each(shelf, on_restore, &loading), 0);
    registry_tick(twin->registry, now, true);
}

static void save_twin(struct twin *twin, int64_t now)
{
    struct record_sink sink = shelf_sink(&twin->shelf);
    registry_save(twin->registry, &sink, now);
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

/* It ends as it stands; what is committed comes back, and what came after it again. */
static void kill_and_restart(struct twin *twin, const struct step *steps, size_t committed,
                             size_t count)
{
    registry_free(twin->registry);
    shelf_lose(&twin->shelf);
    twin_start(twin);
    load(twin, &twin->shelf, steps[committed - 1].now);
    for (size_t i = committed; i < count; i++)
        take_step(twin->registry, &steps[i]);
}

/* What was saved and not committed stays in the open batch. */
static void reload(struct twin *twin, int64_t now)
{
    struct shelf records = {0};
    struct record_sink sink = shelf_sink(&records);
    sink.remove = NULL;
    registry_save_all(twin->registry, &sink, now);
    shelf_commit(&records);
    registry_free(twin->registry);
    twin_start(twin);
    load(twin, &records, now);
    shelf_free(&records);
}

static void run_twins(unsigned seed, bool born_at_zero)
{
    struct twin twin = {.born_at_zero = born_at_zero};
    struct twin other = {.born_at_zero = born_at_zero};
    static struct step steps[STEPS];
    size_t committed = 0; /* steps in the last commit of the other one */
    size_t saved = 0;     /* in its last save */
    int64_t now = START;
    twin_start(&twin);
    twin_start(&other);
    srand(seed);
    for (size_t i = 0; i < STEPS; i++) {
        steps[i] = random_step(now);
        now = steps[i].now;
        if (i % 10 == 0) /* so that a save finds nothing overdue */
            steps[i].what = STEP_TICK;
        take_step(twin.registry, &steps[i]);
        take_step(other.registry, &steps[i]);
        if (i % 10 == 0 && saved == committed) {
            save_twin(&twin, now);
            shelf_commit(&twin.shelf);
            registry_saved(twin.registry);
            save_twin(&other, now);
            saved = i + 1;
        } else if (saved > committed && rand() % 8 == 0) {
            shelf_commit(&other.shelf);
            committed = saved;
            if (rand() % 2)
                registry_saved(other.registry);
            else /* killed before it heard of it */
                kill_and_restart(&other, steps, committed, i + 1);
        } else if (committed > 0 && rand() % 50 == 0) {
            kill_and_restart(&other, steps, committed, i + 1);
            saved = committed;
        } else if (steps[i].what == STEP_TICK && rand() % 15 == 0) {
            reload(&other, now);
        }
        if (steps[i].what == STEP_TICK)
            assert_same(twin.registry, other.registry);
    }
    twin_end(&twin);
    twin_end(&other);
}

static void test_what_is_counted(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 8; seed++)
        run_twins(seed, false);
}

static void test_what_is_shown_of_the_newly_born(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 4; seed++)
        run_twins(seed, true);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_counted),
        cmocka_unit_test(test_what_is_shown_of_the_newly_born),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
