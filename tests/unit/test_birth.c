/* Born at zero: registry/birth.c. */
#include "registry_fixture.h"

static const char *const one_label[] = {"job"};
static const double three_buckets[] = {1, 2.5, 10};

static const struct family_spec counter = {
    .name = "jobs_total", .labels = one_label, .label_count = 1, .ttl = HOUR};
static const struct family_spec histogram = {
    .name = "seconds",
    .type = METRIC_HISTOGRAM,
    .labels = one_label,
    .label_count = 1,
    .buckets = three_buckets,
    .bucket_count = 3,
    .ttl = HOUR,
};

static struct scene live_scene(const struct family_spec *spec)
{
    struct scene scene = scene_new(spec);
    registry_born_at_zero(scene.registry, true);
    return scene;
}

static void test_history_shows_at_once(void **state)
{
    (void)state;
    struct scene scene = scene_new(&counter);
    update(&scene, UPDATE_ADD, "a", 5, START);
    registry_born_at_zero(scene.registry, true);
    update(&scene, UPDATE_ADD, "a", 1, START);
    assert_true(shown(&scene, "job=\"a\"") == 6);
    scene_free(&scene);
}

static void test_new_counter_is_zero_until_all_have_seen_it(void **state)
{
    (void)state;
    struct scene scene = live_scene(&counter);
    update(&scene, UPDATE_ADD, "a", 5, START);
    uint64_t before = registry_version(scene.registry);
    update(&scene, UPDATE_ADD, "a", 2, START + SECOND);
    assert_true(registry_version(scene.registry) == before);
    assert_true(shown(&scene, "job=\"a\"") == 0);
    assert_true(series_value(find(&scene, "a")) == 7);
    registry_release_born(scene.registry, TIME_NONE, START + SECOND);
    registry_release_born(scene.registry, START - SECOND, START + SECOND);
    registry_release_born(scene.registry, START, START + SECOND); /* may have come before it */
    assert_true(shown(&scene, "job=\"a\"") == 0);
    registry_release_born(scene.registry, START + 1, START + SECOND);
    assert_true(registry_version(scene.registry) != before);
    assert_true(shown(&scene, "job=\"a\"") == 7);
    update(&scene, UPDATE_ADD, "a", 1, START + SECOND);
    assert_true(shown(&scene, "job=\"a\"") == 8);
    scene_free(&scene);
}

static void test_no_longer_than_a_minute(void **state)
{
    (void)state;
    struct scene scene = live_scene(&counter);
    update(&scene, UPDATE_ADD, "a", 5, START);
    registry_release_born(scene.registry, TIME_NONE, START + REGISTRY_BIRTH_LONGEST - 1);
    assert_true(shown(&scene, "job=\"a\"") == 0);
    registry_release_born(scene.registry, TIME_NONE, START + REGISTRY_BIRTH_LONGEST);
    assert_true(shown(&scene, "job=\"a\"") == 5);
    scene_free(&scene);
}

static void test_no_longer_than_a_minute_when_the_clock_is_set_back(void **state)
{
    (void)state;
    struct scene scene = live_scene(&counter);
    update(&scene, UPDATE_ADD, "a", 5, START);
    int64_t back = START - 10 * HOUR;
    registry_release_born(scene.registry, TIME_NONE, back);
    assert_true(shown(&scene, "job=\"a\"") == 0);
    registry_release_born(scene.registry, TIME_NONE, back + REGISTRY_BIRTH_LONGEST);
    assert_true(shown(&scene, "job=\"a\"") == 5);
    scene_free(&scene);
}

