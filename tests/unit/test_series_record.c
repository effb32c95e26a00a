/* What may come out of a database: registry/series_record.c, family_record.c, label_check.c. Any
 * bytes at all do no harm, and what cannot be a record is refused. */
#include "registry_home.h"

#include <errno.h>

#include "base/fields.h"

static int restore_labels(const struct scene *scene, uint64_t hash, const char *labels,
                          struct bytes value)
{
    struct text key;
    text_init(&key, TEXT_UNLIMITED);
    fields_put_64_sorted(&key, hash);
    text_append_string(&key, labels);
    struct record record = {RECORD_SERIES, {key.data, key.length}, value};
    int result = registry_restore(scene->registry, &record, START);
    text_free(&key);
    return result;
}

static void test_label_texts_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *labels;
        int result;
    } cases[] = {
        {"", 0},
        {"status=\"ok\"", 0},
        {"job=\"a\"", 0},
        {"status=\"ok\",job=\"a\"", 0},
        {"status=\"a\\\\b\\\"\\nc\xc3\xa9,job=\",job=\"x\"", 0},
        {"job=\"a\",status=\"ok\"", -EINVAL},
        {"status=\"ok\"job=\"a\"", -EINVAL},
        {"status=\"ok\";job=\"a\"", -EINVAL},
        {"status=\"ok\",", -EINVAL},
        {",status=\"ok\"", -EINVAL},
        {"status=\"\"", -EINVAL},
        {"status=\"a", -EINVAL},
        {"status=\"a\\\"", -EINVAL},
        {"status=\"a\\", -EINVAL},
        {"status=\"a\\t\"", -EINVAL},
        {"status=\"a\nb\"", -EINVAL},
        {"status=\"\xff\"", -EINVAL},
        {"status=\"\xc3\"", -EINVAL},
        {"status=\"a\",status=\"b\"", -EINVAL},
        {"other=\"a\"", -EINVAL},
        {"status", -EINVAL},
    };
    struct home home = {.scene = tracked_scene(&counter, &home.shelf)};
    update(&home.scene, UPDATE_ADD, "ok|a", 1, START);
    commit(&home, START);
    struct kept_record *kept = &home.shelf.committed.items[1];
    assert_int_equal(kept->kind, RECORD_SERIES);
    struct fields key = fields_of(kept->key);
    uint64_t hash = fields_64_sorted(&key);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        if (restore_labels(&home.scene, hash, cases[i].labels, kept->value) != cases[i].result)
            fail_msg("%s", cases[i].labels);
    struct record unknown = {RECORD_MEMORY, kept->key, kept->value};
    assert_int_equal(registry_restore(home.scene.registry, &unknown, START), -EINVAL);
    home_free(&home);
}

/* --- Windows -----------------------------------------------------------------------------------
 */

static void put_head(struct text *value, double number)
{
    fields_put_8(value, 0); /* shown */
    fields_put_8(value, 0);
    fields_put_double(value, number);
    fields_put_time(value, START);
    fields_put_32(value, 0);
}

static int restore_value(const struct family_spec *spec, const struct text *value)
{
    struct home home = {.scene = tracked_scene(spec, &home.shelf)};
    update(&home.scene, UPDATE_TOUCH, "a", 0, START);
    commit(&home, START);
    struct record record = {.kind = RECORD_SERIES, .value = {value->data, value->length}};
    for (size_t i = 0; i < home.shelf.committed.count; i++)
        if (home.shelf.committed.items[i].kind == RECORD_SERIES)
            record.key = home.shelf.committed.items[i].key;
    int result = registry_restore(home.scene.registry, &record, START);
    registry_tick(home.scene.registry, START + HOUR, true);
    update(&home.scene, spec->type == METRIC_SUMMARY ? UPDATE_OBSERVE : UPDATE_RATE, "a", 1,
           START + HOUR);
    home_free(&home);
    return result;
}

