/* distinct.c and uniques.c: how many different values, exactly and about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/hash.h"
#include "survey/distinct.h"
#include "survey/uniques.h"

static uint64_t hash_of(unsigned value)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "value %u", value);
    return hash_stable(text, (size_t)length);
}

static void add_range(struct distinct *distinct, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        distinct_add(distinct, hash_of(first + i));
}

static void test_few_are_exact(void **state)
{
    struct distinct distinct = {.count = 0};
    (void)state;
    assert_int_equal(distinct_count(&distinct), 0);
    for (unsigned count = 1; count <= DISTINCT_EXACT; count++) {
        add_range(&distinct, 0, count); /* most of them again */
        assert_int_equal(distinct_count(&distinct), count);
        assert_true(distinct_is_exact(&distinct));
    }
    add_range(&distinct, 0, DISTINCT_EXACT + 1);
    assert_false(distinct_is_exact(&distinct));
    distinct_clear(&distinct);
    assert_int_equal(distinct_count(&distinct), 0);
}

/* A hash of 0 is a value as any other. */
static void test_hash_zero(void **state)
{
    struct distinct distinct = {.count = 0};
    (void)state;
    distinct_add(&distinct, 0);
    distinct_add(&distinct, 7);
    distinct_add(&distinct, 0);
    assert_int_equal(distinct_count(&distinct), 2);
    distinct_clear(&distinct);
}

static void assert_about(uint64_t estimate, unsigned count)
{
    assert_in_range(estimate, count - count / 12, count + count / 12);
}

static void test_many_are_estimated(void **state)
{
    static const unsigned counts[] = {129, 200, 1000, 3000, 5000, 6000, 12000, 100000, 1000000};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        struct distinct distinct = {.count = 0};
        add_range(&distinct, 0, counts[i]);
        uint64_t once = distinct_count(&distinct);
        assert_about(once, counts[i]);
        add_range(&distinct, 0, counts[i]);
        assert_int_equal(distinct_count(&distinct), once); /* what was there adds nothing */
        distinct_clear(&distinct);
    }
}

struct join_case {
    unsigned first, first_count, second, second_count, together;
};

static const struct join_case join_cases[] = {
    {0, 0, 0, 0, 0},          {0, 10, 0, 10, 10},           {0, 10, 5, 10, 15},
    {0, 100, 100, 100, 200},  {0, 5000, 0, 10, 5000},       {0, 10, 0, 5000, 5000},
    {0, 5000, 0, 5000, 5000}, {0, 5000, 5000, 5000, 10000},
};

static void test_join(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(join_cases); i++) {
        const struct join_case *one = &join_cases[i];
        struct distinct first = {.count = 0};
        struct distinct second = {.count = 0};
        add_range(&first, one->first, one->first_count);
        add_range(&second, one->second, one->second_count);
        distinct_join(&first, &second);
        if (one->together <= DISTINCT_EXACT)
            assert_int_equal(distinct_count(&first), one->together);
        else
            assert_about(distinct_count(&first), one->together);
        distinct_clear(&first);
        distinct_clear(&second);
    }
}

static void test_uniques(void **state)
{
    struct uniques uniques = {.count = 0};
    (void)state;
    for (unsigned i = 0; i < 20000; i++)
        assert_true(uniques_add(&uniques, hash_of(i)));
    for (unsigned i = 0; i < 20000; i += 7)
        assert_false(uniques_add(&uniques, hash_of(i)));
    assert_true(uniques_add(&uniques, hash_of(20000)));
    assert_int_equal(uniques.count, 20001);
    uniques_clear(&uniques);
    assert_true(uniques_add(&uniques, hash_of(5)));
    uniques_clear(&uniques);
}

static void test_uniques_at_their_bound(void **state)
{
    struct uniques uniques = {.count = UNIQUES_MOST};
    (void)state;
    assert_true(uniques_add(&uniques, 1)); /* nobody can tell */
    assert_true(uniques_add(&uniques, 1));
    assert_int_equal(uniques.count, UNIQUES_MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_are_exact),
        cmocka_unit_test(test_hash_zero),
        cmocka_unit_test(test_many_are_estimated),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_uniques),
        cmocka_unit_test(test_uniques_at_their_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
