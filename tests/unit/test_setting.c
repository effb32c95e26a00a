/* The table of settings keeps its own promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <string.h>

#include "base/attributes.h"
#include "base/text.h"
#include "config/commands.h"
#include "config/setting.h"
#include "config/setting_value.h"
#include "config/settings.h"

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static void test_names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct setting *a = &setting_table[i];
            const struct setting *b = &setting_table[j];
            assert_false(same(a->name, b->name) || same(a->environment, b->environment) ||
                         same(a->key, b->key) || (a->letter && a->letter == b->letter));
            assert_int_not_equal(a->offset, b->offset);
        }
    }
}

/* `from` with its '-' and '.' as '_', in capitals if asked. */
static void rename_to(char *to, const char *from, const char *separators, bool capital)
{
    for (; *from; from++, to++) {
        *to = strchr(separators, *from) ? '_' : *from;
        if (capital)
            *to = (char)toupper((unsigned char)*to);
    }
    *to = '\0';
}

static void test_names_follow_one_rule(void **state)
{
    (void)state;
    char want[128] = "JSONL_EXPORTER_";
    char key[128];
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        rename_to(want + strlen("JSONL_EXPORTER_"), setting->name, "-.", true);
        rename_to(key, setting->name, "-", false);
        if (setting->environment && !same(setting->name, "metrics-port"))
            assert_string_equal(setting->environment, want);
        if (setting->key && !same(setting->name, "rules") && !same(setting->name, "source"))
            assert_string_equal(setting->key, key);
        assert_ptr_equal(setting_find_name(setting->name, strlen(setting->name)), setting);
        if (setting->key)
            assert_ptr_equal(setting_find_key(setting->key), setting);
    }
}

static void test_help_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        assert_int_equal(setting->help[strlen(setting->help) - 1], '.');
        assert_int_equal(setting->placeholder == NULL, setting->kind == SETTING_BOOL);
        assert_int_equal(setting->choices != NULL, setting->kind == SETTING_CHOICE);
    }
    for (size_t i = 0; i < command_count; i++) {
        assert_non_null(command_table[i].summary);
        assert_non_null(command_table[i].description);
        assert_ptr_equal(command_find(command_table[i].name), &command_table[i]);
    }
}

static bool accepts(const struct setting *setting, const char *value)
{
    const struct setting_place place = {.origin = FROM_OPTION, .home = "/", .directory = "/"};
    struct settings settings = {0};
    struct text error;
    text_init(&error, TEXT_UNLIMITED);
    bool accepted = setting_assign(setting, &settings, &place, value, &error);
    assert_int_equal(accepted, error.length == 0);
    assert_int_equal(setting_origin(setting, &settings), accepted ? FROM_OPTION : FROM_DEFAULT);
    text_free(&error);
    settings_free(&settings);
    return accepted;
}

/* Bounds and defaults are written as texts: each must be read, and lie within. */
static void test_bounds_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        bool amount = setting->kind == SETTING_INTEGER || setting->kind == SETTING_SIZE ||
                      setting->kind == SETTING_DURATION;
        assert_int_equal(amount, setting->minimum != NULL);
        assert_int_equal(amount, setting->maximum != NULL);
        if (setting->fallback)
            assert_true(accepts(setting, setting->fallback));
        if (amount) {
            assert_true(accepts(setting, setting->minimum));
            assert_true(accepts(setting, setting->maximum));
            assert_false(accepts(setting, "-1"));
            assert_false(accepts(setting, "9000000000000000000"));
            assert_false(accepts(setting, "99999999999999999999999"));
            assert_false(accepts(setting, ""));
            assert_false(accepts(setting, " 1"));
        }
        for (size_t j = 0; setting->choices && setting->choices[j]; j++)
            assert_true(accepts(setting, setting->choices[j]));
    }
}

static void test_bool_words(void **state)
{
    (void)state;
    const struct setting *setting = setting_find_name("no-metrics", strlen("no-metrics"));
    static const char *const words[] = {"true", "FALSE", "yes", "No", "1", "0", "on", "off"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        assert_true(accepts(setting, words[i]));
    assert_false(accepts(setting, "2"));
    assert_false(accepts(setting, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_unique), cmocka_unit_test(test_names_follow_one_rule),
        cmocka_unit_test(test_help_is_complete), cmocka_unit_test(test_bounds_hold),
        cmocka_unit_test(test_bool_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
