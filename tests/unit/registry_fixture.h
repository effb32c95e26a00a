/* Short words for the tests of the registry: a family of text labels, updates, what is shown. */
#ifndef TESTS_UNIT_REGISTRY_FIXTURE_H
#define TESTS_UNIT_REGISTRY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "registry/registry.h"

#define SECOND NANOSECONDS_PER_SECOND
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define START  (INT64_C(1700000000) * SECOND) /* a moment for all tests to begin at */
#define PLENTY 1000000

/* One family, and the registry that it is in. */
struct scene {
    struct registry *registry;
    struct family *family;
};

static inline struct scene scene_in(struct registry *registry, const struct family_spec *spec)
{
    struct scene scene = {.registry = registry};
    assert_int_equal(registry_define(registry, spec, &scene.family), 0);
    assert_non_null(scene.family);
    return scene;
}

/* In a registry of its own; scene_free frees it. */
static inline struct scene scene_new(const struct family_spec *spec)
{
    return scene_in(registry_new(PLENTY), spec);
}

static inline void scene_free(struct scene *scene)
{
    registry_free(scene->registry);
}

/* `labels` holds the values with '|' between. */
static inline void split_labels(const char *labels, struct label_value *ret_values)
{
    for (size_t i = 0; i < REGISTRY_LABELS; i++) {
        size_t length = strcspn(labels, "|");
        ret_values[i] = (struct label_value){labels, length};
        labels += length + (labels[length] ? 1 : 0);
    }
}

/* An event of its own time, which arrives at `now`. */
static inline enum update_result update_late(struct scene *scene, enum update_kind kind,
                                             const char *labels, double amount, int64_t event_time,
                                             int64_t now)
{
    struct label_value values[REGISTRY_LABELS];
    split_labels(labels, values);
    const struct moment when = {.event_time = event_time, .now = now};
    return registry_update(scene->registry, scene->family, kind, values, amount, &when, NULL, NULL);
}

static inline enum update_result update(struct scene *scene, enum update_kind kind,
                                        const char *labels, double amount, int64_t now)
{
    return update_late(scene, kind, labels, amount, now, now);
}

static inline struct series *find(struct scene *scene, const char *labels)
{
    struct label_value values[REGISTRY_LABELS];
    split_labels(labels, values);
    return registry_series(scene->registry, scene->family, values);
}

static inline bool drop(struct scene *scene, const char *labels)
{
    struct label_value values[REGISTRY_LABELS];
    split_labels(labels, values);
    return registry_drop(scene->registry, scene->family, values);
}

static inline void adjust(struct scene *scene, struct series *series, double amount, int64_t now)
{
    const struct moment when = {.event_time = now, .now = now};
    registry_adjust(scene->registry, series, amount, &when);
}

/* Looks for a shown series by its escaped label text. */
static inline bool view(const struct scene *scene, const char *label_text,
                        struct series_view *ret_view)
{
    const struct series *series;
    for (size_t position = 0; (series = family_next_series(scene->family, &position));) {
        series_view(scene->family, series, ret_view);
        if (ret_view->labels_length == strlen(label_text) &&
            memcmp(ret_view->labels, label_text, ret_view->labels_length) == 0)
            return true;
    }
    return false;
}

static inline bool is_shown(const struct scene *scene, const char *label_text)
{
    struct series_view found;
    return view(scene, label_text, &found);
}

/* Of a counter or gauge. */
static inline double shown(const struct scene *scene, const char *label_text)
{
    struct series_view found;
    assert_true(view(scene, label_text, &found));
    return found.value;
}

static inline struct family_usage usage_of(const struct scene *scene)
{
    struct family_usage usage;
    family_usage(scene->family, &usage);
    return usage;
}

#endif
