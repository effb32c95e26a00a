/* The rules room whole: packs as YAML text, events as JSON, samples as text out. */
#include "decode/plan_internal.h"
#include "rules/builtin.h"
#include "rules_fixture.h"

static void test_names_compare_without_case_and_signs(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {n_total: {type: counter, help: N.}}\n"
                       "rules: {DLQItemAdded: [{inc: n_total}], Quiet: []}\n",
                NULL);
    assert_int_equal(feed(&b, 0, "{\"type\":\"d_l_q_item_added\"}", NOW), RULE_MATCHED);
    assert_int_equal(feed(&b, 0, "{\"type\":\"dlq-item-ADDED\"}", NOW), RULE_MATCHED);
    assert_int_equal(feed(&b, 0, "{\"type\":\"dlq_item_removed\"}", NOW), RULE_UNMATCHED);
    assert_int_equal(feed(&b, 0, "{\"type\":\"quiet\"}", NOW), RULE_MATCHED); /* no rows */
    assert_int_equal(feed(&b, 0, "{\"kind\":1}", NOW), RULE_NO_TYPE);
    assert_shows(&b, "n_total 2");
    struct rule_event_count count;
    assert_true(rule_set_event_count(b.rules, 0, &count));
    assert_string_equal(count.event_type, "DLQItemAdded");
    assert_int_equal(count.seen, 2);
    bench_end(&b);
}

static void test_sets_move_leave_and_clear(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {active: {type: gauge, help: A., labels: [job_id]}}\n"
                       "rules:\n"
                       "  enter: [{enter: active, key: k, scope: pack}]\n"
                       "  leave: [{leave: active, key: k, scope: pack}]\n"
                       "  clear: [{clear: active}]\n",
                NULL);
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"a\",\"time\":100}", NOW);
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"a\",\"time\":101}", NOW);
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"b\",\"time\":102}", NOW);
    assert_shows(&b, "active{job_id=\"job-1\"} 2");
    feed(&b, 1, "{\"type\":\"enter\",\"k\":\"a\",\"time\":103}", NOW); /* moves */
    assert_shows(&b, "active{job_id=\"job-1\"} 1");
    assert_shows(&b, "active{job_id=\"job-2\"} 1");
    feed(&b, 0, "{\"type\":\"leave\",\"k\":\"a\",\"time\":110}", NOW); /* the key is enough */
    feed(&b, 0, "{\"type\":\"leave\",\"k\":\"zz\",\"time\":110}", NOW);
    assert_shows(&b, "active{job_id=\"job-2\"} 0");
    feed(&b, 1, "{\"type\":\"enter\",\"k\":\"a\",\"time\":109}", NOW); /* not later: ignored */
    feed(&b, 1, "{\"type\":\"enter\",\"k\":\"zz\",\"time\":110}", NOW);
    assert_shows(&b, "active{job_id=\"job-2\"} 0");
    feed(&b, 0, "{\"type\":\"clear\",\"time\":120}", NOW);
    assert_shows(&b, "active{job_id=\"job-1\"} 0");
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"b\",\"time\":119}", NOW); /* before the clear */
    assert_shows(&b, "active{job_id=\"job-1\"} 0");
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"b\",\"time\":121}", NOW);
    assert_shows(&b, "active{job_id=\"job-1\"} 1");
    bench_end(&b);
}

