/* survey.c: every value of a line is told, at its place; what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/text.h"
#include "decode/decoder.h"
#include "decode/plan.h"
#include "decode/survey.h"
#include "decode/value.h"

/* Writes down what is told: "a.b=1 c[]=x c=list2". A place is the text of its path; keys that
 * begin with "no" are not wanted. */
struct scribe {
    struct text told;
    struct arena places;
    struct arena arena;
    struct survey *survey;
};

static void *on_step(void *context, void *parent, const char *key, size_t length)
{
    struct scribe *scribe = context;
    char *place = arena_alloc(&scribe->places, 512);
    if (key && length >= 2 && memcmp(key, "no", 2) == 0)
        return NULL;
    snprintf(place, 512, "%s%s%.*s", parent ? (char *)parent : "", key && parent ? "." : "",
             key ? (int)length : 2, key ? key : "[]");
    return place;
}

static void on_value(void *context, void *place, const struct value *value)
{
    struct scribe *scribe = context;
    const char *text;
    size_t length;
    text_printf(&scribe->told, "%s%s=", scribe->told.length ? " " : "", (const char *)place);
    if (value->type == VALUE_ARRAY || value->type == VALUE_OBJECT)
        text_printf(&scribe->told, "%s%u", value->type == VALUE_ARRAY ? "list" : "object",
                    (unsigned)value->length);
    else if (value_text(value, &text, &length))
        text_append(&scribe->told, text, length);
    else
        text_append_string(&scribe->told, "null");
}

static int set_up(void **state)
{
    struct scribe *scribe = memory_zero(1, sizeof(*scribe));
    const struct survey_listener listener = {.context = scribe, .step = on_step, .value = on_value};
    text_init(&scribe->told, TEXT_UNLIMITED);
    arena_init(&scribe->places, 1 << 16);
    arena_init(&scribe->arena, 1 << 16);
    scribe->survey = survey_new(&listener);
    *state = scribe;
    return 0;
}

static int tear_down(void **state)
{
    struct scribe *scribe = *state;
    survey_free(scribe->survey);
    text_free(&scribe->told);
    arena_free(&scribe->places);
    arena_free(&scribe->arena);
    free(scribe);
    return 0;
}

static enum decode_result take(struct scribe *scribe, const char *line, size_t length)
{
    text_clear(&scribe->told);
    return survey_line(scribe->survey, line, length, &scribe->arena);
}

struct line_case {
    const char *line;
    enum decode_result result;
    const char *told; /* NULL: whatever */
};

static const struct line_case line_cases[] = {
    {"{}", DECODE_OK, ""},
    {" {\"a\": 1} \t", DECODE_OK, "a=1"},
    {"{\"a\":{\"b\":1,\"c\":\"x\"},\"d\":true}", DECODE_OK, "a.b=1 a.c=x a=object2 d=true"},
    {"{\"a\":[1,[2],{\"b\":null}]}", DECODE_OK,
     "a[]=1 a[][]=2 a[]=list1 a[].b=null a[]=object1 a=list3"},
    {"{\"a\":\"x\\ny\",\"b\":\"\\u0041\"}", DECODE_OK, "a=x\ny b=A"},
    {"{\"a\":1,\"a\":2}", DECODE_OK, "a=1 a=2"},
    {"{\"a\":[],\"b\":{}}", DECODE_OK, "a=list0 b=object0"},
    {"{\"no\":{\"x\":\"y\",\"z\":[1]},\"a\":\"z\"}", DECODE_OK, "a=z"},
    {"{\"no\":\"x\",\"a\":[\"y\"]}", DECODE_OK, "a[]=y a=list1"},
    {"{\"a\":[{\"no\":1},\"y\"]}", DECODE_OK, "a[]=object1 a[]=y a=list2"},
    {"{\"a\":[{\"no\":[]},\"y\"],\"no\":[\"q\"],\"b\":\"c\"}", DECODE_OK,
     "a[]=object1 a[]=y a=list2 b=c"},
    {"{\"a\":", DECODE_MALFORMED, NULL},
    {"{\"a\":1}}", DECODE_MALFORMED, NULL},
    {"{\"a\":1} {\"b\":2}", DECODE_MALFORMED, NULL},
    {"{\"a\":1} x", DECODE_MALFORMED, NULL},
    {"{a:1}", DECODE_MALFORMED, NULL},
    {"{\"a\":\"\xff\"}", DECODE_MALFORMED, ""},
    {"{\"a\":\"\xed\xa0\x80\"}", DECODE_MALFORMED, ""},
    {"[1]", DECODE_NOT_OBJECT, NULL},
    {"3", DECODE_NOT_OBJECT, ""},
    {"\"x\"", DECODE_NOT_OBJECT, ""},
    {"null", DECODE_NOT_OBJECT, ""},
    {"nul", DECODE_MALFORMED, ""},
};

