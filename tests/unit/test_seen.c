/* seen.c, seen_path.c, seen_field.c, plain_name.c: what is kept of records, and its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/text.h"
#include "survey/plain_name.h"
#include "survey/seen.h"

/* Names are equal without case, as for rules. */
static size_t lower(const char *name, size_t length, char *ret_normal)
{
    for (size_t i = 0; i < length; i++)
        ret_normal[i] = (char)(name[i] | 0x20);
    return length;
}

static int set_up(void **state)
{
    *state = seen_new(lower);
    return 0;
}

static int tear_down(void **state)
{
    seen_free(*state);
    return 0;
}

static enum decode_result take(struct seen *seen, const char *line)
{
    return seen_take(seen, line, strlen(line), NULL, 0);
}

static struct seen_path *path(struct seen *seen, const char *a, const char *b)
{
    const char *keys[] = {a, b};
    return seen_paths_find(seen_paths_of(seen), keys, b ? 2 : 1);
}

static const struct seen_type *type_at(struct seen *seen, size_t index)
{
    size_t count;
    struct seen_type *const *types = seen_types(seen, &count);
    assert_in_range(index + 1, 1, count);
    return types[index];
}

/* Begins anew with the types at this path, which must be known. */
static void begin(struct seen *seen, const char *a, const char *b)
{
    struct seen_path *types[] = {path(seen, a, b)};
    assert_non_null(types[0]);
    seen_begin(seen, types, 1);
}

static void test_types_and_their_fields(void **state)
{
    struct seen *seen = *state;
    assert_int_equal(take(seen, "{\"e\":{\"t\":\"x\"}}"), DECODE_OK);
    begin(seen, "e", "t");
    (void)take(seen, "{\"n\":1,\"e\":{\"t\":\"done\"}}"); /* the type comes last */
    (void)take(seen, "{\"n\":5,\"e\":{\"t\":\"DONE\",\"m\":\"x\"}}");
    (void)take(seen, "{\"n\":7,\"e\":{\"t\":\"begun\"}}");
    (void)take(seen, "{\"n\":9,\"e\":{}}");
    assert_int_equal(seen_totals(seen)->records, 4);
    assert_int_equal(seen_totals(seen)->untyped, 1);
    const struct seen_type *done = type_at(seen, 0);
    assert_string_equal(done->name, "done");
    assert_int_equal(done->records, 2);
    assert_true(done->is_plain);
    const struct seen_field *number = seen_type_field(done, path(seen, "n", NULL));
    assert_int_equal(number->kinds[VALUE_NUMBER], 2);
    assert_true(number->least == 1 && number->most == 5);
    assert_int_equal(distinct_count(&number->distinct), 2);
    assert_string_equal(type_at(seen, 1)->name, ""); /* the same number: by name */
    assert_string_equal(type_at(seen, 2)->name, "begun");
    assert_null(seen_type_field(type_at(seen, 2), path(seen, "e", "m")));
}

static void test_the_first_path_with_a_text_names_the_type(void **state)
{
    struct seen *seen = *state;
    (void)take(seen, "{\"a\":\"x\",\"b\":\"y\"}");
    struct seen_path *types[] = {path(seen, "a", NULL), path(seen, "b", NULL)};
    seen_begin(seen, types, 2);
    (void)take(seen, "{\"b\":\"second\",\"a\":\"first\"}");
    (void)take(seen, "{\"b\":\"second\",\"a\":null}");
    (void)take(seen, "{\"b\":\"second\",\"a\":\"\"}");
    assert_string_equal(type_at(seen, 0)->name, "second");
    assert_int_equal(type_at(seen, 0)->records, 2);
    assert_string_equal(type_at(seen, 1)->name, "first");
}

static void test_records_with_a_text_there_are_passed_over(void **state)
{
    struct seen *seen = *state;
    (void)take(seen, "{\"a\":\"x\"}");
    struct seen_path *paths[] = {path(seen, "a", NULL)};
    seen_begin(seen, NULL, 0);
    seen_pass_over(seen, paths, 1);
    assert_int_equal(take(seen, "{\"a\":\"x\"}"), DECODE_OK);
    (void)take(seen, "{\"b\":\"x\"}");
    assert_int_equal(seen_totals(seen)->records, 1);
    seen_begin(seen, NULL, 0);
    (void)take(seen, "{\"a\":\"x\"}");
    assert_int_equal(seen_totals(seen)->records, 1);
}

static void test_a_type_known_elsewhere(void **state)
{
    struct seen *seen = *state;
    (void)seen_take(seen, "{\"a\":1}", 7, "told", 4);
    assert_string_equal(type_at(seen, 0)->name, "told");
    assert_int_equal(seen_totals(seen)->untyped, 0);
}

static void test_ids(void **state)
{
    struct seen *seen = *state;
    (void)take(seen, "{\"id\":\"a\"}");
    seen_begin(seen, NULL, 0);
    seen_watch_id(seen, path(seen, "id", NULL));
    (void)take(seen, "{\"id\":\"a\"}");
    (void)take(seen, "{\"id\":\"b\"}");
    (void)take(seen, "{\"id\":\"a\"}");
    (void)take(seen, "{\"x\":\"a\"}");
    assert_int_equal(seen_totals(seen)->ids, 3);
    assert_int_equal(seen_totals(seen)->repeated_ids, 1);
}

