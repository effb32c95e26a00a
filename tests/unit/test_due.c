/* The heap of documents by time, against a list that is searched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "document/documents_internal.h"
#include "document/due.h"

#define COUNT 64

struct one {
    struct document document;
    uint64_t stamp; /* when it was set: the order among equals */
};

static struct document *earliest(struct one *list, int64_t now)
{
    struct one *best = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        struct one *one = &list[i];
        if (one->document.due > now)
            continue;
        if (!best || one->document.due < best->document.due ||
            (one->document.due == best->document.due && one->stamp < best->stamp))
            best = one;
    }
    return best ? &best->document : NULL;
}

static void test_against_a_search(void **state)
{
    struct due due = {.order = UINT32_MAX - 1000}; /* it wraps on the way */
    static struct one list[COUNT];
    (void)state;
    unsigned seed = 7;
    for (size_t i = 0; i < COUNT; i++)
        list[i] = (struct one){.document.due = NEVER};
    for (uint64_t step = 1; step < 100000; step++) {
        struct one *one = &list[(unsigned)rand_r(&seed) % COUNT];
        int choice = (unsigned)rand_r(&seed) % 8;
        if (choice < 4) {
            due_set(&due, &one->document, (unsigned)rand_r(&seed) % 20);
            one->stamp = step;
        } else if (choice == 4) {
            due_set(&due, &one->document, NEVER);
        } else if (choice == 5) {
            due_remove(&due, &one->document);
        } else {
            int64_t now = (unsigned)rand_r(&seed) % 20;
            struct document *expected = earliest(list, now);
            assert_ptr_equal(due_take(&due, now), expected);
            assert_true(!expected || expected->due == NEVER);
        }
        struct document *first = earliest(list, NEVER - 1);
        assert_true(due_next(&due) == (first ? first->due : NEVER));
    }
    due_free(&due);
}

static void test_equals_are_taken_as_they_came(void **state)
{
    struct due due = {0};
    static struct document documents[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        due_set(&due, &documents[i], 5);
    assert_null(due_take(&due, 4));
    for (size_t i = 0; i < COUNT; i++)
        assert_ptr_equal(due_take(&due, 5), &documents[i]);
    assert_null(due_take(&due, 5));
    assert_true(due_next(&due) == NEVER);
    due_free(&due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_a_search),
        cmocka_unit_test(test_equals_are_taken_as_they_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
