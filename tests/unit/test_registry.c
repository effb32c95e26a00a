/* Families, label texts and updates: registry/registry.c, family.c, labels.c, series.c, update.c.
 */
#include "registry_fixture.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const two_labels[] = {"status", "workflow"};
static const char *const one_label[] = {"a"};
static const double three_buckets[] = {1, 2.5, 10};

static const struct family_spec counter = {
    .name = "jobs_total", .help = "Jobs.", .labels = two_labels, .label_count = 2};
static const struct family_spec gauge = {
    .name = "depth", .type = METRIC_GAUGE, .labels = one_label, .label_count = 1};

static void test_define(void **state)
{
    (void)state;
    struct scene scene = scene_new(&counter);
    struct family *again = NULL;
    struct family_spec same = counter;
    char help[] = "Jobs."; /* equal, not the same */
    same.help = help;
    same.rate_window = MINUTE; /* the default, said aloud */
    assert_int_equal(registry_define(scene.registry, &same, &again), 0);
    assert_ptr_equal(again, scene.family);
    assert_ptr_equal(registry_find(scene.registry, "jobs_total"), scene.family);
    assert_null(registry_find(scene.registry, "jobs"));
    assert_string_equal(family_spec(scene.family)->labels[1], "workflow");
    scene_free(&scene);
}

static void expect_refused(struct registry *registry, const struct family_spec *spec, int error)
{
    struct family *family = NULL;
    assert_int_equal(registry_define(registry, spec, &family), error);
    assert_null(family);
}

static void test_define_refuses_another_definition(void **state)
{
    (void)state;
    static const char *const swapped[] = {"workflow", "status"};
    struct scene scene = scene_new(&counter);
    struct family_spec other[9];
    for (size_t i = 0; i < ARRAY_LENGTH(other); i++)
        other[i] = counter;
    other[0].help = "Other.";
    other[1].type = METRIC_GAUGE;
    other[2].labels = swapped;
    other[3].label_count = 1;
    other[4].ttl = SECOND;
    other[5].max_series = 5;
    other[6].label_folds[1] = true;
    other[7].rate_window = SECOND;
    other[8].type = METRIC_HISTOGRAM;
    for (size_t i = 0; i < ARRAY_LENGTH(other); i++)
        expect_refused(scene.registry, &other[i], -EEXIST);
    scene_free(&scene);
}

static void test_define_refuses_what_cannot_be(void **state)
{
    (void)state;
    static const char *const many[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i",
                                       "j", "k", "l", "m", "n", "o", "p", "q"};
    static const double not_ascending[] = {1, 1};
    static const double not_finite[] = {1, INFINITY};
    static const double outside[] = {0.5, 1.1};
    static const double not_a_number[] = {NAN};
    struct registry *registry = registry_new(PLENTY);
    struct family_spec spec = {.name = "x", .labels = many, .label_count = 17};
    expect_refused(registry, &spec, -ENOSPC);
    spec = (struct family_spec){.name = "x", .type = METRIC_SUMMARY, .quantile_count = 17};
    expect_refused(registry, &spec, -ENOSPC);
    spec = (struct family_spec){.name = "x", .ttl = -1};
    expect_refused(registry, &spec, -EINVAL);
    spec = (struct family_spec){.name = "x", .type = METRIC_HISTOGRAM, .bucket_count = 2};
    spec.buckets = not_ascending;
    expect_refused(registry, &spec, -EINVAL);
    spec.buckets = not_finite;
    expect_refused(registry, &spec, -EINVAL);
    spec = (struct family_spec){.name = "x", .type = METRIC_SUMMARY, .quantile_count = 1};
    spec.quantiles = outside + 1;
    expect_refused(registry, &spec, -EINVAL);
    spec.quantiles = not_a_number;
    expect_refused(registry, &spec, -EINVAL);
    assert_null(registry_find(registry, "x"));
    registry_free(registry);
}