static void test_what_is_refused_is_counted(void **state)
{
    struct seen *seen = *state;
    assert_int_equal(take(seen, "nothing"), DECODE_MALFORMED);
    assert_int_equal(take(seen, "[1]"), DECODE_NOT_OBJECT);
    assert_int_equal(take(seen, "{\"a\":1}"), DECODE_OK);
    assert_int_equal(seen_totals(seen)->malformed, 1);
    assert_int_equal(seen_totals(seen)->not_objects, 1);
    assert_int_equal(seen_totals(seen)->records, 1);
}

static void test_bound_of_keys_and_paths(void **state)
{
    struct seen *seen = *state;
    char line[96];
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(line, sizeof(line), "{\"a%u\":1,\"m\":{\"k%u\":{\"x%u\":1}}}", i % 60, i, i);
        (void)take(seen, line);
    }
    const struct seen_paths *paths = seen_paths_of(seen);
    assert_true(path(seen, "m", NULL)->wide);
    assert_int_equal(path(seen, "m", NULL)->children, SEEN_KEYS_MOST);
    assert_in_range(paths->count, SEEN_KEYS_MOST, SEEN_PATHS_MOST);
    assert_true(paths->left_out > 0);
    assert_non_null(path(seen, "a59", NULL));
}

static void test_bound_of_types(void **state)
{
    struct seen *seen = *state;
    char line[64];
    (void)take(seen, "{\"t\":\"x\"}");
    begin(seen, "t", NULL);
    for (unsigned i = 0; i < SEEN_TYPES_MOST + 50; i++) {
        snprintf(line, sizeof(line), "{\"t\":\"type%u\"}", i);
        (void)take(seen, line);
    }
    size_t count;
    (void)seen_types(seen, &count);
    assert_int_equal(count, SEEN_TYPES_MOST);
    assert_int_equal(seen_totals(seen)->types_left_out, 50);
    assert_int_equal(seen_totals(seen)->records, SEEN_TYPES_MOST + 50);
}

static void test_bound_of_values(void **state)
{
    struct seen *seen = *state;
    struct text line;
    text_init(&line, TEXT_UNLIMITED);
    text_append_string(&line, "{\"a\":[1");
    for (size_t i = 0; i < SEEN_VALUES_MOST + 10; i++)
        text_append_string(&line, ",1");
    text_append_string(&line, "]}");
    assert_int_equal(seen_take(seen, line.data, line.length, NULL, 0), DECODE_OK);
    assert_int_equal(seen_totals(seen)->values_left_out, 12); /* and the list itself */
    text_free(&line);
}

static void test_paths_as_texts(void **state)
{
    static const struct {
        const char *keys[3];
        size_t count;
        const char *text;
    } cases[] = {
        {{"a"}, 1, "a"},         {{"a", "b"}, 2, "a.b"},  {{"a", "l"}, 2, "a.l"},
        {{"c.d"}, 1, "\"c.d\""}, {{"e f"}, 1, "\"e f\""}, {{""}, 1, "\"\""},
    };
    struct seen *seen = *state;
    (void)take(seen, "{\"a\":{\"b\":1,\"l\":[[{\"x\":1}]]},\"c.d\":1,\"e f\":1,\"\":1}");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct seen_path *found =
            seen_paths_find(seen_paths_of(seen), cases[i].keys, cases[i].count);
        struct text text;
        text_init(&text, TEXT_UNLIMITED);
        assert_non_null(found);
        seen_path_text(found, NULL, &text);
        assert_string_equal(text.data, cases[i].text);
        text_free(&text);
    }
    const struct seen_paths *paths = seen_paths_of(seen);
    const struct seen_path *last = paths->items[paths->count - 1];
    for (uint32_t i = 0; i < paths->count; i++)
        if (paths->items[i]->key && strcmp(paths->items[i]->key, "x") == 0)
            last = paths->items[i];
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    seen_path_text(last, path(seen, "a", NULL), &text);
    assert_string_equal(text.data, "l[][].x");
    assert_true(last->in_list);
    text_free(&text);
}

/* --- Fields --------------------------------------------------------------------------------- */

static const struct seen_field *field_of(struct seen *seen, const char *const *values, size_t count)
{
    char line[256];
    for (size_t i = 0; i < count; i++) {
        snprintf(line, sizeof(line), "{\"f\":%s}", values[i]);
        assert_int_equal(take(seen, line), DECODE_OK);
    }
    return seen_type_field(type_at(seen, 0), path(seen, "f", NULL));
}

