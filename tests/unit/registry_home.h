/* A registry and where it is saved: what the tests of saving and restoring share.
 *
 *   struct home home = {.scene = tracked_scene(&counter, &home.shelf)};
 *   update(&home.scene, UPDATE_ADD, "ok|a", 5, START);
 *   commit(&home, START);
 *   restart(&home, &counter, START);
 *   home_free(&home); */
#ifndef TESTS_UNIT_REGISTRY_HOME_H
#define TESTS_UNIT_REGISTRY_HOME_H

#include "registry_fixture.h"

#include <math.h>
#include <stdlib.h>

#include "encode/encode.h"
#include "record_fixture.h"

#define KEEP (100 * HOUR)

static const char *const one_label[] = {"job"};
static const char *const two_labels[] = {"status", "job"};
static const double three_buckets[] = {1, 2.5, 10};
static const double two_quantiles[] = {0.5, 0.99};

static const struct family_spec counter = {
    .name = "jobs_total", .help = "Jobs.", .labels = two_labels, .label_count = 2};
static const struct family_spec small = {.name = "small_total",
                                         .labels = one_label,
                                         .label_count = 1,
                                         .max_series = 2,
                                         .label_folds = {true}};
static const struct family_spec gauge = {
    .name = "depth", .type = METRIC_GAUGE, .labels = one_label, .label_count = 1};
static const struct family_spec histogram = {.name = "seconds",
                                             .type = METRIC_HISTOGRAM,
                                             .labels = one_label,
                                             .label_count = 1,
                                             .buckets = three_buckets,
                                             .bucket_count = 3};
static const struct family_spec summary = {.name = "latency",
                                           .type = METRIC_SUMMARY,
                                           .labels = one_label,
                                           .label_count = 1,
                                           .quantiles = two_quantiles,
                                           .quantile_count = 2};
static const struct family_spec info = {
    .name = "build_info", .type = METRIC_INFO, .labels = one_label, .label_count = 1};

struct home {
    struct scene scene; /* its registry, and one family of it */
    struct shelf shelf;
};

static inline struct scene tracked_scene(const struct family_spec *spec, struct shelf *shelf)
{
    struct scene scene = scene_new(spec);
    registry_track(scene.registry, shelf_recall, shelf, KEEP);
    return scene;
}

static inline void save(struct home *home, int64_t now)
{
    struct record_sink sink = shelf_sink(&home->shelf);
    registry_save(home->scene.registry, &sink, now);
}

static inline void commit(struct home *home, int64_t now)
{
    save(home, now);
    shelf_commit(&home->shelf);
    registry_saved(home->scene.registry);
}

struct loading {
    struct registry *registry;
    int64_t now;
};

static inline int on_restore(void *context, const struct record *record)
{
    const struct loading *loading = context;
    return registry_restore(loading->registry, record, loading->now);
}

static inline int on_raise(void *context, const struct record *record)
{
    const struct loading *loading = context;
    return registry_raise(loading->registry, record, loading->now);
}

/* The process ends as it is, and another starts. */
static inline void restart(struct home *home, const struct family_spec *spec, int64_t now)
{
    scene_free(&home->scene);
    home->scene = tracked_scene(spec, &home->shelf);
    struct loading loading = {home->scene.registry, now};
    assert_int_equal(shelf_each(&home->shelf, on_restore, &loading), 0);
}

static inline void home_free(struct home *home)
{
    scene_free(&home->scene);
    shelf_free(&home->shelf);
}

static inline char *exposition(const struct registry *registry)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    assert_true(encode_text(registry, &text));
    char *lines = sorted_lines(&text);
    text_free(&text);
    return lines;
}

static inline void assert_same(const struct registry *left, const struct registry *right)
{
    AUTO_FREE char *a = exposition(left);
    AUTO_FREE char *b = exposition(right);
    assert_string_equal(a, b);
    assert_int_equal(registry_samples(left), registry_samples(right));
    const struct family *one;
    const struct family *other;
    size_t position = 0;
    for (size_t at = 0; (one = registry_next_family(left, &at));) {
        struct family_usage x;
        struct family_usage y;
        other = registry_next_family(right, &position);
        family_usage(one, &x);
        family_usage(other, &y);
        assert_int_equal(x.series, y.series);
        assert_int_equal(x.hidden, y.hidden);
        assert_int_equal(x.folded, y.folded);
        assert_int_equal(x.expired, y.expired);
    }
}

static const struct family_spec *const all_specs[] = {&counter,   &small,   &gauge,
                                                      &histogram, &summary, &info};

static inline void define_all(struct registry *registry)
{
    struct family *family;
    for (size_t i = 0; i < ARRAY_LENGTH(all_specs); i++)
        assert_int_equal(registry_define(registry, all_specs[i], &family), 0);
}

/* Some of everything that a registry holds. */
static inline void fill(struct registry *registry, int64_t now)
{
    struct scene scenes[ARRAY_LENGTH(all_specs)];
    for (size_t i = 0; i < ARRAY_LENGTH(all_specs); i++)
        scenes[i] = scene_in(registry, all_specs[i]);
    update(&scenes[0], UPDATE_ADD, "ok|a", 3, now);
    update(&scenes[0], UPDATE_ADD, "|a", 1e300, now);
    update(&scenes[0], UPDATE_TOUCH, "|", 0, now);
    update(&scenes[0], UPDATE_ADD, "a\"b\\c\nd\xff|\xc3\xa9", 0.5, now);
    for (int i = 0; i < 4; i++) {
        const char *const labels[] = {"a", "b", "c", "d"};
        update(&scenes[1], UPDATE_ADD, labels[i], i + 1, now);
    }
    update(&scenes[2], UPDATE_SET, "inf", (double)-INFINITY, now);
    update(&scenes[2], UPDATE_MAX, "max", -5, now);
    update_late(&scenes[2], UPDATE_RATE, "rate", 6, now - 10 * SECOND, now);
    update(&scenes[2], UPDATE_RATE, "rate", 60, now);
    for (int i = 0; i < 100; i++) {
        update(&scenes[3], UPDATE_OBSERVE, "a", i / 5.0, now);
        update_late(&scenes[4], UPDATE_OBSERVE, "a", i * i - 50, now - i * (5 * SECOND), now);
    }
    update(&scenes[4], UPDATE_TOUCH, "none", 0, now);
    update(&scenes[5], UPDATE_SET, "v1", 1, now);
}

#endif
