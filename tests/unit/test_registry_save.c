/* What survives a restart: registry/save.c, restore.c, unsaved.c. */
#include "registry_home.h"

#include <stdio.h>

/* --- All types ---------------------------------------------------------------------------------
 */

/* The same goes on in both. */
static void go_on(struct registry *left, struct registry *right, int64_t now)
{
    for (int i = 0; i < 30; i++, now += 37 * SECOND) {
        registry_tick(left, now, true);
        registry_tick(right, now, true);
        assert_same(left, right);
        if (i % 7 == 0) {
            fill(left, now);
            fill(right, now);
            assert_same(left, right);
        }
    }
}

static void test_every_type_comes_back(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&counter, &home.shelf)};
    struct registry *first = home.scene.registry;
    define_all(first);
    fill(first, START);
    registry_tick(first, START, true);
    commit(&home, START);
    struct registry *second = registry_new(PLENTY);
    define_all(second);
    registry_track(second, shelf_recall, &home.shelf, KEEP);
    struct loading loading = {second, START};
    assert_int_equal(shelf_each(&home.shelf, on_restore, &loading), 0);
    registry_tick(second, START, true);
    assert_int_equal(registry_unsaved(second), 0);
    assert_same(first, second);
    go_on(first, second, START + SECOND);
    registry_free(second);
    home_free(&home);
}

static void test_only_changes_are_put(void **state)
{
    (void)state;
    struct home home = {.scene = scene_new(&counter)};
    update(&home.scene, UPDATE_ADD, "ok|a", 1, START);
    update(&home.scene, UPDATE_ADD, "ok|b", 1, START);
    assert_int_equal(registry_unsaved(home.scene.registry), 0); /* not tracked */
    registry_track(home.scene.registry, NULL, NULL, KEEP);
    assert_int_equal(registry_unsaved(home.scene.registry), 2);
    save(&home, START);
    assert_int_equal(list_count(&home.shelf.batch, RECORD_FAMILY), 1);
    assert_int_equal(list_count(&home.shelf.batch, RECORD_SERIES), 2);
    assert_int_equal(registry_unsaved(home.scene.registry), 0);
    shelf_commit(&home.shelf);
    registry_saved(home.scene.registry);
    save(&home, START);
    assert_int_equal(home.shelf.batch.count, 0);
    update(&home.scene, UPDATE_ADD, "ok|b", 1, START);
    update(&home.scene, UPDATE_ADD, "ok|b", 1, START);
    update(&home.scene, UPDATE_ADD, "ok|c", 1, START);
    assert_int_equal(registry_unsaved(home.scene.registry), 2);
    drop(&home.scene, "ok|c"); /* never saved: nothing to remove */
    save(&home, START);
    assert_int_equal(home.shelf.batch.count, 1);
    shelf_commit(&home.shelf);
    drop(&home.scene, "ok|a");
    assert_int_equal(registry_unsaved(home.scene.registry), 1);
    save(&home, START);
    assert_int_equal(home.shelf.batch.count, 1);
    assert_true(home.shelf.batch.items[0].removed);
    shelf_commit(&home.shelf);
    restart(&home, &counter, START);
    assert_false(is_shown(&home.scene, "status=\"ok\",job=\"a\""));
    assert_true(shown(&home.scene, "status=\"ok\",job=\"b\"") == 3);
    home_free(&home);
}

static void test_dropped_and_made_anew_is_put(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&counter, &home.shelf)};
    update(&home.scene, UPDATE_ADD, "ok|a", 5, START);
    commit(&home, START);
    drop(&home.scene, "ok|a");
    update(&home.scene, UPDATE_ADD, "ok|a", 1, START);
    save(&home, START);
    assert_int_equal(home.shelf.batch.count, 1);
    shelf_commit(&home.shelf);
    restart(&home, &counter, START);
    assert_true(shown(&home.scene, "status=\"ok\",job=\"a\"") == 1);
    home_free(&home);
}

/* --- Time --------------------------------------------------------------------------------------
 */

