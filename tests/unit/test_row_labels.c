/* row_labels.c, series_cache.c: series are found by what their labels depend on, so an event that
 * repeats must land where the first of its kind did, and no other may land there. */
#include "rules_fixture.h"

#define ROUNDS 3

/* A pack whose one row has these labels; `more` are sections behind. */
static void start(struct bench *b, const char *names, const char *labels, const char *more)
{
    AUTO_FREE char *pack =
        memory_format(SOURCE "metrics: {n_total: {type: counter, help: N., labels: [%s]}}\n"
                             "rules:\n"
                             "  note: [{remember: note, value: text}]\n"
                             "  e: [{inc: n_total%s%s}]\n%s",
                      names, *labels ? ", labels: " : "", labels, more);
    bench_start(b, pack, NULL);
    if (!b->rules)
        fail_msg("%s", b->text.data);
}

struct kind {
    const char *members; /* of the event */
    const char *labels;  /* of its sample; "" for none */
};

/* Events of all kinds in turn, several times: each kind's sample counts its own. */
static void check_kinds(struct bench *b, const struct kind *kinds, size_t count)
{
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < count; i++) {
            AUTO_FREE char *line = memory_format("{\"type\":\"e\"%s%s}",
                                                 *kinds[i].members ? "," : "", kinds[i].members);
            feed(b, 0, line, NOW);
        }
    }
    for (size_t i = 0; i < count; i++) {
        int same = 0;
        for (size_t j = 0; j < count; j++)
            same += strcmp(kinds[i].labels, kinds[j].labels) == 0;
        AUTO_FREE char *sample = memory_format("n_total%s %d", kinds[i].labels, same * ROUNDS);
        assert_shows(b, sample);
    }
}

#define CHECK_KINDS(b, kinds) check_kinds(b, kinds, sizeof(kinds) / sizeof((kinds)[0]))

/* Nothing, the empty text and null are told apart where filters tell them apart. */
static void test_nothing_is_not_the_empty_text(void **state)
{
    (void)state;
    static const struct kind kinds[] = {
        {"\"a\":\"x\"", "{u=\"some\",v=\"x\"}"},
        {"", "{v=\"none\"}"},
        {"\"a\":\"\"", "{u=\"some\",v=\"none\"}"},
        {"\"a\":null", "{v=\"none\"}"},
        {"\"a\":[]", "{v=\"none\"}"},
        {"\"a\":true", "{u=\"some\",v=\"true\"}"},
        {"\"a\":\"true\"", "{u=\"some\",v=\"true\"}"},
        {"\"a\":1", "{u=\"some\",v=\"1\"}"},
        {"\"a\":\"1.0\"", "{u=\"some\",v=\"1.0\"}"},
    };
    struct bench b;
    start(&b, "u, v", "{u: '{a|map {else: some}}', v: '{a|default none}'}", "");
    CHECK_KINDS(&b, kinds);
    bench_end(&b);
}

static void test_texts_do_not_run_together(void **state)
{
    (void)state;
    static const struct kind kinds[] = {
        {"\"a\":\"xy\",\"b\":\"z\"", "{a=\"xy\",b=\"z\"}"},
        {"\"a\":\"x\",\"b\":\"yz\"", "{a=\"x\",b=\"yz\"}"},
        {"\"a\":\"xyz\"", "{a=\"xyz\"}"},
        {"\"b\":\"xyz\"", "{b=\"xyz\"}"},
        {"\"a\":\"z\",\"b\":\"xy\"", "{a=\"z\",b=\"xy\"}"},
    };
    struct bench b;
    start(&b, "a, b", "", "");
    CHECK_KINDS(&b, kinds);
    bench_end(&b);
}

/* The default counts while it yields something; what stands under the label's own name then
 * matters not at all. */
static void test_fallbacks(void **state)
{
    (void)state;
    static const struct kind kinds[] = {
        {"\"ref\":\"r\",\"job\":\"j\"", "{job=\"r\"}"},
        {"\"ref\":\"r\",\"job\":\"k\"", "{job=\"r\"}"},
        {"\"ref\":\"r\"", "{job=\"r\"}"},
        {"\"job\":\"j\"", "{job=\"j\"}"},
        {"\"ref\":\"\",\"job\":\"j\"", "{job=\"j\"}"},
        {"\"ref\":\"\",\"job\":\"k\"", "{job=\"k\"}"},
        {"\"ref\":null,\"job\":\"r\"", "{job=\"r\"}"},
        {"\"ref\":\"j\",\"job\":\"r\"", "{job=\"j\"}"},
        {"", ""},
    };
    struct bench b;
    start(&b, "job", "", "defaults: {labels: {job: '{ref}'}}\n");
    CHECK_KINDS(&b, kinds);
    bench_end(&b);
}