static void test_sketches_are_checked(void **state)
{
    (void)state;
    const int64_t slot = START / (2 * MINUTE);
    const struct {
        int64_t head;
        int64_t newest;
        uint32_t keys[2];
        uint32_t count;
        int result;
    } cases[] = {
        {slot, START, {40000, 40001}, 1, 0},
        {slot, START - HOUR, {(uint32_t)-80000, 80000}, UINT32_MAX, 0},
        {slot, START, {40000, 40001}, 0, -EINVAL},
        {slot, START, {40001, 40000}, 1, -EINVAL},
        {slot, START, {40000, 40000}, 1, -EINVAL},
        {slot, START, {40000, 80001}, 1, -EINVAL},
        {slot, START, {(uint32_t)INT32_MIN, 0}, 1, -EINVAL},
        {slot, START + HOUR, {40000, 40001}, 1, -EINVAL},
        {INT64_MAX, START, {40000, 40001}, 1, -EINVAL},
        {TIME_NONE + 1, TIME_NONE, {40000, 40001}, 1, -EINVAL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text value;
        text_init(&value, TEXT_UNLIMITED);
        put_head(&value, 1);
        fields_put_64(&value, 2);
        fields_put_8(&value, 1);
        fields_put_time(&value, cases[i].head);
        fields_put_time(&value, cases[i].newest);
        fields_put_time(&value, TIME_NONE); /* arrival: any */
        for (int sketch = 0; sketch < 5; sketch++) {
            fields_put_32(&value, sketch ? 0 : 2);
            for (int j = 0; !sketch && j < 2; j++) {
                fields_put_32(&value, cases[i].keys[j]);
                fields_put_32(&value, cases[i].count);
            }
        }
        fields_put_8(&value, 0);
        if (restore_value(&summary, &value) != cases[i].result)
            fail_msg("case %zu", i);
        text_free(&value);
    }
}

static void test_rates_are_checked(void **state)
{
    (void)state;
    const struct {
        int64_t head;
        uint8_t count;
        uint8_t place;
        int result;
    } cases[] = {
        {START / SECOND, 1, 59, 0},       {TIME_NONE, 0, 0, 0},
        {START / SECOND, 1, 60, -EINVAL}, {START / SECOND, 61, 0, -EINVAL},
        {INT64_MAX, 1, 0, -EINVAL},       {TIME_NONE + 1, 1, 0, -EINVAL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text value;
        text_init(&value, TEXT_UNLIMITED);
        put_head(&value, 1);
        fields_put_8(&value, 1);
        fields_put_time(&value, cases[i].head);
        fields_put_time(&value, INT64_MAX); /* newest, arrival: any */
        fields_put_time(&value, INT64_MAX);
        fields_put_8(&value, cases[i].count);
        for (uint8_t j = 0; j < cases[i].count; j++) {
            fields_put_8(&value, cases[i].place);
            fields_put_double(&value, 1);
        }
        fields_put_8(&value, 0);
        if (restore_value(&gauge, &value) != cases[i].result)
            fail_msg("case %zu", i);
        text_free(&value);
    }
}

static void test_counters_are_checked(void **state)
{
    (void)state;
    static const struct {
        double value;
        int result;
    } cases[] = {{0, 0}, {1e300, 0}, {INFINITY, 0}, {-1e-9, -EINVAL}, {NAN, -EINVAL}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text value;
        text_init(&value, TEXT_UNLIMITED);
        put_head(&value, cases[i].value);
        fields_put_8(&value, 0);
        assert_int_equal(restore_value(&small, &value), cases[i].result);
        text_free(&value);
    }
}

/* A later version may have more to tell. */
static void test_what_follows_is_not_looked_at(void **state)
{
    (void)state;
    struct text value;
    text_init(&value, TEXT_UNLIMITED);
    put_head(&value, 1);
    fields_put_8(&value, 0);
    fields_put_8(&value, 0);
    assert_int_equal(restore_value(&gauge, &value), 0);
    text_append_string(&value, "more");
    assert_int_equal(restore_value(&gauge, &value), 0);
    text_free(&value);
}

/* --- Any bytes ---------------------------------------------------------------------------------
 */

/* A record cut at any byte is refused; with any byte changed, it is refused or a record all the
 * same, and what then comes out of the registry can be read and saved again. */
static struct bytes mutated(struct bytes bytes)
{
    struct bytes copy = copy_bytes(bytes);
    char *data = (char *)(uintptr_t)copy.data;
    int changes = 1 + rand() % 3;
    for (int i = 0; i < changes && copy.length > 0; i++) {
        size_t at = (size_t)rand() % copy.length;
        data[at] = (char)(rand() % 3 ? rand() : rand() % 2 ? -1 : 0);
    }
    if (rand() % 4 == 0 && copy.length > 0)
        copy.length = (size_t)rand() % copy.length;
    /* Of its own size, so that a sanitizer sees what reads past it. */
    struct bytes exact = copy_bytes(copy);
    memory_free_pointer(&copy.data);
    return exact;
}

static void stir(struct registry *registry, int64_t now)
{
    fill(registry, now);
    registry_tick(registry, now + HOUR, true);
    registry_release_born(registry, TIME_NONE, now + HOUR);
    AUTO_FREE char *text = exposition(registry);
    assert_non_null(text);
}

static void check_mutations(const struct kept_record *kept, struct shelf *shelf)
{
    struct registry *registry = registry_new(30);
    define_all(registry);
    registry_track(registry, shelf_recall, shelf, KEEP);
    registry_born_at_zero(registry, rand() % 2);
    for (int i = 0; i < 40; i++) {
        struct bytes key = rand() % 4 ? copy_bytes(kept->key) : mutated(kept->key);
        struct bytes value = mutated(kept->value);
        struct record record = {kept->kind, key, value};
        int result = rand() % 4 ? registry_restore(registry, &record, START)
                                : registry_raise(registry, &record, START);
        assert_true(result == 0 || result == -EINVAL);
        memory_free_pointer(&key.data);
        memory_free_pointer(&value.data);
    }
    stir(registry, START);
    struct shelf saved = {0};
    struct record_sink sink = shelf_sink(&saved);
    registry_save(registry, &sink, START);
    shelf_commit(&saved);
    struct registry *again = registry_new(30);
    define_all(again);
    struct loading loading = {again, START};
    assert_int_equal(shelf_each(&saved, on_restore, &loading), 0);
    stir(again, START);
    registry_free(again);
    registry_free(registry);
    shelf_free(&saved);
}

static void test_mutated_records_do_no_harm(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&counter, &home.shelf)};
    struct registry *registry = home.scene.registry;
    define_all(registry);
    registry_born_at_zero(registry, true);
    fill(registry, START);
    commit(&home, START);
    srand(7);
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < home.shelf.committed.count; i++)
            check_mutations(&home.shelf.committed.items[i], &home.shelf);
    home_free(&home);
}

