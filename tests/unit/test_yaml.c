/* YAML into a tree with positions, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "config/yaml.h"

/* A tree on one line: scalars as LINE:COLUMN=text, quoted ones with ', lists [], maps {}. */
static void show(const struct tree *tree, struct text *out)
{
    text_printf(out, "%d:%d", tree->line, tree->column);
    if (tree->kind == TREE_SCALAR) {
        text_printf(out, tree->quoted ? "'%s'" : "=%s", tree->text);
        return;
    }
    text_append_char(out, tree->kind == TREE_MAP ? '{' : '[');
    for (size_t i = 0; i < tree->count; i++) {
        text_append_string(out, i ? ", " : "");
        if (tree->kind == TREE_MAP) {
            show(tree->keys[i], out);
            text_append_string(out, ": ");
        }
        show(tree->items[i], out);
    }
    text_append_char(out, tree->kind == TREE_MAP ? '}' : ']');
}

static void show_diagnostics(struct diagnostics *diagnostics, struct text *out)
{
    diagnostics_print(diagnostics, out);
    diagnostics_free(diagnostics);
}

/* The tree shown, or the errors. The caller frees. */
static char *read_text(const char *text, size_t length)
{
    struct diagnostics diagnostics;
    struct text out;
    diagnostics_init(&diagnostics);
    text_init(&out, TEXT_UNLIMITED);
    struct tree *tree = yaml_read_text("f", text, length, &diagnostics);
    assert_int_equal(tree == NULL, diagnostics.errors > 0);
    if (tree)
        show(tree, &out);
    tree_free(tree);
    show_diagnostics(&diagnostics, &out);
    return text_take(&out);
}

struct yaml_case {
    const char *text;
    const char *want;
};

static const struct yaml_case good_cases[] = {
    {"", "1:1="},
    {"# only a comment\n", "1:1="},
    {"a", "1:1=a"},
    {"a: 1\nb: two words\n", "1:1{1:1=a: 1:4=1, 2:1=b: 2:4=two words}"},
    {"- x\n- - y\n  - z\n", "1:1[1:3=x, 2:3[2:5=y, 3:5=z]]"},
    {"{a: [b, \"c\"], 'd': {}}", "1:1{1:2=a: 1:5[1:6=b, 1:9'c'], 1:15'd': 1:20{}}"},
    {"a:\nb: ~\nc: null\nd: ''\n", "1:1{1:1=a: 1:2=, 2:1=b: 2:4=~, 3:1=c: 3:4=null, 4:1=d: 4:4''}"},
    {"\xC3\xA9: {\xC3\xA9: x}", "1:1{1:1=\xC3\xA9: 1:5{1:6=\xC3\xA9: 1:10=x}}"},
    {"\xEF\xBB\xBF"
     "a: b\n",
     "1:1{1:1=a: 1:4=b}"},
    {"a: 1\r\nb: 2\rc: 3\n", "1:1{1:1=a: 1:4=1, 2:1=b: 2:4=2, 3:1=c: 3:4=3}"},
    {"a: |\n  x\n  y\nb: >-\n  p\n  q\n", "1:1{1:1=a: 2:3'x\ny\n', 4:1=b: 5:3'p q'}"},
    {"a: !!str 12\nb: ! 13\n", "1:1{1:1=a: 1:10'12', 2:1=b: 2:6'13'}"},
    {"a: &x [1, 2]\nb: *x\n", "1:1{1:1=a: 1:7[1:8=1, 1:11=2], 2:1=b: 2:4[1:8=1, 1:11=2]}"},
    {"- &x 1\n- &x 2\n- *x\n", "1:1[1:6=1, 2:6=2, 3:3=2]"},
    {"&k a: 1\nb: *k\n", "1:1{1:4=a: 1:7=1, 2:1=b: 2:4=a}"},
    {"\"<<\": 1\n", "1:1{1:1'<<': 1:7=1}"},
    {"--- {a: b}\n...\n", "1:5{1:6=a: 1:9=b}"},
    {"a: \"\\u00e9\\n\"\n", "1:1{1:1=a: 1:4'\xC3\xA9\n'}"},
    {"{a: b, c: \"{x}|first 8\"}", "1:1{1:2=a: 1:5=b, 1:8=c: 1:11'{x}|first 8'}"},
};

