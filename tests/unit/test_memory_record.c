/* What may come out of a database: rules/memory_record.c, set_record.c. Any bytes at all do no
 * harm, and what cannot be a record is refused. */
#include "rules_home.h"

#include <errno.h>
#include <math.h>

#include "base/fields.h"

static const char pack[] =
    SOURCE "metrics:\n"
           "  active: {type: gauge, help: A., labels: [job_id]}\n"
           "  o_total: {type: counter, help: O.}\n"
           "  t_total: {type: counter, help: T.}\n"
           "rules:\n"
           "  e: [{enter: active, key: k, scope: pack, for: 1h}, {inc: o_total, once: k},\n"
           "      {add: t_total, value: {increase: n, key: k}}, {remember: m, value: v},\n"
           "      {start: timer, key: k}]\n"
           "  l: [{leave: active, key: k}]\n"
           "  c: [{clear: active}]\n";

static void fill(struct bench *bench)
{
    feed(bench, 0, "{\"type\":\"e\",\"k\":\"a\",\"n\":5,\"v\":\"text\",\"time\":1767225500}", NOW);
    feed(bench, 0, "{\"type\":\"e\",\"k\":\"b\",\"n\":5,\"v\":\"text\",\"time\":1767225500}", NOW);
    feed(bench, 1, "{\"type\":\"c\",\"k\":\"b\",\"time\":1767225501}", NOW);
    feed(bench, 1, "{\"type\":\"e\",\"k\":\"c\",\"n\":5,\"v\":\"more\",\"time\":1767225502}", NOW);
    feed(bench, 1, "{\"type\":\"l\",\"k\":\"b\",\"time\":1767225503}", NOW);
}

static bool is_ours(enum record_kind kind)
{
    return kind == RECORD_MEMORY || kind == RECORD_SET || kind == RECORD_MEMORY_KEY;
}

static void test_cut_records_are_refused(void **state)
{
    (void)state;
    struct home home;
    struct bench other;
    size_t cut = 0;
    home_start(&home, pack, NULL);
    fill(&home.bench);
    commit(&home, NOW);
    bench_start(&other, pack, NULL);
    for (size_t i = 0; i < home.shelf.committed.count; i++) {
        const struct kept_record *kept = &home.shelf.committed.items[i];
        if (!is_ours(kept->kind))
            continue;
        for (size_t length = 0; length < kept->value.length; length++, cut++) {
            struct bytes value = copy_bytes((struct bytes){kept->value.data, length});
            struct record record = {kept->kind, kept->key, value};
            assert_int_equal(rule_set_restore(other.rules, &record), -EINVAL);
            memory_free_pointer(&value.data);
        }
        struct record record = {kept->kind, {kept->key.data, 7}, kept->value};
        assert_int_equal(rule_set_restore(other.rules, &record), -EINVAL);
    }
    assert_true(cut > 100);
    assert_int_equal(rule_set_memory_keys(other.rules), 0);
    struct record record = {RECORD_STREAM, {"12345678", 8}, {"", 0}};
    assert_int_equal(rule_set_restore(other.rules, &record), -EINVAL);
    bench_end(&other);
    home_end(&home);
}

/* The first record of a kind that is of this memory. */
static const struct kept_record *find_kept(const struct home *home, enum record_kind kind,
                                           const char *memory)
{
    const struct record_list *list = &home->shelf.committed;
    struct bytes id = {"", 0};
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].kind == RECORD_MEMORY &&
            memmem(list->items[i].value.data, list->items[i].value.length, memory, strlen(memory)))
            id = list->items[i].key;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].kind == kind && memcmp(list->items[i].key.data, id.data, 8) == 0)
            return &list->items[i];
    fail_msg("no record of '%s'", memory);
    return NULL;
}

static int restore_value(struct bench *bench, const struct kept_record *kept,
                         const struct text *value)
{
    struct record record = {kept->kind, kept->key, {value->data, value->length}};
    return rule_set_restore(bench->rules, &record);
}

static void test_values_are_checked(void **state)
{
    (void)state;
    struct home home;
    struct text value;
    home_start(&home, pack, NULL);
    fill(&home.bench);
    commit(&home, NOW);
    text_init(&value, TEXT_UNLIMITED);
    const struct kept_record *increase = find_kept(&home, RECORD_MEMORY_KEY, "increase t_total");
    for (int flags = 0; flags < 4; flags++) {
        text_clear(&value);
        fields_put_8(&value, (uint8_t)flags);
        fields_put_time(&value, NOW);
        fields_put_double(&value, 7);
        assert_int_equal(restore_value(&home.bench, increase, &value), flags < 3 ? 0 : -EINVAL);
    }
    text_clear(&value);
    fields_put_8(&value, 0);
    fields_put_time(&value, NOW);
    fields_put_double(&value, (double)INFINITY);
    assert_int_equal(restore_value(&home.bench, increase, &value), -EINVAL);
    const struct kept_record *memory = find_kept(&home, RECORD_MEMORY, "increase t_total");
    text_clear(&value);
    text_append(&value, memory->value.data, memory->value.length);
    text_append_string(&value, "more");
    assert_int_equal(restore_value(&home.bench, memory, &value), 0);
    value.data[6] ^= 1;
    assert_int_equal(restore_value(&home.bench, memory, &value), -EINVAL);
    text_free(&value);
    home_end(&home);
}

