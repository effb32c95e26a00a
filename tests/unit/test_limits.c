/* Limits, folding and making room: registry/limits.c, and fold() of update.c. */
#include "registry_fixture.h"

#include <stdio.h>

static const char *const one_label[] = {"job"};
static const char *const two_labels[] = {"status", "job"};
static const double three_buckets[] = {1, 2.5, 10};

static const struct family_spec jobs = {
    .name = "jobs_total",
    .labels = one_label,
    .label_count = 1,
    .max_series = 3,
    .label_folds = {true},
};
/* `status` is listed in init, so it keeps its value. */
static const struct family_spec outcomes = {
    .name = "outcomes_total",
    .labels = two_labels,
    .label_count = 2,
    .max_series = 2,
    .label_folds = {false, true},
};

static void fill(struct scene *scene, int count, int64_t now)
{
    for (int i = 0; i < count; i++) {
        char label[16];
        snprintf(label, sizeof(label), "%d", i);
        assert_int_equal(update(scene, UPDATE_ADD, label, 1, now), UPDATE_APPLIED);
    }
}

static void test_live_series_fold(void **state)
{
    (void)state;
    struct scene scene = scene_new(&jobs);
    fill(&scene, 3, START);
    assert_int_equal(update(&scene, UPDATE_ADD, "new", 2, START + SECOND), UPDATE_FOLDED);
    assert_int_equal(update(&scene, UPDATE_ADD, "newer", 3, START + SECOND), UPDATE_FOLDED);
    assert_int_equal(update(&scene, UPDATE_ADD, "1", 1, START + SECOND), UPDATE_APPLIED);
    assert_true(shown(&scene, "job=\"_other\"") == 5);
    assert_true(shown(&scene, "job=\"1\"") == 2);
    assert_null(find(&scene, "new"));
    assert_int_equal(usage_of(&scene).folded, 2);
    assert_int_equal(usage_of(&scene).series, 4);
    scene_free(&scene);
}

static void test_fold_keeps_labels_of_init(void **state)
{
    (void)state;
    struct scene scene = scene_new(&outcomes);
    update(&scene, UPDATE_ADD, "success|1", 1, START);
    update(&scene, UPDATE_ADD, "failed|1", 1, START);
    update(&scene, UPDATE_ADD, "success|2", 5, START);
    update(&scene, UPDATE_ADD, "failed|3", 7, START);
    update(&scene, UPDATE_TOUCH, "dlq|3", 0, START);
    assert_true(shown(&scene, "status=\"success\",job=\"_other\"") == 5);
    assert_true(shown(&scene, "status=\"failed\",job=\"_other\"") == 7);
    assert_true(shown(&scene, "status=\"dlq\",job=\"_other\"") == 0);
    assert_int_equal(usage_of(&scene).folded, 2); /* a touch is no update that was lost */
    scene_free(&scene);
}

static void test_fold_series_are_bounded(void **state)
{
    (void)state;
    struct scene scene = scene_new(&outcomes);
    char labels[32];
    for (int i = 0; i < 500; i++) {
        snprintf(labels, sizeof(labels), "status-%d|%d", i, i);
        update(&scene, UPDATE_ADD, labels, 1, START);
    }
    assert_int_equal(usage_of(&scene).series, 2 + REGISTRY_FOLDS + 1);
    assert_true(shown(&scene, "status=\"_other\",job=\"_other\"") == 500 - 2 - REGISTRY_FOLDS);
    scene_free(&scene);
}