static void test_families_are_sorted(void **state)
{
    (void)state;
    static const char *const names[] = {"m", "a", "z", "b_total", "b", "B"};
    static const char *const sorted[] = {"B", "a", "b", "b_total", "m", "z"};
    struct registry *registry = registry_new(PLENTY);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        scene_in(registry, &(struct family_spec){.name = names[i]});
    const struct family *family;
    size_t count = 0;
    for (size_t position = 0; (family = registry_next_family(registry, &position));)
        assert_string_equal(family_spec(family)->name, sorted[count++]);
    assert_int_equal(count, ARRAY_LENGTH(sorted));
    registry_free(registry);
}

static void test_label_text(void **state)
{
    (void)state;
    static const struct {
        const char *values;
        const char *text;
    } cases[] = {
        {"success|demo", "status=\"success\",workflow=\"demo\""},
        {"|demo", "workflow=\"demo\""},
        {"success|", "status=\"success\""},
        {"|", ""},
        {"a\"b|c\\d", "status=\"a\\\"b\",workflow=\"c\\\\d\""},
        {"two\nlines|longer than a word\n",
         "status=\"two\\nlines\",workflow=\"longer than a word\\n\""},
        {"Bj\xC3\xB6rn|\xE4\xBD\x96\xE4\xBD\xA5 and more",
         "status=\"Bj\xC3\xB6rn\",workflow=\"\xE4\xBD\x96\xE4\xBD\xA5 and more\""},
        {"\xFF|12345678\xC3", "status=\"\xEF\xBF\xBD\",workflow=\"12345678\xEF\xBF\xBD\""},
        {"a\tb\rc|\x01", "status=\"a\tb\rc\",workflow=\"\x01\""},
        {"1234567\"|123\"", "status=\"1234567\\\"\",workflow=\"123\\\"\""},
        {"\\|\"", "status=\"\\\\\",workflow=\"\\\"\""},
    };
    struct scene scene = scene_new(&counter);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(update(&scene, UPDATE_ADD, cases[i].values, (double)i + 1, START),
                         UPDATE_APPLIED);
        assert_true(shown(&scene, cases[i].text) == (double)i + 1);
    }
    assert_int_equal(usage_of(&scene).series, ARRAY_LENGTH(cases));
    scene_free(&scene);
}

/* A byte that needs care, at every place of values of every length. */
static void test_label_text_looks_at_every_byte(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    char value[40];
    char text[80];
    for (int length = 1; length < 34; length++) {
        for (int place = 0; place < length; place++) {
            memset(value, 'x', (size_t)length);
            value[length] = '\0';
            value[place] = '"';
            snprintf(text, sizeof(text), "a=\"%.*s\\\"%s\"", place, value, value + place + 1);
            update(&scene, UPDATE_SET, value, 7, START);
            assert_true(is_shown(&scene, text));
        }
    }
    scene_free(&scene);
}

static void test_long_label_is_cut_at_a_character(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    char value[REGISTRY_LABEL_LONGEST + 100];
    memset(value, 'x', sizeof(value));
    memcpy(value + REGISTRY_LABEL_LONGEST - 2, "\xE4\xBD\x96", 3);
    const struct moment when = {START, START};
    const struct label_value label = {value, sizeof(value)};
    struct series *series;
    registry_update(scene.registry, scene.family, UPDATE_SET, &label, 1, &when, &series, NULL);
    struct series_view found;
    series_view(scene.family, series, &found);
    assert_int_equal(found.labels_length, strlen("a=\"\"") + REGISTRY_LABEL_LONGEST - 2);
    assert_int_equal(found.labels[found.labels_length - 2], 'x');
    scene_free(&scene);
}

