/* decoder.c, plan.c, value.c: what of a line reaches its slots, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "decode/decoder.h"
#include "decode/plan.h"
#include "decode/plan_internal.h"
#include "decode/value.h"

struct fixture {
    struct decode_plan *plan;
    struct arena arena;
    uint32_t id, name, tags, second, secs, whole;
    struct decode_plan *list, *entries;
    uint32_t list_slot, list_type, list_self, entries_slot, entry_key, entry_value;
};

static uint32_t want(struct decode_plan *plan, const char *a, const char *b)
{
    const char *segments[2] = {a, b};
    return decode_plan_want(plan, segments, b ? 2 : 1);
}

static int set_up(void **state)
{
    static const char *const list[] = {"event", "items"};
    static const char *const entries[] = {"event", "map"};
    static const char *const second[] = {"event", "tags", "1"};
    struct fixture *f = memory_zero(1, sizeof(*f));
    f->plan = decode_plan_new();
    f->id = want(f->plan, "id", NULL);
    f->name = want(f->plan, "event", "name");
    f->tags = want(f->plan, "event", "tags");
    f->second = decode_plan_want(f->plan, second, 3);
    f->whole = decode_plan_want(f->plan, NULL, 0);
    f->list = decode_plan_list(f->plan, list, 2);
    f->list_slot = decode_plan_want(f->plan, list, 2);
    f->list_type = want(f->list, "type", NULL);
    f->list_self = decode_plan_want(f->list, NULL, 0);
    f->entries = decode_plan_list(f->plan, entries, 2);
    f->entries_slot = decode_plan_want(f->plan, entries, 2);
    f->entry_key = want(f->entries, "key", NULL);
    f->entry_value = want(f->entries, "value", NULL);
    arena_init(&f->arena, 1 << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    decode_plan_free(f->plan);
    arena_free(&f->arena);
    free(f);
    return 0;
}

static bool is_text(const struct value *value, enum value_type type, const char *text)
{
    return value->type == type && value->length == strlen(text) &&
           memcmp(value->text, text, value->length) == 0;
}

static void test_same_path_has_the_same_slot(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(want(f->plan, "event", "name"), f->name);
    assert_int_not_equal(f->id, f->name);
}

static void test_wanted_values_reach_their_slots(void **state)
{
    struct fixture *f = *state;
    struct decoder *decoder = decoder_new(f->plan);
    struct value *s;
    static const char line[] = "{\"x\":{\"id\":\"no\",\"deep\":[[{}]]},\"id\":\"a\\u00e9\\n\","
                               "\"event\":{\"name\":9223372036854775807,\"tags\":[true,null,3]}}";
    assert_int_equal(decoder_line(decoder, line, sizeof(line) - 1, &f->arena, &s), DECODE_OK);
    assert_true(is_text(&s[f->id], VALUE_STRING, "a\xC3\xA9\n"));
    assert_true(is_text(&s[f->name], VALUE_NUMBER, "9223372036854775807"));
    assert_int_equal(s[f->tags].type, VALUE_ARRAY);
    assert_int_equal(s[f->tags].length, 3);
    assert_int_equal(s[f->second].type, VALUE_NULL);
    assert_int_equal(s[f->whole].type, VALUE_OBJECT);
    assert_int_equal(s[f->whole].length, 3);
    assert_int_equal(s[f->list_slot].type, VALUE_ABSENT);
    decoder_free(decoder);
}

static void test_elements_of_lists_and_entries_of_objects(void **state)
{
    struct fixture *f = *state;
    struct decoder *decoder = decoder_new(f->plan);
    struct value *s;
    static const char line[] = "{\"event\":{\"items\":[{\"type\":\"a\",\"y\":[1]},7,{\"type\":2}],"
                               "\"map\":{\"k1\":\"v1\",\"k2\":{\"z\":0}}}}";
    assert_int_equal(decoder_line(decoder, line, sizeof(line) - 1, &f->arena, &s), DECODE_OK);
    assert_int_equal(s[f->list_slot].length, 3);
    struct value **e = s[f->list_slot].elements;
    assert_true(is_text(&e[0][f->list_type], VALUE_STRING, "a"));
    assert_int_equal(e[0][f->list_self].type, VALUE_OBJECT);
    assert_true(is_text(&e[1][f->list_self], VALUE_NUMBER, "7"));
    assert_int_equal(e[1][f->list_type].type, VALUE_ABSENT);
    assert_true(is_text(&e[2][f->list_type], VALUE_NUMBER, "2"));
    assert_int_equal(s[f->entries_slot].length, 2);
    e = s[f->entries_slot].elements;
    assert_true(is_text(&e[0][f->entry_key], VALUE_STRING, "k1"));
    assert_true(is_text(&e[0][f->entry_value], VALUE_STRING, "v1"));
    assert_true(is_text(&e[1][f->entry_key], VALUE_STRING, "k2"));
    assert_int_equal(e[1][f->entry_value].type, VALUE_OBJECT);
    decoder_free(decoder);
}

static void test_last_of_duplicate_keys_wins(void **state)
{
    struct fixture *f = *state;
    struct decoder *decoder = decoder_new(f->plan);
    struct value *s;
    static const char line[] = "{\"id\":1,\"id\":\"two\"}";
    assert_int_equal(decoder_line(decoder, line, sizeof(line) - 1, &f->arena, &s), DECODE_OK);
    assert_true(is_text(&s[f->id], VALUE_STRING, "two"));
    decoder_free(decoder);
}

/* Each bad line is refused, and the good line behind it is read as if nothing had been. */
static void test_bad_lines_do_not_harm_the_next(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *line;
        enum decode_result result;
    } cases[] = {
        {"{", DECODE_MALFORMED},
        {"{\"id\":", DECODE_MALFORMED},
        {"{\"id\":\"x", DECODE_MALFORMED},
        {"{\"id\":1}}", DECODE_MALFORMED},
        {"{\"id\":1}{\"id\":2}", DECODE_MALFORMED},
        {"{\"id\":1} 12", DECODE_MALFORMED},
        {"{\"id\":1} \"}", DECODE_MALFORMED},
        {"{\"id\":1} tru", DECODE_MALFORMED},
        {"{\"id\":1,}", DECODE_MALFORMED},
        {"{\"id\":01}", DECODE_MALFORMED},
        {"{\"id\":NaN}", DECODE_MALFORMED},
        {"{'id':1}", DECODE_MALFORMED},
        {"{\"id\":\"\xFF\"}", DECODE_MALFORMED},
        {"{\"id\":\"a\tb\"}", DECODE_MALFORMED},
        {"nonsense", DECODE_MALFORMED},
        {"12", DECODE_NOT_OBJECT},
        {"\"text\"", DECODE_NOT_OBJECT},
        {"null", DECODE_NOT_OBJECT},
        {"[{\"id\":1}]", DECODE_NOT_OBJECT},
    };
    static const char good[] = "{\"id\":\"good\"}  ";
    struct decoder *decoder = decoder_new(f->plan);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct value *s = NULL;
        enum decode_result result =
            decoder_line(decoder, cases[i].line, strlen(cases[i].line), &f->arena, &s);
        if (result != cases[i].result)
            fail_msg("'%s': %d, not %d", cases[i].line, result, cases[i].result);
        assert_null(s);
        assert_true(strlen(decoder_error(decoder)) > 0);
        assert_int_equal(decoder_line(decoder, good, sizeof(good) - 1, &f->arena, &s), DECODE_OK);
        assert_true(is_text(&s[f->id], VALUE_STRING, "good"));
    }
    decoder_free(decoder);
}

