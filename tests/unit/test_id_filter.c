/* What the filter forgets (nothing), and how often it says "perhaps" in vain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "state/id_filter.h"

static uint64_t id(uint64_t number)
{
    return hash_stable(&number, sizeof(number));
}

struct filter {
    uint32_t blocks;
    uint64_t *words;
};

static struct filter filter_of(uint64_t ids)
{
    struct filter filter = {.blocks = id_filter_blocks(ids)};
    filter.words = memory_zero((size_t)filter.blocks * ID_FILTER_BLOCK_WORDS, sizeof(uint64_t));
    return filter;
}

static uint64_t *block_of(const struct filter *filter, uint64_t number)
{
    return filter->words + (size_t)id_filter_block(number, filter->blocks) * ID_FILTER_BLOCK_WORDS;
}

static void test_what_was_added_is_always_found(void **state UNUSED)
{
    static const uint64_t sizes[] = {1, 2, 31, 505, 10000, 300000};
    for (size_t s = 0; s < ARRAY_LENGTH(sizes); s++) {
        struct filter filter = filter_of(sizes[s]);
        for (uint64_t i = 0; i < sizes[s]; i++)
            id_filter_add(block_of(&filter, id(i)), id(i));
        for (uint64_t i = 0; i < sizes[s]; i++)
            assert_true(id_filter_may_have(block_of(&filter, id(i)), id(i)));
        free(filter.words);
    }
}

static void test_few_others_are_found(void **state UNUSED)
{
    enum { COUNT = 500000 };
    struct filter filter = filter_of(COUNT);
    for (uint64_t i = 0; i < COUNT; i++)
        id_filter_add(block_of(&filter, id(i)), id(i));
    int found = 0;
    for (uint64_t i = COUNT; i < UINT64_C(2) * COUNT; i++)
        found += id_filter_may_have(block_of(&filter, id(i)), id(i));
    assert_in_range(found, 1, COUNT / 700);
    free(filter.words);
}

static void test_it_takes_as_many_bits_as_it_says(void **state UNUSED)
{
    for (uint64_t ids = 1000; ids <= 10000000; ids *= 10) {
        uint64_t bits = (uint64_t)id_filter_blocks(ids) * ID_FILTER_BLOCK_WORDS * 64;
        assert_in_range(bits, ids * ID_FILTER_BITS, ids * ID_FILTER_BITS + 512);
    }
    assert_int_equal(id_filter_blocks(0), 1);
    assert_int_equal(id_filter_pages(1), 1);
    assert_int_equal(id_filter_pages(ID_PAGE_BLOCKS), 1);
    assert_int_equal(id_filter_pages(ID_PAGE_BLOCKS + 1), 2);
}

static void test_blocks_follow_the_order_of_ids(void **state UNUSED)
{
    static const uint32_t counts[] = {1, 2, 1000, 312501, UINT32_MAX};
    for (size_t c = 0; c < ARRAY_LENGTH(counts); c++) {
        assert_int_equal(id_filter_block(0, counts[c]), 0);
        assert_int_equal(id_filter_block(UINT64_MAX, counts[c]), counts[c] - 1);
        uint32_t last = 0;
        for (uint64_t i = 0; i < 1000; i++) {
            uint32_t block = id_filter_block(i * (UINT64_MAX / 1000), counts[c]);
            assert_true(block >= last);
            last = block;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_added_is_always_found),
        cmocka_unit_test(test_few_others_are_found),
        cmocka_unit_test(test_it_takes_as_many_bits_as_it_says),
        cmocka_unit_test(test_blocks_follow_the_order_of_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