static void test_shapes_of_texts(void **state)
{
    static const char *const values[] = {
        "\"2026-01-01T00:00:00Z\"", "\"1h2m3s\"", "\"PT5S\"", "\"12.5\"", "\"two words\"",
        "\"plain_name\"",           "\"\"",       "null",     "\"-7\""};
    const struct seen_field *field = field_of(*state, values, ARRAY_LENGTH(values));
    assert_int_equal(field->times, 1);
    assert_int_equal(field->durations, 2);
    assert_int_equal(field->numerals, 2);
    assert_int_equal(field->names, 2); /* PT5S could be one, too */
    assert_int_equal(field->blank, 1);
    assert_int_equal(field->longest, 20);
    assert_int_equal(field->looked_at, 8);
    assert_true(field->least == -7 && field->most == 3723);
    assert_true(field->least_positive == 5);
    assert_int_equal(seen_field_values(field), 8);
    assert_true(seen_field_is(field, VALUE_STRING));
    assert_false(seen_field_mostly(field, 7));
    assert_true(seen_field_mostly(field, 8));
}

static void test_numbers(void **state)
{
    static const char *const values[] = {"1767225600", "1767225600000", "1.5", "-2", "0", "[1,2]",
                                         "[]",         "{\"a\":1}",     "true"};
    const struct seen_field *field = field_of(*state, values, ARRAY_LENGTH(values));
    assert_int_equal(field->numbers, 5);
    assert_int_equal(field->whole, 4);
    assert_int_equal(field->epochs, 2);
    assert_true(field->least == -2 && field->least_positive == 1.5);
    assert_int_equal(field->kinds[VALUE_ARRAY], 2);
    assert_int_equal(field->longest_list, 2);
    assert_int_equal(field->shortest_list, 0);
    assert_false(seen_field_is(field, VALUE_NUMBER));
    assert_int_equal(distinct_count(&field->distinct), 6);
}

static void test_joined_fields_are_as_one(void **state)
{
    static const char *const values[] = {"5",       "\"x\"", "-1.5", "\"x y\"",
                                         "[1,2,3]", "true",  "null"};
    struct seen *seen = *state;
    struct seen_field joined;
    const struct seen_field *whole = field_of(seen, values, ARRAY_LENGTH(values));
    struct seen *parts[2] = {seen_new(lower), seen_new(lower)};
    seen_field_init(&joined, whole->path);
    seen_field_join(&joined, field_of(parts[0], values, 3));
    seen_field_join(&joined, field_of(parts[1], values + 3, ARRAY_LENGTH(values) - 3));
    assert_memory_equal(joined.kinds, whole->kinds, sizeof(joined.kinds));
    assert_true(joined.least == whole->least && joined.most == whole->most);
    assert_true(joined.least_positive == whole->least_positive);
    assert_int_equal(joined.numbers, whole->numbers);
    assert_int_equal(joined.whole, whole->whole);
    assert_int_equal(joined.blank, whole->blank);
    assert_int_equal(joined.longest, whole->longest);
    assert_int_equal(joined.names, whole->names);
    assert_int_equal(joined.longest_list, whole->longest_list);
    assert_int_equal(distinct_count(&joined.distinct), distinct_count(&whole->distinct));
    seen_field_clear(&joined);
    seen_free(parts[0]);
    seen_free(parts[1]);
}

/* --- Names ---------------------------------------------------------------------------------- */

static void test_plain_names(void **state)
{
    static const struct {
        const char *text;
        bool is_plain;
    } cases[] = {
        {"agent_completed", true},
        {"PullRequestEvent", true},
        {"http.request", true},
        {"a/b", true},
        {"@timestamp", true},
        {"$type", true},
        {"_id", true},
        {"x1", true},
        {"sha256", true},
        {"u48213", false},
        {"ab12ef", true},
        {"", false},
        {"2fast", false},
        {"two words", false},
        {"a@b.c", false},
        {"3f2b8c91-0000-4000-8000-000000000000", false},
        {"f2b8c910-0000-4000-8000-000000000000", false},
        {"caf\xc3\xa9", false},
        {"line\nend", false},
    };
    char longest[PLAIN_NAME_LONGEST + 2];
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        if (plain_name(cases[i].text, strlen(cases[i].text)) != cases[i].is_plain)
            fail_msg("'%s'", cases[i].text);
    memset(longest, 'a', sizeof(longest));
    assert_true(plain_name(longest, PLAIN_NAME_LONGEST));
    assert_false(plain_name(longest, PLAIN_NAME_LONGEST + 1));
}

#define SEEN_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEEN_TEST(test_types_and_their_fields),
        SEEN_TEST(test_the_first_path_with_a_text_names_the_type),
        SEEN_TEST(test_records_with_a_text_there_are_passed_over),
        SEEN_TEST(test_a_type_known_elsewhere),
        SEEN_TEST(test_ids),
        SEEN_TEST(test_what_is_refused_is_counted),
        SEEN_TEST(test_bound_of_keys_and_paths),
        SEEN_TEST(test_bound_of_types),
        SEEN_TEST(test_bound_of_values),
        SEEN_TEST(test_paths_as_texts),
        SEEN_TEST(test_shapes_of_texts),
        SEEN_TEST(test_numbers),
        SEEN_TEST(test_joined_fields_are_as_one),
        cmocka_unit_test(test_plain_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
