/* What a save costs and holds; ids between memory and the archive; records that cannot be. */
#include "tail/stream_record.h"
#include "tail/tail_internal.h"
#include "tail_restart_fixture.h"

/* --- What a save costs ------------------------------------------------------------------------ */

static void test_quiet_streams_are_not_saved_again(void **state UNUSED)
{
    struct saver *saver = saver_new();
    char name[64];
    for (unsigned i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "f%u", i);
        append_events(name, i + 1, i + 1);
    }
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 0);
    rescan(saver->fixture, 0); /* their times can be relied on now */
    save_and_commit(saver);
    assert_in_range(saver->puts, 300, 310);
    saver->puts = 0;
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 5);
    save_and_commit(saver);
    assert_int_equal(saver->puts, 0);
    append_events("f7", 301, 302);
    rescan(saver->fixture, 0);
    save_and_commit(saver);
    assert_int_equal(saver->puts, 1);
    saver_free(saver);
}

static void test_a_quiet_start_reads_and_saves_nothing(void **state UNUSED)
{
    const struct tail_options options = {.max_open_files = 20};
    struct saver *saver = saver_new_with(&options);
    char name[64];
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "job-%u", i);
        mkdir(name, 0755);
        snprintf(name, sizeof(name), "job-%u/f", i);
        append_events(name, i * 10 + 1, i * 10 + 5);
    }
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 0);
    rescan(saver->fixture, 0);
    stop_and_start(saver);
    assert_int_equal(counts_of(saver->fixture).bytes, 0);
    assert_int_equal(counts_of(saver->fixture).followed, 100);
    assert_in_range(counts_of(saver->fixture).open, 1, 20);
    assert_int_equal(saver->asked, 0);
    save_and_commit(saver);
    assert_int_equal(saver->puts, 0);
    assert_int_equal(saver->fixture->ok, 500);
    saver_free(saver);
}

static void test_nothing_is_saved_without_an_archive(void **state UNUSED)
{
    struct saver saver = {0};
    struct fixture *fixture = fixture_new();
    saver.sink =
        (struct record_sink){.context = &saver, .put = on_put, .remove = on_remove, .ids = on_ids};
    append_events("f", 1, 3);
    rescan(fixture, 0);
    tail_save(fixture->tail, &saver.sink);
    tail_saved(fixture->tail);
    assert_int_equal(saver.open.count, 0);
    assert_int_equal(tail_unsaved_ids(fixture->tail), 0);
    assert_int_equal(counts_of(fixture).ids_in_memory, 3);
    fixture_free(fixture);
}

static void test_records_go_with_their_streams(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("f", 1, 1);
    mkdir("empty", 0755);
    append("empty/g", "");
    rescan(saver->fixture, 0);
    save_and_commit(saver);
    assert_int_equal(saver->value_count, 5); /* two streams, two directories, the room */
    unlink("f");
    unlink("empty/g");
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 70);
    save_and_commit(saver);
    assert_int_equal(saver->value_count, 2); /* ids stay with their directory */
    append("empty/g", "");
    rescan(saver->fixture, 0);
    stop_process(saver);
    assert_int_equal(saver->value_count, 4);
    unlink("empty/g"); /* of which nothing was counted */
    begin_and_start(saver);
    save_and_commit(saver);
    assert_int_equal(saver->value_count, 2);
    saver_free(saver);
}

/* --- Ids between memory and the archive ------------------------------------------------------- */

/* Descriptors of unlinked files wait for the commit, but not any number of them. */
static void test_few_descriptors_wait_for_a_commit(void **state UNUSED)
{
    struct saver *saver = saver_new();
    char name[64];
    for (unsigned i = 0; i < 150; i++) {
        snprintf(name, sizeof(name), "f%u", i);
        append_events(name, i + 1, i + 1);
    }
    rescan(saver->fixture, 0);
    for (unsigned i = 0; i < 150; i++) {
        snprintf(name, sizeof(name), "f%u", i);
        unlink(name);
        if (i == 20 || i == 149) {
            rescan(saver->fixture, 0);
            pass_time(saver->fixture, 20);
        }
        if (i == 20)
            save(saver);
    }
    assert_int_equal(saver->fixture->closed, 150);
    assert_int_equal(counts_of(saver->fixture).open, 64);
    commit(saver);
    assert_int_equal(counts_of(saver->fixture).open, 64); /* the first of them went already */
    save_and_commit(saver);
    assert_int_equal(counts_of(saver->fixture).open, 0);
    saver_free(saver);
}

