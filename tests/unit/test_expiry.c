/* What comes with time: registry/expiry.c and agenda.c. */
#include "registry_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "registry/registry_internal.h"

static const char *const one_label[] = {"job"};

static const struct family_spec counter = {
    .name = "jobs_total", .labels = one_label, .label_count = 1, .ttl = HOUR};
static const struct family_spec gauge = {
    .name = "depth", .type = METRIC_GAUGE, .labels = one_label, .label_count = 1, .ttl = HOUR};

static void tick(struct scene *scene, int64_t now)
{
    registry_tick(scene->registry, now, true);
}

static void test_ttl_hides_and_an_update_shows_again(void **state)
{
    (void)state;
    struct scene scene = scene_new(&counter);
    update(&scene, UPDATE_ADD, "a", 5, START);
    update(&scene, UPDATE_ADD, "b", 1, START + MINUTE);
    tick(&scene, START + HOUR);
    assert_true(is_shown(&scene, "job=\"a\""));
    uint64_t before = registry_version(scene.registry);
    tick(&scene, START + HOUR + 1);
    assert_true(registry_version(scene.registry) != before);
    assert_false(is_shown(&scene, "job=\"a\""));
    assert_true(is_shown(&scene, "job=\"b\""));
    assert_int_equal(usage_of(&scene).hidden, 1);
    assert_int_equal(usage_of(&scene).expired, 1);
    assert_int_equal(registry_samples(scene.registry), 2);
    update(&scene, UPDATE_ADD, "a", 2, START + 3 * HOUR);
    assert_true(shown(&scene, "job=\"a\"") == 7);
    tick(&scene, START + 4 * HOUR + 1);
    assert_false(is_shown(&scene, "job=\"a\""));
    scene_free(&scene);
}

static void test_an_update_puts_the_end_off(void **state)
{
    (void)state;
    struct scene scene = scene_new(&counter);
    tick(&scene, START);
    for (int64_t now = START; now < START + 10 * HOUR; now += 50 * MINUTE) {
        update(&scene, UPDATE_ADD, "a", 1, now);
        tick(&scene, now);
        assert_true(is_shown(&scene, "job=\"a\""));
    }
    scene_free(&scene);
}

static void test_no_ttl_never_hides(void **state)
{
    (void)state;
    struct family_spec spec = counter;
    spec.ttl = 0;
    struct scene scene = scene_new(&spec);
    update(&scene, UPDATE_ADD, "a", 1, START);
    tick(&scene, START + 100000 * HOUR);
    assert_true(is_shown(&scene, "job=\"a\""));
    scene_free(&scene);
}

/* It is the event's time that counts, and a time that is still to come counts as now. */
static void test_event_time_decides(void **state)
{
    (void)state;
    struct scene scene = scene_new(&counter);
    tick(&scene, START);
    update_late(&scene, UPDATE_ADD, "old", 1, START - 2 * HOUR, START);
    update_late(&scene, UPDATE_ADD, "future", 1, START + 5 * HOUR, START);
    update_late(&scene, UPDATE_ADD, "unknown", 1, TIME_NONE, START);
    assert_true(is_shown(&scene, "job=\"old\"")); /* until a tick */
    tick(&scene, START);
    assert_false(is_shown(&scene, "job=\"old\""));
    assert_true(is_shown(&scene, "job=\"future\""));
    assert_true(is_shown(&scene, "job=\"unknown\""));
    tick(&scene, START + 6 * HOUR);
    assert_true(is_shown(&scene, "job=\"future\""));
    assert_false(is_shown(&scene, "job=\"unknown\""));
    tick(&scene, START + 6 * HOUR + 1);
    assert_false(is_shown(&scene, "job=\"future\""));
    scene_free(&scene);
}

static void test_old_news_does_not_show_a_hidden_series(void **state)
{
    (void)state;
    struct scene scene = scene_new(&counter);
    update(&scene, UPDATE_ADD, "a", 1, START);
    int64_t later = START + 5 * HOUR;
    tick(&scene, later);
    uint64_t before = registry_version(scene.registry);
    update_late(&scene, UPDATE_ADD, "a", 2, START + MINUTE, later);
    assert_false(is_shown(&scene, "job=\"a\""));
    assert_true(registry_version(scene.registry) == before);
    update(&scene, UPDATE_ADD, "a", 4, later);
    assert_true(shown(&scene, "job=\"a\"") == 7);
    scene_free(&scene);
}

static void test_nothing_expires_in_once(void **state)
{
    (void)state;
    struct scene scene = scene_new(&counter);
    update(&scene, UPDATE_ADD, "a", 1, START);
    registry_tick(scene.registry, START + 100 * HOUR, false);
    assert_true(is_shown(&scene, "job=\"a\""));
    tick(&scene, START + 100 * HOUR);
    assert_false(is_shown(&scene, "job=\"a\""));
    scene_free(&scene);
}

