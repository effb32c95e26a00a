/* daemon/roots: what the texts of a source mean, which directories there are, what captures say. */
#include "daemon/roots.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "daemon/root_text.h"

/* The environment of the tests: pairs of name and value. */
static const char *on_variable(void *context, const char *name)
{
    const char *const *pairs = context;
    for (; pairs[0]; pairs += 2)
        if (strcmp(pairs[0], name) == 0)
            return pairs[1];
    return NULL;
}

static const char *const usual[] = {"HOME",         "/home/u", "EVENTS_DIR", "/srv/events", "ODD",
                                    "/a{b}/*[c]\\", "EMPTY",   "",           NULL};

static void *context_of(const char *const *pairs)
{
    return (void *)(uintptr_t)pairs;
}

static void test_what_texts_mean(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *path; /* NULL: nothing */
        bool is_pattern;
        bool is_in_home;
    } cases[] = {
        {"/a/b", "/a/b", false, false},
        {"/a//b/./c/", "/a/b/c", false, false},
        {"/a/../../b", "/b", false, false},
        {"/", "/", false, false},
        {"/..", "/", false, false},
        {"~", "/home/u", false, true},
        {"~/x", "/home/u/x", false, true},
        {"~other/x", NULL, false, false},
        {"/a~/x", "/a~/x", false, false},
        {"a/b", NULL, false, false},
        {"", NULL, false, false},
        {"${EVENTS_DIR}", "/srv/events", false, false},
        {"${EVENTS_DIR}/../logs", "/srv/logs", false, false},
        {"${NONE:-/d}/x", "/d/x", false, false},
        {"${EMPTY:-/d}/x", "/d/x", false, false},
        {"${EVENTS_DIR:-/d}/x", "/srv/events/x", false, false},
        {"${NONE:-~/.prodigy}/x", "/home/u/.prodigy/x", false, true},
        {"${NONE:-}/x", "/x", false, false},
        {"${NONE}/x", NULL, false, false},
        {"${EMPTY}/x", NULL, false, false},
        {"/a/$HOME/x", "/a/$HOME/x", false, false},
        {"/a/${HOME", NULL, false, false},
        {"${ODD}/x", "/a{b}/*[c]\\/x", false, false},
        {"/home/{user}/.claude", "/home/{user}/.claude", true, false},
        {"${ODD}/{n}", "/a\\{b\\}/\\*\\[c\\]\\\\/{n}", true, false},
        {"/home/*/x", "/home/*/x", true, false},
        {"/a/\\{x\\}", "/a/{x}", false, false},
        {"/{a}/{a}", NULL, false, false},
        {"/{a b}", NULL, false, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct root_text text = {.path = NULL};
        bool means = root_text_read(cases[i].text, on_variable, context_of(usual), &text);
        if (means != (cases[i].path != NULL))
            fail_msg("'%s' means '%s'", cases[i].text, text.path);
        if (!means)
            continue;
        assert_string_equal(text.path, cases[i].path);
        assert_int_equal(text.pattern != NULL, cases[i].is_pattern);
        assert_int_equal(text.is_in_home, cases[i].is_in_home);
        root_text_free(&text);
    }
}

static void test_plain_directories(void **state)
{
    (void)state;
    struct root_text text;
    char *here = getcwd(NULL, 0);
    assert_true(root_text_of_directory("x/../y[1]", on_variable, context_of(usual), &text));
    char *expected = memory_format("%s/x/../y[1]", here); /* x may be a link */
    assert_string_equal(text.path, expected);
    assert_null(text.pattern);
    root_text_free(&text);
    assert_true(root_text_of_directory("~/{x}", on_variable, context_of(usual), &text));
    assert_string_equal(text.path, "/home/u/{x}");
    root_text_free(&text);
    assert_true(root_text_of_directory("/${HOME}", on_variable, context_of(usual), &text));
    assert_string_equal(text.path, "/${HOME}");
    root_text_free(&text);
    free(expected);
    free(here);
}

/* --- What exists --------------------------------------------------------------------------- */

struct scene {
    char top[64];
    const char *variables[8];
    struct roots *roots;
};