static void test_fallbacks_behind_filters(void **state)
{
    (void)state;
    static const struct kind kinds[] = {
        {"\"ref\":\"r1\",\"job\":\"j\"", "{job=\"r1\"}"},
        {"\"ref\":\"1\",\"job\":\"j\"", "{job=\"j\"}"},
        {"\"ref\":\"2\",\"job\":\"k\"", "{job=\"k\"}"},
        {"\"ref\":\"2\",\"job\":\"j\"", "{job=\"j\"}"},
        {"\"ref\":\"2\"", ""},
    };
    struct bench b;
    start(&b, "job", "", "defaults: {labels: {job: '{ref|match /^r.*/}'}}\n");
    CHECK_KINDS(&b, kinds);
    bench_end(&b);
}

/* A remembered text changes while the event does not. */
static void test_memories(void **state)
{
    (void)state;
    static const char *const labels[] = {"{note: '<{note}>'}", ""};
    static const char *const more[] = {"", "defaults: {labels: {note: '{ref}'}}\n"};
    static const char *const samples[2][3] = {
        {"n_total{note=\"<>\"} 2", "n_total{note=\"<a>\"} 4", "n_total{note=\"<b>\"} 2"},
        {"n_total 2", "n_total{note=\"a\"} 4", "n_total{note=\"b\"} 2"}};
    static const char *const texts[] = {"a", "b", "a"};
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        start(&b, "note", labels[i], more[i]);
        feed(&b, 0, "{\"type\":\"e\"}", NOW);
        feed(&b, 0, "{\"type\":\"e\"}", NOW);
        for (size_t j = 0; j < 3; j++) {
            AUTO_FREE char *note = memory_format("{\"type\":\"note\",\"text\":\"%s\"}", texts[j]);
            feed(&b, 0, note, NOW);
            feed(&b, 0, "{\"type\":\"e\"}", NOW);
            feed(&b, 0, "{\"type\":\"e\"}", NOW);
        }
        for (size_t j = 0; j < 3; j++)
            assert_shows(&b, samples[i][j]);
        bench_end(&b);
    }
}

/* A memory that only a fallback names is not looked up in vain: that would keep its text alive. */
static void test_a_memory_not_needed_is_not_touched(void **state)
{
    (void)state;
    static const char *const defaults[] = {"{ref}", "{ref|lower}"};
    const int64_t minute = 60 * NANOSECONDS_PER_SECOND;
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        AUTO_FREE char *pack =
            memory_format(SOURCE "defaults: {labels: {note: '%s'}}\n"
                                 "metrics: {n_total: {type: counter, help: N., labels: [note]}}\n"
                                 "rules: {note: [{remember: note, value: text, keep: 1h}], "
                                 "e: [{inc: n_total}]}\n",
                          defaults[i]);
        bench_start(&b, pack, NULL);
        feed(&b, 0, "{\"type\":\"note\",\"text\":\"a\"}", NOW);
        feed(&b, 0, "{\"type\":\"e\"}", NOW);
        for (int j = 1; j <= 50; j++)
            feed(&b, 0, "{\"type\":\"e\",\"ref\":\"r\"}", NOW + j * minute);
        rule_set_tick(b.rules, NOW + 70 * minute, false);
        feed(&b, 0, "{\"type\":\"e\"}", NOW + 70 * minute);
        assert_shows(&b, "n_total{note=\"a\"} 1");
        assert_shows(&b, "n_total{note=\"r\"} 50");
        assert_shows(&b, "n_total 1");
        bench_end(&b);
    }
}

/* Two files of one source, and elements of one list. */
static void test_captures_and_elements(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b,
                SOURCE "metrics: {n_total: {type: counter, help: N., labels: [job_id, k]}}\n"
                       "rules: {e: [{inc: n_total, each: list, labels: {k: '{.k}'}}]}\n",
                NULL);
    for (int i = 0; i < ROUNDS; i++) {
        feed(&b, 0, "{\"type\":\"e\",\"list\":[{\"k\":1},{\"k\":2},{\"k\":1},{}]}", NOW);
        feed(&b, 1, "{\"type\":\"e\",\"list\":[{\"k\":1}]}", NOW);
    }
    assert_shows(&b, "n_total{job_id=\"job-1\",k=\"1\"} 6");
    assert_shows(&b, "n_total{job_id=\"job-1\",k=\"2\"} 3");
    assert_shows(&b, "n_total{job_id=\"job-1\"} 3");
    assert_shows(&b, "n_total{job_id=\"job-2\",k=\"1\"} 3");
    bench_end(&b);
}

/* More texts than are looked at as inputs, and longer ones than are kept. */
static void test_many_and_long_texts(void **state)
{
    (void)state;
    struct bench b;
    char long_text[701];
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    start(&b, "v", "{v: '{a}{b}{a}{b}{a}{b}{a}{b}{a}{b}{a}{b}{a}{b}{a}{b}{a}{b|first 3}'}", "");
    AUTO_FREE char *member = memory_format("\"b\":\"%s\"", long_text);
    const struct kind kinds[] = {{"\"a\":1", "{v=\"111111111\"}"},
                                 {"\"b\":1", "{v=\"111111111\"}"},
                                 {"\"a\":1,\"b\":2", "{v=\"121212121212121212\"}"}};
    CHECK_KINDS(&b, kinds);
    bench_end(&b);
    start(&b, "v", "{v: '{b|first 4}'}", "");
    const struct kind cut[] = {{"\"b\":1", "{v=\"1\"}"}, {member, "{v=\"xxxx\"}"}};
    CHECK_KINDS(&b, cut);
    bench_end(&b);
}