static void test_cut_records_are_refused(void **state)
{
    (void)state;
    struct home home = {.scene = tracked_scene(&counter, &home.shelf)};
    struct registry *registry = home.scene.registry;
    define_all(registry);
    registry_born_at_zero(registry, true);
    fill(registry, START);
    commit(&home, START);
    struct registry *other = registry_new(PLENTY);
    define_all(other);
    for (size_t i = 0; i < home.shelf.committed.count; i++) {
        const struct kept_record *kept = &home.shelf.committed.items[i];
        for (size_t length = 0; length < kept->value.length; length++) {
            struct bytes cut = copy_bytes((struct bytes){kept->value.data, length});
            struct record record = {kept->kind, kept->key, cut};
            assert_int_equal(registry_restore(other, &record, START), -EINVAL);
            memory_free_pointer(&cut.data);
        }
    }
    AUTO_FREE char *text = exposition(other);
    assert_string_equal(text, ""); /* nothing of what was refused is there */
    registry_free(other);
    home_free(&home);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label_texts_are_checked),
        cmocka_unit_test(test_sketches_are_checked),
        cmocka_unit_test(test_rates_are_checked),
        cmocka_unit_test(test_counters_are_checked),
        cmocka_unit_test(test_what_follows_is_not_looked_at),
        cmocka_unit_test(test_mutated_records_do_no_harm),
        cmocka_unit_test(test_cut_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