static const struct yaml_case bad_cases[] = {
    {"a: 1\nb: 2\na: 3\n'a': 4\n", "f:3:1: error: duplicate key 'a', first used in line 1\n"
                                   "f:4:1: error: duplicate key 'a', first used in line 1\n"},
    {"{x: {y: 1, y: 2}, z: 1, z: 2}", "f:1:12: error: duplicate key 'y', first used in line 1\n"
                                      "f:1:25: error: duplicate key 'z', first used in line 1\n"},
    {"a: b: c\n", "f:1:5: error: invalid nested block mapping on the same line\n"},
    {"a: \"x\n", "f:1:5: error: double-quoted scalar without closing quote\n"},
    {"a:\n  b: 1\n c: 2\n", "f:3:2: error: invalid indentation in mapping\n"},
    {"a:\n\tb: 1\n", "f:2:1: error: tab character may not be used as indentation\n"},
    {"\xC3\xA9: @x\n", "f:1:5: error: plain scalar cannot start with '@'\n"},
    {"%YAML 9.9\n---\na: 1\n", "f:1:1: error: not YAML\n"},
    {"a: \xFF\n", "f:1:4: error: not UTF-8 (byte 0xff)\n"},
    {"a: 1\nb: \xED\xA0\x80\n", "f:2:4: error: not UTF-8 (byte 0xed)\n"},
    {"a:\n  \x1b[2J\n", "f:2:3: error: a control character (byte 0x1b)\n"},
    {"a: \"b\\0c\"\n", "f:1:4: error: a NUL character\n"},
    {"[a]: 1\n", "f:1:1: error: a key must be text, not a list or map\n"},
    {"? {a: b}\n: 1\n", "f:1:3: error: a key must be text, not a list or map\n"},
    {"- &x [a]\n- *x : 1\n", "f:2:3: error: a key must be text, not a list or map\n"},
    {"a: &x {b: 1}\nc:\n  <<: *x\n", "f:3:3: error: merge keys (<<) are not supported\n"},
    {"a: *nope\n", "f:1:4: error: an alias without a complete anchor before it: 'nope'\n"},
    {"a: &x [*x]\n", "f:1:8: error: an alias without a complete anchor before it: 'x'\n"},
    {"a: !!int 3\n",
     "f:1:10: error: a tag other than !!str is not supported: 'tag:yaml.org,2002:int'\n"},
    {"a: !b [3]\n", "f:1:7: error: a tag other than !!str is not supported: '!b'\n"},
    {"--- a\n--- b\n", "f:2:1: error: a second document; one file is one document\n"},
};

static void check_cases(const struct yaml_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *got = read_text(cases[i].text, strlen(cases[i].text));
        assert_string_equal(got, cases[i].want);
        free(got);
    }
}

static void test_good(void **state)
{
    (void)state;
    check_cases(good_cases, ARRAY_LENGTH(good_cases));
}

static void test_bad(void **state)
{
    (void)state;
    check_cases(bad_cases, ARRAY_LENGTH(bad_cases));
}

static void test_raw_nul(void **state)
{
    (void)state;
    char *got = read_text("a: b\0c\n", 7);
    assert_string_equal(got, "f:1:5: error: a NUL character (byte 0x00)\n");
    free(got);
}

static void test_file_name_goes_with_the_tree(void **state)
{
    (void)state;
    struct diagnostics diagnostics;
    char name[] = "some.yaml";
    diagnostics_init(&diagnostics);
    struct tree *tree = yaml_read_text(name, "a: [b]", 6, &diagnostics);
    memset(name, 'x', sizeof(name) - 1);
    assert_string_equal(tree->file, "some.yaml");
    assert_string_equal(tree_get(tree, "a")->items[0]->file, "some.yaml");
    tree_free(tree);
    diagnostics_free(&diagnostics);
}

static void append_times(struct text *out, size_t times, const char *piece)
{
    for (size_t i = 0; i < times; i++)
        text_append_string(out, piece);
}

/* Each makes a hostile text. */
static void make_flow_depth(struct text *out)
{
    append_times(out, 100000, "[");
}

static void make_block_depth(struct text *out)
{
    append_times(out, 100000, "- ");
}

static void make_keys_as_maps(struct text *out)
{
    append_times(out, 100000, "? ");
}