static void test_lines(void **state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(line_cases); i++) {
        const struct line_case *one = &line_cases[i];
        struct scribe *scribe = *state;
        assert_int_equal(take(scribe, one->line, strlen(one->line)), one->result);
        if (one->told)
            assert_string_equal(scribe->told.data ? scribe->told.data : "", one->told);
        /* Whatever it was, the next line is read well. */
        assert_int_equal(take(scribe, "{\"a\":1}", 7), DECODE_OK);
        assert_string_equal(scribe->told.data, "a=1");
    }
}

static char *nested(const char *key, unsigned depth)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    for (unsigned i = 0; i < depth; i++)
        text_printf(&text, "{\"%s\":", key);
    text_append_string(&text, "1");
    for (unsigned i = 0; i < depth; i++)
        text_append_string(&text, "}");
    return text_take(&text);
}

/* The bound is that of the decoder, in what nobody wants too. */
static void test_depth(void **state)
{
    static const char *const keys[] = {"a", "no"};
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        AUTO_FREE char *fits = nested(keys[i], DECODE_DEPTH);
        AUTO_FREE char *too_deep = nested(keys[i], DECODE_DEPTH + 1);
        assert_int_equal(take(*state, fits, strlen(fits)), DECODE_OK);
        assert_int_equal(take(*state, too_deep, strlen(too_deep)), DECODE_TOO_DEEP);
        assert_int_equal(take(*state, "{}", 2), DECODE_OK);
    }
}

/* Texts with escapes live in the arena until it is reset, others in the line. */
static const char *first_text;
static size_t first_length;

static void keep_first(void *context, void *place, const struct value *value)
{
    (void)context;
    (void)place;
    if (value->type == VALUE_STRING && !first_text) {
        first_text = value->text;
        first_length = value->length;
    }
}

static void test_texts_stay_while_the_record_is_read(void **state)
{
    struct scribe *scribe = *state;
    const struct survey_listener listener = {
        .context = scribe, .step = on_step, .value = keep_first};
    struct survey *survey = survey_new(&listener);
    static const char line[] =
        "{\"a\":\"one\\ttwo\",\"b\":\"th\\nree\",\"c\":\"\\\\\\\\\\\\\\\\\"}";
    first_text = NULL;
    assert_int_equal(survey_line(survey, line, strlen(line), &scribe->arena), DECODE_OK);
    assert_int_equal(first_length, 7);
    assert_memory_equal(first_text, "one\ttwo", 7);
    survey_free(survey);
}

/* Whatever the bytes are, both ways of reading a line say the same of it. */
static void test_it_judges_as_the_decoder_does(void **state)
{
    static const char *const seeds[] = {
        "{\"type\":\"a\",\"n\":-12.5e3,\"ok\":true,\"none\":null,\"t\":\"x\\ny\\u0041\"}",
        "{\"no\":{\"deep\":[[[{\"x\":[1,2,{}]}]]]},\"list\":[\"a\",[],{\"no\":\"b\"}]}",
        "[1,2]",
        "{} {}",
        "\"text\"",
        "{\"caf\xc3\xa9\":\"\xe2\x82\xac\"}",
    };
    static const char bytes[] = "{}[]\",:0 \\nu\xc3\xa9\xff-e.t";
    struct scribe *scribe = *state;
    struct decode_plan *plan = decode_plan_new();
    struct decoder *decoder = decoder_new(plan);
    uint64_t random = 1;
    for (unsigned round = 0; round < 60000; round++) {
        char line[128];
        size_t length = strlen(seeds[round % ARRAY_LENGTH(seeds)]);
        memcpy(line, seeds[round % ARRAY_LENGTH(seeds)], length);
        for (unsigned change = 0; change < 1 + round % 3; change++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            line[(random >> 33) % length] = bytes[(random >> 17) % (sizeof(bytes) - 1)];
        }
        struct value *slots;
        arena_reset(&scribe->arena);
        arena_reset(&scribe->places);
        enum decode_result expected = decoder_line(decoder, line, length, &scribe->arena, &slots);
        if (take(scribe, line, length) != expected)
            fail_msg("%.*s: not %d", (int)length, line, (int)expected);
    }
    decoder_free(decoder);
    decode_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_it_judges_as_the_decoder_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_texts_stay_while_the_record_is_read, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