static void test_new_histogram_is_zero(void **state)
{
    (void)state;
    struct scene scene = live_scene(&histogram);
    update(&scene, UPDATE_OBSERVE, "a", 2, START);
    struct series_view found;
    assert_true(view(&scene, "job=\"a\"", &found));
    assert_true(found.count == 0 && found.sum == 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(found.counts[i], 0);
    registry_release_born(scene.registry, START + 1, START + 1);
    assert_true(view(&scene, "job=\"a\"", &found));
    assert_true(found.count == 1 && found.sum == 2 && found.counts[1] == 1);
    scene_free(&scene);
}

static void test_returning_series_shows_its_old_total(void **state)
{
    (void)state;
    struct scene counters = scene_new(&counter);
    struct scene histograms = scene_in(counters.registry, &histogram);
    update(&counters, UPDATE_ADD, "a", 5, START);
    update(&histograms, UPDATE_OBSERVE, "a", 2, START);
    registry_born_at_zero(counters.registry, true);
    int64_t later = START + 2 * HOUR;
    registry_tick(counters.registry, later, true);
    update(&counters, UPDATE_ADD, "a", 1, later);
    update(&histograms, UPDATE_OBSERVE, "a", 20, later);
    update(&histograms, UPDATE_OBSERVE, "a", 20, later);
    struct series_view found;
    assert_true(shown(&counters, "job=\"a\"") == 5);
    assert_true(view(&histograms, "job=\"a\"", &found));
    assert_true(found.count == 1 && found.sum == 2 && found.counts[1] == 1 && found.counts[3] == 0);
    registry_release_born(counters.registry, later + 1, later + 1);
    assert_true(shown(&counters, "job=\"a\"") == 6);
    assert_true(view(&histograms, "job=\"a\"", &found));
    assert_true(found.count == 3 && found.sum == 42 && found.counts[3] == 2);
    scene_free(&counters);
}

/* Nobody has seen it when its ttl hides it: what it shows when it is back is still 0. */
static void test_series_that_was_hidden_unseen_is_still_new(void **state)
{
    (void)state;
    struct family_spec spec = counter;
    spec.ttl = 10 * SECOND;
    struct scene scene = live_scene(&spec);
    registry_tick(scene.registry, START, true);
    update(&scene, UPDATE_ADD, "a", 5, START);
    registry_tick(scene.registry, START + 20 * SECOND, true);
    assert_false(is_shown(&scene, "job=\"a\""));
    update(&scene, UPDATE_ADD, "a", 1, START + 21 * SECOND);
    assert_true(shown(&scene, "job=\"a\"") == 0);
    registry_release_born(scene.registry, TIME_NONE, START + REGISTRY_BIRTH_LONGEST);
    assert_true(shown(&scene, "job=\"a\"") == 6);
    scene_free(&scene);
}

static void test_gauges_and_summaries_are_not_held_back(void **state)
{
    (void)state;
    struct scene gauges = live_scene(&(struct family_spec){.name = "depth", .type = METRIC_GAUGE});
    struct scene summaries =
        scene_in(gauges.registry, &(struct family_spec){.name = "latency", .type = METRIC_SUMMARY});
    update(&gauges, UPDATE_SET, "", 5, START);
    update(&summaries, UPDATE_OBSERVE, "", 5, START);
    struct series_view found;
    assert_true(shown(&gauges, "") == 5);
    assert_true(view(&summaries, "", &found));
    assert_true(found.count == 1 && found.sum == 5);
    scene_free(&gauges);
}

/* Births end in any order: by release, drop, ttl and the end of the registry. */
static void test_births_end_in_any_way(void **state)
{
    (void)state;
    struct scene scene = live_scene(&counter);
    update(&scene, UPDATE_ADD, "old", 5, START - 2 * HOUR);
    update(&scene, UPDATE_ADD, "a", 1, START);
    update(&scene, UPDATE_ADD, "b", 2, START + SECOND);
    update(&scene, UPDATE_ADD, "c", 3, START + 2 * SECOND);
    drop(&scene, "a");
    registry_tick(scene.registry, START + 2 * SECOND, true);
    assert_false(is_shown(&scene, "job=\"old\""));
    registry_release_born(scene.registry, START + 2 * SECOND, START + 3 * SECOND);
    assert_true(shown(&scene, "job=\"b\"") == 2);
    assert_true(shown(&scene, "job=\"c\"") == 0);
    update(&scene, UPDATE_ADD, "a", 1, START + 3 * SECOND);
    assert_true(shown(&scene, "job=\"a\"") == 0);
    registry_release_born(scene.registry, START + 4 * SECOND, START + 4 * SECOND);
    assert_true(shown(&scene, "job=\"a\"") == 1);
    assert_true(shown(&scene, "job=\"c\"") == 3);
    update(&scene, UPDATE_ADD, "d", 1, START + 5 * SECOND);
    scene_free(&scene);
}

static void test_touched_series_is_born_too(void **state)
{
    (void)state;
    struct scene scene = live_scene(&counter);
    update(&scene, UPDATE_TOUCH, "a", 0, START);
    update(&scene, UPDATE_ADD, "a", 1, START + SECOND);
    assert_true(shown(&scene, "job=\"a\"") == 0);
    registry_release_born(scene.registry, START + SECOND, START + SECOND);
    assert_true(shown(&scene, "job=\"a\"") == 1);
    scene_free(&scene);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_history_shows_at_once),
        cmocka_unit_test(test_new_counter_is_zero_until_all_have_seen_it),
        cmocka_unit_test(test_no_longer_than_a_minute),
        cmocka_unit_test(test_no_longer_than_a_minute_when_the_clock_is_set_back),
        cmocka_unit_test(test_new_histogram_is_zero),
        cmocka_unit_test(test_returning_series_shows_its_old_total),
        cmocka_unit_test(test_series_that_was_hidden_unseen_is_still_new),
        cmocka_unit_test(test_gauges_and_summaries_are_not_held_back),
        cmocka_unit_test(test_births_end_in_any_way),
        cmocka_unit_test(test_touched_series_is_born_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
