/* path.c: texts of paths -> scope and names, and what is wrong with others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "rules/path.h"

/* "scope name1 name2 [key]", as the cases below spell it. */
static void describe(const struct path *path, struct text *out)
{
    static const char *const scopes[] = {[PATH_BARE] = "bare",
                                         [PATH_RECORD] = "record",
                                         [PATH_ELEMENT] = "element",
                                         [PATH_FILE] = "file",
                                         [PATH_MEMORY] = "memory"};
    text_append_string(out, scopes[path->scope]);
    for (size_t i = 0; i < path->count; i++)
        text_printf(out, " <%s>", path->segments[i]);
    if (path->key) {
        text_append_string(out, " [");
        describe(path->key, out);
        text_append_string(out, "]");
    }
}

static void test_paths_are_scope_and_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wanted;
    } cases[] = {
        {"duration", "bare <duration>"},
        {"message.usage.output_tokens", "bare <message> <usage> <output_tokens>"},
        {"a.0.b", "bare <a> <0> <b>"},
        {"/", "record"},
        {"/cwd", "record <cwd>"},
        {"/a.b", "record <a> <b>"},
        {".", "element"},
        {".name", "element <name>"},
        {".a.b", "element <a> <b>"},
        {"file.job_id", "file <job_id>"},
        {"file.name", "file <name>"},
        {"file", "bare <file>"},
        {"filename", "bare <filename>"},
        {"\"file\".x", "bare <file> <x>"},
        {"a.\"b.c\"", "bare <a> <b.c>"},
        {"\"a b\"", "bare <a b>"},
        {"\"\"", "bare <>"},
        {"a.\"[x]|{y}\".z", "bare <a> <[x]|{y}> <z>"},
        {"workflow[session_id]", "memory <workflow> [bare <session_id>]"},
        {"workflow[/a.b]", "memory <workflow> [record <a> <b>]"},
        {"outer[inner[key]]", "memory <outer> [memory <inner> [bare <key>]]"},
        {"m[file.name]", "memory <m> [file <name>]"},
        {"ünïcode", "bare <ünïcode>"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *error = NULL;
        struct path *path = path_parse(cases[i].text, strlen(cases[i].text), &error);
        if (!path)
            fail_msg("'%s': %s", cases[i].text, error);
        struct text text;
        text_init(&text, TEXT_UNLIMITED);
        describe(path, &text);
        assert_string_equal(text.data, cases[i].wanted);
        assert_string_equal(path->text, cases[i].text);
        text_free(&text);
        path_free(path);
    }
}

static void test_only_so_many_bytes_are_looked_at(void **state)
{
    (void)state;
    const char *error = NULL;
    struct path *path = path_parse("abc.def", 3, &error);
    assert_non_null(path);
    assert_int_equal(path->count, 1);
    assert_string_equal(path->segments[0], "abc");
    path_free(path);
}

static void test_what_is_no_path(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wanted;
    } cases[] = {
        {"", "a name is missing"},
        {"a..b", "a name is missing"},
        {"a.", "a name is missing"},
        {"..", "a name is missing"},
        {"//", NULL}, /* a name "/" */
        {"a.\"b", "a quote is not closed"},
        {"a\"b\"", "outside quotes"},
        {"a b", "outside quotes"},
        {"a\tb", "outside quotes"},
        {"{a}", "outside quotes"},
        {"a|lower", "outside quotes"},
        {"a]", "a memory is written name[path]"},
        {"a[b", "a memory is written name[path]"},
        {"a[b]c", "a memory is written name[path]"},
        {"a.b[c]", "a memory is written name[path]"},
        {"/a[b]", "a memory is written name[path]"},
        {"a[]", "a name is missing"},
        {"a[b[]]", "a name is missing"},
        {"[a]", "a name is missing"},
        {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p", NULL},
        {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", "16 names at most"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *error = NULL;
        struct path *path = path_parse(cases[i].text, strlen(cases[i].text), &error);
        if (!cases[i].wanted != !!path)
            fail_msg("'%s': %s", cases[i].text, error ? error : "is a path");
        if (cases[i].wanted && !strstr(error, cases[i].wanted))
            fail_msg("'%s': '%s', not '%s'", cases[i].text, error, cases[i].wanted);
        path_free(path);
    }
}

/* A memory's key is a path again, and so on: a long text must not nest without end. */
static void test_a_path_has_a_longest_text(void **state)
{
    (void)state;
    static char text[PATH_LONGEST + 2];
    const char *error = NULL;
    memset(text, 'a', sizeof(text));
    struct path *path = path_parse(text, PATH_LONGEST, &error);
    assert_non_null(path);
    path_free(path);
    assert_null(path_parse(text, PATH_LONGEST + 1, &error));
    assert_non_null(strstr(error, "1024 bytes"));

    for (size_t i = 1; i < PATH_LONGEST; i += 2)
        text[i] = '[';
    assert_null(path_parse(text, PATH_LONGEST, &error));
    path_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_are_scope_and_names),
        cmocka_unit_test(test_only_so_many_bytes_are_looked_at),
        cmocka_unit_test(test_what_is_no_path),
        cmocka_unit_test(test_a_path_has_a_longest_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