static void test_hidden_stays_hidden_with_its_total(void **state)
{
    (void)state;
    struct family_spec spec = counter;
    spec.ttl = HOUR;
    struct home home = {.scene = tracked_scene(&spec, &home.shelf)};
    registry_tick(home.scene.registry, START, true);
    update(&home.scene, UPDATE_ADD, "ok|a", 5, START);
    update(&home.scene, UPDATE_ADD, "ok|b", 5, START + HOUR);
    registry_tick(home.scene.registry, START + 2 * HOUR, true);
    commit(&home, START + 2 * HOUR);
    for (size_t i = 0; i < home.shelf.committed.count; i++) {
        const struct kept_record *kept = &home.shelf.committed.items[i];
        if (kept->kind == RECORD_SERIES)
            assert_int_equal(kept->expires, memchr(kept->key.data, 'a', kept->key.length) &&
                                                    kept->key.data[kept->key.length - 2] == 'a'
                                                ? START + KEEP
                                                : 0);
    }
    restart(&home, &spec, START + 2 * HOUR);
    assert_int_equal(registry_unsaved(home.scene.registry), 0);
    assert_int_equal(usage_of(&home.scene).hidden, 1);
    assert_int_equal(usage_of(&home.scene).expired, 1);
    registry_tick(home.scene.registry, START + 2 * HOUR + SECOND, true);
    assert_int_equal(usage_of(&home.scene).hidden, 2); /* its ttl went on */
    update(&home.scene, UPDATE_ADD, "ok|a", 1, START + 2 * HOUR + SECOND);
    assert_true(shown(&home.scene, "status=\"ok\",job=\"a\"") == 6);
    commit(&home, START + 2 * HOUR + SECOND);
    restart(&home, &spec, START + HOUR); /* a clock set back shows it again */
    assert_int_equal(usage_of(&home.scene).hidden, 0);
    home_free(&home);
}

static void test_a_rate_falls_after_a_restart(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&gauge, &home.shelf)};
    update(&home.scene, UPDATE_RATE, "a", 60, START);
    commit(&home, START);
    restart(&home, &gauge, START + HOUR);
    assert_true(shown(&home.scene, "job=\"a\"") == 1);
    registry_tick(home.scene.registry, START + HOUR, true);
    assert_true(shown(&home.scene, "job=\"a\"") == 0);
    commit(&home, START + HOUR);
    restart(&home, &gauge, START + HOUR);
    assert_true(shown(&home.scene, "job=\"a\"") == 0);
    update(&home.scene, UPDATE_RATE, "a", 120, START + 2 * HOUR);
    commit(&home, START + 2 * HOUR);
    restart(&home, &gauge, START); /* set back: it has arrived now */
    registry_tick(home.scene.registry, START + 30 * SECOND, true);
    assert_true(shown(&home.scene, "job=\"a\"") == 2);
    registry_tick(home.scene.registry, START + 60 * SECOND, true);
    assert_true(shown(&home.scene, "job=\"a\"") == 0);
    home_free(&home);
}

/* What comes with time is looked at, also in a registry that has ticked before. */
static void test_restored_into_a_running_registry(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&gauge, &home.shelf)};
    update(&home.scene, UPDATE_RATE, "a", 60, START);
    commit(&home, START);
    struct scene other = scene_new(&gauge);
    registry_tick(other.registry, START, true);
    update(&other, UPDATE_SET, "a", 7, START); /* becomes what the record tells */
    struct loading loading = {other.registry, START};
    assert_int_equal(shelf_each(&home.shelf, on_restore, &loading), 0);
    assert_true(shown(&other, "job=\"a\"") == 1);
    registry_tick(other.registry, START + MINUTE, true);
    assert_true(shown(&other, "job=\"a\"") == 0);
    scene_free(&other);
    home_free(&home);
}

/* --- Born at zero ------------------------------------------------------------------------------
 */

static uint64_t shown_count(struct home *home, const char *labels)
{
    struct series_view found;
    assert_true(view(&home->scene, labels, &found));
    return found.count;
}