/* Only gauges count members. */
static void test_a_set_of_a_counter_is_refused(void **state)
{
    (void)state;
    struct home home;
    home_start(&home, pack, NULL);
    fill(&home.bench);
    commit(&home, NOW);
    const struct record_list *list = &home.shelf.committed;
    struct record record = {.kind = RECORD_SET};
    size_t refused = 0;
    size_t taken = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].kind == RECORD_SET)
            record.value = list->items[i].value;
    for (size_t i = 0; i < list->count; i++) {
        record.key = list->items[i].key;
        if (list->items[i].kind != RECORD_SERIES)
            continue;
        int result = rule_set_restore(home.bench.rules, &record);
        refused += result == -EINVAL;
        taken += result == 0;
    }
    assert_int_equal(refused, 2);
    assert_int_equal(taken, 2);
    home_end(&home);
}

/* A memory of which no rule knows, or of another pack, kind or scope, is ignored. */
static void test_what_no_rule_knows_is_ignored(void **state)
{
    (void)state;
    static const char *const others[] = {
        "rules: {e: [{remember: m, value: v, scope: file}]}\n",
        "rules: {e: [{start: m}]}\n",
        "rules: {e: [{remember: n, value: v}]}\n",
        "rules: {}\n",
    };
    struct home home;
    home_start(&home, SOURCE "rules: {e: [{remember: m, value: v}]}\n", NULL);
    feed(&home.bench, 0, "{\"type\":\"e\",\"v\":\"text\"}", NOW);
    commit(&home, NOW);
    const struct named_pack before = home.packs[0];
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        AUTO_FREE char *text = memory_format("%s%s", SOURCE, others[i]);
        home.packs[0].text = text;
        restart(&home, NOW);
        assert_int_equal(rule_set_memory_keys(home.bench.rules), 0);
        home.packs[0] = before;
    }
    home.packs[0].name = "other";
    restart(&home, NOW);
    assert_int_equal(rule_set_memory_keys(home.bench.rules), 0);
    home.packs[0] = before;
    restart(&home, NOW);
    assert_int_equal(rule_set_memory_keys(home.bench.rules), 1);
    home_end(&home);
}

/* Of its own size, so that a sanitizer sees what reads past it. */
static struct bytes mutated(struct bytes bytes)
{
    struct bytes copy = copy_bytes(bytes);
    char *data = (char *)(uintptr_t)copy.data;
    int changes = 1 + rand() % 3;
    for (int i = 0; i < changes && copy.length > 0; i++)
        data[(size_t)rand() % copy.length] = (char)(rand() % 3 ? rand() : rand() % 2 ? -1 : 0);
    if (rand() % 4 == 0 && copy.length > 0)
        copy.length = (size_t)rand() % copy.length;
    struct bytes exact = copy_bytes(copy);
    memory_free_pointer(&copy.data);
    return exact;
}

static void restore_mutated(struct bench *bench, const struct kept_record *kept)
{
    struct bytes key = rand() % 3 ? copy_bytes(kept->key) : mutated(kept->key);
    struct bytes value = rand() % 3 ? mutated(kept->value) : copy_bytes(kept->value);
    struct record record = {kept->kind, key, value};
    int result = is_ours(kept->kind) ? rule_set_restore(bench->rules, &record)
                                     : registry_restore(bench->registry, &record, NOW);
    assert_true(result == 0 || result == -EINVAL);
    memory_free_pointer(&key.data);
    memory_free_pointer(&value.data);
}

static void test_mutated_records_do_no_harm(void **state)
{
    (void)state;
    struct home home;
    struct rule_limits limits = {.max_memory_keys = 6};
    home_start(&home, pack, NULL);
    fill(&home.bench);
    commit(&home, NOW);
    srand(11);
    for (int round = 0; round < 300; round++) {
        struct home other;
        home_start(&other, pack, &limits);
        for (size_t i = 0; i < 2 * home.shelf.committed.count; i++)
            restore_mutated(&other.bench,
                            &home.shelf.committed.items[i % home.shelf.committed.count]);
        fill(&other.bench);
        rule_set_tick(other.bench.rules, NOW, true);
        rule_set_tick(other.bench.rules, NOW + 7200 * NANOSECONDS_PER_SECOND, false);
        registry_tick(other.bench.registry, NOW, true);
        fill(&other.bench);
        assert_true(rule_set_memory_keys(other.bench.rules) <= 6);
        commit(&other, NOW);
        restart(&other, NOW); /* what was made of them can be read again */
        home_end(&other);
    }
    home_end(&home);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_records_are_refused),
        cmocka_unit_test(test_values_are_checked),
        cmocka_unit_test(test_a_set_of_a_counter_is_refused),
        cmocka_unit_test(test_what_no_rule_knows_is_ignored),
        cmocka_unit_test(test_mutated_records_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
