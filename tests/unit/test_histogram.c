/* Classic histograms: registry/histogram.c. */
#include "registry_fixture.h"

#include <math.h>

static const double five[] = {1, 2, 3, 4, 5};
static const double twenty[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,
                                10, 11, 12, 13, 14, 15, 16, 17, 18, 19};

static struct scene histogram_of(const double *buckets, size_t count)
{
    return scene_new(&(struct family_spec){
        .name = "seconds", .type = METRIC_HISTOGRAM, .buckets = buckets, .bucket_count = count});
}

static void observe(struct scene *scene, double value)
{
    assert_int_equal(update(scene, UPDATE_OBSERVE, "", value, START), UPDATE_APPLIED);
}

/* Few bounds are walked, many are halved: both must find the same. A bound is inside. */
static void test_bucket_of_a_value(void **state)
{
    (void)state;
    static const struct {
        const double *bounds;
        size_t count;
        double value;
        size_t bucket;
    } cases[] = {
        {five, 5, -1, 0},     {five, 5, 0.5, 0},      {five, 5, 1, 0},      {five, 5, 1.0000001, 1},
        {five, 5, 2.5, 2},    {five, 5, 5, 4},        {five, 5, 5.5, 5},    {five, 5, 1e300, 5},
        {five, 0, 7, 0},      {twenty, 20, -1, 0},    {twenty, 20, 0, 0},   {twenty, 20, 0.5, 1},
        {twenty, 20, 10, 10}, {twenty, 20, 10.5, 11}, {twenty, 20, 19, 19}, {twenty, 20, 19.5, 20},
        {twenty, 16, 15, 15}, {twenty, 17, 16.5, 17},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct scene scene = histogram_of(cases[i].bounds, cases[i].count);
        observe(&scene, cases[i].value);
        struct series_view found;
        assert_true(view(&scene, "", &found));
        for (size_t bucket = 0; bucket <= cases[i].count; bucket++)
            assert_int_equal(found.counts[bucket], bucket == cases[i].bucket);
        scene_free(&scene);
    }
}

static void test_count_and_sum(void **state)
{
    (void)state;
    struct scene scene = histogram_of(five, 5);
    observe(&scene, 0.5);
    observe(&scene, 3);
    observe(&scene, 100);
    observe(&scene, -2);
    struct series_view found;
    assert_true(view(&scene, "", &found));
    assert_int_equal(found.count, 4);
    assert_true(found.sum == 101.5);
    assert_int_equal(found.counts[0], 2);
    assert_int_equal(found.counts[2], 1);
    assert_int_equal(found.counts[5], 1);
    assert_true(series_value(find(&scene, "")) == 4);
    scene_free(&scene);
}

static void test_what_is_no_number_is_refused(void **state)
{
    (void)state;
    struct scene scene = histogram_of(five, 5);
    assert_int_equal(update(&scene, UPDATE_OBSERVE, "", NAN, START), UPDATE_INVALID);
    assert_int_equal(update(&scene, UPDATE_OBSERVE, "", INFINITY, START), UPDATE_INVALID);
    assert_int_equal(usage_of(&scene).series, 0);
    scene_free(&scene);
}

static void test_touched_histogram_is_zero(void **state)
{
    (void)state;
    struct scene scene = histogram_of(five, 5);
    update(&scene, UPDATE_TOUCH, "", 0, START);
    struct series_view found;
    assert_true(view(&scene, "", &found));
    assert_true(found.count == 0 && found.sum == 0);
    scene_free(&scene);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket_of_a_value),
        cmocka_unit_test(test_count_and_sum),
        cmocka_unit_test(test_what_is_no_number_is_refused),
        cmocka_unit_test(test_touched_histogram_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
