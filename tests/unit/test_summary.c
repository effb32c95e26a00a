/* Summaries: registry/summary.c and sketch.c. */
#include "registry_fixture.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "registry/sketch.h"

enum { MEDIAN, HIGH, HIGHEST, LOWEST };
static const double quantiles[] = {0.5, 0.99, 1, 0};

static const struct family_spec latency = {
    .name = "latency_seconds",
    .type = METRIC_SUMMARY,
    .quantiles = quantiles,
    .quantile_count = 4,
    .summary_window = 10 * MINUTE,
};

static struct series_view look(struct scene *scene)
{
    struct series_view found;
    assert_true(view(scene, "", &found));
    return found;
}

static void observe(struct scene *scene, double value, int64_t now)
{
    assert_int_equal(update(scene, UPDATE_OBSERVE, "", value, now), UPDATE_APPLIED);
}

static void assert_near(double value, double expected)
{
    assert_true(fabs(value - expected) <= SUMMARY_RELATIVE_ERROR * fabs(expected) * (1 + 1e-9));
}

static void test_count_sum_and_quantiles(void **state)
{
    (void)state;
    struct scene scene = scene_new(&latency);
    for (int i = 1; i <= 1000; i++)
        observe(&scene, i, START);
    struct series_view found = look(&scene);
    assert_int_equal(found.count, 1000);
    assert_true(found.sum == 500500);
    assert_near(found.quantiles[MEDIAN], 500);
    assert_near(found.quantiles[HIGH], 990);
    assert_near(found.quantiles[HIGHEST], 1000);
    assert_near(found.quantiles[LOWEST], 1);
    assert_true(series_value(find(&scene, "")) == 1000);
    scene_free(&scene);
}

static int compare(const void *left, const void *right)
{
    double difference = *(const double *)left - *(const double *)right;
    return difference < 0 ? -1 : difference > 0;
}

/* Of values over many powers of ten, of both signs and zero: each quantile against the sorted
 * values themselves. */
static void test_relative_error(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static double values[COUNT];
    struct sketch sketches[2] = {{0}};
    srand(11);
    for (int i = 0; i < COUNT; i++) {
        double magnitude = pow(10, (double)(rand() % 12000) / 1000 - 6);
        values[i] = rand() % 10 == 0 ? 0 : rand() % 3 == 0 ? -magnitude : magnitude;
        sketch_add(&sketches[i % 2], values[i]);
    }
    qsort(values, COUNT, sizeof(values[0]), compare);
    for (int i = 0; i <= 1000; i++) {
        double quantile = i / 1000.0;
        double found;
        sketch_quantiles(sketches, 2, &quantile, 1, &found);
        int rank = i * COUNT / 1000;
        assert_near(found, values[rank > 0 ? rank - 1 : 0]);
    }
    sketch_clear(&sketches[0]);
    sketch_clear(&sketches[1]);
}

static void test_extreme_values(void **state)
{
    (void)state;
    static const double values[] = {-DBL_MAX, -1e-300, 0, 5e-324, 1e-300, 1, DBL_MAX};
    struct sketch sketch = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        sketch_add(&sketch, values[i]);
        double highest = 1;
        double found;
        sketch_quantiles(&sketch, 1, &highest, 1, &found);
        assert_near(found / 2, values[i] / 2);
    }
    sketch_clear(&sketch);
}

/* Over its bound a sketch gives up the lowest values, and stays right above. */
static void test_sketch_is_bounded(void **state)
{
    (void)state;
    struct sketch sketch = {0};
    for (int i = 0; i < 30000; i++)
        sketch_add(&sketch, pow(10, (i * 7919) % 30000 / 1000.0 - 15));
    assert_int_equal(sketch.used, SKETCH_BUCKETS);
    assert_int_equal(sketch.count, 30000);
    static const double asked[] = {1, 0.5};
    double found[2];
    sketch_quantiles(&sketch, 1, asked, 2, found);
    assert_near(found[0], pow(10, 14.999));
    assert_near(found[1], pow(10, -0.001));
    uint64_t counted = 0;
    for (uint32_t i = 0; i < sketch.used; i++)
        counted += sketch.buckets[i].count;
    assert_int_equal(counted, 30000);
    sketch_clear(&sketch);
}