static enum decode_result nested(struct decoder *decoder, struct arena *arena, int depth)
{
    struct text line;
    struct value *s;
    text_init(&line, TEXT_UNLIMITED);
    text_append_string(&line, "{\"x\":");
    for (int i = 1; i < depth; i++)
        text_append_char(&line, '[');
    for (int i = 1; i < depth; i++)
        text_append_char(&line, ']');
    text_append_string(&line, depth > 1 ? "}" : "1}");
    enum decode_result result = decoder_line(decoder, line.data, line.length, arena, &s);
    text_free(&line);
    return result;
}

static void test_depth_limit(void **state)
{
    struct fixture *f = *state;
    struct decoder *decoder = decoder_new(f->plan);
    assert_int_equal(nested(decoder, &f->arena, DECODE_DEPTH), DECODE_OK);
    assert_int_equal(nested(decoder, &f->arena, DECODE_DEPTH + 1), DECODE_TOO_DEEP);
    assert_int_equal(nested(decoder, &f->arena, 5000), DECODE_TOO_DEEP);
    assert_int_equal(nested(decoder, &f->arena, 1), DECODE_OK);
    decoder_free(decoder);
}

static void test_numbers_and_times_of_values(void **state)
{
    (void)state;
    static const struct {
        enum value_type type;
        const char *text;
        bool is_number, is_time;
        double number;
        int64_t time;
    } cases[] = {
        {VALUE_NUMBER, "12.5", true, true, 12.5, INT64_C(12500000000)},
        {VALUE_STRING, "3", true, true, 3, INT64_C(3000000000)},
        {VALUE_STRING, "1h2m3s", true, false, 3723, 0},
        {VALUE_STRING, "PT1M", true, false, 60, 0},
        {VALUE_STRING, "x", false, false, 0, 0},
        {VALUE_NUMBER, "1795225540837946223", true, true, 1795225540837946223.0,
         INT64_C(1795225540837946223)},
        {VALUE_STRING, "1970-01-01T00:00:01Z", false, true, 0, INT64_C(1000000000)},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct value value = {.type = (uint8_t)cases[i].type,
                              .length = (uint32_t)strlen(cases[i].text),
                              .text = cases[i].text};
        double number = -1;
        int64_t time = -1;
        assert_int_equal(value_seconds(&value, &number), cases[i].is_number);
        assert_int_equal(value_time(&value, &time), cases[i].is_time);
        if (cases[i].is_number)
            assert_true(number == cases[i].number);
        if (cases[i].is_time)
            assert_int_equal(time, cases[i].time);
    }
}

