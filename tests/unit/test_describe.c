/* What a rule set says of itself: packs, metrics, and the rows that feed them. */
#include "rules/describe.h"

#include "rules_fixture.h"

static const char pack[] =
    "sources:\n"
    "  events: {files: '{job}/*.jsonl', type: type, emit: {Opened: {created: true}}}\n"
    "  others: {files: '{job}/*.log', type: type}\n"
    "  papers: {files: '*.json', format: document, emit: {Seen: {first: true}}}\n"
    "defaults: {ttl: 24h, max_series: 500}\n"
    "metrics:\n"
    "  jobs_total: {type: counter, help: Jobs., labels: [job, status], init: {status: [ok, bad]}}\n"
    "  open: {type: gauge, help: Open., shows: oldest, lapsed: {inc: lost_total}}\n"
    "  lost_total: {type: counter, help: Lost., ttl: never, max_series: 7}\n"
    "  run_seconds: {type: histogram, help: Run., buckets: [1, 10]}\n"
    "rules:\n"
    "  events/Done, others/done-too:\n"
    "    - {inc: jobs_total}\n"
    "    - {stop: run, key: job}\n"
    "  Opened, papers/Seen:\n"
    "    - {enter: open, key: job}\n"
    "    - {start: run, key: job}\n"
    "  '*':\n"
    "    - {observe: run_seconds, value: seconds}\n"
    "  papers/Seen: [{inc: jobs_total}, {inc: jobs_total, when: {a: b}}]\n";

static struct rule_metric metric_at(const struct bench *b, size_t index)
{
    struct rule_metric metric;
    assert_true(rule_set_metric(b->rules, index, &metric));
    return metric;
}

static void test_packs_and_their_defaults(void **state)
{
    (void)state;
    struct bench b;
    struct rule_pack_facts facts = {.name = "untouched"};
    const struct named_pack packs[] = {
        {"first", pack}, {"second", "metrics: {n_total: {type: counter, help: N.}}\n"}};
    bench_start_packs(&b, packs, 2, NULL);
    assert_true(rule_set_pack(b.rules, 0, &facts));
    assert_string_equal(facts.name, "first");
    assert_int_equal(facts.default_ttl, 24 * 3600 * NANOSECONDS_PER_SECOND);
    assert_int_equal(facts.default_max_series, 500);
    assert_true(rule_set_pack(b.rules, 1, &facts));
    assert_string_equal(facts.name, "second");
    assert_int_equal(facts.default_ttl, 0);
    assert_int_equal(facts.default_max_series, 1000);
    assert_false(rule_set_pack(b.rules, 2, &facts));
    assert_string_equal(facts.name, "second");
    assert_int_equal(metric_at(&b, 4).pack, 1);
    bench_end(&b);
}

static void test_metrics_in_file_order_with_what_they_start_with(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, pack, NULL);
    struct rule_metric jobs = metric_at(&b, 0);
    assert_string_equal(jobs.spec->name, "jobs_total");
    assert_true(jobs.has_init);
    assert_int_equal(jobs.init[0].count, 0);
    assert_int_equal(jobs.init[1].count, 2);
    assert_string_equal(jobs.init[1].values[1], "bad");
    assert_int_equal(jobs.spec->max_series, 500);
    struct rule_metric open = metric_at(&b, 1);
    assert_false(open.has_init);
    assert_true(open.shows_oldest);
    assert_string_equal(open.lapses_into, "lost_total");
    struct rule_metric lost = metric_at(&b, 2);
    assert_false(lost.shows_oldest);
    assert_null(lost.lapses_into);
    assert_int_equal(lost.spec->ttl, 0);
    assert_int_equal(lost.spec->max_series, 7);
    assert_int_equal(metric_at(&b, 3).spec->bucket_count, 2);
    struct rule_metric none = {.pack = 99};
    assert_false(rule_set_metric(b.rules, 4, &none));
    assert_int_equal(none.pack, 99);
    bench_end(&b);
}

static void assert_feed(const struct bench *b, size_t index, const char *wanted)
{
    struct rule_feed feed;
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    assert_true(rule_set_feed(b->rules, index, &feed));
    text_printf(&text, "%s %s %s:%d", feed.verb, feed.metric ? feed.metric : "-", feed.pack,
                feed.line);
    for (size_t i = 0; i < feed.event_count; i++)
        text_printf(&text, " %s/%s", feed.events[i].source, feed.events[i].name);
    assert_string_equal(text.data, wanted);
    text_free(&text);
}

static void test_rows_with_the_events_they_apply_to(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, pack, NULL);
    assert_feed(&b, 0, "inc jobs_total pack:13 events/Done others/done-too");
    assert_feed(&b, 1, "stop - pack:14 events/Done others/done-too");
    /* A name without a source is that of records anywhere, too. */
    assert_feed(&b, 2, "enter open pack:16 events/Opened others/Opened papers/Seen");
    assert_feed(&b, 4, "observe run_seconds pack:19 events/* others/*");
    assert_feed(&b, 5, "inc jobs_total pack:20 papers/Seen");
    assert_feed(&b, 6, "inc jobs_total pack:20 papers/Seen");
    struct rule_feed feed = {.line = 99};
    assert_false(rule_set_feed(b.rules, 7, &feed));
    assert_int_equal(feed.line, 99);
    bench_end(&b);
}

static void test_a_row_of_no_source_feeds_nothing(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, "metrics: {n_total: {type: counter, help: N.}}\nrules: {e: [{inc: n_total}]}\n",
                NULL);
    struct rule_feed feed;
    assert_true(rule_set_feed(b.rules, 0, &feed));
    assert_null(feed.metric);
    assert_int_equal(feed.event_count, 0);
    assert_int_equal(feed.line, 2);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packs_and_their_defaults),
        cmocka_unit_test(test_metrics_in_file_order_with_what_they_start_with),
        cmocka_unit_test(test_rows_with_the_events_they_apply_to),
        cmocka_unit_test(test_a_row_of_no_source_feeds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