static void test_a_birth_goes_on(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&histogram, &home.shelf)};
    update(&home.scene, UPDATE_OBSERVE, "old", 1, START);
    registry_born_at_zero(home.scene.registry, true);
    update(&home.scene, UPDATE_OBSERVE, "old", 1, START);
    update(&home.scene, UPDATE_OBSERVE, "new", 1, START);
    commit(&home, START);
    restart(&home, &histogram, START + SECOND);
    registry_born_at_zero(home.scene.registry, true);
    update(&home.scene, UPDATE_OBSERVE, "new", 1, START + SECOND);
    update(&home.scene, UPDATE_OBSERVE, "old", 1, START + SECOND);
    update(&home.scene, UPDATE_OBSERVE, "newest", 1, START + SECOND);
    commit(&home, START + 2 * SECOND);
    registry_release_born(home.scene.registry, TIME_NONE, START + 2 * SECOND);
    assert_int_equal(registry_unsaved(home.scene.registry), 0);
    assert_int_equal(shown_count(&home, "job=\"old\""), 3);
    assert_int_equal(shown_count(&home, "job=\"new\""), 0);
    assert_int_equal(shown_count(&home, "job=\"newest\""), 0);
    registry_release_born(home.scene.registry, START + 1, START + 2 * SECOND);
    assert_int_equal(registry_unsaved(home.scene.registry), 1);
    commit(&home, START + 2 * SECOND);
    assert_int_equal(shown_count(&home, "job=\"new\""), 2);
    assert_int_equal(shown_count(&home, "job=\"newest\""), 0);
    restart(&home, &histogram, START + 2 * SECOND);
    assert_int_equal(shown_count(&home, "job=\"new\""), 2);
    assert_int_equal(shown_count(&home, "job=\"newest\""), 0);
    home_free(&home);
}

/* What was fetched is never more than what comes back, whenever the program is killed. */
static void test_a_value_is_shown_once_that_is_committed(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        bool seen = how < 2; /* by everybody; else a minute has passed */
        bool committed = how % 2;
        struct home home = {.scene = tracked_scene(&counter, &home.shelf)};
        registry_born_at_zero(home.scene.registry, true);
        update(&home.scene, UPDATE_ADD, "ok|a", 5, START);
        commit(&home, START);
        int64_t now = START + (seen ? SECOND : MINUTE);
        registry_release_born(home.scene.registry, seen ? now : TIME_NONE, now);
        assert_true(shown(&home.scene, "status=\"ok\",job=\"a\"") == 0);
        save(&home, now);
        assert_true(shown(&home.scene, "status=\"ok\",job=\"a\"") == 0);
        if (committed)
            shelf_commit(&home.shelf);
        else
            shelf_lose(&home.shelf);
        if (committed)
            registry_saved(home.scene.registry);
        assert_true(shown(&home.scene, "status=\"ok\",job=\"a\"") == (committed ? 5 : 0));
        restart(&home, &counter, now);
        assert_true(shown(&home.scene, "status=\"ok\",job=\"a\"") == (committed ? 5 : 0));
        home_free(&home);
    }
}

/* Where nothing can be committed it is shown all the same, in the end. */
static void test_a_birth_ends_without_a_commit(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&counter, &home.shelf)};
    registry_born_at_zero(home.scene.registry, true);
    update(&home.scene, UPDATE_ADD, "ok|a", 5, START);
    registry_release_born(home.scene.registry, START + 1, START + SECOND);
    save(&home, START + SECOND);
    registry_release_born(home.scene.registry, START + 1, START + 2 * MINUTE - 1);
    assert_true(shown(&home.scene, "status=\"ok\",job=\"a\"") == 0);
    registry_release_born(home.scene.registry, START + 1, START + 2 * MINUTE);
    assert_true(shown(&home.scene, "status=\"ok\",job=\"a\"") == 5);
    home_free(&home);
}

/* To be let go with the next commit: the other registry does not know of that. */
static void test_a_reload_does_not_end_a_birth(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&counter, &home.shelf)};
    registry_born_at_zero(home.scene.registry, true);
    update(&home.scene, UPDATE_ADD, "ok|a", 5, START);
    commit(&home, START);
    registry_release_born(home.scene.registry, START + 1, START + SECOND);
    struct shelf before = {0};
    struct record_sink sink = shelf_sink(&before);
    registry_save_all(home.scene.registry, &sink, START + SECOND);
    shelf_commit(&before);
    struct scene other = tracked_scene(&counter, &home.shelf);
    struct loading loading = {other.registry, START + SECOND};
    assert_int_equal(shelf_each(&before, on_restore, &loading), 0);
    assert_true(shown(&other, "status=\"ok\",job=\"a\"") == 0);
    scene_free(&other);
    shelf_free(&before);
    home_free(&home);
}

