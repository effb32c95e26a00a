/* watch/directory: the table by path, the tree in it, the queues, watched identities. */
#include "watch/directory.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    static struct directory_table table;
    directory_table_init(&table);
    *state = &table;
    return 0;
}

static int teardown(void **state)
{
    directory_table_free(*state);
    return 0;
}

static struct directory *add(struct directory_table *table, const char *path)
{
    return directory_add(table, path, strlen(path), 1);
}

static struct directory *find(const struct directory_table *table, const char *path)
{
    return directory_find(table, path, strlen(path));
}

static void test_parents_and_children_find_each_other_in_any_order(void **state)
{
    struct directory_table *table = *state;
    struct directory *c = add(table, "/a/b/c");
    struct directory *other = add(table, "/a/bc");
    struct directory *b = add(table, "/a/b");
    struct directory *d = add(table, "/a/b/d");
    struct directory *top = add(table, "/");
    struct directory *a = add(table, "/a");
    assert_ptr_equal(c->parent, b);
    assert_ptr_equal(d->parent, b);
    assert_ptr_equal(b->parent, a);
    assert_ptr_equal(other->parent, a);
    assert_ptr_equal(a->parent, top);
    assert_null(top->parent);
    assert_ptr_equal(table->first_orphan, top);
    assert_ptr_equal(find(table, "/a/b"), b);
    assert_null(find(table, "/a/"));
    assert_null(find(table, "/b"));
}

static void test_leaves_are_removed_until_nothing_is_left(void **state)
{
    struct directory_table *table = *state;
    struct directory *top = add(table, "/r");
    for (int i = 0; i < 100; i++) {
        char path[32];
        snprintf(path, sizeof(path), "/r/%d", i);
        add(table, path);
        snprintf(path, sizeof(path), "/r/%d/x", i);
        add(table, path);
    }
    size_t count = 0;
    struct directory *leaf;
    do {
        leaf = directory_leaf(top);
        assert_null(leaf->first_child);
        directory_remove(table, leaf);
        count++;
    } while (leaf != top);
    assert_int_equal(count, 201);
    assert_int_equal(table->by_path.count, 0);
    assert_int_equal(table->queues[QUEUE_PENDING].count, 0);
    assert_null(table->queues[QUEUE_PENDING].first);
    assert_null(table->first_orphan);
}

static void test_queues_keep_the_order_of_coming(void **state)
{
    struct directory_table *table = *state;
    struct directory *a = add(table, "/a");
    struct directory *b = add(table, "/b");
    struct directory *c = add(table, "/c");
    const struct directory_queue *pending = &table->queues[QUEUE_PENDING];
    const struct directory_queue *quiet = &table->queues[QUEUE_QUIET];
    assert_ptr_equal(pending->first, a);
    assert_ptr_equal(pending->last, c);
    directory_enqueue(table, b, QUEUE_QUIET, 7);
    directory_enqueue(table, a, QUEUE_PENDING, 8);
    assert_ptr_equal(pending->first, c);
    assert_ptr_equal(pending->last, a);
    assert_int_equal(pending->count, 2);
    assert_ptr_equal(quiet->first, b);
    assert_int_equal(b->queued, 7);
    directory_remove(table, b);
    assert_null(quiet->first);
    assert_null(quiet->last);
}

static void test_one_identity_is_watched_once(void **state)
{
    struct directory_table *table = *state;
    struct directory *a = add(table, "/a");
    struct directory *b = add(table, "/b");
    a->device = b->device = 1;
    a->inode = b->inode = 2;
    assert_true(directory_set_watched(table, a));
    assert_false(directory_set_watched(table, b));
    assert_false(b->is_watched);
    directory_clear_watched(table, b); /* nothing to clear */
    assert_int_equal(table->watched.count, 1);
    directory_remove(table, a);
    assert_true(directory_set_watched(table, b));
    assert_int_equal(table->watched.count, 1);
}

static void test_troubled_ones_are_counted(void **state)
{
    struct directory_table *table = *state;
    struct directory *a = add(table, "/a");
    struct directory *b = add(table, "/b");
    directory_set_trouble(table, a, 13);
    directory_set_trouble(table, a, 5);
    directory_set_trouble(table, b, 13);
    assert_int_equal(table->troubled, 2);
    directory_set_trouble(table, b, 0);
    assert_int_equal(table->troubled, 1);
    directory_remove(table, a);
    assert_int_equal(table->troubled, 0);
}

static void test_joining_names_up_to_the_longest_path(void **state)
{
    struct directory_table *table = *state;
    char joined[PATH_MAX];
    assert_int_equal(directory_join(add(table, "/"), "a", joined), 2);
    assert_string_equal(joined, "/a");
    assert_int_equal(directory_join(add(table, "/b"), "c", joined), 4);
    assert_string_equal(joined, "/b/c");
    char longest[PATH_MAX - 2];
    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    struct directory *directory = directory_add(table, longest, sizeof(longest), 0);
    assert_int_equal(directory_join(directory, "", joined), PATH_MAX - 1);
    assert_int_equal(directory_join(directory, "y", joined), 0);
}

int main(void)
{
#define TABLE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TABLE(test_parents_and_children_find_each_other_in_any_order),
        TABLE(test_leaves_are_removed_until_nothing_is_left),
        TABLE(test_queues_keep_the_order_of_coming),
        TABLE(test_one_identity_is_watched_once),
        TABLE(test_troubled_ones_are_counted),
        TABLE(test_joining_names_up_to_the_longest_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
