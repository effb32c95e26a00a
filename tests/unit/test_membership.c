/* membership.c: sets that show an age, and scopes that are cleared. */
#include <stdio.h>

#include "rules_fixture.h"

#define METRICS                                                                                    \
    "metrics:\n"                                                                                   \
    "  oldest_seconds: {type: gauge, shows: oldest, help: O., labels: [job_id]}\n"                 \
    "  open: {type: gauge, help: N., labels: [job_id]}\n"
#define RULES                                                                                      \
    "rules:\n"                                                                                     \
    "  in:\n"                                                                                      \
    "    - {enter: oldest_seconds, key: k, scope: file, for: 1h}\n"                                \
    "    - {enter: open, key: k, scope: file}\n"                                                   \
    "  out:\n"                                                                                     \
    "    - {leave: oldest_seconds, key: k}\n"                                                      \
    "    - {leave: open, key: k}\n"                                                                \
    "  end:\n"                                                                                     \
    "    - {clear: oldest_seconds, scope: file}\n"                                                 \
    "    - {clear: open, scope: file}\n"

#define SECOND NANOSECONDS_PER_SECOND

/* An event of a file, `seconds` after NOW. */
static void tell(struct bench *b, size_t file, const char *type, const char *key, int seconds)
{
    AUTO_FREE char *line = memory_format("{\"type\":\"%s\",\"k\":\"%s\",\"time\":%lld}", type, key,
                                         (long long)(NOW / SECOND) + seconds);
    feed(b, file, line, NOW + seconds * SECOND);
}

static void tick(struct bench *b, int seconds)
{
    rule_set_tick(b->rules, NOW + seconds * SECOND, false);
}

static void test_an_age_grows_with_time(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, SOURCE METRICS RULES, NULL);
    tell(&b, 0, "in", "a", 0);
    assert_shows(&b, "oldest_seconds{job_id=\"job-1\"} 0");
    tell(&b, 0, "in", "b", 5);
    tell(&b, 1, "in", "c", 7);
    tick(&b, 10);
    assert_shows(&b, "oldest_seconds{job_id=\"job-1\"} 10");
    assert_shows(&b, "oldest_seconds{job_id=\"job-2\"} 3");
    tell(&b, 0, "out", "a", 11);
    tick(&b, 12);
    assert_shows(&b, "oldest_seconds{job_id=\"job-1\"} 7"); /* of b */
    tell(&b, 0, "out", "b", 13);                            /* at once, without a tick */
    assert_shows(&b, "oldest_seconds{job_id=\"job-1\"} 0");
    assert_shows(&b, "oldest_seconds{job_id=\"job-2\"} 5");
    bench_end(&b);
}

static void test_an_age_ends_with_its_key(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, SOURCE METRICS RULES, NULL);
    tell(&b, 0, "in", "a", 0);
    tick(&b, 3600);
    assert_shows(&b, "oldest_seconds{job_id=\"job-1\"} 3600");
    tick(&b, 3601); /* fell out */
    assert_shows(&b, "oldest_seconds{job_id=\"job-1\"} 0");
    assert_shows(&b, "open{job_id=\"job-1\"} 1");
    bench_end(&b);
}

static void test_an_event_of_the_future_has_no_age(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, SOURCE METRICS RULES, NULL);
    AUTO_FREE char *line = memory_format("{\"type\":\"in\",\"k\":\"a\",\"time\":%lld}",
                                         (long long)(NOW / SECOND) + 1000);
    feed(&b, 0, line, NOW);
    tick(&b, 0);
    assert_shows(&b, "oldest_seconds{job_id=\"job-1\"} 0");
    bench_end(&b);
}

static void test_a_scope_is_cleared_whole_and_alone(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, SOURCE METRICS RULES, NULL);
    tell(&b, 0, "end", "-", 0); /* nobody is there */
    assert_int_equal(outcomes(&b, 5, ROW_NO_GROWTH), 1);
    tell(&b, 0, "in", "a", 1);
    tell(&b, 0, "in", "b", 2);
    tell(&b, 0, "in", "c", 3);
    tell(&b, 1, "in", "a", 4);
    tell(&b, 0, "out", "b", 5);
    tell(&b, 0, "end", "-", 10);
    tick(&b, 20);
    assert_shows(&b, "open{job_id=\"job-1\"} 0");
    assert_shows(&b, "open{job_id=\"job-2\"} 1");
    assert_shows(&b, "oldest_seconds{job_id=\"job-1\"} 0");
    assert_shows(&b, "oldest_seconds{job_id=\"job-2\"} 16");
    tell(&b, 0, "in", "a", 9); /* before it was cleared */
    assert_shows(&b, "open{job_id=\"job-1\"} 0");
    tell(&b, 0, "in", "a", 11);
    tell(&b, 0, "in", "d", 11);
    assert_shows(&b, "open{job_id=\"job-1\"} 2");
    bench_end(&b);
}

/* Members that come, go and fall out in any order: the gauge is what a plain count says. */
static void test_many_members(void **state)
{
    (void)state;
    struct bench b;
    bool inside[2][50] = {{false}};
    unsigned seed = 7;
    bench_start(&b, SOURCE METRICS RULES, &(struct rule_limits){.max_memory_keys = 1000});
    for (int step = 1; step < 3000; step++) {
        seed = seed * 1103515245u + 12345u;
        size_t file = seed >> 30 & 1;
        size_t key = (seed >> 16) % 50;
        unsigned what = (seed >> 8) % 16;
        char text[4];
        snprintf(text, sizeof(text), "%zu", key);
        tell(&b, file, what == 0 ? "end" : what < 7 ? "out" : "in", text, step);
        for (size_t i = 0; what == 0 && i < 50; i++)
            inside[file][i] = false;
        if (what > 0)
            inside[file][key] = what >= 7;
    }
    for (size_t file = 0; file < 2; file++) {
        int count = 0;
        for (size_t i = 0; i < 50; i++)
            count += inside[file][i];
        AUTO_FREE char *sample = memory_format("open{job_id=\"job-%zu\"} %d", file + 1, count);
        assert_shows(&b, sample);
    }
    bench_end(&b);
}

