/* What rules know survives a restart: rules/rule_set_save.c, memory_record.c, set_record.c. */
#include "rules_home.h"

#include <errno.h>
#include <stdio.h>

#define SECONDS(n) ((n)*NANOSECONDS_PER_SECOND)
#define HOURS(n)   SECONDS(3600 * INT64_C(n))

#define ACTIVE "metrics: {active: {type: gauge, help: A., labels: [job_id]}}\n"
#define MOVES                                                                                      \
    "rules:\n"                                                                                     \
    "  enter: [{enter: active, key: k, scope: pack}]\n"                                            \
    "  leave: [{leave: active, key: k, scope: pack}]\n"                                            \
    "  clear: [{clear: active}]\n"                                                                 \
    "  drop: [{drop: active}]\n"

static void enter(struct home *home, size_t file, const char *key, int time)
{
    AUTO_FREE char *line =
        memory_format("{\"type\":\"enter\",\"k\":\"%s\",\"time\":%d}", key, time);
    feed(&home->bench, file, line, NOW + SECONDS(time));
}

static void leave(struct home *home, size_t file, const char *key, int time)
{
    AUTO_FREE char *line =
        memory_format("{\"type\":\"leave\",\"k\":\"%s\",\"time\":%d}", key, time);
    feed(&home->bench, file, line, NOW + SECONDS(time));
}

static void clear(struct home *home, size_t file, const char *verb, int time)
{
    AUTO_FREE char *line = memory_format("{\"type\":\"%s\",\"time\":%d}", verb, time);
    feed(&home->bench, file, line, NOW + SECONDS(time));
}

/* Puts and removes of a kind in the open batch. */
static size_t in_batch(const struct home *home, enum record_kind kind, bool removed)
{
    size_t count = 0;
    for (size_t i = 0; i < home->shelf.batch.count; i++)
        count += home->shelf.batch.items[i].kind == kind &&
                 home->shelf.batch.items[i].removed == removed;
    return count;
}

/* --- Every kind of memory, in every scope ------------------------------------------------------
 */

static const char all_kinds[] =
    SOURCE "metrics:\n"
           "  o_total: {type: counter, help: O.}\n"
           "  t_total: {type: counter, help: T.}\n"
           "  u_total: {type: counter, help: U., labels: [f, d, s, p]}\n"
           "  took: {type: gauge, help: T.}\n"
           "rules:\n"
           "  once: [{inc: o_total, once: [k, l]}]\n"
           "  grow: [{add: t_total, value: {increase: n, key: k, scope: file}}]\n"
           "  set: [{remember: f, value: v, scope: file}, {remember: d, value: v},\n"
           "        {remember: s, value: v, key: k, scope: source},\n"
           "        {remember: p, value: v, key: k, scope: pack}]\n"
           "  use: [{inc: u_total, labels: {f: '{f|default no}', d: '{d|default no}',\n"
           "         s: '{s[k]|default no}', p: '{p[k]|default no}'}}]\n"
           "  start: [{start: timer, key: k}]\n"
           "  stop: [{set: took, value: {elapsed: timer}, key: k}, {stop: timer, key: k}]\n";

