/* How mistakes are collected and shown, and which word was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/attributes.h"
#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"

static void assert_prints(const struct diagnostics *diagnostics, const char *want)
{
    struct text out;
    text_init(&out, TEXT_UNLIMITED);
    text_append_string(&out, "");
    diagnostics_print(diagnostics, &out);
    assert_string_equal(out.data, want);
    text_free(&out);
}

static void test_sorted_by_place(void **state)
{
    (void)state;
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    assert_prints(&diagnostics, "");
    struct tree *where = tree_new(TREE_LIST, memory_copy_text("b.yaml"), 12, 9);
    diagnostics_error(&diagnostics, where, "unknown update '%s'", "icn");
    diagnostics_warning(&diagnostics, where, "second at one place");
    diagnostics_error_at(&diagnostics, "b.yaml", 12, 2, "earlier column");
    diagnostics_error_at(&diagnostics, "b.yaml", 3, 0, "earlier line");
    diagnostics_error_at(&diagnostics, "a.yaml", 0, 0, "whole file");
    diagnostics_error_at(&diagnostics, "", 0, 0, "option %d", 1);
    diagnostics_error(&diagnostics, NULL, "option 2");
    assert_int_equal(diagnostics.count, 7);
    assert_int_equal(diagnostics.errors, 6);
    assert_prints(&diagnostics, "error: option 1\n"
                                "error: option 2\n"
                                "a.yaml: error: whole file\n"
                                "b.yaml:3: error: earlier line\n"
                                "b.yaml:12:2: error: earlier column\n"
                                "b.yaml:12:9: error: unknown update 'icn'\n"
                                "b.yaml:12:9: warning: second at one place\n");
    tree_free(where);
    diagnostics_free(&diagnostics);
    assert_int_equal(diagnostics.count, 0);
}

static void test_hostile_text_stays_on_its_line(void **state)
{
    (void)state;
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    diagnostics_error_at(&diagnostics, "a\nb", 1, 1, "'%s'", "x\n\x1b[2J\xff \\d\"");
    assert_prints(&diagnostics, "a\\nb:1:1: error: 'x\\n\\u001b[2J\\ufffd \\d\"'\n");
    diagnostics_free(&diagnostics);
}

static void test_no_more_than_the_maximum_is_kept(void **state)
{
    (void)state;
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    for (size_t i = 0; i < DIAGNOSTICS_MAXIMUM + 5; i++)
        diagnostics_error_at(&diagnostics, "f", (int)i + 1, 1, "wrong");
    assert_int_equal(diagnostics.count, DIAGNOSTICS_MAXIMUM);
    assert_int_equal(diagnostics.errors, DIAGNOSTICS_MAXIMUM + 5);
    struct text out;
    text_init(&out, TEXT_UNLIMITED);
    diagnostics_print(&diagnostics, &out);
    assert_non_null(strstr(out.data, "f:1000:1: error: wrong\nand 5 more\n"));
    text_free(&out);
    diagnostics_free(&diagnostics);
}

static const char *const words[] = {"inc",   "dec",   "observe",    NULL,
                                    "Enter", "leave", "max_series", "listen_address"};

static void test_nearest_word(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *nearest;
    } cases[] = {
        {"inc", "inc"},
        {"icn", "inc"},
        {"INC", "inc"},
        {"dce", "dec"},
        {"obsreve", "observe"},
        {"entre", "Enter"},
        {"max-series", "max_series"},
        {"maxseries", "max_series"},
        {"listen_adress", "listen_address"},
        {"lisen_addres", "listen_address"},
        {"histogram", NULL},
        {"xyz", NULL},
        {"zzzzzzzzz", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *nearest = nearest_word(cases[i].word, words, ARRAY_LENGTH(words));
        if (cases[i].nearest)
            assert_string_equal(nearest, cases[i].nearest);
        else
            assert_null(nearest);
    }
    assert_null(nearest_word("inc", words, 0));
}

static void test_endless_words_are_near_to_nothing(void **state)
{
    (void)state;
    static char endless[100000];
    memset(endless, 'i', sizeof(endless) - 1);
    assert_null(nearest_word(endless, words, ARRAY_LENGTH(words)));
    const char *const only[] = {endless};
    assert_null(nearest_word("inc", only, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_by_place),
        cmocka_unit_test(test_hostile_text_stays_on_its_line),
        cmocka_unit_test(test_no_more_than_the_maximum_is_kept),
        cmocka_unit_test(test_nearest_word),
        cmocka_unit_test(test_endless_words_are_near_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