static void test_every_kind_on_every_type(void **state)
{
    (void)state;
    enum { C = 1, G = 2, H = 4, S = 8, I = 16 };
    static const unsigned takes[] = {
        [UPDATE_ADD] = C | G,
        [UPDATE_SET] = C | G | I,
        [UPDATE_MAX] = G,
        [UPDATE_MIN] = G,
        [UPDATE_OBSERVE] = H | S,
        [UPDATE_RATE] = G,
        [UPDATE_TOUCH] = C | G | H | S | I,
    };
    static const char *const names[] = {"c", "g", "h", "s", "i"};
    struct registry *registry = registry_new(PLENTY);
    for (unsigned type = METRIC_COUNTER; type <= METRIC_INFO; type++) {
        struct scene scene = scene_in(registry, &(struct family_spec){
                                                    .name = names[type],
                                                    .type = (enum metric_type)type,
                                                    .buckets = three_buckets,
                                                    .bucket_count = 3,
                                                });
        for (unsigned kind = UPDATE_ADD; kind <= UPDATE_TOUCH; kind++) {
            bool taken = takes[kind] & 1u << type;
            size_t before = usage_of(&scene).series;
            assert_int_equal(update(&scene, (enum update_kind)kind, "", 1, START),
                             taken ? UPDATE_APPLIED : UPDATE_INVALID);
            assert_int_equal(usage_of(&scene).series, taken ? 1 : before);
        }
    }
    registry_free(registry);
}

static void test_invalid_amounts_change_nothing(void **state)
{
    (void)state;
    static const struct {
        enum update_kind kind;
        double amount;
        enum update_result of_counter;
        enum update_result of_gauge;
    } cases[] = {
        {UPDATE_ADD, NAN, UPDATE_INVALID, UPDATE_INVALID},
        {UPDATE_ADD, INFINITY, UPDATE_INVALID, UPDATE_INVALID},
        {UPDATE_ADD, -1, UPDATE_INVALID, UPDATE_APPLIED},
        {UPDATE_ADD, 0, UPDATE_APPLIED, UPDATE_APPLIED},
        {UPDATE_SET, NAN, UPDATE_INVALID, UPDATE_INVALID},
        {UPDATE_SET, -1, UPDATE_INVALID, UPDATE_APPLIED},
        {UPDATE_SET, INFINITY, UPDATE_INVALID, UPDATE_APPLIED},
        {UPDATE_MAX, NAN, UPDATE_INVALID, UPDATE_INVALID},
        {UPDATE_MIN, -INFINITY, UPDATE_INVALID, UPDATE_APPLIED},
        {UPDATE_RATE, INFINITY, UPDATE_INVALID, UPDATE_INVALID},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct scene counters = scene_new(&counter);
        struct scene gauges = scene_in(counters.registry, &gauge);
        uint64_t before = registry_version(counters.registry);
        enum update_result result = update(&counters, cases[i].kind, "a|b", cases[i].amount, START);
        assert_int_equal(result, cases[i].of_counter);
        assert_int_equal(usage_of(&counters).series, result == UPDATE_APPLIED);
        assert_int_equal(registry_version(counters.registry) == before, result != UPDATE_APPLIED);
        result = update(&gauges, cases[i].kind, "a", cases[i].amount, START);
        assert_int_equal(result, cases[i].of_gauge);
        assert_int_equal(usage_of(&gauges).series, result == UPDATE_APPLIED);
        scene_free(&counters);
    }
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        enum update_kind kind;
        double amount;
        double value;
    } steps[] = {
        {UPDATE_TOUCH, 0, 0},  {UPDATE_ADD, 5, 5},
        {UPDATE_ADD, -7, -2},  {UPDATE_SET, 3.5, 3.5},
        {UPDATE_MAX, 2, 3.5},  {UPDATE_MAX, 4, 4},
        {UPDATE_MIN, 6, 4},    {UPDATE_MIN, -1, -1},
        {UPDATE_TOUCH, 9, -1}, {UPDATE_SET, INFINITY, INFINITY},
    };
    struct scene scene = scene_new(&gauge);
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        assert_int_equal(update(&scene, steps[i].kind, "x", steps[i].amount, START),
                         UPDATE_APPLIED);
        assert_true(shown(&scene, "a=\"x\"") == steps[i].value);
        assert_true(series_value(find(&scene, "x")) == steps[i].value);
    }
    update(&scene, UPDATE_MAX, "first", -5, START);
    assert_true(shown(&scene, "a=\"first\"") == -5);
    update(&scene, UPDATE_MIN, "least", 5, START);
    assert_true(shown(&scene, "a=\"least\"") == 5);
    scene_free(&scene);
}