static void test_window_slides_with_the_clock(void **state)
{
    (void)state;
    struct scene scene = scene_new(&latency);
    int64_t begin = START / (10 * MINUTE) * (10 * MINUTE);
    observe(&scene, 1, begin);
    observe(&scene, 100, begin + 5 * MINUTE);
    assert_near(look(&scene).quantiles[LOWEST], 1);
    registry_tick(scene.registry, begin + 10 * MINUTE - 1, true);
    assert_near(look(&scene).quantiles[LOWEST], 1);
    uint64_t before = registry_version(scene.registry);
    registry_tick(scene.registry, begin + 10 * MINUTE, true);
    assert_true(registry_version(scene.registry) != before);
    assert_near(look(&scene).quantiles[LOWEST], 100);
    registry_tick(scene.registry, begin + 15 * MINUTE, true);
    assert_true(isnan(look(&scene).quantiles[LOWEST]));
    assert_true(look(&scene).count == 2 && look(&scene).sum == 101);
    before = registry_version(scene.registry);
    registry_tick(scene.registry, begin + HOUR, true);
    assert_true(registry_version(scene.registry) == before);
    observe(&scene, 7, begin + HOUR);
    assert_near(look(&scene).quantiles[MEDIAN], 7);
    scene_free(&scene);
}

/* A log read hours later: its events age as they would have when they were written. */
static void test_history_ages_by_its_own_time(void **state)
{
    (void)state;
    struct scene scene = scene_new(&latency);
    int64_t now = START + 100 * HOUR;
    for (int i = 0; i <= 60; i++)
        update_late(&scene, UPDATE_OBSERVE, "", i + 1, START + i * MINUTE, now);
    struct series_view found = look(&scene);
    assert_int_equal(found.count, 61);
    assert_near(found.quantiles[HIGHEST], 61);
    assert_true(found.quantiles[LOWEST] > 50 && found.quantiles[LOWEST] < 55);
    registry_tick(scene.registry, now + 10 * MINUTE, true);
    assert_true(isnan(look(&scene).quantiles[HIGHEST]));
    scene_free(&scene);
}

static void test_late_events_count_while_inside(void **state)
{
    (void)state;
    struct scene scene = scene_new(&latency);
    observe(&scene, 10, START);
    update_late(&scene, UPDATE_OBSERVE, "", 1, START - 5 * MINUTE, START);
    assert_near(look(&scene).quantiles[LOWEST], 1);
    update_late(&scene, UPDATE_OBSERVE, "", 0.1, START - 11 * MINUTE, START);
    assert_near(look(&scene).quantiles[LOWEST], 1);
    assert_int_equal(look(&scene).count, 3);
    scene_free(&scene);
}

/* What was late when it arrived does not hold up the clock. */
static void test_late_events_do_not_hold_up_the_window(void **state)
{
    (void)state;
    struct scene scene = scene_new(&latency);
    int64_t begin = START / (10 * MINUTE) * (10 * MINUTE);
    observe(&scene, 10, begin);
    update_late(&scene, UPDATE_OBSERVE, "", 20, begin + MINUTE, begin + 5 * MINUTE);
    assert_near(look(&scene).quantiles[HIGHEST], 20);
    registry_tick(scene.registry, begin + 10 * MINUTE, true);
    assert_true(isnan(look(&scene).quantiles[HIGHEST]));
    scene_free(&scene);
}

static void test_ages_in_time_after_the_clock_is_set_back(void **state)
{
    (void)state;
    struct scene scene = scene_new(&latency);
    observe(&scene, 10, START);
    registry_tick(scene.registry, START, true);
    int64_t back = START - 10 * HOUR;
    registry_tick(scene.registry, back, true);
    assert_near(look(&scene).quantiles[MEDIAN], 10);
    registry_tick(scene.registry, back + 10 * MINUTE, true);
    assert_true(isnan(look(&scene).quantiles[MEDIAN]));
    scene_free(&scene);
}

static void test_without_quantiles(void **state)
{
    (void)state;
    struct scene scene = scene_new(&(struct family_spec){.name = "plain", .type = METRIC_SUMMARY});
    observe(&scene, 2.5, START);
    observe(&scene, -1, START);
    assert_true(look(&scene).count == 2 && look(&scene).sum == 1.5);
    assert_int_equal(registry_samples(scene.registry), 2);
    scene_free(&scene);
}

static void test_touched_summary_has_no_quantiles(void **state)
{
    (void)state;
    struct scene scene = scene_new(&latency);
    update(&scene, UPDATE_TOUCH, "", 0, START);
    assert_true(isnan(look(&scene).quantiles[MEDIAN]));
    assert_int_equal(look(&scene).count, 0);
    assert_int_equal(registry_samples(scene.registry), 6);
    scene_free(&scene);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count_sum_and_quantiles),
        cmocka_unit_test(test_relative_error),
        cmocka_unit_test(test_extreme_values),
        cmocka_unit_test(test_sketch_is_bounded),
        cmocka_unit_test(test_window_slides_with_the_clock),
        cmocka_unit_test(test_history_ages_by_its_own_time),
        cmocka_unit_test(test_late_events_count_while_inside),
        cmocka_unit_test(test_late_events_do_not_hold_up_the_window),
        cmocka_unit_test(test_ages_in_time_after_the_clock_is_set_back),
        cmocka_unit_test(test_without_quantiles),
        cmocka_unit_test(test_touched_summary_has_no_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