/* Nobody could see it while the program was down: the minute begins anew. */
static void test_a_birth_outlasts_the_time_off(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&counter, &home.shelf)};
    registry_born_at_zero(home.scene.registry, true);
    update(&home.scene, UPDATE_ADD, "ok|a", 5, START);
    commit(&home, START);
    int64_t later = START + 10 * HOUR;
    restart(&home, &counter, later);
    registry_release_born(home.scene.registry, TIME_NONE, later + SECOND);
    assert_true(shown(&home.scene, "status=\"ok\",job=\"a\"") == 0);
    registry_renew_births(home.scene.registry, later + HOUR); /* caught up at last */
    registry_release_born(home.scene.registry, later, later + HOUR);
    assert_true(shown(&home.scene, "status=\"ok\",job=\"a\"") == 0);
    registry_release_born(home.scene.registry, later + HOUR + 1, later + HOUR + 1);
    commit(&home, later + HOUR + 1);
    assert_true(shown(&home.scene, "status=\"ok\",job=\"a\"") == 5);
    home_free(&home);
}

/* --- Making room -------------------------------------------------------------------------------
 */

/* Two live series, of which the older one was made to leave by a third. */
static struct home home_with_one_that_left(void)
{
    struct home home = {.scene = scene_new(&small)};
    update(&home.scene, UPDATE_ADD, "a", 5, START);
    update(&home.scene, UPDATE_ADD, "b", 7, START + SECOND);
    return home;
}

static void make_room(struct home *home)
{
    registry_track(home->scene.registry, shelf_recall, &home->shelf, KEEP);
    commit(home, START + SECOND);
    update(&home->scene, UPDATE_ADD, "c", 1, START + HOUR);
    assert_false(is_shown(&home->scene, "job=\"a\""));
    assert_int_equal(usage_of(&home->scene).folded, 0);
}

static double total_of(struct home *home, const char *label)
{
    const struct series *series = find(&home->scene, label);
    return series ? series_value(series) : -1;
}

static void test_what_left_comes_back_with_its_total(void **state)
{
    (void)state;
    struct home home = home_with_one_that_left();
    make_room(&home);
    int64_t now = START + HOUR;
    for (int when = 0; when < 3; when++) {
        if (when >= 1)
            save(&home, now);
        if (when >= 2) {
            shelf_commit(&home.shelf);
            registry_saved(home.scene.registry);
        }
        now += HOUR; /* at each of: not saved, saved, committed */
        registry_born_at_zero(home.scene.registry, true);
        update(&home.scene, UPDATE_ADD, "a", 1, now);
        assert_true(shown(&home.scene, "job=\"a\"") == 5 + when);
        assert_true(total_of(&home, "a") == 6 + when);
        registry_release_born(home.scene.registry, TIME_NONE, now + 2 * MINUTE);
        assert_true(shown(&home.scene, "job=\"a\"") == 6 + when);
        update(&home.scene, UPDATE_ADD, "b", 1, now += HOUR);
        update(&home.scene, UPDATE_ADD, "c", 1, now += HOUR); /* "a" leaves again */
        assert_false(is_shown(&home.scene, "job=\"a\""));
    }
    assert_int_equal(registry_samples(home.scene.registry), 2);
    home_free(&home);
}

static void test_what_left_is_remembered_over_a_restart(void **state)
{
    (void)state;
    struct home home = home_with_one_that_left();
    make_room(&home);
    commit(&home, START + HOUR);
    restart(&home, &small, START + HOUR);
    assert_int_equal(registry_samples(home.scene.registry), 2);
    const struct kept_record *left = NULL;
    for (size_t i = 0; i < home.shelf.committed.count; i++)
        if (home.shelf.committed.items[i].expires)
            left = &home.shelf.committed.items[i];
    assert_non_null(left);
    assert_int_equal(left->expires, START + HOUR + KEEP);
    update(&home.scene, UPDATE_ADD, "a", 1, START + 2 * HOUR);
    assert_true(shown(&home.scene, "job=\"a\"") == 6);
    assert_int_equal(usage_of(&home.scene).expired, 2);
    home_free(&home);
}

/* The save that holds it is lost: it must not have been given back before. */
static void test_a_lost_save_loses_no_total(void **state)
{
    (void)state;
    struct home home = home_with_one_that_left();
    make_room(&home);
    save(&home, START + HOUR);
    shelf_lose(&home.shelf);
    restart(&home, &small, START + HOUR);
    assert_true(shown(&home.scene, "job=\"a\"") == 5);
    assert_true(shown(&home.scene, "job=\"b\"") == 7);
    assert_false(is_shown(&home.scene, "job=\"c\""));
    home_free(&home);
}