/* Lines of one moment: within a file they are in order, between files nobody knows. */
static void test_lines_of_one_moment_count_in_order(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {active: {type: gauge, help: A.}}\n"
                       "rules:\n"
                       "  enter: [{enter: active, key: k, scope: pack}]\n"
                       "  leave: [{leave: active, key: k, scope: pack}]\n"
                       "  clear: [{clear: active}]\n",
                NULL);
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"a\",\"time\":100}", NOW);
    feed(&b, 0, "{\"type\":\"leave\",\"k\":\"a\",\"time\":100}", NOW);
    assert_shows(&b, "active 0");
    feed(&b, 1, "{\"type\":\"enter\",\"k\":\"a\",\"time\":100}", NOW);
    assert_shows(&b, "active 0");
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"a\",\"time\":99}", NOW);
    assert_shows(&b, "active 0");
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"a\",\"time\":100}", NOW);
    assert_shows(&b, "active 1");
    feed(&b, 1, "{\"type\":\"clear\",\"time\":100}", NOW);
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"a\",\"time\":100}", NOW);
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"b\",\"time\":100}", NOW);
    assert_shows(&b, "active 0");
    feed(&b, 1, "{\"type\":\"enter\",\"k\":\"a\",\"time\":100}", NOW);
    feed(&b, 1, "{\"type\":\"enter\",\"k\":\"b\",\"time\":100}", NOW);
    assert_shows(&b, "active 2");
    feed(&b, 0, "{\"type\":\"leave\",\"k\":\"c\",\"time\":110}", NOW); /* was not inside */
    feed(&b, 1, "{\"type\":\"enter\",\"k\":\"c\",\"time\":110}", NOW);
    assert_shows(&b, "active 2");
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"c\",\"time\":110}", NOW);
    assert_shows(&b, "active 3");
    bench_end(&b);
}

/* One that fell out did so by no line of a file. */
static void test_who_fell_out_is_not_let_in_by_its_own_line(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {active: {type: gauge, help: A.}}\n"
                       "rules: {enter: [{enter: active, key: k, for: 1m}], "
                       "clear: [{clear: active}]}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"z\",\"time\":98}", NOW);
    feed(&b, 0, "{\"type\":\"clear\",\"time\":99}", NOW); /* epoch 1, as file 1 */
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"a\",\"time\":100}", NOW);
    assert_shows(&b, "active 1");
    rule_set_tick(b.rules, NOW, false);
    assert_shows(&b, "active 0");
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"a\",\"time\":100}", NOW);
    assert_shows(&b, "active 0");
    bench_end(&b);
}

static void test_members_fall_out_after_their_time(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {active: {type: gauge, help: A.}}\n"
                       "rules: {enter: [{enter: active, key: k, for: 1h}]}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"enter\",\"k\":\"a\",\"time\":\"2026-01-01T00:00:00Z\"}", NOW);
    rule_set_tick(b.rules, NOW + INT64_C(3599) * NANOSECONDS_PER_SECOND, false);
    assert_shows(&b, "active 1");
    rule_set_tick(b.rules, NOW + INT64_C(3601) * NANOSECONDS_PER_SECOND, true); /* catching up */
    assert_shows(&b, "active 1");
    rule_set_tick(b.rules, NOW + INT64_C(3601) * NANOSECONDS_PER_SECOND, false);
    assert_shows(&b, "active 0");
    bench_end(&b);
}

static void test_memories_are_bounded_and_forget_members_rightly(void **state)
{
    (void)state;
    struct bench b;
    struct rule_limits limits = {.max_memory_keys = 3};
    bench_start(&b,
                SOURCE "metrics: {active: {type: gauge, help: A.}}\n"
                       "rules: {enter: [{enter: active, key: k}]}\n",
                &limits);
    for (int i = 0; i < 10; i++) {
        AUTO_FREE char *line =
            memory_format("{\"type\":\"enter\",\"k\":\"k%d\",\"time\":%d}", i, 100 + i);
        feed(&b, 0, line, NOW + i);
    }
    assert_int_equal(rule_set_memory_keys(b.rules), 3);
    assert_int_equal(rule_set_memory_evictions(b.rules), 7);
    assert_shows(&b, "active 3");
    bench_end(&b);
}

static void test_remember_by_scope_and_key(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {n_total: {type: counter, help: N., labels: [m, w]}}\n"
                       "rules:\n"
                       "  set: [{remember: model, value: model, scope: file},\n"
                       "        {remember: flow, value: flow, key: sid, scope: pack}]\n"
                       "  use: [{inc: n_total, labels: {m: '{model|default unknown}', "
                       "w: '{flow[sid]}'}}]\n",
                NULL);
    feed(&b, 0, "{\"type\":\"set\",\"model\":\"opus\",\"flow\":\"fix\",\"sid\":\"s1\"}", NOW);
    feed(&b, 0, "{\"type\":\"use\",\"sid\":\"s1\"}", NOW);
    feed(&b, 1, "{\"type\":\"use\",\"sid\":\"s1\"}", NOW);
    feed(&b, 0, "{\"type\":\"set\",\"model\":\"haiku\",\"flow\":\"x\",\"sid\":\"s2\"}", NOW);
    feed(&b, 0, "{\"type\":\"use\",\"sid\":\"none\"}", NOW);
    assert_shows(&b, "n_total{m=\"opus\",w=\"fix\"} 1");
    assert_shows(&b, "n_total{m=\"unknown\",w=\"fix\"} 1");
    assert_shows(&b, "n_total{m=\"haiku\"} 1");
    bench_end(&b);
}

