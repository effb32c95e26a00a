/* memory.c: keys by scope, bounds, forgetting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "rules/memory.h"

#define HOUR (INT64_C(3600) * NANOSECONDS_PER_SECOND)

static struct memory_key key_of(uint64_t scope, const char *text)
{
    return (struct memory_key){.scope_id = scope, .bytes = text, .length = strlen(text)};
}

static bool has(const struct memory *memory, uint64_t scope, const char *text)
{
    struct memory_key key = key_of(scope, text);
    return memory_get(memory, &key) != NULL;
}

static struct memory_entry *put(struct memory *memory, uint64_t scope, const char *text,
                                int64_t now)
{
    struct memory_key key = key_of(scope, text);
    return memory_put(memory, &key, NULL, 0, now);
}

static void test_keys_are_of_a_memory_and_a_scope(void **state)
{
    (void)state;
    struct memory_store store;
    memory_store_init(&store, 100);
    struct memory *one = memory_add(&store, "one", MEMORY_ONCE, SCOPE_FILE, HOUR);
    struct memory *two = memory_add(&store, "two", MEMORY_ONCE, SCOPE_FILE, HOUR);
    put(one, 1, "a", 0);
    put(one, 1, "", 0);
    put(one, 2, "b", 0);
    assert_true(has(one, 1, "a"));
    assert_true(has(one, 1, ""));
    assert_false(has(one, 2, "a"));
    assert_false(has(one, 2, ""));
    assert_false(has(two, 1, "a"));
    struct memory_key with_nul = {.scope_id = 1, .bytes = "a\0b", .length = 3};
    assert_null(memory_get(one, &with_nul));
    memory_put(one, &with_nul, NULL, 0, 0);
    assert_non_null(memory_get(one, &with_nul));
    assert_true(has(one, 1, "a"));
    assert_int_equal(store.keys, 4);
    memory_store_free(&store);
}

static void test_a_text_stands_behind_the_key(void **state)
{
    (void)state;
    struct memory_store store;
    memory_store_init(&store, 100);
    struct memory *memory = memory_add(&store, "m", MEMORY_REMEMBER, SCOPE_FILE, HOUR);
    struct memory_key key = key_of(7, "session");
    struct memory_entry *entry = memory_put(memory, &key, "opus\0x", 6, 5);
    assert_int_equal(entry->text_length, 6);
    assert_memory_equal(entry->bytes + entry->key_length, "opus\0x", 6);
    assert_ptr_equal(memory_get(memory, &key), entry);
    memory_remove(memory, entry);
    assert_null(memory_get(memory, &key));
    assert_int_equal(store.keys, 0);
    memory_store_free(&store);
}

/* Of all memories together the key longest untouched goes. */
static void test_at_the_limit_the_oldest_of_all_goes(void **state)
{
    (void)state;
    struct memory_store store;
    memory_store_init(&store, 3);
    struct memory *one = memory_add(&store, "one", MEMORY_ONCE, SCOPE_FILE, HOUR);
    struct memory *two = memory_add(&store, "two", MEMORY_ONCE, SCOPE_FILE, HOUR);
    struct memory_entry *first = put(one, 1, "first", 10);
    put(two, 1, "second", 11);
    put(one, 1, "third", 12);
    memory_touch(one, first, 13);
    put(two, 1, "fourth", 14); /* instead of second */
    assert_true(has(one, 1, "first"));
    assert_false(has(two, 1, "second"));
    put(two, 1, "fifth", 15); /* instead of third */
    assert_false(has(one, 1, "third"));
    put(two, 1, "sixth", 16); /* instead of first */
    assert_false(has(one, 1, "first"));
    assert_int_equal(store.keys, 3);
    assert_int_equal(store.evictions, 3);
    memory_store_free(&store);
}

/* The key may be bytes of the very entry that goes to make room. */
static void test_a_key_may_come_from_what_is_evicted(void **state)
{
    (void)state;
    struct memory_store store;
    memory_store_init(&store, 1);
    struct memory *texts = memory_add(&store, "texts", MEMORY_REMEMBER, SCOPE_FILE, HOUR);
    struct memory *keys = memory_add(&store, "keys", MEMORY_ONCE, SCOPE_FILE, HOUR);
    struct memory_key none = key_of(1, "");
    struct memory_entry *entry = memory_put(texts, &none, "remembered", 10, 1);
    struct memory_key key = {.scope_id = 1, .bytes = entry->bytes, .length = 10};
    memory_put(keys, &key, entry->bytes, 10, 2);
    assert_false(has(texts, 1, ""));
    assert_true(has(keys, 1, "remembered"));
    memory_store_free(&store);
}