static void test_every_kind_comes_back(void **state)
{
    (void)state;
    struct home home;
    home_start(&home, all_kinds, NULL);
    struct bench *b = &home.bench;
    feed(b, 0, "{\"type\":\"once\",\"k\":\"a\",\"l\":1}", NOW);
    feed(b, 0, "{\"type\":\"grow\",\"k\":\"a\",\"n\":5}", NOW);
    feed(b, 0, "{\"type\":\"set\",\"k\":\"\",\"v\":\"one\"}", NOW);
    feed(b, 0, "{\"type\":\"start\",\"k\":\"a\",\"time\":100}", NOW);
    size_t keys = rule_set_memory_keys(b->rules);
    commit(&home, NOW);
    restart(&home, NOW);
    assert_int_equal(rule_set_memory_keys(b->rules), keys);
    assert_int_equal(rule_set_unsaved(b->rules), 0);
    feed(b, 0, "{\"type\":\"once\",\"k\":\"a\",\"l\":1}", NOW);
    feed(b, 1, "{\"type\":\"once\",\"k\":\"a\",\"l\":1}", NOW);
    feed(b, 1, "{\"type\":\"once\",\"k\":\"a\",\"l\":2}", NOW);
    assert_shows(b, "o_total 2");
    feed(b, 0, "{\"type\":\"grow\",\"k\":\"a\",\"n\":7}", NOW);
    feed(b, 1, "{\"type\":\"grow\",\"k\":\"a\",\"n\":7}", NOW);
    assert_shows(b, "t_total 14");
    feed(b, 0, "{\"type\":\"use\",\"k\":\"\"}", NOW);
    feed(b, 1, "{\"type\":\"use\",\"k\":\"\"}", NOW);
    assert_shows(b, "u_total{f=\"one\",d=\"one\",s=\"one\",p=\"one\"} 1");
    assert_shows(b, "u_total{f=\"no\",d=\"no\",s=\"one\",p=\"one\"} 1");
    feed(b, 0, "{\"type\":\"stop\",\"k\":\"a\",\"time\":107}", NOW);
    assert_shows(b, "took 7");
    feed(b, 0, "{\"type\":\"set\",\"k\":\"\",\"v\":\"other\"}", NOW);
    commit(&home, NOW);
    restart(&home, NOW);
    feed(b, 0, "{\"type\":\"use\",\"k\":\"\"}", NOW);
    assert_shows(b, "u_total{f=\"other\",d=\"other\",s=\"other\",p=\"other\"} 1");
    feed(b, 0, "{\"type\":\"stop\",\"k\":\"a\",\"time\":109}", NOW); /* it was stopped */
    assert_shows(b, "took 7");
    home_end(&home);
}

/* What is not committed was not: the events come again, and count once. */
static void test_a_lost_save_leaves_no_trace(void **state)
{
    (void)state;
    struct home home;
    home_start(&home, all_kinds, NULL);
    commit(&home, NOW);
    for (int i = 0; i < 2; i++) {
        feed(&home.bench, 0, "{\"type\":\"once\",\"k\":\"a\",\"l\":1}", NOW);
        feed(&home.bench, 0, "{\"type\":\"grow\",\"k\":\"a\",\"n\":5}", NOW);
        assert_shows(&home.bench, "o_total 1");
        assert_shows(&home.bench, "t_total 5");
        save(&home, NOW);
        if (i == 0)
            restart(&home, NOW);
    }
    shelf_commit(&home.shelf);
    restart(&home, NOW);
    feed(&home.bench, 0, "{\"type\":\"once\",\"k\":\"a\",\"l\":1}", NOW);
    assert_shows(&home.bench, "o_total 1");
    home_end(&home);
}

/* Packs come and go, and change places: scopes and memories are found by name. */
static void test_the_order_of_packs_does_not_matter(void **state)
{
    (void)state;
    static const char guest[] = "metrics: {g_total: {type: counter, help: G.}}\n"
                                "rules: {once: [{inc: g_total, once: k, scope: pack}]}\n";
    static const char source[] =
        SOURCE "metrics: {o_total: {type: counter, help: O.}}\n"
               "rules: {once: [{inc: o_total, once: k, scope: source}, {remember: m, value: k}]}\n";
    static const char other[] = "sources: {others: {files: '*.other', type: type}}\n"
                                "metrics: {x_total: {type: counter, help: X.}}\n"
                                "rules: {once: [{inc: x_total, once: k, scope: pack}]}\n";
    static const struct named_pack first[] = {{"one", source}, {"two", guest}, {"three", other}};
    static const struct named_pack second[] = {{"three", other}, {"two", guest}, {"one", source}};
    struct home home;
    home_start_packs(&home, first, 3, NULL);
    feed(&home.bench, 0, "{\"type\":\"once\",\"k\":\"a\"}", NOW);
    commit(&home, NOW);
    for (int i = 0; i < 2; i++) {
        memcpy(home.packs, i ? second + 1 : second, sizeof(second) - (i ? sizeof(*second) : 0));
        home.pack_count = i ? 2 : 3;
        restart(&home, NOW);
        feed(&home.bench, 1, "{\"type\":\"once\",\"k\":\"a\"}", NOW);
        assert_shows(&home.bench, "o_total 1");
        assert_shows(&home.bench, "g_total 1");
    }
    home_end(&home);
}