static void test_ids_leave_memory_when_they_are_committed(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("f", 1, 100);
    rescan(saver->fixture, 0);
    assert_int_equal(tail_unsaved_ids(saver->fixture->tail), 100);
    save(saver);
    assert_int_equal(tail_unsaved_ids(saver->fixture->tail), 100);
    append_events("f", 101, 110);
    rescan(saver->fixture, 0);
    assert_int_equal(tail_unsaved_ids(saver->fixture->tail), 110);
    commit(saver);
    assert_int_equal(tail_unsaved_ids(saver->fixture->tail), 10);
    save_and_commit(saver);
    assert_int_equal(tail_unsaved_ids(saver->fixture->tail), 0);
    assert_int_equal(counts_of(saver->fixture).id_bytes, 0);
    assert_int_equal(saver->asked, 0); /* a single stream that grew */
    saver_free(saver);
}

/* Known in memory, in the save under way, and in the archive. */
static void test_ids_are_known_wherever_they_are(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("f", 1, 10);
    rescan(saver->fixture, 0);
    save_and_commit(saver);
    append_events("f", 11, 20);
    rescan(saver->fixture, 0);
    save(saver);
    append_events("f", 21, 30);
    rescan(saver->fixture, 0);
    append_events("copy", 1, 31);
    rescan(saver->fixture, 0);
    assert_int_equal(saver->fixture->ok, 31);
    commit(saver);
    append_events("copy", 11, 32);
    rescan(saver->fixture, 0);
    save(saver);
    append_events("copy", 1, 33);
    rescan(saver->fixture, 0);
    assert_int_equal(saver->fixture->ok, 33);
    commit(saver);
    crash_and_start(saver);
    assert_int_equal(saver->fixture->ok, 33);
    saver_free(saver);
}

static void test_the_check_holds_over_restarts(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("f", 1, 5);
    rescan(saver->fixture, 0);
    stop_and_start(saver);
    append_events("f", 1, 5); /* the same stream: it only grows, so nobody asks */
    rescan(saver->fixture, 0);
    assert_int_equal(saver->fixture->ok, 10);
    assert_int_equal(truncate("f", 0), 0);
    append_events("f", 1, 6);
    rescan(saver->fixture, 0);
    assert_int_equal(saver->fixture->ok, 11);
    stop_and_start(saver);
    append_events("f", 1, 7);
    rescan(saver->fixture, 0);
    assert_int_equal(saver->fixture->ok, 12);
    saver_free(saver);
}

/* Saves fail for long: what memory cannot hold is dropped, and told. */
static void test_memory_is_bounded_while_nothing_is_saved(void **state UNUSED)
{
    const struct tail_options options = {.id_memory = 20 * 1024};
    struct saver *saver = saver_new_with(&options);
    char name[64];
    for (unsigned job = 0; job < 20; job++) {
        snprintf(name, sizeof(name), "job-%u", job);
        mkdir(name, 0755);
        snprintf(name, sizeof(name), "job-%u/f", job);
        append_events(name, job * 200 + 1, job * 200 + 200);
        if (job == 10)
            save(saver);
        rescan(saver->fixture, 0);
    }
    assert_int_equal(saver->fixture->ok, 4000);
    assert_in_range(counts_of(saver->fixture).id_bytes, 1, 20 * 1024);
    assert_in_range(counts_of(saver->fixture).directories_without_ids, 5, 19);
    commit(saver);
    save_and_commit(saver);
    stop_and_start(saver);
    assert_int_equal(saver->fixture->ok, 4000);
    saver_free(saver);
}

/* --- Records that cannot be ------------------------------------------------------------------- */

static int restore_bytes(struct tail *tail, enum record_kind kind, uint64_t id, const char *bytes,
                         size_t length)
{
    struct text key;
    text_init(&key, 8);
    fields_put_64_sorted(&key, id);
    const struct record record = {kind, {key.data, key.length}, {bytes, length}};
    int r = tail_restore(tail, &record);
    text_free(&key);
    return r;
}

/* What was saved, cut short and with each byte changed: taken or refused, never worse. */
static void test_damaged_records(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("f", 1, 3);
    rescan(saver->fixture, 0);
    stop_process(saver);
    for (size_t i = 0; i < saver->value_count; i++) {
        const struct saved_value *value = &saver->values[i];
        for (size_t at = 0; at < value->length; at++) {
            AUTO_FREE char *bytes = memory_copy(value->bytes, value->length);
            struct tail_options options = saver->options;
            begin_tail(saver->fixture, &options);
            assert_int_equal(restore_bytes(saver->fixture->tail, value->kind, value->id, bytes, at),
                             -EINVAL);
            bytes[at] = (char)(bytes[at] ^ 0xFF);
            (void)!restore_bytes(saver->fixture->tail, value->kind, value->id, bytes,
                                 value->length);
            rescan(saver->fixture, 0);
            tail_free(saver->fixture->tail);
        }
    }
    saver->fixture->tail = NULL;
    saver_free(saver);
}