static void test_what_does_not_fold_is_dropped(void **state)
{
    (void)state;
    static const enum update_kind kinds[] = {UPDATE_SET, UPDATE_MAX, UPDATE_MIN, UPDATE_RATE};
    struct family_spec spec = jobs;
    spec.type = METRIC_GAUGE;
    struct scene scene = scene_new(&spec);
    fill(&scene, 3, START);
    uint64_t before = registry_version(scene.registry);
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        assert_int_equal(update(&scene, kinds[i], "new", 1, START), UPDATE_DROPPED);
    assert_true(registry_version(scene.registry) == before);
    assert_false(is_shown(&scene, "job=\"_other\""));
    assert_int_equal(usage_of(&scene).folded, 4);
    assert_int_equal(update(&scene, UPDATE_ADD, "new", -1, START), UPDATE_FOLDED);
    assert_true(shown(&scene, "job=\"_other\"") == -1);
    scene_free(&scene);
}

/* Without a label that folds there is nothing to merge into: a plain total is never refused. */
static void test_family_without_labels_is_always_there(void **state)
{
    (void)state;
    struct scene full = scene_in(registry_new(3), &jobs);
    fill(&full, 3, START);
    struct scene total = scene_in(full.registry, &(struct family_spec){.name = "all_total"});
    assert_int_equal(update(&total, UPDATE_ADD, "", 4, START), UPDATE_APPLIED);
    assert_int_equal(update(&total, UPDATE_ADD, "", 4, START), UPDATE_APPLIED);
    assert_true(shown(&total, "") == 8);
    assert_int_equal(usage_of(&total).folded, 0);
    scene_free(&full);
}

static void test_longest_idle_makes_room(void **state)
{
    (void)state;
    struct scene scene = scene_new(&jobs);
    fill(&scene, 3, START);
    update(&scene, UPDATE_ADD, "2", 1, START + SECOND);
    update(&scene, UPDATE_ADD, "0", 1, START + 2 * SECOND);
    int64_t almost = START + REGISTRY_IDLE - SECOND;
    assert_int_equal(update(&scene, UPDATE_ADD, "a", 1, almost), UPDATE_FOLDED);
    assert_int_equal(update(&scene, UPDATE_ADD, "a", 1, almost + SECOND), UPDATE_APPLIED);
    assert_false(is_shown(&scene, "job=\"1\""));
    assert_int_equal(update(&scene, UPDATE_ADD, "b", 1, almost + SECOND), UPDATE_FOLDED);
    assert_int_equal(update(&scene, UPDATE_ADD, "b", 1, almost + 2 * SECOND), UPDATE_APPLIED);
    assert_false(is_shown(&scene, "job=\"2\""));
    assert_true(is_shown(&scene, "job=\"0\""));
    assert_int_equal(usage_of(&scene).expired, 2);
    scene_free(&scene);
}

/* Idle means without an update that arrived: events of long ago, read now, are no reason to go. */
static void test_old_events_that_arrive_now_are_not_idle(void **state)
{
    (void)state;
    struct scene scene = scene_new(&jobs);
    for (int i = 0; i < 3; i++) {
        const char *const labels[] = {"a", "b", "c"};
        update_late(&scene, UPDATE_ADD, labels[i], 1, START - 100 * HOUR, START);
    }
    assert_int_equal(update(&scene, UPDATE_ADD, "d", 1, START + SECOND), UPDATE_FOLDED);
    scene_free(&scene);
}

static void test_hidden_goes_before_idle(void **state)
{
    (void)state;
    struct family_spec spec = jobs;
    spec.ttl = HOUR;
    struct scene scene = scene_new(&spec);
    fill(&scene, 3, START); /* idle for longest */
    update_late(&scene, UPDATE_ADD, "0", 1, START + 30 * MINUTE, START + SECOND);
    update_late(&scene, UPDATE_ADD, "2", 1, START + 30 * MINUTE, START + SECOND);
    update(&scene, UPDATE_ADD, "1", 1, START + 2 * SECOND); /* hidden first */
    registry_tick(scene.registry, START + HOUR + 5 * SECOND, true);
    assert_int_equal(usage_of(&scene).hidden, 1);
    assert_int_equal(update(&scene, UPDATE_ADD, "new", 1, START + HOUR + 5 * SECOND),
                     UPDATE_APPLIED);
    assert_null(find(&scene, "1"));
    assert_true(is_shown(&scene, "job=\"0\""));
    assert_int_equal(usage_of(&scene).hidden, 0);
    assert_int_equal(usage_of(&scene).expired, 1);
    scene_free(&scene);
}

