/* Where paths that users write lead to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "config/place.h"

static char home_variable[] = "HOME=/h";
static char empty_variable[] = "EMPTY=";
static char near_variable[] = "HOMES=/x";
static char *const environment[] = {near_variable, home_variable, empty_variable, NULL};

static const struct {
    const char *path;
    const char *directory;
    const char *want;
} resolved[] = {
    {"/a", "/d", "/a"},
    {"a", "/d", "/d/a"},
    {"a", NULL, "a"},
    {"./a", NULL, "./a"},
    {"a/./b//c/", "/", "/a/b/c"},
    {"~", "/d", "/h"},
    {"~/x", NULL, "/h/x"},
    {"~x", "/d", "/d/~x"},
    {"/", "/d", "/"},
    {"//", "/d", "/"},
    {"/..//a/../b", "/d", "/../a/../b"},
    {".", "/d", "/d"},
    {"/a/.", "/d", "/a"},
    {"/a/.b/..c", "/d", "/a/.b/..c"},
};

static void test_resolve(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(resolved); i++) {
        AUTO_FREE char *got = place_resolve(resolved[i].path, "/h", resolved[i].directory);
        assert_string_equal(got, resolved[i].want);
    }
}

static void test_variables(void **state)
{
    (void)state;
    assert_string_equal(place_variable(environment, "HOME"), "/h");
    assert_null(place_variable(environment, "EMPTY"));
    assert_null(place_variable(environment, "HOM"));
    AUTO_FREE char *home = place_home(environment);
    assert_string_equal(home, "/h");
    char *const nothing[] = {NULL};
    AUTO_FREE char *from_users = place_home(nothing);
    assert_int_equal(from_users[0], '/');
}

static void test_directory_of(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *want;
    } cases[] = {{"/a/b.yaml", "/a"}, {"b.yaml", "/w"}, {"x/b.yaml", "/w/x"}, {"/b", "/"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO_FREE char *got = place_directory_of(cases[i].path, "/w");
        assert_string_equal(got, cases[i].want);
    }
}

static void test_pack_files(void **state)
{
    (void)state;
    static const char *const files[] = {"a.yaml", "a.yml", "./a", "/a", "d/prodigy"};
    static const char *const names[] = {"prodigy", "auto", ".yaml", "yaml", "a.yaml.bak", ""};
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
        assert_true(place_is_pack_file(files[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        assert_false(place_is_pack_file(names[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_directory_of),
        cmocka_unit_test(test_pack_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
