/* Ids of a directory, and the bound over all directories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/hash.h"
#include "tail/directories.h"
#include "tail/ids.h"

static uint64_t id(uint64_t number)
{
    return hash_stable(&number, sizeof(number));
}

static void test_without_check_everything_is_new(void **state UNUSED)
{
    struct ids ids = {0};
    assert_true(ids_add(&ids, 7));
    assert_true(ids_add(&ids, 7));
    assert_int_equal(ids_count(&ids), 2);
    ids_clear(&ids);
    assert_int_equal(ids_bytes(&ids), 0);
}

static void test_the_list_stays_compact(void **state UNUSED)
{
    struct ids ids = {0};
    for (uint64_t i = 0; i < 100000; i++)
        ids_add(&ids, id(i));
    assert_in_range(ids_bytes(&ids), 100000 * 8, 100000 * 10);
    ids_clear(&ids);
}

static void test_the_check_knows_what_was_added_before(void **state UNUSED)
{
    struct ids ids = {0};
    for (uint64_t i = 0; i < 1000; i++)
        ids_add(&ids, id(i % 500));
    ids_check(&ids);
    assert_int_equal(ids_count(&ids), 500);
    for (uint64_t i = 0; i < 5000; i++)
        assert_int_equal(ids_add(&ids, id(i)), i >= 500);
    for (uint64_t i = 0; i < 5000; i++)
        assert_false(ids_add(&ids, id(i)));
    assert_int_equal(ids_count(&ids), 5000);
    assert_in_range(ids_bytes(&ids), 5000 * 8, 5000 * 22);
    ids_clear(&ids);
    assert_true(ids.checked);
}

static void test_zero_is_an_id_as_others(void **state UNUSED)
{
    struct ids ids = {0};
    ids_check(&ids);
    assert_true(ids_add(&ids, 0));
    assert_false(ids_add(&ids, 0));
    assert_int_equal(ids_count(&ids), 1);
    ids_clear(&ids);

    struct ids listed = {0};
    ids_add(&listed, 0);
    ids_check(&listed);
    assert_false(ids_add(&listed, 0));
    ids_clear(&listed);
}

static void test_ids_that_end_alike_do_not_collide(void **state UNUSED)
{
    struct ids ids = {0};
    ids_check(&ids);
    for (uint64_t i = 1; i <= 200; i++)
        assert_true(ids_add(&ids, i << 40));
    for (uint64_t i = 1; i <= 200; i++)
        assert_false(ids_add(&ids, i << 40));
    ids_clear(&ids);
}

static void test_joining_keeps_both(void **state UNUSED)
{
    for (int checked = 0; checked < 4; checked++) {
        struct ids one = {0};
        struct ids other = {0};
        if (checked & 1)
            ids_check(&one);
        if (checked & 2)
            ids_check(&other);
        ids_add(&one, id(1));
        ids_add(&other, id(2));
        ids_add(&other, 0);
        ids_join(&one, &other);
        ids_check(&one);
        assert_int_equal(ids_count(&one), 3);
        assert_int_equal(ids_count(&other), 2);
        assert_false(ids_add(&one, id(2)));
        assert_false(ids_add(&one, 0));
        ids_clear(&one);
        ids_clear(&other);
    }
}

static void test_directories_are_found_by_path(void **state UNUSED)
{
    struct directories directories;
    directories_init(&directories, 1 << 20, NULL);
    struct tail_directory *a = directories_take(&directories, "/r/a/x.jsonl");
    struct tail_directory *b = directories_take(&directories, "/r/ab/x.jsonl");
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(directories_take(&directories, "/r/a/y.jsonl"), a);
    assert_string_equal(a->path, "/r/a");
    uint64_t first = a->id;
    directories_release(&directories, a);
    directories_release(&directories, a);
    a = directories_take(&directories, "/r/a/x.jsonl");
    assert_int_not_equal(a->id, first);
    directories_free(&directories);
}

static void test_a_directory_outlives_its_files_for_its_ids(void **state UNUSED)
{
    struct directories directories;
    directories_init(&directories, 1 << 20, NULL);
    struct tail_directory *a = directories_take(&directories, "/r/a/x");
    directories_begin_reader(&directories, a);
    assert_true(directories_count_id(&directories, a, id(1)));
    directories_release(&directories, a);
    a = directories_take(&directories, "/r/a/y");
    directories_begin_reader(&directories, a);
    assert_false(directories_count_id(&directories, a, id(1)));
    directories_free(&directories);
}

static void test_ids_are_checked_from_the_second_reader_on(void **state UNUSED)
{
    struct directories directories;
    directories_init(&directories, 1 << 20, NULL);
    struct tail_directory *a = directories_take(&directories, "/r/a/x");
    directories_begin_reader(&directories, a);
    assert_true(directories_count_id(&directories, a, id(1)));
    assert_true(directories_count_id(&directories, a, id(1)));
    directories_begin_reader(&directories, a);
    assert_false(directories_count_id(&directories, a, id(1)));
    assert_int_equal(directories.ids, 1);
    directories_free(&directories);
}

static void test_the_longest_unused_loses_its_ids(void **state UNUSED)
{
    struct directories directories;
    directories_init(&directories, 64 * 1024, NULL);
    struct tail_directory *old = directories_take(&directories, "/old/x");
    struct tail_directory *used = directories_take(&directories, "/used/x");
    struct tail_directory *filler = directories_take(&directories, "/filler/x");
    directories_check(&directories, old);
    directories_check(&directories, used);
    for (uint64_t i = 0; i < 2000; i++)
        assert_true(directories_count_id(&directories, old, id(i)));
    assert_true(directories_count_id(&directories, used, id(1)));
    for (uint64_t i = 0; directories.dropped == 0; i++) {
        directories_count_id(&directories, filler, id(i));
        directories_count_id(&directories, used, id(1));
        assert_in_range(directories.bytes, 0, 64 * 1024);
    }
    assert_int_equal(directories.dropped, 1);
    assert_false(directories_count_id(&directories, used, id(1)));
    assert_true(directories_count_id(&directories, old, id(1)));
    directories_free(&directories);
}

static void test_a_single_directory_keeps_the_bound_too(void **state UNUSED)
{
    struct directories directories;
    directories_init(&directories, 16 * 1024, NULL);
    struct tail_directory *a = directories_take(&directories, "/a/x");
    for (uint64_t i = 0; i < 10000; i++) {
        directories_count_id(&directories, a, id(i));
        assert_in_range(directories.bytes, 0, 16 * 1024);
        assert_int_equal(directories.ids, ids_count(&a->ids));
    }
    assert_in_range(directories.dropped, 1, 10);
    directories_free(&directories);
}

static void test_joined_ids_are_known_in_both(void **state UNUSED)
{
    struct directories directories;
    directories_init(&directories, 1 << 20, NULL);
    struct tail_directory *from = directories_take(&directories, "/from/x");
    struct tail_directory *to = directories_take(&directories, "/to/x");
    directories_check(&directories, from);
    directories_check(&directories, to);
    directories_count_id(&directories, from, id(1));
    directories_join(&directories, to, from);
    directories_join(&directories, to, from);
    assert_int_equal(directories.ids, 2);
    assert_false(directories_count_id(&directories, to, id(1)));
    directories_count_id(&directories, from, id(2));
    directories_join(&directories, to, from);
    assert_false(directories_count_id(&directories, to, id(2)));
    assert_false(directories_count_id(&directories, from, id(1)));
    directories_free(&directories);
}

/* What was counted before the sets became one is known in all; and each keeps its own. */
static void test_one_set_over_all_directories(void **state UNUSED)
{
    struct directories directories;
    directories_init(&directories, 1 << 20, NULL);
    struct tail_directory *a = directories_take(&directories, "/r/a/x");
    struct tail_directory *b = directories_take(&directories, "/r/b/x");
    directories_begin_reader(&directories, a);
    directories_begin_reader(&directories, b);
    assert_true(directories_count_id(&directories, a, id(1)));
    assert_true(directories_count_id(&directories, b, id(1)));
    assert_true(directories_count_id(&directories, a, id(2)));
    directories.is_one_set = true;
    assert_false(directories_count_id(&directories, b, id(2)));
    assert_false(directories_count_id(&directories, a, id(1)));
    assert_true(directories_count_id(&directories, b, id(3)));
    assert_false(directories_count_id(&directories, a, id(3)));
    directories.is_one_set = false;
    directories_begin_reader(&directories, b);
    assert_false(directories_count_id(&directories, b, id(3)));
    directories_free(&directories);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_check_everything_is_new),
        cmocka_unit_test(test_the_list_stays_compact),
        cmocka_unit_test(test_the_check_knows_what_was_added_before),
        cmocka_unit_test(test_zero_is_an_id_as_others),
        cmocka_unit_test(test_ids_that_end_alike_do_not_collide),
        cmocka_unit_test(test_joining_keeps_both),
        cmocka_unit_test(test_directories_are_found_by_path),
        cmocka_unit_test(test_a_directory_outlives_its_files_for_its_ids),
        cmocka_unit_test(test_ids_are_checked_from_the_second_reader_on),
        cmocka_unit_test(test_the_longest_unused_loses_its_ids),
        cmocka_unit_test(test_a_single_directory_keeps_the_bound_too),
        cmocka_unit_test(test_joined_ids_are_known_in_both),
        cmocka_unit_test(test_one_set_over_all_directories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
