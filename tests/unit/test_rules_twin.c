/* Two rule sets that the same events come to: one is killed, restarted and reloaded at any moment,
 * its twin never. They show the same. */
#include "rules_home.h"

#include <stdio.h>

#define SECOND NANOSECONDS_PER_SECOND

enum { STEPS = 1200 };

/* Rules of every kind that remember something; KEEP is what all of them say of keys. */
#define RULES(KEEP)                                                                                \
    SOURCE "metrics:\n"                                                                            \
           "  active: {type: gauge, help: A., labels: [job_id, s], ttl: 10m}\n"                    \
           "  busy: {type: gauge, help: B., labels: [job_id], max_series: 1}\n"                    \
           "  o_total: {type: counter, help: O., labels: [s], ttl: 5m}\n"                          \
           "  t_total: {type: counter, help: T.}\n"                                                \
           "  u_total: {type: counter, help: U., labels: [m]}\n"                                   \
           "  took: {type: histogram, help: T., buckets: [1, 10, 100]}\n"                          \
           "rules:\n"                                                                              \
           "  enter: [{enter: active, key: k, scope: pack, for: 8m" KEEP "}]\n"                    \
           "  leave: [{leave: active, key: k}]\n"                                                  \
           "  clear: [{clear: active}]\n"                                                          \
           "  drop: [{drop: active}, {drop: o_total}]\n"                                           \
           "  begin: [{enter: busy, key: k" KEEP "}]\n"                                            \
           "  end: [{leave: busy, key: k}]\n"                                                      \
           "  over: [{clear: busy}]\n"                                                             \
           "  once: [{inc: o_total, once: [k, s], scope: source" KEEP "}]\n"                       \
           "  grow: [{add: t_total, value: {increase: n, key: k, scope: file" KEEP "}}]\n"         \
           "  set: [{remember: m, value: n, key: k" KEEP "}]\n"                                    \
           "  use: [{inc: u_total, labels: {m: '{m[k]|default none}'}}]\n"                         \
           "  start: [{start: timer, key: k" KEEP "}]\n"                                           \
           "  stop: [{observe: took, value: {elapsed: timer}, key: k}, {stop: timer, key: k}]\n"

/* One thing that happens, so that it can be done again after a kill. */
struct step {
    bool is_tick;
    size_t file;
    char line[120];
    int64_t now;
};

static void take_step(struct bench *bench, const struct step *step)
{
    if (step->is_tick) {
        rule_set_tick(bench->rules, step->now, false);
        registry_tick(bench->registry, step->now, true);
    } else {
        feed(bench, step->file, step->line, step->now);
    }
}

static struct step random_step(int64_t since)
{
    static const char *const types[] = {"enter", "enter", "leave", "clear", "drop", "begin",
                                        "begin", "end",   "over",  "once",  "once", "grow",
                                        "set",   "use",   "start", "start", "stop"};
    const char *type = types[(size_t)rand() % ARRAY_LENGTH(types)];
    struct step step = {.is_tick = rand() % 6 == 0, .file = (size_t)rand() % 2};
    step.now = since + (2 + rand() % (rand() % 20 ? 30 : 300)) * SECOND;
    int64_t time = step.now / SECOND - rand() % 2 * (rand() % 60);
    snprintf(step.line, sizeof(step.line),
             "{\"type\":\"%s\",\"k\":\"k%d\",\"s\":\"%d\",\"n\":%d,\"time\":%lld}", type,
             rand() % 8, rand() % 3, rand() % 20, (long long)time);
    return step;
}

static void assert_same(const struct bench *left, const struct bench *right)
{
    AUTO_FREE char *a = exposition(left);
    AUTO_FREE char *b = exposition(right);
    assert_string_equal(a, b);
    assert_int_equal(rule_set_memory_keys(left->rules), rule_set_memory_keys(right->rules));
}

/* Comes back as of the last commit, and what came after it comes again. */
static void kill_and_restart(struct home *home, const struct step *steps, size_t committed,
                             size_t count)
{
    const struct step tick = {.is_tick = true, .now = steps[committed - 1].now};
    restart(home, tick.now);
    take_step(&home->bench, &tick);
    for (size_t i = committed; i < count; i++)
        take_step(&home->bench, &steps[i]);
}

static void run_twins(const char *pack, const struct rule_limits *limits, unsigned seed)
{
    static struct step steps[STEPS];
    struct home twin;
    struct home home;
    size_t committed = 0; /* steps in the last commit */
    size_t saved = 0;     /* in the last save */
    int64_t now = NOW;
    home_start(&twin, pack, limits);
    home_start(&home, pack, limits);
    srand(seed);
    for (size_t i = 0; i < STEPS; i++) {
        steps[i] = random_step(now);
        now = steps[i].now;
        if (i % 10 == 0) /* so that a save finds nothing overdue */
            steps[i].is_tick = true;
        take_step(&twin.bench, &steps[i]);
        take_step(&home.bench, &steps[i]);
        if (i % 10 == 0 && saved == committed) {
            commit(&twin, now);
            save(&home, now);
            saved = i + 1;
        } else if (saved > committed && rand() % 8 == 0) {
            shelf_commit(&home.shelf);
            committed = saved;
            if (rand() % 2)
                registry_saved(home.bench.registry);
            else /* killed before it heard of it */
                kill_and_restart(&home, steps, committed, i + 1);
        } else if (committed > 0 && rand() % 40 == 0) {
            kill_and_restart(&home, steps, committed, i + 1);
            saved = committed;
        } else if (steps[i].is_tick && rand() % 10 == 0) {
            reload(&home, now);
            take_step(&home.bench, &steps[i]);
        }
        if (steps[i].is_tick)
            assert_same(&twin.bench, &home.bench);
    }
    home_end(&twin);
    home_end(&home);
}

static void test_with_keys_kept_long(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 10; seed++)
        run_twins(RULES(""), NULL, seed);
}

/* Keys are swept and pushed out all the time, the same ones in both. */
static void test_with_keys_kept_short(void **state)
{
    (void)state;
    const struct rule_limits limits = {.max_memory_keys = 12};
    for (unsigned seed = 1; seed <= 10; seed++)
        run_twins(RULES(", keep: 1m"), &limits, seed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_keys_kept_long),
        cmocka_unit_test(test_with_keys_kept_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