/* Changed between the save and its commit: what was put is not what it is. */
static void test_what_leaves_again_meanwhile_is_put_again(void **state)
{
    (void)state;
    struct home home = home_with_one_that_left();
    make_room(&home);
    save(&home, START + HOUR);
    update(&home.scene, UPDATE_ADD, "a", 1, START + 2 * HOUR); /* back, "b" leaves */
    update(&home.scene, UPDATE_ADD, "b", 1, START + 3 * HOUR); /* back, "c" leaves */
    update(&home.scene, UPDATE_ADD, "c", 1, START + 4 * HOUR); /* back, "a" leaves */
    shelf_commit(&home.shelf);
    registry_saved(home.scene.registry);
    assert_true(total_of(&home, "a") == 6);
    commit(&home, START + 4 * HOUR);
    assert_true(total_of(&home, "a") == 6);
    restart(&home, &small, START + 4 * HOUR);
    update(&home.scene, UPDATE_ADD, "a", 1, START + 5 * HOUR);
    assert_true(shown(&home.scene, "job=\"a\"") == 7);
    home_free(&home);
}

static void test_a_dropped_total_is_not_recalled(void **state)
{
    (void)state;
    struct home home = home_with_one_that_left();
    make_room(&home);
    commit(&home, START + HOUR);
    assert_true(drop(&home.scene, "a")); /* out of memory, and remembered */
    assert_false(drop(&home.scene, "a"));
    assert_null(find(&home.scene, "a"));
    update(&home.scene, UPDATE_ADD, "a", 1, START + 2 * HOUR);
    assert_true(shown(&home.scene, "job=\"a\"") == 1);
    drop(&home.scene, "a");
    save(&home, START + 2 * HOUR);
    assert_null(find(&home.scene, "a")); /* the commit may still hold it */
    shelf_commit(&home.shelf);
    registry_saved(home.scene.registry);
    assert_null(find(&home.scene, "a"));
    restart(&home, &small, START + 2 * HOUR);
    assert_null(find(&home.scene, "a"));
    home_free(&home);
}

static void test_a_gauge_that_leaves_is_gone(void **state)
{
    (void)state;
    struct family_spec spec = small;
    spec.type = METRIC_GAUGE;
    struct home home = {.scene = tracked_scene(&spec, &home.shelf)};
    update(&home.scene, UPDATE_ADD, "a", 5, START);
    update(&home.scene, UPDATE_ADD, "b", 7, START + SECOND);
    commit(&home, START + SECOND);
    update(&home.scene, UPDATE_ADD, "c", 1, START + HOUR);
    commit(&home, START + HOUR);
    assert_int_equal(list_count(&home.shelf.committed, RECORD_SERIES), 2);
    update(&home.scene, UPDATE_ADD, "a", 1, START + 2 * HOUR);
    assert_true(shown(&home.scene, "job=\"a\"") == 1);
    home_free(&home);
}

/* A family of which nothing ever left asks for nothing. */
static bool on_unwanted_recall(void *context, const char *key, size_t length, struct text *out)
{
    (void)key;
    (void)length;
    (void)out;
    ++*(int *)context;
    return false;
}

static void test_recall_only_where_totals_have_left(void **state)
{
    (void)state;
    int asked = 0;
    struct scene scene = scene_new(&small);
    registry_track(scene.registry, on_unwanted_recall, &asked, KEEP);
    update(&scene, UPDATE_ADD, "a", 1, START);
    update(&scene, UPDATE_ADD, "b", 1, START);
    update(&scene, UPDATE_ADD, "c", 1, START); /* folds: both are live */
    assert_int_equal(asked, 0);
    update(&scene, UPDATE_ADD, "c", 1, START + HOUR);
    update(&scene, UPDATE_ADD, "d", 1, START + HOUR);
    assert_int_equal(asked, 2);
    scene_free(&scene);
}