static void test_a_sweep_forgets_what_was_not_touched_for_long(void **state)
{
    (void)state;
    struct memory_store store;
    memory_store_init(&store, 100);
    struct memory *quick = memory_add(&store, "quick", MEMORY_ONCE, SCOPE_FILE, HOUR);
    struct memory *slow = memory_add(&store, "slow", MEMORY_ONCE, SCOPE_FILE, 10 * HOUR);
    put(quick, 1, "a", 0);
    struct memory_entry *touched = put(quick, 1, "b", 0);
    put(slow, 1, "c", 0);
    memory_touch(quick, touched, HOUR);
    memory_store_sweep(&store, HOUR);
    assert_true(has(quick, 1, "a")); /* exactly its time */
    memory_store_sweep(&store, HOUR + 1);
    assert_false(has(quick, 1, "a"));
    assert_true(has(quick, 1, "b"));
    assert_true(has(slow, 1, "c"));
    memory_store_sweep(&store, 100 * HOUR);
    assert_int_equal(store.keys, 0);
    assert_int_equal(store.evictions, 0);
    memory_store_free(&store);
}

static void test_a_clock_set_back_makes_nothing_younger_or_older(void **state)
{
    (void)state;
    struct memory_store store;
    memory_store_init(&store, 100);
    struct memory *memory = memory_add(&store, "m", MEMORY_ONCE, SCOPE_FILE, HOUR);
    struct memory_entry *entry = put(memory, 1, "a", 5 * HOUR);
    memory_touch(memory, entry, 2 * HOUR);
    assert_int_equal(entry->touched, 5 * HOUR);
    memory_store_sweep(&store, 2 * HOUR);
    assert_true(has(memory, 1, "a"));
    memory_store_free(&store);
}

static void note_forgotten(void *context, UNUSED struct memory *memory, struct memory_entry *entry)
{
    *(uint32_t *)context = entry->key_length;
}

static void test_a_set_is_told_before_a_member_goes(void **state)
{
    (void)state;
    struct memory_store store;
    uint32_t told = 0;
    memory_store_init(&store, 1);
    store.forget_member = note_forgotten;
    store.context = &told;
    struct memory *once = memory_add(&store, "once", MEMORY_ONCE, SCOPE_FILE, HOUR);
    struct memory *set = memory_add(&store, "set", MEMORY_SET, SCOPE_FILE, HOUR);
    put(once, 1, "abcd", 1);
    put(set, 1, "abc", 2);
    assert_int_equal(told, 0); /* no member went */
    put(once, 1, "ab", 3);
    assert_int_equal(told, 3);
    memory_store_free(&store);
}

/* Many keys, and back to none. */
static void test_many_keys(void **state)
{
    (void)state;
    struct memory_store store;
    memory_store_init(&store, 5000);
    struct memory *memory = memory_add(&store, "m", MEMORY_ONCE, SCOPE_PACK, HOUR);
    for (uint32_t i = 0; i < 20000; i++) {
        struct memory_key key = {.scope_id = i % 3, .bytes = (const char *)&i, .length = sizeof(i)};
        memory_put(memory, &key, NULL, 0, i);
        assert_non_null(memory_get(memory, &key));
    }
    assert_int_equal(store.keys, 5000);
    assert_int_equal(store.evictions, 15000);
    for (uint32_t i = 0; i < 20000; i++) {
        struct memory_key key = {.scope_id = i % 3, .bytes = (const char *)&i, .length = sizeof(i)};
        assert_int_equal(memory_get(memory, &key) != NULL, i >= 15000);
    }
    memory_store_sweep(&store, 2 * HOUR + 20000);
    assert_int_equal(store.keys, 0);
    assert_null(memory->oldest);
    assert_null(memory->newest);
    memory_store_free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_of_a_memory_and_a_scope),
        cmocka_unit_test(test_a_text_stands_behind_the_key),
        cmocka_unit_test(test_at_the_limit_the_oldest_of_all_goes),
        cmocka_unit_test(test_a_key_may_come_from_what_is_evicted),
        cmocka_unit_test(test_a_sweep_forgets_what_was_not_touched_for_long),
        cmocka_unit_test(test_a_clock_set_back_makes_nothing_younger_or_older),
        cmocka_unit_test(test_a_set_is_told_before_a_member_goes),
        cmocka_unit_test(test_many_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