static int setup(void **state)
{
    struct scene *scene = memory_zero(1, sizeof(*scene));
    snprintf(scene->top, sizeof(scene->top), "/tmp/roots-test-XXXXXX");
    assert_non_null(mkdtemp(scene->top));
    assert_int_equal(chmod(scene->top, 0755), 0);
    scene->variables[0] = "TOP";
    scene->variables[1] = scene->top;
    scene->variables[2] = "HOME";
    scene->variables[3] = scene->top;
    *state = scene;
    return 0;
}

static int on_remove(const char *path, const struct stat *facts, int type, struct FTW *where)
{
    (void)facts;
    (void)type;
    (void)where;
    return remove(path);
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    roots_free(scene->roots);
    nftw(scene->top, on_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(scene);
    return 0;
}

static void make(const struct scene *scene, const char *names)
{
    AUTO_FREE char *copy = memory_copy_text(names);
    char *rest = copy;
    for (char *name; (name = strsep(&rest, " "));) {
        AUTO_FREE char *path = memory_format("%s/%s", scene->top, name);
        assert_int_equal(mkdir(path, 0755), 0);
    }
}

static void begin(struct scene *scene, const struct roots_spec *spec)
{
    roots_free(scene->roots);
    scene->roots = roots_new(spec, on_variable, scene->variables);
    roots_refresh(scene->roots);
}

static void begin_texts(struct scene *scene, const char *const *texts, size_t count)
{
    const struct roots_spec spec = {.texts = texts, .count = count, .events_dir = "/nowhere"};
    begin(scene, &spec);
}

/* All roots below the top, and what their captures say: "a(n=1) b". */
static const char *found(const struct scene *scene)
{
    static char text[512];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < roots_count(scene->roots); i++) {
        const struct root *root = roots_get(scene->roots, i);
        assert_memory_equal(root->path, scene->top, strlen(scene->top));
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
                                 root->path + strlen(scene->top));
        for (size_t k = 0; k < root->capture_count; k++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "(%s=%.*s)",
                                     root->captures[k].name, (int)root->captures[k].length,
                                     root->path + root->captures[k].start);
    }
    return text;
}

static void test_the_first_that_exists_is_chosen_and_stays(void **state)
{
    struct scene *scene = *state;
    static const char *const texts[] = {"${TOP}/a", "${TOP}/{n}/deep", "${TOP}/b"};
    begin_texts(scene, texts, 3);
    assert_string_equal(found(scene), "/a /b"); /* waited for */
    make(scene, "b");
    assert_true(roots_refresh(scene->roots));
    assert_string_equal(found(scene), "/b");
    make(scene, "a");
    assert_false(roots_refresh(scene->roots));
    assert_string_equal(found(scene), "/b");
    AUTO_FREE char *path = memory_format("%s/b", scene->top);
    assert_int_equal(rmdir(path), 0);
    assert_true(roots_refresh(scene->roots)); /* gone, and waited for */
    assert_string_equal(found(scene), "/b");
    assert_int_equal(roots_get(scene->roots, 0)->error, ENOENT);
    assert_false(roots_get(scene->roots, 0)->is_candidate);
    assert_false(roots_refresh(scene->roots));
}

static void test_why_a_root_is_not_there(void **state)
{
    struct scene *scene = *state;
    static const char *const texts[] = {"${TOP}/a", "${TOP}/file", "${TOP}/b"};
    AUTO_FREE char *file = memory_format("%s/file", scene->top);
    begin_texts(scene, texts, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(roots_get(scene->roots, i)->error, ENOENT);
        assert_true(roots_get(scene->roots, i)->is_candidate);
        assert_true(roots_get(scene->roots, i)->is_changed);
    }
    assert_int_equal(close(creat(file, 0644)), 0);
    assert_true(roots_refresh(scene->roots));
    assert_int_equal(roots_get(scene->roots, 1)->error, ENOTDIR);
    assert_true(roots_get(scene->roots, 1)->is_changed);
    assert_false(roots_get(scene->roots, 0)->is_changed);
    assert_false(roots_refresh(scene->roots));
    assert_false(roots_get(scene->roots, 1)->is_changed);
    begin_texts(scene, texts + 1, 1);
    assert_false(roots_get(scene->roots, 0)->is_candidate);
    make(scene, "b");
    begin_texts(scene, texts, 3);
    assert_string_equal(found(scene), "/b");
    assert_int_equal(roots_get(scene->roots, 0)->error, 0);
}