/* Two packs of one name are two. */
static void test_packs_of_one_name_keep_their_own(void **state)
{
    (void)state;
    static const char one[] = SOURCE "metrics: {o_total: {type: counter, help: O.}}\n"
                                     "rules: {once: [{inc: o_total, once: k, memory: m}]}\n";
    static const char two[] = "metrics: {g_total: {type: counter, help: G.}}\n"
                              "rules: {twice: [{inc: g_total, once: k, memory: m}]}\n";
    static const struct named_pack packs[] = {{"pack", one}, {"pack", two}};
    struct home home;
    home_start_packs(&home, packs, 2, NULL);
    feed(&home.bench, 0, "{\"type\":\"once\",\"k\":\"a\"}", NOW);
    commit(&home, NOW);
    restart(&home, NOW);
    feed(&home.bench, 0, "{\"type\":\"twice\",\"k\":\"a\"}", NOW);
    feed(&home.bench, 0, "{\"type\":\"once\",\"k\":\"a\"}", NOW);
    assert_shows(&home.bench, "g_total 1");
    assert_shows(&home.bench, "o_total 1");
    home_end(&home);
}

/* --- What is put -------------------------------------------------------------------------------
 */

static void test_only_changes_are_put(void **state)
{
    (void)state;
    struct home home;
    home_start(&home, all_kinds, NULL);
    struct bench *b = &home.bench;
    feed(b, 0, "{\"type\":\"once\",\"k\":\"a\",\"l\":1}", NOW);
    feed(b, 0, "{\"type\":\"grow\",\"k\":\"a\",\"n\":5}", NOW);
    feed(b, 0, "{\"type\":\"start\",\"k\":\"a\",\"time\":100}", NOW);
    assert_int_equal(rule_set_unsaved(b->rules), 3);
    save(&home, NOW);
    assert_int_equal(in_batch(&home, RECORD_MEMORY_KEY, false), 3);
    assert_int_equal(in_batch(&home, RECORD_MEMORY, false), 7);
    for (size_t i = 0; i < home.shelf.batch.count; i++)
        if (home.shelf.batch.items[i].kind == RECORD_MEMORY_KEY)
            assert_int_equal(home.shelf.batch.items[i].expires, NOW + HOURS(400 * 24));
    shelf_commit(&home.shelf);
    assert_int_equal(rule_set_unsaved(b->rules), 0);
    int64_t soon = NOW + HOURS(1) - SECONDS(2);
    feed(b, 0, "{\"type\":\"once\",\"k\":\"a\",\"l\":1}", soon); /* only touched */
    feed(b, 0, "{\"type\":\"grow\",\"k\":\"a\",\"n\":3}", soon);
    save(&home, NOW);
    assert_int_equal(home.shelf.batch.count, 0);
    feed(b, 0, "{\"type\":\"once\",\"k\":\"a\",\"l\":1}", NOW + HOURS(1) + SECONDS(3));
    feed(b, 0, "{\"type\":\"grow\",\"k\":\"a\",\"n\":6}", soon);
    feed(b, 0, "{\"type\":\"start\",\"k\":\"a\",\"time\":101}", NOW);
    save(&home, NOW);
    assert_int_equal(in_batch(&home, RECORD_MEMORY_KEY, false), 3);
    assert_int_equal(in_batch(&home, RECORD_MEMORY, false), 0);
    shelf_commit(&home.shelf);
    feed(b, 0, "{\"type\":\"stop\",\"k\":\"a\",\"time\":102}", NOW);
    assert_int_equal(rule_set_unsaved(b->rules), 1);
    feed(b, 0, "{\"type\":\"start\",\"k\":\"b\",\"time\":102}", NOW); /* never saved */
    feed(b, 0, "{\"type\":\"stop\",\"k\":\"b\",\"time\":103}", NOW);
    save(&home, NOW);
    assert_int_equal(in_batch(&home, RECORD_MEMORY_KEY, false), 0);
    assert_int_equal(in_batch(&home, RECORD_MEMORY_KEY, true), 1);
    shelf_commit(&home.shelf);
    save(&home, NOW);
    assert_int_equal(in_batch(&home, RECORD_MEMORY_KEY, true), 0);
    restart(&home, NOW);
    feed(b, 0, "{\"type\":\"once\",\"k\":\"a\",\"l\":1}", NOW + HOURS(2) - SECONDS(2));
    assert_int_equal(rule_set_unsaved(b->rules), 0); /* touched little since it was saved */
    feed(b, 0, "{\"type\":\"start\",\"k\":\"a\",\"time\":104}", NOW);
    commit(&home, NOW);
    feed(b, 0, "{\"type\":\"stop\",\"k\":\"a\",\"time\":105}", NOW);
    feed(b, 0, "{\"type\":\"start\",\"k\":\"a\",\"time\":106}", NOW); /* gone and back: put */
    assert_int_equal(rule_set_unsaved(b->rules), 2);
    save(&home, NOW);
    assert_int_equal(in_batch(&home, RECORD_MEMORY_KEY, false), 1);
    assert_int_equal(in_batch(&home, RECORD_MEMORY_KEY, true), 0);
    home_end(&home);
}