static void test_increase_and_once_count_each_key_rightly(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {t_total: {type: counter, help: T.}, o_total: {type: counter, "
                       "help: O.}}\n"
                       "rules:\n"
                       "  u: [{add: t_total, value: {increase: n, key: id}},\n"
                       "      {inc: o_total, once: [id, part]}]\n",
                NULL);
    static const char *const lines[] = {
        "{\"type\":\"u\",\"id\":\"a\",\"n\":5,\"part\":1}",
        "{\"type\":\"u\",\"id\":\"a\",\"n\":3,\"part\":1}",
        "{\"type\":\"u\",\"id\":\"a\",\"n\":9,\"part\":2}",
        "{\"type\":\"u\",\"id\":\"b\",\"n\":1,\"part\":1}",
        "{\"type\":\"u\",\"id\":\"b\",\"n\":\"x\",\"part\":1}",
        "{\"type\":\"u\",\"n\":1}",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        feed(&b, 0, lines[i], NOW);
    assert_shows(&b, "t_total 10");
    assert_shows(&b, "o_total 3");
    struct rule_row_count row;
    assert_true(rule_set_row_count(b.rules, 0, &row));
    assert_string_equal(row.field, "id");
    assert_int_equal(outcomes(&b, 0, ROW_NO_NUMBER), 1);
    assert_int_equal(outcomes(&b, 0, ROW_MISSING), 1);
    bench_end(&b);
}

static void test_trouble_is_told_once(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {t_total: {type: counter, help: T.}}\n"
                       "rules: {u: [{add: t_total, value: n}]}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"u\",\"n\":1}", NOW);
    assert_null(rule_set_take_trouble(b.rules));
    feed(&b, 0, "{\"type\":\"u\"}", NOW);
    const struct rule_trouble *trouble = rule_set_take_trouble(b.rules);
    assert_non_null(trouble);
    assert_string_equal(trouble->field, "n");
    assert_int_equal(trouble->outcome, ROW_MISSING);
    assert_null(rule_set_take_trouble(b.rules));
    feed(&b, 0, "{\"type\":\"u\"}", NOW);
    assert_null(rule_set_take_trouble(b.rules));
    bench_end(&b);
}

static void test_init_is_born_with_the_first_update(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics:\n"
                       "  a_total: {type: counter, help: A., labels: [job_id, s], init: {s: [x, "
                       "y]}}\n"
                       "  b_total: {type: counter, help: B., labels: [job_id]}\n"
                       "rules: {u: [{inc: b_total}]}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"u\"}", NOW);
    assert_shows(&b, "a_total{job_id=\"job-1\",s=\"x\"} 0");
    assert_shows(&b, "a_total{job_id=\"job-1\",s=\"y\"} 0");
    assert_false(shows(&b, "a_total{job_id=\"job-2\",s=\"y\"} 0"));
    bench_end(&b);
}

