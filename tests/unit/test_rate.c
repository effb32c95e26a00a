/* Rates over a sliding window: registry/rate.c. */
#include "registry_fixture.h"

static const struct family_spec throughput = {
    .name = "items_per_second", .type = METRIC_GAUGE, .rate_window = MINUTE};

static double rate(struct scene *scene)
{
    return shown(scene, "");
}

static void test_amount_per_second(void **state)
{
    (void)state;
    struct scene scene = scene_new(&throughput);
    for (int i = 0; i < 30; i++)
        update(&scene, UPDATE_RATE, "", 1, START + i * SECOND);
    assert_float_equal(rate(&scene), 0.5, 1e-12);
    update(&scene, UPDATE_RATE, "", 30, START + 30 * SECOND);
    assert_float_equal(rate(&scene), 1.0, 1e-12);
    scene_free(&scene);
}

static void test_window_ends_at_the_newest_event(void **state)
{
    (void)state;
    struct scene scene = scene_new(&throughput);
    update(&scene, UPDATE_RATE, "", 6, START);
    update(&scene, UPDATE_RATE, "", 6, START + 59 * SECOND);
    assert_float_equal(rate(&scene), 0.2, 1e-12);
    update(&scene, UPDATE_RATE, "", 6, START + 60 * SECOND); /* the first has left */
    assert_float_equal(rate(&scene), 0.2, 1e-12);
    update(&scene, UPDATE_RATE, "", 6, START + 1000 * SECOND); /* all have left */
    assert_float_equal(rate(&scene), 0.1, 1e-12);
    scene_free(&scene);
}

static void test_late_events_count_while_inside(void **state)
{
    (void)state;
    struct scene scene = scene_new(&throughput);
    int64_t now = START + 10 * MINUTE;
    update_late(&scene, UPDATE_RATE, "", 6, START, now);
    assert_int_equal(update_late(&scene, UPDATE_RATE, "", 6, START - 30 * SECOND, now),
                     UPDATE_APPLIED);
    assert_float_equal(rate(&scene), 0.2, 1e-12);
    uint64_t before = registry_version(scene.registry);
    assert_int_equal(update_late(&scene, UPDATE_RATE, "", 6, START - 60 * SECOND, now),
                     UPDATE_OLDER);
    assert_float_equal(rate(&scene), 0.2, 1e-12);
    assert_true(registry_version(scene.registry) == before);
    scene_free(&scene);
}

/* The window is that of the events; when it ends is counted from the arrival. */
static void test_falls_one_window_after_the_newest_arrived(void **state)
{
    (void)state;
    struct scene scene = scene_new(&throughput);
    int64_t arrival = START + HOUR;
    update_late(&scene, UPDATE_RATE, "", 6, START, arrival);
    update_late(&scene, UPDATE_RATE, "", 6, START - 5 * SECOND, arrival + 30 * SECOND);
    uint64_t before = registry_version(scene.registry);
    registry_tick(scene.registry, arrival + MINUTE - 1, true);
    assert_float_equal(rate(&scene), 0.2, 1e-12);
    assert_true(registry_version(scene.registry) == before);
    registry_tick(scene.registry, arrival + MINUTE, true);
    assert_true(rate(&scene) == 0);
    assert_true(registry_version(scene.registry) != before);
    update_late(&scene, UPDATE_RATE, "", 3, START + MINUTE, arrival + 2 * MINUTE);
    assert_float_equal(rate(&scene), 0.05, 1e-12);
    scene_free(&scene);
}

static void test_each_event_puts_the_fall_off(void **state)
{
    (void)state;
    struct scene scene = scene_new(&throughput);
    for (int i = 0; i < 10; i++) {
        update(&scene, UPDATE_RATE, "", 6, START + i * 50 * SECOND);
        registry_tick(scene.registry, START + i * 50 * SECOND + 49 * SECOND, true);
        assert_true(rate(&scene) > 0);
    }
    scene_free(&scene);
}

static void test_falls_in_time_after_the_clock_is_set_back(void **state)
{
    (void)state;
    struct scene scene = scene_new(&throughput);
    update(&scene, UPDATE_RATE, "", 6, START);
    registry_tick(scene.registry, START, true);
    registry_tick(scene.registry, START - 10 * HOUR, true);
    assert_true(rate(&scene) > 0);
    registry_tick(scene.registry, START - 10 * HOUR + MINUTE, true);
    assert_true(rate(&scene) == 0);
    scene_free(&scene);
}

static void test_times_before_1970(void **state)
{
    (void)state;
    struct scene scene = scene_new(&throughput);
    update_late(&scene, UPDATE_RATE, "", 6, -30 * SECOND, START);
    update_late(&scene, UPDATE_RATE, "", 6, 20 * SECOND, START);
    assert_float_equal(rate(&scene), 0.2, 1e-12);
    update_late(&scene, UPDATE_RATE, "", 6, 30 * SECOND, START);
    assert_float_equal(rate(&scene), 0.2, 1e-12);
    scene_free(&scene);
}

static void test_window_of_its_own_length(void **state)
{
    (void)state;
    struct family_spec spec = throughput;
    spec.rate_window = HOUR;
    struct scene scene = scene_new(&spec);
    update(&scene, UPDATE_RATE, "", 1800, START);
    update(&scene, UPDATE_RATE, "", 1800, START + 59 * MINUTE);
    assert_float_equal(rate(&scene), 1, 1e-12);
    registry_tick(scene.registry, START + 59 * MINUTE + HOUR, true);
    assert_true(rate(&scene) == 0);
    scene_free(&scene);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amount_per_second),
        cmocka_unit_test(test_window_ends_at_the_newest_event),
        cmocka_unit_test(test_late_events_count_while_inside),
        cmocka_unit_test(test_falls_one_window_after_the_newest_arrived),
        cmocka_unit_test(test_each_event_puts_the_fall_off),
        cmocka_unit_test(test_falls_in_time_after_the_clock_is_set_back),
        cmocka_unit_test(test_times_before_1970),
        cmocka_unit_test(test_window_of_its_own_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
