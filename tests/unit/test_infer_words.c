/* infer_words.c, infer_buckets.c, infer_text.c: names in words, ranges in buckets, YAML. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/hash.h"
#include "base/text.h"
#include "infer/infer_buckets.h"
#include "infer/infer_text.h"
#include "infer/infer_words.h"
#include "survey/distinct.h"

static void test_words(void **state)
{
    static const struct {
        const char *name;
        const char *words;
    } cases[] = {
        {"duration_ms", "duration_ms"},
        {"durationMs", "duration_ms"},
        {"AgentCompleted", "agent_completed"},
        {"HTTPRequest", "http_request"},
        {"agent-completed", "agent_completed"},
        {"job:done", "job_done"},
        {"@timestamp", "timestamp"},
        {"d_l_q_item_added", "dlq_item_added"},
        {"x_ray", "x_ray"},
        {"DLQItemAdded", "dlq_item_added"},
        {"p95", "p95"},
        {"step2Done", "step2_done"},
        {"__a__b__", "ab"},
        {"___", ""},
        {"caf\xc3\xa9", "caf"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct words words;
        struct text text;
        text_init(&text, TEXT_UNLIMITED);
        words_read(&words, cases[i].name, strlen(cases[i].name));
        words_text(&words, &text);
        assert_string_equal(text.data ? text.data : "", cases[i].words);
        text_free(&text);
    }
}

static void test_words_have_bounds(void **state)
{
    char name[2000];
    struct words words;
    (void)state;
    memset(name, 'a', sizeof(name));
    words_read(&words, name, sizeof(name));
    assert_int_equal(words.count, 1);
    assert_int_equal(strlen(words.items[0]), WORD_LONGEST);
    for (size_t i = 0; i < sizeof(name); i += 3)
        name[i] = '_';
    words_read(&words, name, sizeof(name));
    assert_int_equal(words.count, WORDS_MOST);
    words_append(&words, &words);
    assert_int_equal(words.count, WORDS_MOST);
    memset(name, 'A', sizeof(name));
    for (size_t i = 1; i < sizeof(name); i += 2)
        name[i] = '_'; /* letters that make one word, up to its bound */
    words_read(&words, name, sizeof(name));
    assert_in_range(words.count, 1, WORDS_MOST);
    assert_int_equal(strlen(words.items[0]), WORD_LONGEST);
}

static void test_lists_of_words(void **state)
{
    struct words words;
    (void)state;
    assert_true(word_is_in("ms", " s ms us "));
    assert_true(word_is_in("us", " s ms us "));
    assert_false(word_is_in("m", " s ms us "));
    assert_false(word_is_in("", " s ms us "));
    words_read(&words, "response_time", 13);
    assert_true(words_are_in(&words, " queue_time response_time "));
    assert_false(words_are_in(&words, " time response "));
    assert_true(words_any_in(&words, " time "));
    words_drop_last(&words);
    assert_string_equal(words_last(&words), "response");
    words_drop_last(&words);
    words_drop_last(&words);
    assert_string_equal(words_last(&words), "");
}

static void test_buckets_cover_what_was_seen(void **state)
{
    static const struct {
        double least, most;
    } ranges[] = {{1, 1},     {0.012, 0.013}, {0.02, 9},     {0.001, 3600},
                  {1, 1e6},   {1e-9, 1e9},    {250, 260},    {5e-324, 1},
                  {1, 1e300}, {1e-12, 1e-12}, {0.1, 0.10001}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(ranges); i++) {
        double bounds[16];
        size_t count = buckets_fit(ranges[i].least, ranges[i].most, bounds, 16);
        assert_in_range(count, 5, 16);
        for (size_t k = 1; k < count; k++)
            assert_true(bounds[k] > bounds[k - 1] && isfinite(bounds[k]));
        if (ranges[i].most < 1e15)
            assert_true(bounds[count - 1] >= ranges[i].most);
    }
}

static void test_buckets_are_round(void **state)
{
    static const double expected[] = {0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
    double bounds[16];
    (void)state;
    assert_int_equal(buckets_fit(0.02, 9, bounds, 16), ARRAY_LENGTH(expected));
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
        assert_true(fabs(bounds[i] - expected[i]) < 1e-12);
}

/* Nothing is known of it. */
static void test_buckets_by_default(void **state)
{
    double bounds[16];
    (void)state;
    assert_int_equal(buckets_fit(1, 0, bounds, 16), 11);
    assert_true(bounds[0] == 0.1 && bounds[10] == 3600);
    assert_int_equal(buckets_fit((double)NAN, 1, bounds, 16), 11);
    assert_int_equal(buckets_fit(0, 5, bounds, 6), 6);
}

static void test_scalars(void **state)
{
    static const struct {
        const char *scalar;
        const char *yaml;
    } cases[] = {
        {"agent_completed", "agent_completed"},
        {"a.b-c", "a.b-c"},
        {"no", "\"no\""},
        {"NULL", "\"NULL\""},
        {"", "\"\""},
        {"1", "\"1\""},
        {"a: b", "\"a: b\""},
        {"a, b", "\"a, b\""},
        {"*", "\"*\""},
        {"/x", "\"/x\""},
        {"{a}", "\"{a}\""},
        {"say \"x\"", "\"say \\\"x\\\"\""},
        {"line\nend", "\"line\\nend\""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text text;
        text_init(&text, TEXT_UNLIMITED);
        infer_append_scalar(&text, cases[i].scalar);
        assert_string_equal(text.data, cases[i].yaml);
        text_free(&text);
    }
}

static void test_counts(void **state)
{
    static const struct {
        uint64_t count;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {999, "999"},
                 {1000, "1,000"},
                 {123456, "123,456"},
                 {UINT64_MAX, "18,446,744,073,709,551,615"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text text;
        text_init(&text, TEXT_UNLIMITED);
        infer_append_count(&text, cases[i].count);
        assert_string_equal(text.data, cases[i].text);
        text_free(&text);
    }
}

static void test_values(void **state)
{
    struct distinct distinct = {.count = 0};
    struct text text;
    (void)state;
    text_init(&text, TEXT_UNLIMITED);
    distinct_add(&distinct, 5);
    infer_append_values(&text, &distinct);
    distinct_add(&distinct, 6);
    text_append_string(&text, "; ");
    infer_append_values(&text, &distinct);
    assert_string_equal(text.data, "1 value; 2 values");
    for (uint64_t i = 0; i < 50000; i++)
        distinct_add(&distinct, hash_stable(&i, sizeof(i)));
    text_clear(&text);
    infer_append_values(&text, &distinct);
    assert_int_equal(strncmp(text.data, "about ", 6), 0);
    assert_non_null(strstr(text.data, ",000 values")); /* no more than two digits */
    text_free(&text);
    distinct_clear(&distinct);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_words_have_bounds),
        cmocka_unit_test(test_lists_of_words),
        cmocka_unit_test(test_buckets_cover_what_was_seen),
        cmocka_unit_test(test_buckets_are_round),
        cmocka_unit_test(test_buckets_by_default),
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