/* Every mistake is told, with its place and the nearest word. */
static void test_mistakes_are_all_told(void **state)
{
    (void)state;
    struct bench b;
    static const char *const wanted[] = {
        "pack.yaml:1:44: error: unknown key of a source 'tiem' (did you mean 'time'?)",
        "pack.yaml:3:19: error: unknown metric type 'conter' (did you mean 'counter'?)",
        "'le' is reserved",
        "unknown word of a row 'icn' (did you mean 'inc'?)",
        "unknown metric 'x_totl' (did you mean 'x_total'?)",
        "'observe' does not fit 'x_total', which is a counter",
        "unknown label 'jop' (did you mean 'job'?)",
        "unknown filter 'lowr' (did you mean 'lower'?)",
        "'enter' needs 'key'",
        "unknown operator 'gq' (did you mean 'ge'?)",
        "no rule of this pack remembers 'nobody'",
    };
    bench_start(&b,
                "sources: {events: {files: '*', type: type, tiem: t}}\n"
                "metrics:\n"
                "  w_total: {type: conter, help: W.}\n"
                "  h: {type: histogram, help: H., labels: [le], buckets: [1]}\n"
                "  g: {type: gauge, help: G.}\n"
                "  x_total: {type: counter, help: X., labels: [job]}\n"
                "rules:\n"
                "  e:\n"
                "    - {icn: x_total}\n"
                "    - {inc: x_totl}\n"
                "    - {observe: x_total, value: v}\n"
                "    - {inc: x_total, labels: {jop: a}}\n"
                "    - {inc: x_total, labels: {job: '{a|lowr}'}}\n"
                "    - {enter: g}\n"
                "    - {inc: g, when: {a: {gq: 1}}}\n"
                "    - {add: g, value: 'nobody[x]'}\n",
                NULL);
    assert_null(b.rules);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        assert_says(&b, wanted[i]);
    bench_end(&b);
}

static void test_clashing_sample_names_are_errors(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"a: {type: histogram, help: A., buckets: [1]}", "a_count: {type: gauge, help: B.}"},
        {"a_total: {type: counter, help: A.}", "a: {type: gauge, help: B.}"},
        {"a_total: {type: counter, help: A.}", "a_created: {type: gauge, help: B.}"},
        {"a: {type: summary, help: A.}", "a_sum: {type: gauge, help: B.}"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct bench b;
        AUTO_FREE char *pack =
            memory_format("%smetrics: {%s, %s}\n", SOURCE, pairs[i][0], pairs[i][1]);
        bench_start(&b, pack, NULL);
        assert_null(b.rules);
        assert_says(&b, "clashes");
        bench_end(&b);
    }
}

/* Of one event every row's trouble is told, each once. */
static void test_every_trouble_of_an_event_is_told(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {t_total: {type: counter, help: T.}}\n"
                       "rules: {u: [{add: t_total, value: n}, {add: t_total, value: m}]}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"u\",\"m\":\"x\"}", NOW);
    const struct rule_trouble *trouble = rule_set_take_trouble(b.rules);
    assert_non_null(trouble);
    assert_string_equal(trouble->field, "n");
    assert_int_equal(trouble->outcome, ROW_MISSING);
    trouble = rule_set_take_trouble(b.rules);
    assert_non_null(trouble);
    assert_string_equal(trouble->field, "m");
    assert_int_equal(trouble->outcome, ROW_NO_NUMBER);
    assert_null(rule_set_take_trouble(b.rules));
    bench_end(&b);
}

/* A series that is born, folded and removed within one event is not used after it has gone. */
static void test_enter_survives_the_births_it_causes(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics:\n"
                       "  g: {type: gauge, help: G., ttl: 1m, max_series: 1,\n"
                       "      labels: [job_id, s], init: {s: [x, y]}}\n"
                       "rules: {e: [{enter: g, key: k, labels: {s: z}}]}\n",
                NULL);
    registry_tick(b.registry, NOW, true);
    for (int i = 0; i < 4; i++) {
        AUTO_FREE char *line = memory_format("{\"type\":\"e\",\"k\":%d,\"time\":%d}", i, 100 + i);
        feed(&b, 0, line, NOW);
    }
    assert_int_equal(outcomes(&b, 0, ROW_APPLIED) + outcomes(&b, 0, ROW_FOLDED), 4);
    assert_int_equal(rule_set_memory_keys(b.rules), 4);
    bench_end(&b);
}