/* Nothing can be saved: what leaves is kept, but not without end. */
static void test_what_leaves_is_bounded(void **state)
{
    (void)state;
    struct shelf shelf = {0};
    struct scene scene = scene_in(registry_new(10), &small);
    registry_track(scene.registry, shelf_recall, &shelf, KEEP);
    double sum = 0;
    for (int i = 0; i < 100; i++) {
        char label[16];
        snprintf(label, sizeof(label), "%d", i);
        update(&scene, UPDATE_ADD, label, 1, START + i * HOUR);
    }
    assert_int_equal(registry_unsaved(scene.registry), 10 + 2 + 1);
    for (int i = 0; i < 100; i++) {
        char label[16];
        snprintf(label, sizeof(label), "%d", i);
        const struct series *series = find(&scene, label);
        sum += series ? series_value(series) : 0;
    }
    assert_true(sum + shown(&scene, "job=\"_other\"") == 100);
    scene_free(&scene);
    shelf_free(&shelf);
}

static void test_a_lower_limit_makes_the_longest_idle_leave(void **state)
{
    (void)state;
    struct family_spec spec = small;
    spec.max_series = 10;
    struct home home = {.scene = tracked_scene(&spec, &home.shelf)};
    static const char *const labels[] = {"e", "a", "d", "b", "c"};
    for (int i = 0; i < 5; i++)
        update(&home.scene, UPDATE_ADD, labels[i], i + 1, START + i * SECOND);
    commit(&home, START + MINUTE);
    restart(&home, &small, START + MINUTE);
    registry_tick(home.scene.registry, START + MINUTE, true);
    assert_int_equal(registry_samples(home.scene.registry), 2);
    assert_true(shown(&home.scene, "job=\"b\"") == 4);
    assert_true(shown(&home.scene, "job=\"c\"") == 5);
    commit(&home, START + MINUTE);
    update(&home.scene, UPDATE_ADD, "e", 1, START + HOUR);
    assert_true(shown(&home.scene, "job=\"e\"") == 2);
    assert_false(is_shown(&home.scene, "job=\"b\"")); /* the longest idle, as before */
    home_free(&home);
}

/* --- Definitions -------------------------------------------------------------------------------
 */

static void test_what_is_defined_otherwise_starts_anew(void **state)
{
    (void)state;
    static const double other_buckets[] = {1, 2, 10};
    struct family_spec specs[5] = {histogram, histogram, histogram, histogram, histogram};
    specs[0].buckets = other_buckets;
    specs[1].bucket_count = 2;
    specs[2].type = METRIC_COUNTER;
    specs[3].label_count = 2;
    specs[3].labels = two_labels;
    specs[4].name = "other_seconds";
    struct home home = {.scene = tracked_scene(&histogram, &home.shelf)};
    update(&home.scene, UPDATE_OBSERVE, "a", 2, START);
    commit(&home, START);
    for (size_t i = 0; i < ARRAY_LENGTH(specs); i++) {
        restart(&home, &specs[i], START);
        assert_int_equal(usage_of(&home.scene).series, 0);
        update(&home.scene, specs[i].type == METRIC_COUNTER ? UPDATE_ADD : UPDATE_OBSERVE, "a|a", 7,
               START);
        commit(&home, START);
    }
    specs[0] = histogram;
    specs[0].help = "Changed.";
    specs[0].ttl = HOUR;
    specs[0].max_series = 100;
    restart(&home, &specs[0], START);
    struct series_view found;
    assert_true(view(&home.scene, "job=\"a\"", &found));
    assert_true(found.count == 1 && found.sum == 2 && found.counts[1] == 1);
    home_free(&home);
}

/* Counts of a family are its own totals, and go on. */
static void test_usage_goes_on(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&small, &home.shelf)};
    for (int i = 0; i < 5; i++) {
        const char *const labels[] = {"a", "b", "c", "d", "e"};
        update(&home.scene, UPDATE_ADD, labels[i], 1, START);
    }
    commit(&home, START);
    update(&home.scene, UPDATE_ADD, "f", 1, START);
    save(&home, START);
    assert_int_equal(list_count(&home.shelf.batch, RECORD_FAMILY), 1);
    shelf_commit(&home.shelf);
    restart(&home, &small, START);
    assert_int_equal(usage_of(&home.scene).folded, 4);
    assert_true(shown(&home.scene, "job=\"_other\"") == 4);
    assert_int_equal(registry_samples(home.scene.registry), 2); /* a fold series takes no room */
    update(&home.scene, UPDATE_ADD, "f", 1, START);
    assert_true(shown(&home.scene, "job=\"_other\"") == 5);
    home_free(&home);
}

/* --- Reload ------------------------------------------------------------------------------------
 */