/* A list whose elements are wanted may also be led into by paths: lines are then walked twice. */
static void test_paths_into_lists(void **state)
{
    (void)state;
    static const char *const items[] = {"a", "items"};
    static const char *const inner[] = {"a", "items", "0", "name"};
    static const char *const deeper[] = {"a", "items", "0", "list"};
    struct decode_plan *plan = decode_plan_new();
    struct arena arena;
    struct value *slots;
    arena_init(&arena, 1 << 16);
    struct decode_plan *list = decode_plan_list(plan, items, 2);
    uint32_t list_slot = decode_plan_want(plan, items, 2);
    uint32_t element = want(list, "name", NULL);
    assert_null(plan->first.next); /* nothing leads into it so far */
    uint32_t name = decode_plan_want(plan, inner, 4);
    struct decode_plan *deep = decode_plan_list(plan, deeper, 4);
    uint32_t deep_slot = decode_plan_want(plan, deeper, 4);
    uint32_t whole = decode_plan_want(deep, NULL, 0);
    assert_ptr_equal(decode_plan_list(plan, items, 2), list); /* still the same */
    assert_int_equal(decode_plan_want(plan, items, 2), list_slot);
    assert_non_null(plan->first.next);

    struct decoder *decoder = decoder_new(plan);
    static const char line[] =
        "{\"a\":{\"items\":[{\"name\":\"x\",\"list\":[7,8]},{\"name\":\"y\"}]}}";
    for (int i = 0; i < 2; i++) {
        arena_reset(&arena);
        assert_int_equal(decoder_line(decoder, line, strlen(line), &arena, &slots), DECODE_OK);
        assert_true(is_text(&slots[name], VALUE_STRING, "x"));
        assert_int_equal(slots[list_slot].length, 2);
        assert_true(is_text(&slots[list_slot].elements[1][element], VALUE_STRING, "y"));
        assert_int_equal(slots[deep_slot].length, 2);
        assert_true(is_text(&slots[deep_slot].elements[0][whole], VALUE_NUMBER, "7"));
        /* A bad line between leaves nothing behind. */
        assert_int_equal(decoder_line(decoder, "{\"a\":", 5, &arena, &slots), DECODE_MALFORMED);
    }
    decoder_free(decoder);
    decode_plan_free(plan);
    arena_free(&arena);
}

/* A line of elements upon elements takes only so much memory. */
static void test_elements_have_a_limit(void **state)
{
    struct fixture *f = *state;
    struct decoder *decoder = decoder_new(f->plan);
    for (size_t count = DECODE_ELEMENTS; count <= DECODE_ELEMENTS + 1; count++) {
        struct text line;
        struct value *slots;
        text_init(&line, TEXT_UNLIMITED);
        text_append_string(&line, "{\"event\":{\"map\":{\"a\":1},\"items\":[0");
        for (size_t i = 2; i < count; i++) /* one is the map's entry */
            text_append_string(&line, ",0");
        text_append_string(&line, "]}}");
        bool is_over = count > DECODE_ELEMENTS;
        arena_reset(&f->arena);
        enum decode_result result =
            decoder_line(decoder, line.data, line.length, &f->arena, &slots);
        assert_int_equal(result, is_over ? DECODE_MALFORMED : DECODE_OK);
        if (is_over)
            assert_non_null(strstr(decoder_error(decoder), "more elements"));
        text_free(&line);
    }
    assert_int_equal(nested(decoder, &f->arena, 1), DECODE_OK);
    decoder_free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_path_has_the_same_slot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wanted_values_reach_their_slots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_elements_of_lists_and_entries_of_objects, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_last_of_duplicate_keys_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_lines_do_not_harm_the_next, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth_limit, set_up, tear_down),
        cmocka_unit_test(test_paths_into_lists),
        cmocka_unit_test_setup_teardown(test_elements_have_a_limit, set_up, tear_down),
        cmocka_unit_test(test_numbers_and_times_of_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