/* A text out of a memory is good although the memory's entry goes to make room. */
static void test_a_remembered_key_outlives_its_memory(void **state)
{
    (void)state;
    struct bench b;
    struct rule_limits limits = {.max_memory_keys = 1};
    bench_start(&b,
                SOURCE "metrics: {g: {type: gauge, help: G.}, "
                       "t_total: {type: counter, help: T., labels: [m]}}\n"
                       "rules:\n"
                       "  s: [{remember: model, value: m}]\n"
                       "  enter: [{enter: g, key: model}]\n"
                       "  once: [{inc: t_total, once: model, labels: {m: '{model}'}}]\n",
                &limits);
    feed(&b, 0, "{\"type\":\"s\",\"m\":\"a-name-of-some-length\"}", NOW);
    feed(&b, 0, "{\"type\":\"enter\"}", NOW);
    assert_shows(&b, "g 1");
    feed(&b, 0, "{\"type\":\"s\",\"m\":\"a-name-of-some-length\"}", NOW);
    assert_shows(&b, "g 0"); /* its key went */
    feed(&b, 0, "{\"type\":\"once\"}", NOW);
    assert_shows(&b, "t_total{m=\"a-name-of-some-length\"} 1");
    assert_int_equal(rule_set_memory_keys(b.rules), 1);
    bench_end(&b);
}

/* Falling out is no event: what the ttl has hidden stays hidden. */
static void test_a_member_that_falls_out_brings_nothing_back(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {g: {type: gauge, help: G., ttl: 10m}}\n"
                       "rules: {e: [{enter: g, key: k, for: 1h}]}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"e\",\"k\":1}", NOW);
    assert_shows(&b, "g 1");
    int64_t later = NOW + INT64_C(3601) * NANOSECONDS_PER_SECOND;
    registry_tick(b.registry, later, true);
    assert_false(shows(&b, "g 1"));
    rule_set_tick(b.rules, later, false);
    registry_tick(b.registry, later, true);
    assert_false(shows(&b, "g 0"));
    feed(&b, 0, "{\"type\":\"e\",\"k\":2}", later);
    assert_shows(&b, "g 1");
    bench_end(&b);
}

/* A clock that runs ahead keeps nobody inside for ever. */
static void test_a_member_from_the_future_falls_out_in_time(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {g: {type: gauge, help: G.}}\n"
                       "rules: {e: [{enter: g, key: k, for: 1h}]}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"time\":\"2200-01-01T00:00:00Z\"}", NOW);
    feed(&b, 0, "{\"type\":\"e\",\"k\":2}", NOW + INT64_C(1800) * NANOSECONDS_PER_SECOND);
    rule_set_tick(b.rules, NOW + INT64_C(3601) * NANOSECONDS_PER_SECOND, false);
    assert_shows(&b, "g 1");
    rule_set_tick(b.rules, NOW + INT64_C(5401) * NANOSECONDS_PER_SECOND, false);
    assert_shows(&b, "g 0");
    bench_end(&b);
}

/* A dropped set's series returns with who is inside then. */
static void test_drop_empties_a_set(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {g: {type: gauge, help: G., labels: [job_id]}}\n"
                       "rules: {e: [{enter: g, key: k}], d: [{drop: g}]}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"time\":1}", NOW);
    feed(&b, 0, "{\"type\":\"e\",\"k\":2,\"time\":2}", NOW);
    feed(&b, 0, "{\"type\":\"d\",\"time\":3}", NOW);
    assert_false(shows(&b, "g{job_id=\"job-1\"} 2"));
    assert_false(shows(&b, "g{job_id=\"job-1\"} 0"));
    feed(&b, 0, "{\"type\":\"e\",\"k\":1,\"time\":4}", NOW);
    assert_shows(&b, "g{job_id=\"job-1\"} 1");
    bench_end(&b);
}

/* A list and what lies in it may both be wanted. */
static void test_paths_lead_into_lists_that_rows_go_through(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics:\n"
                       "  x_total: {type: counter, help: X.}\n"
                       "  n_total: {type: counter, help: N., labels: [k]}\n"
                       "rules:\n"
                       "  u:\n"
                       "    - {add: x_total, value: usage.x}\n"
                       "    - {inc: n_total, each: usage, labels: {k: '{.key}'}}\n"
                       "    - {inc: n_total, each: list, labels: {k: '{.n}'}}\n"
                       "    - {add: x_total, value: list.1.n}\n",
                NULL);
    feed(&b, 0, "{\"type\":\"u\",\"usage\":{\"x\":5,\"y\":6},\"list\":[{\"n\":7},{\"n\":8}]}", NOW);
    assert_shows(&b, "x_total 13");
    assert_shows(&b, "n_total{k=\"x\"} 1");
    assert_shows(&b, "n_total{k=\"y\"} 1");
    assert_shows(&b, "n_total{k=\"7\"} 1");
    assert_shows(&b, "n_total{k=\"8\"} 1");
    bench_end(&b);
}