static void test_what_is_forgotten_is_removed(void **state)
{
    (void)state;
    struct rule_limits limits = {.max_memory_keys = 3};
    struct home home;
    home_start(&home,
               SOURCE "metrics: {o_total: {type: counter, help: O.}}\n"
                      "rules: {once: [{inc: o_total, once: k, keep: 1h}]}\n",
               &limits);
    for (int i = 0; i < 5; i++) {
        AUTO_FREE char *line = memory_format("{\"type\":\"once\",\"k\":%d}", i);
        feed(&home.bench, 0, line, NOW + SECONDS(i));
        commit(&home, NOW);
    }
    assert_int_equal(list_count(&home.shelf.committed, RECORD_MEMORY_KEY), 3);
    rule_set_tick(home.bench.rules, NOW + HOURS(1) + SECONDS(4), false);
    commit(&home, NOW);
    assert_int_equal(list_count(&home.shelf.committed, RECORD_MEMORY_KEY), 1);
    restart(&home, NOW);
    assert_int_equal(rule_set_memory_keys(home.bench.rules), 1);
    home_end(&home);
}

/* After a restart the keys longest untouched go first, as before. */
static void test_a_lower_limit_forgets_the_longest_untouched(void **state)
{
    (void)state;
    struct home home;
    home_start(&home, all_kinds, NULL);
    static const char *const keys[] = {"c", "a", "e", "b", "d"};
    for (int i = 0; i < 5; i++) {
        AUTO_FREE char *line = memory_format("{\"type\":\"once\",\"k\":\"%s\",\"l\":1}", keys[i]);
        feed(&home.bench, 0, line, NOW + SECONDS(i));
    }
    commit(&home, NOW);
    home.limits.max_memory_keys = 3;
    restart(&home, NOW);
    feed(&home.bench, 0, "{\"type\":\"once\",\"k\":\"f\",\"l\":1}", NOW + SECONDS(9));
    assert_int_equal(rule_set_memory_keys(home.bench.rules), 3);
    assert_shows(&home.bench, "o_total 6");
    feed(&home.bench, 0, "{\"type\":\"once\",\"k\":\"d\",\"l\":1}", NOW + SECONDS(9));
    feed(&home.bench, 0, "{\"type\":\"once\",\"k\":\"b\",\"l\":1}", NOW + SECONDS(9));
    assert_shows(&home.bench, "o_total 6");
    feed(&home.bench, 0, "{\"type\":\"once\",\"k\":\"e\",\"l\":1}", NOW + SECONDS(9));
    assert_shows(&home.bench, "o_total 7");
    home_end(&home);
}

/* --- Sets --------------------------------------------------------------------------------------
 */

static void test_members_stay_inside(void **state)
{
    (void)state;
    struct home home;
    home_start(&home, SOURCE ACTIVE MOVES, NULL);
    struct bench *b = &home.bench;
    enter(&home, 0, "a", 100);
    enter(&home, 0, "b", 100);
    enter(&home, 1, "c", 100);
    leave(&home, 1, "c", 110);
    leave(&home, 1, "z", 110);
    commit(&home, NOW);
    assert_int_equal(list_count(&home.shelf.committed, RECORD_SET), 1); /* job-2 has nobody */
    restart(&home, NOW);
    rule_set_tick(b->rules, NOW, false);
    assert_int_equal(rule_set_unsaved(b->rules), 0);
    assert_shows(b, "active{job_id=\"job-1\"} 2");
    assert_shows(b, "active{job_id=\"job-2\"} 0");
    enter(&home, 0, "a", 101); /* is inside */
    enter(&home, 0, "z", 109); /* left later */
    enter(&home, 0, "c", 110); /* at the same time, elsewhere */
    assert_shows(b, "active{job_id=\"job-1\"} 2");
    enter(&home, 1, "c", 110); /* at the same time, behind it */
    assert_shows(b, "active{job_id=\"job-2\"} 1");
    leave(&home, 1, "c", 111);
    enter(&home, 1, "a", 120); /* moves */
    leave(&home, 1, "b", 120); /* the key is enough */
    assert_shows(b, "active{job_id=\"job-1\"} 0");
    assert_shows(b, "active{job_id=\"job-2\"} 1");
    commit(&home, NOW);
    restart(&home, NOW);
    assert_shows(b, "active{job_id=\"job-1\"} 0");
    assert_shows(b, "active{job_id=\"job-2\"} 1");
    leave(&home, 0, "a", 130);
    assert_shows(b, "active{job_id=\"job-2\"} 0");
    home_end(&home);
}