/* Whose ttl is over since the last tick goes as if it were hidden already. */
static void test_room_is_made_of_what_a_tick_would_hide(void **state)
{
    (void)state;
    struct family_spec spec = jobs;
    spec.ttl = HOUR;
    struct scene scene = scene_new(&spec);
    registry_tick(scene.registry, START, true);
    for (int i = 0; i < 50; i++) {
        char label[16];
        snprintf(label, sizeof(label), "%d", i);
        assert_int_equal(update_late(&scene, UPDATE_ADD, label, 1, START - 2 * HOUR - i, START),
                         UPDATE_APPLIED);
    }
    assert_int_equal(usage_of(&scene).folded, 0);
    scene_free(&scene);
}

/* A fold series takes no room, so removing it, though idle, would win none. */
static void test_fold_series_stay(void **state)
{
    (void)state;
    struct scene scene = scene_new(&jobs);
    fill(&scene, 3, START);
    update(&scene, UPDATE_ADD, "new", 1, START);
    for (int i = 0; i < 3; i++) {
        const char *const labels[] = {"0", "1", "2"};
        update(&scene, UPDATE_ADD, labels[i], 1, START + REGISTRY_IDLE);
    }
    assert_int_equal(update(&scene, UPDATE_ADD, "new", 1, START + 2 * REGISTRY_IDLE),
                     UPDATE_APPLIED);
    assert_true(shown(&scene, "job=\"_other\"") == 1);
    assert_int_equal(usage_of(&scene).expired, 1);
    scene_free(&scene);
}

/* Once it has left, a fold series that was kept by a pin counts like any other when it is back. */
static void test_fold_series_that_comes_back_counts(void **state)
{
    (void)state;
    struct scene scene = scene_new(&jobs);
    fill(&scene, 3, START);
    update(&scene, UPDATE_ADD, "new", 1, START);
    struct series *fold = find(&scene, "_other");
    series_pin(fold);
    drop(&scene, "_other");
    drop(&scene, "0");
    assert_int_equal(registry_samples(scene.registry), 2);
    assert_int_equal(update(&scene, UPDATE_ADD, "_other", 1, START), UPDATE_APPLIED);
    assert_int_equal(registry_samples(scene.registry), 3);
    assert_int_equal(update(&scene, UPDATE_ADD, "newer", 1, START), UPDATE_FOLDED);
    assert_true(shown(&scene, "job=\"_other\"") == 3);
    series_unpin(fold);
    scene_free(&scene);
}

static void test_limit_counts_samples(void **state)
{
    (void)state;
    struct family_spec spec = jobs;
    spec.type = METRIC_HISTOGRAM;
    spec.buckets = three_buckets;
    spec.bucket_count = 3;
    spec.max_series = 17; /* two histograms of 4 buckets, sum and count are 12 */
    struct scene scene = scene_new(&spec);
    assert_int_equal(update(&scene, UPDATE_OBSERVE, "a", 1, START), UPDATE_APPLIED);
    assert_int_equal(registry_samples(scene.registry), 6);
    assert_int_equal(update(&scene, UPDATE_OBSERVE, "b", 1, START), UPDATE_APPLIED);
    assert_int_equal(update(&scene, UPDATE_OBSERVE, "c", 1, START), UPDATE_FOLDED);
    assert_int_equal(registry_samples(scene.registry), 12);
    scene_free(&scene);
}

