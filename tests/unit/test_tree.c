/* Building, looking into and freeing trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/tree.h"

static struct tree *scalar(struct tree *root, const char *text, bool quoted)
{
    struct tree *node = tree_new(TREE_SCALAR, root->file, 3, 4);
    tree_set_text(node, text, strlen(text), quoted);
    return node;
}

static void test_maps_find_their_keys(void **state)
{
    (void)state;
    struct tree *map = tree_new(TREE_MAP, memory_copy_text("f.yaml"), 1, 1);
    char key[16];
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        tree_append(map, scalar(map, key, false), scalar(map, key, true));
    }
    tree_append(map, scalar(map, "k7", false), scalar(map, "second", false));
    assert_int_equal(map->count, 101);
    assert_string_equal(tree_text(tree_get(map, "k99")), "k99");
    assert_string_equal(tree_text(tree_get(map, "k7")), "k7");
    assert_string_equal(tree_get(map, "k0")->file, "f.yaml");
    assert_int_equal(tree_get(map, "k0")->line, 3);
    assert_int_equal(tree_get(map, "k0")->column, 4);
    assert_null(tree_get(map, "k100"));
    assert_null(tree_get(tree_get(map, "k0"), "k0"));
    assert_null(tree_get(NULL, "k0"));
    assert_null(tree_text(map));
    assert_null(tree_text(NULL));
    tree_free(map);
}

static void test_lists_keep_their_order(void **state)
{
    (void)state;
    struct tree *list = tree_new(TREE_LIST, memory_copy_text(""), 1, 1);
    tree_append(list, NULL, scalar(list, "a", false));
    struct tree *inner = tree_new(TREE_LIST, NULL, 2, 2);
    tree_append(list, NULL, inner);
    tree_append(inner, NULL, scalar(list, "b", false));
    assert_int_equal(list->count, 2);
    assert_string_equal(tree_text(list->items[0]), "a");
    assert_string_equal(tree_text(list->items[1]->items[0]), "b");
    assert_null(tree_get(list, "a"));
    tree_free(list);
    tree_free(NULL);
}

static void test_null_is_what_yaml_calls_so(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool quoted;
        bool is_null;
    } cases[] = {
        {"", false, true},     {"~", false, true},  {"null", false, true},
        {"", true, false},     {"~", true, false},  {"null", true, false},
        {"nul", false, false}, {"0", false, false}, {"false", false, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree *node = tree_new(TREE_SCALAR, memory_copy_text("f"), 1, 1);
        tree_set_text(node, cases[i].text, strlen(cases[i].text), cases[i].quoted);
        assert_int_equal(tree_is_null(node), cases[i].is_null);
        tree_set_text(node, "x", 1, false);
        assert_false(tree_is_null(node));
        tree_free(node);
    }
    assert_false(tree_is_null(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps_find_their_keys),
        cmocka_unit_test(test_lists_keep_their_order),
        cmocka_unit_test(test_null_is_what_yaml_calls_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