/* Everything, of whatever commit, goes over to another registry. */
static void test_a_reload_carries_all_over(void **state)
{
    (void)state;
    struct home home = home_with_one_that_left();
    make_room(&home);                                          /* "a" leaves, not put */
    update(&home.scene, UPDATE_ADD, "d", 1, START + 2 * HOUR); /* "b" leaves */
    commit(&home, START + 2 * HOUR);                           /* both are committed */
    update(&home.scene, UPDATE_ADD, "e", 1, START + 3 * HOUR); /* "c" leaves, not put */
    registry_born_at_zero(home.scene.registry, true);
    update(&home.scene, UPDATE_ADD, "f", 9, START + 4 * HOUR); /* "d" leaves, put, not committed */
    drop(&home.scene, "a");                                    /* still to be removed */
    struct shelf before = {0};
    struct record_sink sink = shelf_sink(&before);
    sink.remove = NULL;
    registry_save_all(home.scene.registry, &sink, START + 4 * HOUR);
    shelf_commit(&before);
    struct scene other = tracked_scene(&small, &home.shelf);
    struct loading loading = {other.registry, START + 4 * HOUR};
    assert_int_equal(shelf_each(&before, on_restore, &loading), 0);
    assert_same(home.scene.registry, other.registry);
    assert_int_equal(registry_unsaved(other.registry), registry_unsaved(home.scene.registry));
    assert_true(shown(&other, "job=\"f\"") == 0);
    scene_free(&home.scene);
    home.scene = other;
    assert_true(total_of(&home, "a") == -1);
    assert_true(total_of(&home, "b") == 7);
    assert_true(total_of(&home, "c") == 1);
    assert_true(total_of(&home, "d") == 1);
    assert_true(total_of(&home, "f") == 9);
    commit(&home, START + 4 * HOUR);
    restart(&home, &small, START + 4 * HOUR);
    assert_true(total_of(&home, "a") == -1);
    assert_true(total_of(&home, "b") == 7);
    assert_true(total_of(&home, "c") == 1);
    assert_true(total_of(&home, "d") == 1);
    assert_true(total_of(&home, "e") == 1);
    assert_true(shown(&home.scene, "job=\"f\"") == 0 && total_of(&home, "f") == 9);
    shelf_free(&before);
    home_free(&home);
}

/* --- A floor for totals ------------------------------------------------------------------------
 */

static void test_totals_are_raised(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&counter, &home.shelf)};
    struct registry *first = home.scene.registry;
    define_all(first);
    fill(first, START);
    commit(&home, START);
    scene_free(&home.scene);
    home.scene = tracked_scene(&counter, &home.shelf);
    define_all(home.scene.registry);
    struct scene counters = home.scene;
    struct scene gauges = scene_in(home.scene.registry, &gauge);
    struct scene histograms = scene_in(home.scene.registry, &histogram);
    struct scene summaries = scene_in(home.scene.registry, &summary);
    update(&counters, UPDATE_ADD, "ok|a", 10, START + SECOND);
    update(&counters, UPDATE_ADD, "|a", 1, START + SECOND);
    update(&histograms, UPDATE_OBSERVE, "a", 0.5, START + SECOND);
    for (int i = 0; i < 1000; i++)
        update(&histograms, UPDATE_OBSERVE, "a", 20, START + SECOND);
    update(&summaries, UPDATE_OBSERVE, "a", 1, START + SECOND);
    update(&gauges, UPDATE_SET, "max", -9, START + SECOND);
    struct loading loading = {home.scene.registry, START + SECOND};
    assert_int_equal(shelf_each(&home.shelf, on_raise, &loading), 0);
    struct series_view found;
    assert_true(shown(&counters, "status=\"ok\",job=\"a\"") == 10);
    assert_true(shown(&counters, "job=\"a\"") == 1e300);
    assert_true(shown(&counters, "") == 0);
    assert_true(shown(&gauges, "job=\"max\"") == -9);
    assert_false(is_shown(&gauges, "job=\"rate\""));
    assert_true(view(&histograms, "job=\"a\"", &found));
    assert_true(found.counts[0] == 6 && found.counts[3] == 1000 && found.sum == 20000.5);
    assert_true(view(&summaries, "job=\"a\"", &found));
    assert_true(found.count == 100);
    home_free(&home);
}