/* A clear writes one record, whatever number of members it sends out. */
static void test_a_clear_is_one_record(void **state)
{
    (void)state;
    struct home home;
    home_start(&home, SOURCE ACTIVE MOVES, NULL);
    struct bench *b = &home.bench;
    for (int i = 0; i < 50; i++) {
        AUTO_FREE char *key = memory_format("k%d", i);
        enter(&home, 0, key, 100);
    }
    commit(&home, NOW);
    clear(&home, 0, "clear", 110);
    save(&home, NOW);
    assert_int_equal(in_batch(&home, RECORD_MEMORY_KEY, false), 0);
    assert_int_equal(in_batch(&home, RECORD_SET, false), 1);
    shelf_commit(&home.shelf);
    restart(&home, NOW);
    assert_shows(b, "active{job_id=\"job-1\"} 0");
    leave(&home, 0, "k1", 111);
    assert_shows(b, "active{job_id=\"job-1\"} 0");
    enter(&home, 0, "new", 109); /* before the clear */
    assert_shows(b, "active{job_id=\"job-1\"} 0");
    enter(&home, 0, "k2", 111);
    assert_shows(b, "active{job_id=\"job-1\"} 1");
    commit(&home, NOW);
    restart(&home, NOW);
    rule_set_tick(b->rules, NOW, false);
    assert_shows(b, "active{job_id=\"job-1\"} 1");
    leave(&home, 0, "k3", 112);
    assert_shows(b, "active{job_id=\"job-1\"} 1");
    home_end(&home);
}

/* It is out of sight, and comes back with who is inside. */
static void test_members_of_a_gauge_that_left(void **state)
{
    (void)state;
    struct home home;
    home_start(
        &home,
        SOURCE
        "metrics: {active: {type: gauge, help: A., labels: [job_id], max_series: 1}}\n" MOVES,
        NULL);
    struct bench *b = &home.bench;
    enter(&home, 0, "a", 100);
    enter(&home, 0, "b", 101);
    commit(&home, NOW);
    enter(&home, 1, "c", 2000); /* job-1 makes room, its members stay inside */
    assert_shows(b, "active{job_id=\"job-2\"} 1");
    assert_false(shows(b, "active{job_id=\"job-1\"} 2"));
    commit(&home, NOW);
    restart(&home, NOW + SECONDS(2000));
    rule_set_tick(b->rules, NOW + SECONDS(2000), false);
    assert_false(shows(b, "active{job_id=\"job-1\"} 2"));
    enter(&home, 0, "d", 4000);
    assert_shows(b, "active{job_id=\"job-1\"} 3");
    leave(&home, 0, "a", 4001);
    assert_shows(b, "active{job_id=\"job-1\"} 2");
    home_end(&home);
}

static void test_a_gauge_defined_otherwise_starts_anew(void **state)
{
    (void)state;
    struct home home;
    home_start(&home, SOURCE ACTIVE MOVES, NULL);
    enter(&home, 0, "a", 100);
    commit(&home, NOW);
    home.packs[0].text =
        SOURCE "metrics: {active: {type: gauge, help: A., labels: [job_id, s]}}\n" MOVES;
    restart(&home, NOW);
    assert_int_equal(rule_set_memory_keys(home.bench.rules), 0);
    enter(&home, 0, "b", 101);
    assert_shows(&home.bench, "active{job_id=\"job-1\"} 1");
    commit(&home, NOW);
    home.packs[0].text = SOURCE ACTIVE MOVES; /* and back: what was there is there */
    restart(&home, NOW);
    rule_set_tick(home.bench.rules, NOW, false);
    assert_shows(&home.bench, "active{job_id=\"job-1\"} 1");
    leave(&home, 0, "a", 102);
    assert_shows(&home.bench, "active{job_id=\"job-1\"} 0");
    home_end(&home);
}