static void test_captures_find_all_that_exist(void **state)
{
    struct scene *scene = *state;
    static const char *const texts[] = {"${TOP}/home/{user}/.claude/p-{name}"};
    begin_texts(scene, texts, 1);
    assert_int_equal(roots_count(scene->roots), 0);
    make(scene, "home home/bob home/bob/.claude home/bob/.claude/p-2 home/bob/.claude/p-1 "
                "home/bob/.claude/q-3 home/ann home/ann/.claude home/eve");
    assert_true(roots_refresh(scene->roots));
    assert_string_equal(found(scene), "/home/bob/.claude/p-1(user=bob)(name=1) "
                                      "/home/bob/.claude/p-2(user=bob)(name=2)");
    make(scene, "home/ann/.claude/p-x");
    assert_true(roots_refresh(scene->roots));
    assert_false(roots_refresh(scene->roots));
    assert_int_equal(roots_count(scene->roots), 3);
    assert_int_equal(roots_unreadable(scene->roots), 0);
}

static void test_hostile_directory_names_are_not_patterns(void **state)
{
    struct scene *scene = *state;
    make(scene, "a{b} a{b}/[1]\n a{b}/[1]\n/x");
    scene->variables[4] = "ODD";
    AUTO_FREE char *odd = memory_format("%s/a{b}", scene->top);
    scene->variables[5] = odd;
    static const char *const texts[] = {"${ODD}/{n}/x"};
    begin_texts(scene, texts, 1);
    assert_string_equal(found(scene), "/a{b}/[1]\n/x(n=[1]\n)");
}

static void test_unreadable_directories_are_counted(void **state)
{
    struct scene *scene = *state;
    make(scene, "home home/bob home/bob/x home/ann home/ann/x home/eve home/eve/x");
    AUTO_FREE char *bob = memory_format("%s/home/bob", scene->top);
    AUTO_FREE char *ann = memory_format("%s/home/ann/x", scene->top);
    assert_int_equal(chmod(bob, 0) + chmod(ann, 0), 0);
    if (getuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    static const char *const texts[] = {"${TOP}/home/{user}/x"};
    begin_texts(scene, texts, 1);
    assert_string_equal(found(scene), "/home/eve/x(user=eve)");
    assert_int_equal(roots_unreadable(scene->roots), 2);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(bob, 0755) + chmod(ann, 0755), 0);
    roots_refresh(scene->roots);
    assert_int_equal(roots_count(scene->roots), 3);
    assert_int_equal(roots_unreadable(scene->roots), 0);
}

static void test_a_given_events_directory_turns_the_home_off(void **state)
{
    struct scene *scene = *state;
    make(scene, "events logs home-logs");
    AUTO_FREE char *events = memory_format("%s/events", scene->top);
    static const char *const texts[] = {"~/home-logs", "${NONE:-~/home-logs}", "${TOP}/logs"};
    struct roots_spec spec = {
        .texts = texts, .count = 3, .events_dir = events, .events_dir_given = true};
    begin(scene, &spec);
    assert_string_equal(found(scene), "/logs");
    spec.events_dir_given = false;
    begin(scene, &spec);
    assert_string_equal(found(scene), "/home-logs");
    spec.events_dir_given = true;
    spec.override_dir = "~/home-logs/";
    begin(scene, &spec);
    assert_string_equal(found(scene), "/home-logs");
    spec.count = 2;
    spec.override_dir = NULL;
    begin(scene, &spec);
    assert_int_equal(roots_count(scene->roots), 0);
}

static void test_without_texts_it_is_the_events_directory(void **state)
{
    struct scene *scene = *state;
    make(scene, "{events}");
    AUTO_FREE char *events = memory_format("%s/{events}", scene->top);
    const struct roots_spec spec = {.events_dir = events};
    begin(scene, &spec);
    assert_string_equal(found(scene), "/{events}");
    assert_int_equal(roots_get(scene->roots, 0)->capture_count, 0);
}

int main(void)
{
#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_texts_mean),
        cmocka_unit_test(test_plain_directories),
        SCENE(test_the_first_that_exists_is_chosen_and_stays),
        SCENE(test_why_a_root_is_not_there),
        SCENE(test_captures_find_all_that_exist),
        SCENE(test_hostile_directory_names_are_not_patterns),
        SCENE(test_unreadable_directories_are_counted),
        SCENE(test_a_given_events_directory_turns_the_home_off),
        SCENE(test_without_texts_it_is_the_events_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