/* Also what is shown of a series that is being born, and what is only remembered. */
static void test_what_is_not_shown_is_raised(void **state)
{
    (void)state;
    struct home home = home_with_one_that_left();
    make_room(&home); /* "a" left with 5, "b" is 7, "c" is 1 */
    commit(&home, START + HOUR);
    struct shelf anew = {0};
    struct scene scene = tracked_scene(&small, &anew);
    registry_born_at_zero(scene.registry, true);
    update(&scene, UPDATE_ADD, "b", 2, START + HOUR);
    struct loading loading = {scene.registry, START + HOUR};
    assert_int_equal(shelf_each(&home.shelf, on_raise, &loading), 0);
    assert_true(shown(&scene, "job=\"b\"") == 7);
    assert_true(shown(&scene, "job=\"c\"") == 1);
    assert_false(is_shown(&scene, "job=\"a\""));
    assert_int_equal(registry_unsaved(scene.registry), 3);
    struct record_sink sink = shelf_sink(&anew);
    registry_save(scene.registry, &sink, START + HOUR);
    shelf_commit(&anew);
    registry_saved(scene.registry);
    update(&scene, UPDATE_ADD, "a", 1, START + 2 * HOUR);
    assert_true(series_value(find(&scene, "a")) == 6);
    scene_free(&scene);
    shelf_free(&anew);
    home_free(&home);
}

/* --- Keys --------------------------------------------------------------------------------------
 */

static void test_a_series_is_found_by_its_key(void **state)
{
    (void)state;
    struct scene scene = scene_new(&gauge);
    struct text key;
    text_init(&key, TEXT_UNLIMITED);
    update(&scene, UPDATE_SET, "a", 1, START);
    series_write_key(find(&scene, "a"), &key);
    assert_ptr_equal(registry_series_of_key(scene.registry, key.data, key.length),
                     find(&scene, "a"));
    key.data[key.length - 2] = 'b';
    struct series *detached = registry_series_of_key(scene.registry, key.data, key.length);
    assert_non_null(detached);
    series_pin(detached);
    assert_false(is_shown(&scene, "job=\"b\""));
    assert_int_equal(registry_samples(scene.registry), 1);
    update(&scene, UPDATE_SET, "b", 2, START);
    assert_ptr_equal(find(&scene, "b"), detached);
    series_unpin(detached);
    key.data[key.length - 2] = '"';
    assert_null(registry_series_of_key(scene.registry, key.data, key.length));
    key.data[0] ^= 1;
    assert_null(registry_series_of_key(scene.registry, key.data, key.length));
    assert_null(registry_series_of_key(scene.registry, key.data, 7));
    text_free(&key);
    scene_free(&scene);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_comes_back),
        cmocka_unit_test(test_only_changes_are_put),
        cmocka_unit_test(test_dropped_and_made_anew_is_put),
        cmocka_unit_test(test_hidden_stays_hidden_with_its_total),
        cmocka_unit_test(test_a_rate_falls_after_a_restart),
        cmocka_unit_test(test_restored_into_a_running_registry),
        cmocka_unit_test(test_a_birth_goes_on),
        cmocka_unit_test(test_a_value_is_shown_once_that_is_committed),
        cmocka_unit_test(test_a_birth_ends_without_a_commit),
        cmocka_unit_test(test_a_reload_does_not_end_a_birth),
        cmocka_unit_test(test_a_birth_outlasts_the_time_off),
        cmocka_unit_test(test_what_left_comes_back_with_its_total),
        cmocka_unit_test(test_what_left_is_remembered_over_a_restart),
        cmocka_unit_test(test_a_lost_save_loses_no_total),
        cmocka_unit_test(test_what_leaves_again_meanwhile_is_put_again),
        cmocka_unit_test(test_a_dropped_total_is_not_recalled),
        cmocka_unit_test(test_a_gauge_that_leaves_is_gone),
        cmocka_unit_test(test_recall_only_where_totals_have_left),
        cmocka_unit_test(test_what_leaves_is_bounded),
        cmocka_unit_test(test_a_lower_limit_makes_the_longest_idle_leave),
        cmocka_unit_test(test_what_is_defined_otherwise_starts_anew),
        cmocka_unit_test(test_usage_goes_on),
        cmocka_unit_test(test_a_reload_carries_all_over),
        cmocka_unit_test(test_totals_are_raised),
        cmocka_unit_test(test_what_is_not_shown_is_raised),
        cmocka_unit_test(test_a_series_is_found_by_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