static void test_hidden_gauge_is_gone(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    update(&scene, UPDATE_ADD, "a", 5, START);
    update(&scene, UPDATE_ADD, "most", 5, START);
    tick(&scene, START + 2 * HOUR);
    update(&scene, UPDATE_ADD, "a", 1, START + 2 * HOUR);
    assert_true(shown(&scene, "job=\"a\"") == 1);
    update(&scene, UPDATE_MAX, "most", -3, START + 2 * HOUR);
    assert_true(shown(&scene, "job=\"most\"") == -3);
    scene_free(&scene);
}

static void test_hidden_gauge_of_a_set_counts_who_is_inside(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    update(&scene, UPDATE_ADD, "a", 2, START);
    struct series *series = find(&scene, "a");
    series_pin(series);
    tick(&scene, START + 2 * HOUR);
    assert_false(is_shown(&scene, "job=\"a\""));
    adjust(&scene, series, -1, START + 2 * HOUR);
    assert_true(shown(&scene, "job=\"a\"") == 1);
    series_unpin(series);
    scene_free(&scene);
}

static void test_clock_set_back_shows_again(void **state)
{
    (void)state;
    struct scene scene = scene_new(&counter);
    update(&scene, UPDATE_ADD, "a", 5, START);
    tick(&scene, START + 100 * HOUR);
    assert_false(is_shown(&scene, "job=\"a\""));
    tick(&scene, START + 10 * MINUTE);
    assert_true(shown(&scene, "job=\"a\"") == 5);
    tick(&scene, START + HOUR);
    assert_true(is_shown(&scene, "job=\"a\""));
    tick(&scene, START + HOUR + 1);
    assert_false(is_shown(&scene, "job=\"a\""));
    scene_free(&scene);
}

static void test_many_end_at_their_own_time(void **state)
{
    (void)state;
    struct scene scene = scene_new(&counter);
    tick(&scene, START);
    srand(3);
    int64_t ends[500];
    for (int i = 0; i < 500; i++) {
        char label[16];
        snprintf(label, sizeof(label), "%d", i);
        ends[i] = START + rand() % 1000 * SECOND + HOUR;
        update_late(&scene, UPDATE_ADD, label, 1, ends[i] - HOUR, START);
    }
    for (int64_t now = START; now < START + HOUR + 1001 * SECOND; now += 7 * SECOND) {
        size_t alive = 0;
        for (int i = 0; i < 500; i++)
            alive += ends[i] >= now;
        tick(&scene, now);
        assert_int_equal(usage_of(&scene).series, alive);
    }
    scene_free(&scene);
}

static void check_heap(const struct agenda *agenda)
{
    for (uint32_t i = 0; i < agenda->count; i++) {
        assert_int_equal(agenda->entries[i].series->due, i + 1);
        if (i > 0)
            assert_true(agenda->entries[(i - 1) / 2].due <= agenda->entries[i].due);
    }
}

/* Against a plain array of times. */
static void test_agenda_gives_the_earliest(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    struct agenda agenda = {0};
    static struct series series[COUNT];
    int64_t times[COUNT];
    for (int i = 0; i < COUNT; i++)
        times[i] = INT64_MAX;
    srand(5);
    for (int step = 0; step < 20000; step++) {
        int i = rand() % COUNT;
        int64_t due = rand() % 1000;
        if (rand() % 3 == 0) {
            agenda_remove(&agenda, &series[i]);
            times[i] = INT64_MAX;
        } else if (rand() % 2) {
            agenda_add(&agenda, &series[i], due);
            times[i] = due < times[i] ? due : times[i];
        } else {
            struct series *taken = agenda_take(&agenda, due);
            int64_t first = INT64_MAX;
            for (int k = 0; k < COUNT; k++)
                first = times[k] < first ? times[k] : first;
            assert_int_equal(taken != NULL, first <= due);
            if (taken) {
                assert_int_equal(times[taken - series], first);
                times[taken - series] = INT64_MAX;
            }
        }
        check_heap(&agenda);
    }
    agenda_free(&agenda);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ttl_hides_and_an_update_shows_again),
        cmocka_unit_test(test_an_update_puts_the_end_off),
        cmocka_unit_test(test_no_ttl_never_hides),
        cmocka_unit_test(test_event_time_decides),
        cmocka_unit_test(test_old_news_does_not_show_a_hidden_series),
        cmocka_unit_test(test_nothing_expires_in_once),
        cmocka_unit_test(test_hidden_gauge_is_gone),
        cmocka_unit_test(test_hidden_gauge_of_a_set_counts_who_is_inside),
        cmocka_unit_test(test_clock_set_back_shows_again),
        cmocka_unit_test(test_many_end_at_their_own_time),
        cmocka_unit_test(test_agenda_gives_the_earliest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