#define LAPSES                                                                                     \
    "metrics:\n"                                                                                   \
    "  open: {type: gauge, help: N., labels: [job_id, tool],\n"                                    \
    "         lapsed: {inc: ends_total, labels: {how: lapsed}}}\n"                                 \
    "  ends_total: {type: counter, help: E., labels: [how, tool]}\n"                               \
    "rules:\n"                                                                                     \
    "  in: [{enter: open, key: k, scope: file, for: 1h, labels: {tool: '{tool}'}}]\n"              \
    "  out: [{leave: open, key: k}, {inc: ends_total, labels: {how: left, tool: '{tool}'}}]\n"     \
    "  end: [{clear: open, scope: file}]\n"                                                        \
    "  stop: [{clear: open, labels: {tool: '{tool}'}}]\n"

/* As `tell`, of a tool: JSON within its quotes. */
static void tell_of(struct bench *b, const char *type, const char *key, const char *tool,
                    int seconds)
{
    AUTO_FREE char *line =
        memory_format("{\"type\":\"%s\",\"k\":\"%s\",\"tool\":\"%s\",\"time\":%lld}", type, key,
                      tool, (long long)(NOW / SECOND) + seconds);
    feed(b, 0, line, NOW + seconds * SECOND);
}

static void test_who_lapses_is_counted(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, SOURCE LAPSES, NULL);
    tell_of(&b, "in", "a", "Bash", 0);
    tell_of(&b, "in", "b", "Bash", 1);
    tell_of(&b, "in", "c", "R\\\"e\\\\a\\nd", 2);
    tell_of(&b, "out", "a", "Bash", 3); /* took its leave */
    assert_shows(&b, "ends_total{how=\"left\",tool=\"Bash\"} 1");
    tell_of(&b, "end", "-", "-", 4);
    assert_shows(&b, "ends_total{how=\"lapsed\",tool=\"Bash\"} 1");
    assert_shows(&b, "ends_total{how=\"lapsed\",tool=\"R\\\"e\\\\a\\nd\"} 1");
    tell_of(&b, "end", "-", "-", 5); /* nobody is there any more */
    tell_of(&b, "in", "d", "Bash", 10);
    tell_of(&b, "in", "e", "Bash", 11);
    tell_of(&b, "in", "f", "Edit", 11);
    tell_of(&b, "stop", "-", "Bash", 12); /* the series: two */
    assert_shows(&b, "ends_total{how=\"lapsed\",tool=\"Bash\"} 3");
    tick(&b, 11 + 3600);
    assert_shows(&b, "open{job_id=\"job-1\",tool=\"Edit\"} 1");
    tick(&b, 12 + 3600);
    tick(&b, 13 + 3600);
    assert_shows(&b, "ends_total{how=\"lapsed\",tool=\"Edit\"} 1");
    assert_shows(&b, "ends_total{how=\"left\",tool=\"Bash\"} 1");
    bench_end(&b);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *pack;
        const char *wanted;
    } cases[] = {
        {"metrics: {n_total: {type: counter, shows: oldest, help: N.}}\n", "is no gauge"},
        {"metrics: {g: {type: gauge, shows: eldest, help: G.}}\n", "did you mean 'oldest'?"},
        {METRICS "rules: {e: [{enter: open, key: k, scope: file}, {clear: open, scope: pack}]}\n",
         "another kind, scope, keep or for"},
        {METRICS "rules: {e: [{clear: open, scope: file, labels: {job_id: x}}]}\n",
         "'labels' belongs to"},
        {METRICS "rules: {e: [{clear: open, key: k}]}\n", "'key' belongs to"},
        {METRICS "  x: {type: gauge, help: X., lapsed: ends_total}\n", "'lapsed' must be a map"},
        {METRICS "  x: {type: gauge, help: X., lapsed: {labels: {}}}\n", "'lapsed' needs 'inc'"},
        {METRICS "  x: {type: gauge, help: X., lapsed: {inc: y_total}}\n", "'y_total' is none"},
        {METRICS "  x: {type: gauge, help: X., lapsed: {inc: open}}\n", "'open' is none"},
        {METRICS "  y_total: {type: counter, help: Y., labels: [how]}\n"
                 "  x: {type: gauge, help: X., lapsed: {inc: y_total}}\n",
         "needs a text for label 'how'"},
        {METRICS "  y_total: {type: counter, help: Y., labels: [how]}\n"
                 "  x: {type: gauge, help: X., lapsed: {inc: y_total, labels: {hwo: z}}}\n",
         "did you mean 'how'?"},
        {METRICS "  y_total: {type: counter, help: Y.}\n"
                 "  x_total: {type: counter, help: X., lapsed: {inc: y_total}}\n",
         "is no gauge"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        AUTO_FREE char *pack = memory_format(SOURCE "%s", cases[i].pack);
        bench_start(&b, pack, NULL);
        assert_null(b.rules);
        assert_says(&b, cases[i].wanted);
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_age_grows_with_time),
        cmocka_unit_test(test_an_age_ends_with_its_key),
        cmocka_unit_test(test_an_event_of_the_future_has_no_age),
        cmocka_unit_test(test_a_scope_is_cleared_whole_and_alone),
        cmocka_unit_test(test_many_members),
        cmocka_unit_test(test_who_lapses_is_counted),
        cmocka_unit_test(test_mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
