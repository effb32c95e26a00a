/* watch/file_names: listings, what is kept of them, and signatures. */
#include "watch/file_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static void fill(struct listing *listing, const char *const *names, size_t count)
{
    listing_clear(listing);
    for (size_t i = 0; i < count; i++) {
        const struct stat facts = {.st_ino = i + 1, .st_size = (off_t)strlen(names[i])};
        listing_add(listing, names[i], &facts, i % 2);
    }
    listing_sort(listing);
}

static void test_names_are_kept_sorted_and_found(void **state)
{
    (void)state;
    static const char *const names[] = {"b", "a\n", "\xff", "aa", "", "c"};
    struct listing listing;
    listing_init(&listing);
    fill(&listing, names, 6);
    struct file_names *kept = file_names_new(&listing);
    assert_int_equal(file_names_count(kept), 6);
    for (size_t i = 1; i < 6; i++)
        assert_true(strcmp(file_names_text(kept, i - 1), file_names_text(kept, i)) < 0);
    for (size_t i = 0; i < 6; i++) {
        assert_true(listing_has(&listing, names[i]));
        size_t found = file_names_find(kept, names[i]);
        assert_string_equal(file_names_text(kept, found), names[i]);
        assert_string_equal(listing_name(&listing, found), names[i]);
        assert_true(file_names_signature(kept, found) == listing.entries[found].signature);
    }
    assert_false(listing_has(&listing, "bb"));
    assert_int_equal(file_names_find(kept, "bb"), SIZE_MAX);
    file_names_set_signature(kept, 2, 77);
    assert_int_equal(file_names_signature(kept, 2), 77);
    file_names_free(kept);
    listing_free(&listing);
}

static void test_nothing_is_kept_of_an_empty_listing(void **state)
{
    (void)state;
    struct listing listing;
    listing_init(&listing);
    listing_sort(&listing);
    assert_null(file_names_new(&listing));
    assert_int_equal(file_names_count(NULL), 0);
    assert_int_equal(file_names_find(NULL, "a"), SIZE_MAX);
    assert_false(listing_has(&listing, "a"));
    file_names_free(NULL);
    listing_free(&listing);
}

static void test_a_listing_is_used_again_after_a_huge_one(void **state)
{
    (void)state;
    struct listing listing;
    listing_init(&listing);
    for (int i = 0; i < 20000; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%d", (i * 7919) % 20000);
        listing_keep(&listing, name, (uint64_t)i);
    }
    listing_sort(&listing);
    assert_true(listing_has(&listing, "19999"));
    struct file_names *kept = file_names_new(&listing);
    assert_int_equal(file_names_count(kept), 20000);
    assert_int_not_equal(file_names_find(kept, "0"), SIZE_MAX);
    file_names_free(kept);
    static const char *const names[] = {"x"};
    fill(&listing, names, 1);
    assert_int_equal(listing.count, 1);
    assert_true(listing.capacity < 20000);
    listing_free(&listing);
}

static void test_a_signature_differs_with_each_part(void **state)
{
    (void)state;
    const struct stat base = {.st_ino = 1, .st_size = 2};
    struct stat others[6] = {base, base, base, base, base, base};
    others[0].st_ino = 3;
    others[1].st_size = 3;
    others[2].st_mtim.tv_sec = 3;
    others[3].st_mtim.tv_nsec = 3;
    others[4].st_ctim.tv_sec = 3;
    others[5].st_ctim.tv_nsec = 3;
    assert_true(signature_of(&base) == signature_of(&base));
    for (size_t i = 0; i < 6; i++)
        assert_true(signature_of(&base) != signature_of(&others[i]));
}

static void test_what_rests_changed_long_enough_ago(void **state)
{
    (void)state;
    const struct stat facts = {.st_ctim.tv_sec = 1000};
    const int64_t second = NANOSECONDS_PER_SECOND;
    assert_false(signature_is_rested(&facts, 1000 * second, 3 * second));
    assert_false(signature_is_rested(&facts, 1003 * second, 3 * second));
    assert_true(signature_is_rested(&facts, 1004 * second, 3 * second));
    assert_false(signature_is_rested(&facts, 900 * second, 3 * second)); /* from the future */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_kept_sorted_and_found),
        cmocka_unit_test(test_nothing_is_kept_of_an_empty_listing),
        cmocka_unit_test(test_a_listing_is_used_again_after_a_huge_one),
        cmocka_unit_test(test_a_signature_differs_with_each_part),
        cmocka_unit_test(test_what_rests_changed_long_enough_ago),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