/* A member's record expired while the program was down: the gauge shows who is left. */
static void test_a_gauge_shows_who_is_left(void **state)
{
    (void)state;
    struct home home;
    home_start(&home, SOURCE ACTIVE MOVES, NULL);
    enter(&home, 0, "a", 100);
    enter(&home, 0, "b", 100);
    enter(&home, 1, "c", 100);
    commit(&home, NOW);
    struct record_list *list = &home.shelf.committed;
    for (size_t i = list->count; i-- > 0;) {
        char last = list->items[i].key.data[list->items[i].key.length - 1];
        if (list->items[i].kind != RECORD_MEMORY_KEY || last == 'a')
            continue;
        free_kept(&list->items[i]);
        list->items[i] = list->items[--list->count];
    }
    restart(&home, NOW);
    rule_set_tick(home.bench.rules, NOW, true);
    assert_shows(&home.bench, "active{job_id=\"job-1\"} 1");
    assert_shows(&home.bench, "active{job_id=\"job-2\"} 0");
    commit(&home, NOW);
    assert_int_equal(list_count(list, RECORD_SET), 1); /* that of job-2 has no one to tell about */
    home_end(&home);
}

/* --- Reload ------------------------------------------------------------------------------------
 */

/* Whatever commit holds it, and what none does. */
static void test_a_reload_carries_all_over(void **state)
{
    (void)state;
    struct home home;
    home_start(&home, SOURCE ACTIVE MOVES, NULL);
    struct bench *b = &home.bench;
    enter(&home, 0, "a", 100);
    enter(&home, 0, "gone", 100);
    enter(&home, 1, "b", 100);
    commit(&home, NOW);
    leave(&home, 1, "b", 101); /* job-2 has nobody: its record is to go */
    clear(&home, 0, "clear", 102);
    enter(&home, 0, "a", 103);
    enter(&home, 0, "c", 103);
    size_t unsaved = rule_set_unsaved(b->rules);
    reload(&home, NOW);
    rule_set_tick(b->rules, NOW, false);
    assert_int_equal(rule_set_unsaved(b->rules), unsaved);
    assert_shows(b, "active{job_id=\"job-1\"} 2");
    assert_shows(b, "active{job_id=\"job-2\"} 0");
    commit(&home, NOW);
    assert_int_equal(list_count(&home.shelf.committed, RECORD_SET), 1);
    restart(&home, NOW);
    rule_set_tick(b->rules, NOW, false);
    assert_shows(b, "active{job_id=\"job-1\"} 2");
    leave(&home, 0, "gone", 104);
    assert_shows(b, "active{job_id=\"job-1\"} 2");
    leave(&home, 0, "c", 104);
    assert_shows(b, "active{job_id=\"job-1\"} 1");
    home_end(&home);
}

/* A key whose record is still to go does not come back after a reload and a kill. */
static void test_a_removed_key_stays_removed(void **state)
{
    (void)state;
    struct home home;
    home_start(&home, all_kinds, NULL);
    feed(&home.bench, 0, "{\"type\":\"start\",\"k\":\"a\",\"time\":100}", NOW);
    commit(&home, NOW);
    feed(&home.bench, 0, "{\"type\":\"stop\",\"k\":\"a\",\"time\":103}", NOW);
    reload(&home, NOW);
    commit(&home, NOW);
    restart(&home, NOW);
    assert_int_equal(rule_set_memory_keys(home.bench.rules), 0);
    home_end(&home);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_comes_back),
        cmocka_unit_test(test_a_lost_save_leaves_no_trace),
        cmocka_unit_test(test_the_order_of_packs_does_not_matter),
        cmocka_unit_test(test_packs_of_one_name_keep_their_own),
        cmocka_unit_test(test_only_changes_are_put),
        cmocka_unit_test(test_what_is_forgotten_is_removed),
        cmocka_unit_test(test_a_lower_limit_forgets_the_longest_untouched),
        cmocka_unit_test(test_members_stay_inside),
        cmocka_unit_test(test_a_clear_is_one_record),
        cmocka_unit_test(test_members_of_a_gauge_that_left),
        cmocka_unit_test(test_a_gauge_defined_otherwise_starts_anew),
        cmocka_unit_test(test_a_gauge_shows_who_is_left),
        cmocka_unit_test(test_a_reload_carries_all_over),
        cmocka_unit_test(test_a_removed_key_stays_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