static void test_registry_limit_takes_from_any_family(void **state)
{
    (void)state;
    struct registry *registry = registry_new(4);
    struct family_spec spec = jobs;
    spec.max_series = 0;
    struct scene first = scene_in(registry, &spec);
    spec.name = "other_total";
    struct scene second = scene_in(registry, &spec);
    spec.name = "third_total";
    struct scene third = scene_in(registry, &spec);
    fill(&first, 2, START + SECOND);
    fill(&second, 2, START);
    assert_int_equal(update(&third, UPDATE_ADD, "x", 1, START + MINUTE), UPDATE_FOLDED);
    int64_t later = START + 2 * REGISTRY_IDLE;
    assert_int_equal(update(&third, UPDATE_ADD, "x", 1, later), UPDATE_APPLIED);
    assert_int_equal(usage_of(&second).series, 1);
    assert_int_equal(update(&third, UPDATE_ADD, "y", 1, later), UPDATE_APPLIED);
    assert_int_equal(usage_of(&second).series, 0);
    assert_int_equal(usage_of(&first).series, 2);
    assert_int_equal(update(&third, UPDATE_ADD, "z", 1, later), UPDATE_APPLIED);
    assert_int_equal(usage_of(&first).series, 1);
    assert_int_equal(registry_samples(registry), 4);
    registry_free(registry);
}

static void test_pinned_series_leaves_the_count_and_comes_back(void **state)
{
    (void)state;
    struct family_spec spec = jobs;
    spec.type = METRIC_GAUGE;
    spec.max_series = 1;
    struct scene scene = scene_new(&spec);
    update(&scene, UPDATE_ADD, "set", 2, START);
    struct series *set = find(&scene, "set");
    series_pin(set);
    assert_int_equal(update(&scene, UPDATE_ADD, "new", 1, START + REGISTRY_IDLE), UPDATE_APPLIED);
    assert_false(is_shown(&scene, "job=\"set\""));
    assert_int_equal(registry_samples(scene.registry), 1);
    assert_int_equal(update(&scene, UPDATE_ADD, "set", 1, START + REGISTRY_IDLE), UPDATE_FOLDED);
    int64_t later = START + 3 * REGISTRY_IDLE;
    assert_int_equal(update(&scene, UPDATE_ADD, "set", 1, later), UPDATE_APPLIED);
    assert_ptr_equal(find(&scene, "set"), set);
    assert_true(shown(&scene, "job=\"set\"") == 3);
    series_unpin(set);
    assert_true(is_shown(&scene, "job=\"set\""));
    scene_free(&scene);
}

static void test_info_does_not_fold(void **state)
{
    (void)state;
    struct family_spec spec = jobs;
    spec.type = METRIC_INFO;
    spec.max_series = 1;
    struct scene scene = scene_new(&spec);
    assert_int_equal(update(&scene, UPDATE_TOUCH, "a", 0, START), UPDATE_APPLIED);
    assert_int_equal(update(&scene, UPDATE_TOUCH, "b", 0, START), UPDATE_DROPPED);
    assert_int_equal(usage_of(&scene).series, 1);
    scene_free(&scene);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_series_fold),
        cmocka_unit_test(test_fold_keeps_labels_of_init),
        cmocka_unit_test(test_fold_series_are_bounded),
        cmocka_unit_test(test_what_does_not_fold_is_dropped),
        cmocka_unit_test(test_family_without_labels_is_always_there),
        cmocka_unit_test(test_longest_idle_makes_room),
        cmocka_unit_test(test_old_events_that_arrive_now_are_not_idle),
        cmocka_unit_test(test_hidden_goes_before_idle),
        cmocka_unit_test(test_room_is_made_of_what_a_tick_would_hide),
        cmocka_unit_test(test_fold_series_stay),
        cmocka_unit_test(test_fold_series_that_comes_back_counts),
        cmocka_unit_test(test_limit_counts_samples),
        cmocka_unit_test(test_registry_limit_takes_from_any_family),
        cmocka_unit_test(test_pinned_series_leaves_the_count_and_comes_back),
        cmocka_unit_test(test_info_does_not_fold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
