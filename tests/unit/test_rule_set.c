/* The rules room whole: packs as YAML text, events as JSON, samples as text out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "config/yaml.h"
#include "decode/decoder.h"
#include "encode/encode.h"
#include "registry/registry.h"
#include "rules/rule_set.h"

#define SOURCE "sources: {events: {files: '{job_id}/*.jsonl', type: type, time: time}}\n"

struct bench {
    struct registry *registry;
    struct rule_set *rules;
    struct diagnostics diagnostics;
    struct arena arena;
    struct decoder *decoder;
    struct rule_file *files[2];
    struct text text;
};

static void bench_start(struct bench *b, const char *pack, const struct rule_limits *limits)
{
    static const struct rule_capture captures[] = {{"job_id", "job-1", 5}, {"job_id", "job-2", 5}};
    diagnostics_init(&b->diagnostics);
    text_init(&b->text, TEXT_UNLIMITED);
    arena_init(&b->arena, 65536);
    b->decoder = NULL;
    b->registry = registry_new(10000);
    struct tree *tree = yaml_read_text("pack.yaml", pack, strlen(pack), &b->diagnostics);
    struct rule_pack input = {"pack", tree};
    b->rules = tree ? rule_set_new(&input, 1, b->registry, limits, &b->diagnostics) : NULL;
    tree_free(tree);
    if (!b->rules)
        return;
    struct rule_source *source = rule_set_source(b->rules, 0);
    b->decoder = decoder_new(rule_source_plan(source));
    for (size_t i = 0; i < 2; i++)
        b->files[i] = rule_file_new(source, i ? "/e/job-2/a.jsonl" : "/e/job-1/a.jsonl",
                                    &captures[i], 1, i + 1, i + 1);
}

static void bench_end(struct bench *b)
{
    if (b->rules) {
        decoder_free(b->decoder);
        rule_file_free(b->files[0]);
        rule_file_free(b->files[1]);
    }
    rule_set_free(b->rules);
    registry_free(b->registry);
    diagnostics_free(&b->diagnostics);
    arena_free(&b->arena);
    text_free(&b->text);
}

static enum rule_match feed(struct bench *b, size_t file, const char *json, int64_t now)
{
    struct value *slots;
    struct rule_event event = {
        .file = b->files[file], .arena = &b->arena, .now = now, .guests = true};
    arena_reset(&b->arena);
    assert_int_equal(decoder_line(b->decoder, json, strlen(json), &b->arena, &slots), DECODE_OK);
    event.slots = slots;
    return rule_set_apply(b->rules, rule_set_source(b->rules, 0), &event, NULL);
}

static bool shows(struct bench *b, const char *sample)
{
    AUTO_FREE char *line = memory_format("\n%s\n", sample);
    text_clear(&b->text);
    encode_text(b->registry, &b->text);
    return b->text.data && strstr(b->text.data, line);
}

#define assert_shows(b, sample)                                                                    \
    do {                                                                                           \
        if (!shows(b, sample))                                                                     \
            fail_msg("no '%s' in:\n%s", sample, (b)->text.data);                                   \
    } while (0)

#define NOW (INT64_C(1767225600) * NANOSECONDS_PER_SECOND) /* 2026-01-01 */

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
    assert_int_equal(row.outcomes[ROW_NO_NUMBER], 1);
    assert_int_equal(row.outcomes[ROW_MISSING], 1);
    assert_string_equal(row.field, "id");
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
        "unknown operator 'gq' (did you mean 'gt'?)",
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
    diagnostics_print(&b.diagnostics, &b.text);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        if (!strstr(b.text.data, wanted[i]))
            fail_msg("no '%s' in:\n%s", wanted[i], b.text.data);
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
        diagnostics_print(&b.diagnostics, &b.text);
        assert_non_null(strstr(b.text.data, "clashes"));
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_compare_without_case_and_signs),
        cmocka_unit_test(test_sets_move_leave_and_clear),
        cmocka_unit_test(test_members_fall_out_after_their_time),
        cmocka_unit_test(test_memories_are_bounded_and_forget_members_rightly),
        cmocka_unit_test(test_remember_by_scope_and_key),
        cmocka_unit_test(test_increase_and_once_count_each_key_rightly),
        cmocka_unit_test(test_trouble_is_told_once),
        cmocka_unit_test(test_init_is_born_with_the_first_update),
        cmocka_unit_test(test_mistakes_are_all_told),
        cmocka_unit_test(test_clashing_sample_names_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