/* More label sets than are kept: they push each other out, and still count right. */
static void test_many_label_sets(void **state)
{
    (void)state;
    struct bench b;
    start(&b, "a", "", "");
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < 1000; i++) {
            AUTO_FREE char *line = memory_format("{\"type\":\"e\",\"a\":%d}", i % 500);
            feed(&b, 0, line, NOW);
        }
    }
    for (int i = 0; i < 500; i++) {
        AUTO_FREE char *sample = memory_format("n_total{a=\"%d\"} %d", i, 2 * ROUNDS);
        assert_shows(&b, sample);
    }
    bench_end(&b);
}

/* A series that was hidden comes back with its siblings that `init` names, though its labels were
 * not built to find it. */
static void test_births_of_a_known_series(void **state)
{
    (void)state;
    struct bench b;
    const int64_t later = NOW + 3 * 3600 * NANOSECONDS_PER_SECOND;
    bench_start(&b,
                SOURCE "metrics: {n_total: {type: counter, help: N., labels: [job_id, s], "
                       "init: {s: [x, y]}, ttl: 1h}}\n"
                       "rules: {e: [{inc: n_total, labels: {s: x}}]}\n",
                NULL);
    registry_tick(b.registry, NOW, true);
    for (size_t file = 0; file < 2; file++)
        feed(&b, file, "{\"type\":\"e\"}", NOW);
    for (size_t file = 0; file < 2; file++)
        feed(&b, file, "{\"type\":\"e\"}", NOW);
    assert_shows(&b, "n_total{job_id=\"job-1\",s=\"x\"} 2");
    assert_shows(&b, "n_total{job_id=\"job-1\",s=\"y\"} 0");
    registry_tick(b.registry, later, true);
    assert_false(shows(&b, "n_total{job_id=\"job-1\",s=\"x\"} 2"));
    assert_false(shows(&b, "n_total{job_id=\"job-1\",s=\"y\"} 0"));
    feed(&b, 1, "{\"type\":\"e\"}", later);
    feed(&b, 0, "{\"type\":\"e\"}", later);
    assert_shows(&b, "n_total{job_id=\"job-1\",s=\"x\"} 3");
    assert_shows(&b, "n_total{job_id=\"job-1\",s=\"y\"} 0");
    assert_shows(&b, "n_total{job_id=\"job-2\",s=\"x\"} 3");
    assert_shows(&b, "n_total{job_id=\"job-2\",s=\"y\"} 0");
    bench_end(&b);
}

static void on_event(void *context, const char *name, enum rule_match match)
{
    (void)context, (void)name, (void)match;
}

static void on_row(void *context, const char *rule, const char *update, enum row_outcome outcome,
                   const char *detail, const char *labels, double amount)
{
    unsigned *rows = context;
    (void)rule, (void)update, (void)detail, (void)amount;
    assert_int_equal(outcome, ROW_APPLIED);
    assert_string_equal(labels, "v=\"x\"");
    (*rows)++;
}

/* explain shows the labels of each event, also of those that repeat. */
static void test_a_trace_tells_labels_each_time(void **state)
{
    (void)state;
    static const char line[] = "{\"type\":\"e\",\"a\":\"X\"}";
    unsigned rows = 0;
    const struct rule_trace trace = {&rows, on_event, on_row};
    struct bench b;
    start(&b, "v", "{v: '{a|lower}'}", "");
    feed(&b, 0, line, NOW);
    for (int i = 0; i < ROUNDS; i++) {
        struct value *slots;
        arena_reset(&b.arena);
        assert_int_equal(decoder_line(b.decoder, line, strlen(line), &b.arena, &slots), DECODE_OK);
        const struct rule_event event = {
            .slots = slots, .file = b.files[0], .arena = &b.arena, .now = NOW, .trace = &trace};
        rule_set_apply(b.rules, rule_set_source(b.rules, 0), &event, NULL);
    }
    assert_int_equal(rows, ROUNDS);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_not_the_empty_text),
        cmocka_unit_test(test_texts_do_not_run_together),
        cmocka_unit_test(test_fallbacks),
        cmocka_unit_test(test_fallbacks_behind_filters),
        cmocka_unit_test(test_memories),
        cmocka_unit_test(test_a_memory_not_needed_is_not_touched),
        cmocka_unit_test(test_captures_and_elements),
        cmocka_unit_test(test_many_and_long_texts),
        cmocka_unit_test(test_many_label_sets),
        cmocka_unit_test(test_births_of_a_known_series),
        cmocka_unit_test(test_a_trace_tells_labels_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