static void test_counter_set_never_falls(void **state)
{
    (void)state;
    struct scene scene = scene_new(&counter);
    update(&scene, UPDATE_SET, "a|b", 10, START);
    update(&scene, UPDATE_SET, "a|b", 7, START + SECOND);
    assert_true(shown(&scene, "status=\"a\",workflow=\"b\"") == 10);
    update(&scene, UPDATE_SET, "a|b", 12, START + SECOND);
    assert_true(shown(&scene, "status=\"a\",workflow=\"b\"") == 12);
    scene_free(&scene);
}

static void test_info_is_one(void **state)
{
    (void)state;
    struct scene scene = scene_new(&(struct family_spec){
        .name = "build_info", .type = METRIC_INFO, .labels = one_label, .label_count = 1});
    update(&scene, UPDATE_TOUCH, "v1", 0, START);
    update(&scene, UPDATE_SET, "v2", 5, START);
    assert_true(shown(&scene, "a=\"v1\"") == 1);
    assert_true(shown(&scene, "a=\"v2\"") == 1);
    scene_free(&scene);
}

static void test_integers_are_exact(void **state)
{
    (void)state;
    struct scene scene = scene_new(&counter);
    update(&scene, UPDATE_ADD, "a|b", 9007199254740000, START);
    for (int i = 0; i < 991; i++)
        update(&scene, UPDATE_ADD, "a|b", 1, START);
    assert_true(shown(&scene, "status=\"a\",workflow=\"b\"") == 9007199254740991);
    scene_free(&scene);
}

/* SET, MAX and MIN take nothing older than the newest event; sums take all. */
static void test_older_events(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    update(&scene, UPDATE_SET, "x", 1, START);
    assert_int_equal(update_late(&scene, UPDATE_SET, "x", 9, START - 1, START + SECOND),
                     UPDATE_OLDER);
    assert_int_equal(update_late(&scene, UPDATE_MAX, "x", 9, START - 1, START), UPDATE_OLDER);
    assert_int_equal(update_late(&scene, UPDATE_MIN, "x", -9, START - 1, START), UPDATE_OLDER);
    assert_true(shown(&scene, "a=\"x\"") == 1);
    assert_int_equal(update_late(&scene, UPDATE_ADD, "x", 2, START - 1, START), UPDATE_APPLIED);
    assert_int_equal(update_late(&scene, UPDATE_SET, "x", 5, START, START), UPDATE_APPLIED);
    assert_true(shown(&scene, "a=\"x\"") == 5);
    assert_int_equal(update_late(&scene, UPDATE_SET, "x", 6, TIME_NONE, START + 1), UPDATE_APPLIED);
    assert_int_equal(update_late(&scene, UPDATE_SET, "x", 7, START, START + 2), UPDATE_OLDER);
    scene_free(&scene);
}

static void test_update_tells_series_and_birth(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    const struct moment when = {START, START};
    const struct label_value label = {"x", 1};
    struct series *series = NULL;
    bool born = false;
    registry_update(scene.registry, scene.family, UPDATE_ADD, &label, 1, &when, &series, &born);
    assert_true(born);
    assert_ptr_equal(series, find(&scene, "x"));
    assert_ptr_equal(series_family(series), scene.family);
    registry_update(scene.registry, scene.family, UPDATE_ADD, &label, 1, &when, &series, &born);
    assert_false(born);
    registry_update(scene.registry, scene.family, UPDATE_ADD, &label, NAN, &when, &series, &born);
    assert_null(series);
    assert_false(born);
    assert_null(find(&scene, "y"));
    scene_free(&scene);
}

