/* Rows of ids: their checksum, the search in them, and the sorting that comes before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/hash.h"
#include "state/id_page.h"
#include "state/id_sort.h"

static uint64_t id(uint64_t number)
{
    return hash_stable(&number, sizeof(number));
}

static void fill(struct id_page *page, size_t count)
{
    page->count = count;
    for (size_t i = 0; i < count; i++)
        page->words[i] = id(i);
    assert_int_equal(id_sort(page->words, count), count);
}

static void test_a_page_is_read_as_it_was_written(void **state UNUSED)
{
    static const size_t counts[] = {1, 2, 80, ID_PAGE_WORDS};
    for (size_t c = 0; c < ARRAY_LENGTH(counts); c++) {
        struct id_page page;
        struct id_page read;
        unsigned char bytes[ID_PAGE_BYTES];
        fill(&page, counts[c]);
        size_t length = id_page_write(&page, 77, bytes);
        assert_int_equal(length, counts[c] * 8 + 8);
        assert_true(id_page_read(bytes, length, 77, &read));
        assert_int_equal(read.count, counts[c]);
        assert_memory_equal(read.words, page.words, counts[c] * 8);
    }
}

static void test_any_change_is_noticed(void **state UNUSED)
{
    struct id_page page;
    struct id_page read;
    unsigned char bytes[ID_PAGE_BYTES + 8] = {0};
    fill(&page, 3);
    size_t length = id_page_write(&page, 77, bytes);
    for (size_t i = 0; i < length; i++) {
        bytes[i] ^= 4;
        assert_false(id_page_read(bytes, length, 77, &read));
        bytes[i] ^= 4;
    }
    assert_false(id_page_read(bytes, length, 78, &read));
    for (size_t other = 0; other < length; other++)
        assert_false(id_page_read(bytes, other, 77, &read));
    assert_false(id_page_read(bytes, length + 8, 77, &read));
    assert_false(id_page_read(bytes, SIZE_MAX - 7, 77, &read));
    assert_false(id_page_read(NULL, 0, 77, &read));
    assert_true(id_page_read(bytes, length, 77, &read));
}

static size_t naive_rank(const uint64_t *words, size_t count, uint64_t wanted)
{
    size_t rank = 0;
    while (rank < count && words[rank] <= wanted)
        rank++;
    return rank;
}

static void test_rank_with_good_and_bad_guesses(void **state UNUSED)
{
    static const size_t counts[] = {0, 1, 2, 7, 8, 9, 17, 100};
    uint64_t words[100];
    for (size_t c = 0; c < ARRAY_LENGTH(counts); c++) {
        size_t count = counts[c];
        for (size_t i = 0; i < count; i++)
            words[i] = 10 + i / 2 * 3; /* pairs of equal ones */
        for (uint64_t wanted = 0; wanted < 10 + count * 2; wanted++)
            for (size_t guess = 0; guess < count + 2; guess++)
                assert_int_equal(id_page_rank(words, count, guess, wanted),
                                 naive_rank(words, count, wanted));
    }
}

static void test_ids_are_found_by_their_guess(void **state UNUSED)
{
    struct id_page page;
    fill(&page, ID_PAGE_WORDS);
    for (uint64_t i = 0; i < UINT64_C(2) * ID_PAGE_WORDS; i++) {
        size_t guess = id_page_guess(page.count, 0, UINT64_MAX, id(i));
        assert_int_equal(id_page_has(page.words, page.count, guess, id(i)), i < ID_PAGE_WORDS);
        assert_true(guess < page.count);
    }
    assert_int_equal(id_page_guess(8, 5, 5, 5), 0);
    assert_int_equal(id_page_guess(8, 0, 80, 40), 4);
    assert_int_equal(id_page_guess(1, 0, UINT64_MAX, UINT64_MAX), 0);
    assert_int_equal(id_page_guess(7, 0, UINT64_MAX, UINT64_MAX), 6);
}

static void test_sorting_keeps_each_once(void **state UNUSED)
{
    static const size_t counts[] = {1, 2, 255, 256, 257, 5000, 70000};
    static uint64_t ids[70000];
    for (size_t c = 0; c < ARRAY_LENGTH(counts); c++) {
        size_t different = (counts[c] + 1) / 2;
        for (size_t i = 0; i < counts[c]; i++)
            ids[i] = i % different == 0 ? UINT64_MAX : id(i % different) >> (i % different % 60);
        size_t kept = id_sort(ids, counts[c]);
        assert_in_range(kept, 1, different);
        for (size_t i = 1; i < kept; i++)
            assert_true(ids[i - 1] < ids[i]);
        assert_true(ids[kept - 1] == UINT64_MAX);
        for (size_t i = 1; i < different; i += 1 + different / 500) {
            uint64_t wanted = id(i) >> (i % 60);
            assert_true(id_page_has(ids, kept, 0, wanted));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_page_is_read_as_it_was_written),
        cmocka_unit_test(test_any_change_is_noticed),
        cmocka_unit_test(test_rank_with_good_and_bad_guesses),
        cmocka_unit_test(test_ids_are_found_by_their_guess),
        cmocka_unit_test(test_sorting_keeps_each_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
