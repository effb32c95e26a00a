/* Samples of an exposition, read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "packtest/sample_list.h"

/* "name{labels}=value@line(metric)" of each sample, with ' ' between; the error behind it, if there
 * is one. The caller frees. */
static char *show(const char *text)
{
    struct sample_list list = {.count = 0};
    struct text out;
    char error[SAMPLE_ERROR];
    size_t line;
    text_init(&out, TEXT_UNLIMITED);
    text_append_string(&out, "");
    bool is_good = sample_list_read(&list, text, strlen(text), &line, error);
    for (size_t i = 0; i < list.count; i++) {
        char number[NUMBER_TEXT];
        size_t length = number_format(list.items[i].value, number);
        text_printf(&out, "%s%s%s=%.*s@%zu", i ? " " : "", list.items[i].name, list.items[i].labels,
                    (int)length, number, list.items[i].line);
        if (*list.items[i].metric)
            text_printf(&out, "(%s)", list.items[i].metric);
    }
    if (!is_good)
        text_printf(&out, " line %zu: %s", line, error);
    sample_list_free(&list);
    return text_take(&out);
}

static const struct {
    const char *text;
    const char *want;
} texts[] = {
    {"", ""},
    {"\n \n# a remark\n#\n", ""},
    {"a 1", "a=1@0"},
    {"a 1\nb 2\n", "a=1@0 b=2@1"},
    {"  a\t 1.50  ", "a=1.5@0"},
    {"a_total{y=\"2\",x=\"1\"} 3", "a_total{x=\"1\",y=\"2\"}=3@0"},
    {"a{ x = \"1\" , y=\"2\", } 3", "a{x=\"1\",y=\"2\"}=3@0"},
    {"a{} 3", "a=3@0"},
    {"a{x=\"\",y=\"2\"} 3", "a{y=\"2\"}=3@0"},
    {"a{x=\"}, \\\" \\\\\"} 3", "a{x=\"}, \\\" \\\\\"}=3@0"},
    {"a{xx=\"1\",x=\"2\"} 3", "a{x=\"2\",xx=\"1\"}=3@0"},
    {"a +Inf\nb -Inf\nc NaN\nd 1e+06\ne -0.5", "a=+Inf@0 b=-Inf@1 c=NaN@2 d=1000000@3 e=-0.5@4"},
    {"# HELP h Help.\n# TYPE h histogram\nh_sum 1\n# TYPE i gauge\ni 2", "h_sum=1@2(h) i=2@4(i)"},
    {"a 1\nb\n", "a=1@0 line 1: the value is missing"},
    {"a x", " line 0: the value is no number"},
    {"a 1 2", " line 0: something stands behind the value"},
    {"a 0x1", " line 0: the value is no number"},
    {"{x=\"1\"} 1", " line 0: a sample begins with the name of its metric"},
    {"a{x} 1", " line 0: a label is written name=\"value\""},
    {"a{x=1} 1", " line 0: a label is written name=\"value\""},
    {"a{x=\"1} 1", " line 0: a label is written name=\"value\""},
    {"a{x=\"1\\", " line 0: a label is written name=\"value\""},
    {"a{x=\"1\"", " line 0: labels end with '}', and have commas between them"},
    {"a{x=\"1\" y=\"2\"} 1", " line 0: labels end with '}', and have commas between them"},
    {"a{x=\"1\",x=\"2\"} 1", " line 0: two labels have one name"},
    {"a{,} 1", " line 0: a label is written name=\"value\""},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        AUTO_FREE char *got = show(texts[i].text);
        assert_string_equal(got, texts[i].want);
    }
}

static void test_labels_are_bounded(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    text_append_string(&text, "a{");
    for (int i = 0; i < 65; i++)
        text_printf(&text, "l%d=\"x\",", i);
    text_append_string(&text, "} 1");
    AUTO_FREE char *got = show(text.data);
    assert_string_equal(got, " line 0: too many labels");
    text_free(&text);
}

static void test_equal_ones_are_found(void **state)
{
    (void)state;
    struct sample_list list = {.count = 0};
    struct sample_list like = {.count = 0};
    char error[SAMPLE_ERROR];
    size_t line;
    static const char text[] = "a 1\na{x=\"1\",y=\"2\"} 2\n";
    assert_true(sample_list_read(&list, text, strlen(text), &line, error));
    assert_true(sample_list_read_name(&like, "a{y=\"2\",x=\"1\"}", error));
    assert_true(sample_list_read_name(&like, "a", error));
    assert_true(sample_list_read_name(&like, "a{x=\"1\"}", error));
    assert_false(sample_list_read_name(&like, "a 1", error));
    assert_string_equal(error, "something stands behind the name");
    assert_ptr_equal(sample_list_find(&list, &like.items[0]), &list.items[1]);
    assert_ptr_equal(sample_list_find(&list, &like.items[1]), &list.items[0]);
    assert_null(sample_list_find(&list, &like.items[2]));
    sample_list_free(&list);
    sample_list_free(&like);
    assert_int_equal(list.count, 0);
}

static void test_whose_sample_it_is(void **state)
{
    (void)state;
    char no_metric[] = "";
    char other[] = "h_sum";
    static const struct {
        char name[16];
        bool of_h;
    } names[] = {{"h", true},       {"h_bucket", true}, {"h_sum", true},
                 {"h_count", true}, {"h_total", false}, {"g_h", false}};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        struct sample sample = {.metric = no_metric};
        char name[16];
        memcpy(name, names[i].name, sizeof(name));
        sample.name = name;
        assert_int_equal(sample_is_of(&sample, "h"), names[i].of_h);
        /* Where the exposition tells, it is right. */
        sample.metric = other;
        assert_false(sample_is_of(&sample, "h"));
        assert_true(sample_is_of(&sample, "h_sum"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_labels_are_bounded),
        cmocka_unit_test(test_equal_ones_are_found),
        cmocka_unit_test(test_whose_sample_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