/* A series kept from an update takes more without its labels, until any series goes. */
static void test_update_of_a_series_at_hand(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    update(&scene, UPDATE_SET, "x", 1, START);
    update(&scene, UPDATE_SET, "y", 1, START);
    struct series *series = find(&scene, "x");
    uint64_t generation = registry_generation(scene.registry);
    const struct moment when = {START + SECOND, START + SECOND};
    const struct moment before = {START, START + SECOND};
    bool born = true;
    assert_int_equal(registry_update_series(scene.registry, series, UPDATE_ADD, 4, &when, &born),
                     UPDATE_APPLIED);
    assert_false(born);
    assert_true(shown(&scene, "a=\"x\"") == 5);
    assert_int_equal(registry_update_series(scene.registry, series, UPDATE_SET, 9, &before, &born),
                     UPDATE_OLDER);
    assert_int_equal(
        registry_update_series(scene.registry, series, UPDATE_OBSERVE, 9, &when, &born),
        UPDATE_INVALID);
    assert_true(shown(&scene, "a=\"x\"") == 5);
    update(&scene, UPDATE_SET, "z", 1, START);
    assert_true(registry_generation(scene.registry) == generation);
    drop(&scene, "y");
    assert_true(registry_generation(scene.registry) != generation);
    scene_free(&scene);
}

static void test_drop(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    update(&scene, UPDATE_SET, "x", 4, START);
    update(&scene, UPDATE_SET, "y", 5, START);
    uint64_t before = registry_version(scene.registry);
    assert_true(drop(&scene, "x"));
    assert_false(drop(&scene, "x"));
    assert_false(drop(&scene, "z"));
    assert_true(registry_version(scene.registry) != before);
    assert_null(find(&scene, "x"));
    assert_false(is_shown(&scene, "a=\"x\""));
    assert_true(shown(&scene, "a=\"y\"") == 5);
    assert_int_equal(registry_samples(scene.registry), 1);
    update(&scene, UPDATE_ADD, "x", 1, START);
    assert_true(shown(&scene, "a=\"x\"") == 1);
    scene_free(&scene);
}

static void test_dropped_while_pinned(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    update(&scene, UPDATE_ADD, "x", 3, START);
    struct series *series = find(&scene, "x");
    series_pin(series);
    series_pin(series);
    assert_true(drop(&scene, "x"));
    assert_false(drop(&scene, "x"));
    assert_int_equal(registry_samples(scene.registry), 0);
    uint64_t before = registry_version(scene.registry);
    adjust(&scene, series, -1, START);
    series_unpin(series);
    assert_true(registry_version(scene.registry) == before);
    assert_false(is_shown(&scene, "a=\"x\""));
    /* One member is still inside: it counts when the next one brings the series back. */
    update(&scene, UPDATE_ADD, "x", 1, START);
    assert_ptr_equal(find(&scene, "x"), series);
    assert_true(shown(&scene, "a=\"x\"") == 3);
    assert_true(drop(&scene, "x"));
    series_unpin(series);
    assert_null(find(&scene, "x"));
    scene_free(&scene);
}

static void test_adjust(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    update(&scene, UPDATE_ADD, "x", 3, START);
    uint64_t before = registry_version(scene.registry);
    adjust(&scene, find(&scene, "x"), -2, START);
    assert_true(shown(&scene, "a=\"x\"") == 1);
    assert_true(registry_version(scene.registry) != before);
    adjust(&scene, find(&scene, "x"), NAN, START);
    assert_true(shown(&scene, "a=\"x\"") == 1);
    scene_free(&scene);
}

static void test_version_stands_still_when_nothing_shows(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    update(&scene, UPDATE_SET, "x", 4, START);
    uint64_t before = registry_version(scene.registry);
    update(&scene, UPDATE_SET, "x", 4, START + SECOND);
    update(&scene, UPDATE_ADD, "x", 0, START + SECOND);
    update(&scene, UPDATE_MAX, "x", 3, START + SECOND);
    update(&scene, UPDATE_TOUCH, "x", 0, START + SECOND);
    registry_tick(scene.registry, START + MINUTE, true);
    assert_true(registry_version(scene.registry) == before);
    update(&scene, UPDATE_ADD, "x", 1, START + SECOND);
    assert_true(registry_version(scene.registry) != before);
    scene_free(&scene);
}