static void make_alias_bomb(struct text *out)
{
    text_append_string(out, "a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 'b'; i < 'k'; i++)
        text_printf(out, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", i, i,
                    i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
}

static void make_text_bomb(struct text *out)
{
    text_append_string(out, "- &a ");
    append_times(out, 1000000, "x");
    append_times(out, 1000, "\n- *a");
}

static void make_depth_bomb(struct text *out)
{
    text_append_string(out, "- &a0 x\n");
    for (int i = 1; i < 100; i++)
        text_printf(out, "- &a%d [[[[[[[[*a%d]]]]]]]]\n", i, i - 1);
}

static void make_nodes(struct text *out)
{
    append_times(out, 100001, "- 1\n");
}

static void make_anchors(struct text *out)
{
    for (int i = 0; i < 1500; i++)
        text_printf(out, "- &a%d x\n", i);
}

static void make_long_file(struct text *out)
{
    append_times(out, (4 << 20) + 1, " ");
}

static void test_hostile(void **state)
{
    (void)state;
    static const struct {
        void (*make)(struct text *out);
        const char *want; /* start of the only error */
    } cases[] = {
        {make_flow_depth, "f:1:65: error: nested too deep: more than 64 levels\n"},
        {make_block_depth, "f:1:129: error: nested too deep: more than 64 levels\n"},
        {make_keys_as_maps, "f:1:3: error: a key must be text"},
        {make_alias_bomb, "f:5:36: error: too many values: more than 100000"},
        {make_text_bomb, "f:17:3: error: too much text: more than 16 MiB"},
        {make_depth_bomb, "f:9:15: error: nested too deep: more than 64 levels, aliases"},
        {make_nodes, "f:100000:3: error: too many values"},
        {make_anchors, "f:1001:10: error: too many anchors"},
        {make_long_file, "f: error: larger than 4 MiB\n"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text text;
        text_init(&text, TEXT_UNLIMITED);
        cases[i].make(&text);
        char *got = read_text(text.data, text.length);
        if (strncmp(got, cases[i].want, strlen(cases[i].want)) != 0)
            assert_string_equal(got, cases[i].want);
        assert_ptr_equal(strchr(got, '\n'), got + strlen(got) - 1);
        free(got);
        text_free(&text);
    }
}

static void test_just_within_bounds(void **state)
{
    (void)state;
    struct diagnostics diagnostics;
    struct text text;
    diagnostics_init(&diagnostics);
    text_init(&text, TEXT_UNLIMITED);
    append_times(&text, 99999, "- 1\n");
    struct tree *tree = yaml_read_text("f", text.data, text.length, &diagnostics);
    assert_int_equal(tree->count, 99999);
    tree_free(tree);
    text_clear(&text);
    append_times(&text, 64, "[");
    append_times(&text, 64, "]");
    tree = yaml_read_text("f", text.data, text.length, &diagnostics);
    assert_non_null(tree);
    tree_free(tree);
    text_free(&text);
    assert_int_equal(diagnostics.count, 0);
}

/* Every text cut off anywhere is a tree or an error; the sanitizer watches the memory. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good_cases) + ARRAY_LENGTH(bad_cases); i++) {
        const struct yaml_case *of = i < ARRAY_LENGTH(good_cases)
                                         ? &good_cases[i]
                                         : &bad_cases[i - ARRAY_LENGTH(good_cases)];
        for (size_t length = 0; length < strlen(of->text); length++)
            free(read_text(of->text, length));
    }
}

static char *read_path(const char *path)
{
    struct diagnostics diagnostics;
    struct text out;
    diagnostics_init(&diagnostics);
    text_init(&out, TEXT_UNLIMITED);
    struct tree *tree = yaml_read_file(path, &diagnostics);
    if (tree)
        show(tree, &out);
    tree_free(tree);
    show_diagnostics(&diagnostics, &out);
    return text_take(&out);
}

static void test_files(void **state)
{
    (void)state;
    char path[] = "/tmp/test_yaml.XXXXXX";
    int descriptor = mkstemp(path);
    assert_return_code(descriptor, errno);
    assert_int_equal(write(descriptor, "a: [b]\n", 7), 7);
    char *got = read_path(path);
    assert_string_equal(got, "1:1{1:1=a: 1:4[1:5=b]}");
    free(got);
    assert_return_code(ftruncate(descriptor, (off_t)YAML_FILE_MAXIMUM + 1), errno);
    got = read_path(path);
    assert_non_null(strstr(got, ": error: larger than 4 MiB\n"));
    free(got);
    close(descriptor);
    unlink(path);
    got = read_path(path);
    assert_non_null(strstr(got, ": error: cannot be read: No such file or directory\n"));
    free(got);
    got = read_path("/tmp");
    assert_string_equal(got, "/tmp: error: cannot be read: Is a directory\n");
    free(got);
}

/* libfyaml would write its messages to stderr if it were let. */
static void test_nothing_is_printed(void **state)
{
    (void)state;
    char path[] = "/tmp/test_yaml.XXXXXX";
    int descriptor = mkstemp(path);
    int saved = dup(STDERR_FILENO);
    assert_return_code(dup2(descriptor, STDERR_FILENO), errno);
    for (size_t i = 0; i < ARRAY_LENGTH(bad_cases); i++)
        free(read_text(bad_cases[i].text, strlen(bad_cases[i].text)));
    struct stat status;
    assert_return_code(fstat(descriptor, &status), errno);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(descriptor);
    unlink(path);
    assert_int_equal(status.st_size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_raw_nul),
        cmocka_unit_test(test_file_name_goes_with_the_tree),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_just_within_bounds),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_nothing_is_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