/* Its lines are many: they are to be parsed once each. */
static void test_the_built_in_pack_is_decoded_in_one_walk(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, builtin_pack_find("prodigy")->text, NULL);
    assert_non_null(b.rules);
    for (size_t i = 0; i < rule_set_source_count(b.rules); i++)
        assert_null(rule_source_plan(rule_set_source(b.rules, i))->first.next);
    bench_end(&b);
}

/* Words that would do nothing, empty lists, and bounds. */
static void test_what_a_row_may_not_say(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        const char *wanted;
    } cases[] = {
        {"{inc: x_total, key: a}", "'key' belongs to enter, leave, start"},
        {"{inc: x_total, for: 1h}", "'for' belongs to enter and leave, not to 'inc'"},
        {"{inc: x_total, memory: m}", "'memory' belongs to 'once'"},
        {"{add: x_total, value: {increase: a, key: b}, scope: pack}", "is inside 'value'"},
        {"{enter: g, key: a, scale: 2}", "'scale' belongs to updates that take an amount"},
        {"{start: t, labels: {a: b}}", "'labels' belongs to updates of a metric"},
        {"{inc: x_total, window: 1m}", "'window' belongs to 'rate'"},
        {"{enter: g, key: []}", "'key' must not be an empty list"},
        {"{inc: x_total, once: []}", "'once' must not be an empty list"},
        {"{add: x_total, value: {sum: []}}", "'sum' must not be an empty list"},
        {"{inc: x_total, once: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]}",
         "'once' may have 16 parts at most"},
        {"{inc: x_total, each: .a}", "bad path '.a' of 'each'"},
        {"{inc: x_total, labels: {}, when: 3}", "'when' must be a map"},
        {"{inc: x_total, dec: g}", "a row makes one update, not 'inc' and 'dec'"},
        {"{inc: [x_total]}", "inc must be a single value, not a list"},
        {"[inc, x_total]", "a row must be a map, not a list"},
        {"{value: 3}", "a row needs an update"},
        {"{stop: t}", "no rule of this pack starts a timer 't'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        AUTO_FREE char *pack =
            memory_format("%smetrics: {x_total: {type: counter, help: X.}, g: {type: gauge, help: "
                          "G.}}\nrules: {e: [%s]}\n",
                          SOURCE, cases[i].row);
        bench_start(&b, pack, NULL);
        assert_null(b.rules);
        assert_says(&b, cases[i].wanted);
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_compare_without_case_and_signs),
        cmocka_unit_test(test_sets_move_leave_and_clear),
        cmocka_unit_test(test_lines_of_one_moment_count_in_order),
        cmocka_unit_test(test_who_fell_out_is_not_let_in_by_its_own_line),
        cmocka_unit_test(test_members_fall_out_after_their_time),
        cmocka_unit_test(test_memories_are_bounded_and_forget_members_rightly),
        cmocka_unit_test(test_remember_by_scope_and_key),
        cmocka_unit_test(test_increase_and_once_count_each_key_rightly),
        cmocka_unit_test(test_trouble_is_told_once),
        cmocka_unit_test(test_every_trouble_of_an_event_is_told),
        cmocka_unit_test(test_enter_survives_the_births_it_causes),
        cmocka_unit_test(test_a_remembered_key_outlives_its_memory),
        cmocka_unit_test(test_a_member_that_falls_out_brings_nothing_back),
        cmocka_unit_test(test_a_member_from_the_future_falls_out_in_time),
        cmocka_unit_test(test_drop_empties_a_set),
        cmocka_unit_test(test_paths_lead_into_lists_that_rows_go_through),
        cmocka_unit_test(test_the_built_in_pack_is_decoded_in_one_walk),
        cmocka_unit_test(test_what_a_row_may_not_say),
        cmocka_unit_test(test_init_is_born_with_the_first_update),
        cmocka_unit_test(test_mistakes_are_all_told),
        cmocka_unit_test(test_clashing_sample_names_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