/* Any mix of updates, drops, ticks and pins: the counts stay those of a walk. */
static void test_counts_agree_with_a_walk(void **state)
{
    (void)state;
    struct family_spec spec = gauge;
    spec.ttl = 100 * SECOND;
    spec.max_series = 40;
    spec.label_folds[0] = true;
    struct scene scene = scene_new(&spec);
    struct series *pinned[8] = {0};
    int64_t now = START;
    srand(7);
    for (int i = 0; i < 20000; i++) {
        char label[16];
        snprintf(label, sizeof(label), "%d", rand() % 80);
        now += rand() % (4 * SECOND);
        struct series **pin = &pinned[rand() % 8];
        switch (rand() % 8) {
        case 0:
            drop(&scene, label);
            break;
        case 1:
            registry_tick(scene.registry, now, true);
            break;
        case 2:
            if (*pin)
                series_unpin(*pin);
            if ((*pin = find(&scene, label)))
                series_pin(*pin);
            break;
        case 3:
            if (*pin)
                adjust(&scene, *pin, -1, now);
            break;
        default:
            update_late(&scene, rand() % 2 ? UPDATE_ADD : UPDATE_RATE, label, 1,
                        now - rand() % (60 * SECOND), now);
        }
        size_t walked = 0;
        for (size_t position = 0; family_next_series(scene.family, &position);)
            walked++;
        assert_int_equal(usage_of(&scene).series, walked);
        size_t folds = find(&scene, "_other") ? 1 : 0;
        assert_int_equal(usage_of(&scene).hidden + walked,
                         registry_samples(scene.registry) + folds);
        assert_true(registry_samples(scene.registry) <= 40);
    }
    scene_free(&scene);
}

#if !defined(__SANITIZE_ADDRESS__)
static size_t memory_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void check_memory(int64_t ttl, bool tracked)
{
    enum { COUNT = 100000 };
    struct family_spec spec = counter;
    spec.ttl = ttl;
    size_t before = memory_in_use();
    struct scene scene = scene_new(&spec);
    if (tracked)
        registry_track(scene.registry, NULL, NULL, 0);
    registry_tick(scene.registry, START, true);
    size_t text = 0;
    for (int i = 0; i < COUNT; i++) {
        char labels[32];
        snprintf(labels, sizeof(labels), "success|flow-%d", i);
        update(&scene, UPDATE_ADD, labels, 1, START);
        text += strlen(labels) + strlen("status=\"\",workflow=\"\"") - 1;
    }
    size_t each = (memory_in_use() - before - text) / COUNT;
    print_message("%zu bytes a series beyond its label text, ttl %s, %s\n", each,
                  ttl ? "24h" : "never", tracked ? "to be saved" : "not saved");
    assert_int_equal(usage_of(&scene).series, COUNT);
    assert_true(each > 56 && each <= 150);
    scene_free(&scene);
}

static void test_memory_of_a_counter_series(void **state)
{
    (void)state;
    check_memory(0, false);
    check_memory(24 * HOUR, false);
    check_memory(24 * HOUR, true);
}
#else
static void test_memory_of_a_counter_series(void **state)
{
    (void)state;
    skip(); /* the sanitizer's allocator does not tell */
}
#endif

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_define),
        cmocka_unit_test(test_define_refuses_another_definition),
        cmocka_unit_test(test_define_refuses_what_cannot_be),
        cmocka_unit_test(test_families_are_sorted),
        cmocka_unit_test(test_label_text),
        cmocka_unit_test(test_label_text_looks_at_every_byte),
        cmocka_unit_test(test_long_label_is_cut_at_a_character),
        cmocka_unit_test(test_every_kind_on_every_type),
        cmocka_unit_test(test_invalid_amounts_change_nothing),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_counter_set_never_falls),
        cmocka_unit_test(test_info_is_one),
        cmocka_unit_test(test_integers_are_exact),
        cmocka_unit_test(test_older_events),
        cmocka_unit_test(test_update_tells_series_and_birth),
        cmocka_unit_test(test_update_of_a_series_at_hand),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_dropped_while_pinned),
        cmocka_unit_test(test_adjust),
        cmocka_unit_test(test_version_stands_still_when_nothing_shows),
        cmocka_unit_test(test_counts_agree_with_a_walk),
        cmocka_unit_test(test_memory_of_a_counter_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