static void test_records_of_a_later_version_may_be_longer(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("f", 1, 3);
    rescan(saver->fixture, 0);
    stop_process(saver);
    for (size_t i = 0; i < saver->value_count; i++) {
        struct saved_value *value = &saver->values[i];
        value->bytes = memory_resize(value->bytes, value->length + 3, 1);
        memset(value->bytes + value->length, 'x', 3);
        value->length += 3;
    }
    begin_and_start(saver);
    assert_int_equal(saver->fixture->ok, 3);
    saver_free(saver);
}

static void test_records_that_are_none(void **state UNUSED)
{
    struct saver *saver = saver_new();
    struct tail *tail = saver->fixture->tail;
    const struct record no_key = {RECORD_STREAM, {"", 0}, {"", 0}};
    assert_int_equal(tail_restore(tail, &no_key), -EINVAL);
    assert_int_equal(restore_bytes(tail, RECORD_STREAM, 0, "", 0), -EINVAL);
    assert_int_equal(restore_bytes(tail, RECORD_SERIES, 1, "", 0), -EINVAL);
    append_events("f", 1, 3);
    rescan(saver->fixture, 0);
    stop_process(saver);
    begin_again(saver);
    for (size_t i = 0; i < saver->value_count; i++) {
        const struct saved_value *value = &saver->values[i];
        if (value->id > 0) /* twice */
            assert_int_equal(restore_bytes(saver->fixture->tail, value->kind, value->id + 1,
                                           value->bytes, value->length),
                             -EINVAL);
    }
    saver_free(saver);
}

/* --- What the operator sees ------------------------------------------------------------------- */

static void test_facts_of_a_file(void **state UNUSED)
{
    struct saver *saver = saver_new();
    struct tail_file_facts facts;
    append_events("f", 1, 3);
    append_half("f", 4);
    rescan(saver->fixture, 0);
    size_t position = 0;
    struct tail_file *file = tail_next_file(saver->fixture->tail, &position);
    tail_file_facts(file, &facts);
    struct stat told;
    assert_int_equal(stat("f", &told), 0);
    assert_int_equal(facts.size, told.st_size);
    assert_int_equal(facts.offset, told.st_size - 20);
    assert_int_equal(facts.bytes_behind, 0);
    assert_int_equal(facts.lines, 3);
    assert_int_equal(facts.inode, told.st_ino);
    assert_true(facts.open);
    assert_false(facts.held || facts.unlinked || facts.compressed || facts.checked || facts.failed);
    int writer = open_append("f");
    write_text(writer, event(5));
    look(saver->fixture, "f");
    tail_file_facts(file, &facts);
    assert_int_equal(facts.bytes_behind, strlen(event(5)));
    append_events("g", 6, 6);
    unlink("f");
    rescan(saver->fixture, 0);
    position = 0;
    while ((file = tail_next_file(saver->fixture->tail, &position)) != NULL) {
        bool first = strstr(tail_file_path(file), "/f") != NULL;
        tail_file_facts(file, &facts);
        assert_true(facts.checked);
        assert_int_equal(facts.held, first);
        assert_int_equal(facts.unlinked, first);
    }
    close(writer);
    saver_free(saver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quiet_streams_are_not_saved_again),
        cmocka_unit_test(test_a_quiet_start_reads_and_saves_nothing),
        cmocka_unit_test(test_nothing_is_saved_without_an_archive),
        cmocka_unit_test(test_records_go_with_their_streams),
        cmocka_unit_test(test_few_descriptors_wait_for_a_commit),
        cmocka_unit_test(test_ids_leave_memory_when_they_are_committed),
        cmocka_unit_test(test_ids_are_known_wherever_they_are),
        cmocka_unit_test(test_the_check_holds_over_restarts),
        cmocka_unit_test(test_memory_is_bounded_while_nothing_is_saved),
        cmocka_unit_test(test_damaged_records),
        cmocka_unit_test(test_records_of_a_later_version_may_be_longer),
        cmocka_unit_test(test_records_that_are_none),
        cmocka_unit_test(test_facts_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
