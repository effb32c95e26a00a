/* The first catch-up: where it aims, and when it has arrived. */
#include "tail_fixture.h"

static struct tail_progress progress_of(const struct fixture *fixture, bool expected)
{
    struct tail_progress progress;
    assert_int_equal(tail_arrived(fixture->tail, &progress), expected);
    return progress;
}

static uint64_t size_of(const char *name)
{
    struct stat told;
    assert_int_equal(stat(name, &told), 0);
    return (uint64_t)told.st_size;
}

static void test_nothing_to_read(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    progress_of(fixture, false); /* nobody has aimed */
    append("empty", "");
    look(fixture, "empty");
    tail_aim(fixture->tail);
    progress_of(fixture, true);
    append_events("f", 1, 3);
    look(fixture, "f");
    progress_of(fixture, true); /* for ever */
    fixture_free(fixture);
}

static void test_arrives_with_the_last_file(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 256};
    struct fixture *fixture = fixture_new_with(&options);
    append_events("f", 1, 10);
    append_events("g", 11, 15);
    uint64_t size = size_of("f") + size_of("g");
    look(fixture, "f");
    look(fixture, "g");
    tail_aim(fixture->tail);
    struct tail_progress progress = progress_of(fixture, false);
    assert_int_equal(progress.bytes_total, size);
    assert_int_equal(progress.bytes_left, size);
    assert_int_equal(progress.files_left, 2);
    uint64_t left = size;
    while (!tail_arrived(fixture->tail, &progress)) {
        assert_in_range(progress.bytes_left, 0, left);
        left = progress.bytes_left;
        assert_true(tail_turn(fixture->tail, 0) || fixture->ok == 15);
    }
    assert_int_equal(fixture->ok, 15);
    assert_int_equal(progress.bytes_left, 0);
    assert_int_equal(progress.bytes_total, size);
    fixture_free(fixture);
}

static void test_what_is_appended_meanwhile_is_not_waited_for(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 256};
    struct fixture *fixture = fixture_new_with(&options);
    append_events("f", 1, 10);
    look(fixture, "f");
    tail_aim(fixture->tail);
    struct tail_progress progress;
    unsigned id = 11;
    while (!tail_arrived(fixture->tail, &progress)) {
        append_events("f", id, id + 2); /* more than is read in a turn */
        id += 3;
        look(fixture, "f");
        assert_true(id < 200);
        tail_turn(fixture->tail, 0);
    }
    assert_in_range(fixture->ok, 10, id - 2);
    append_events("new", 1000, 1001);
    look(fixture, "new");
    progress_of(fixture, true);
    fixture_free(fixture);
}

static void test_truncated_and_vanished_files_are_not_waited_for(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 256, .max_open_files = 1};
    struct fixture *fixture = fixture_new_with(&options);
    append_events("f", 1, 10);
    append_events("g", 11, 20);
    append_events("h", 21, 30);
    look(fixture, "f");
    look(fixture, "g");
    look(fixture, "h");
    tail_aim(fixture->tail);
    assert_int_equal(truncate("f", 0), 0);
    append_events("f", 31, 31);
    unlink("g"); /* closed */
    for (int turn = 0; turn < 100; turn++)
        tail_turn(fixture->tail, 0);
    progress_of(fixture, true);
    assert_int_equal(fixture->counted[31], 1);
    fixture_free(fixture);
}

/* What is left of it is, though: it may hold what was counted before a crash. */
static void test_truncated_file_is_read_to_its_new_end(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 256};
    struct fixture *fixture = fixture_new_with(&options);
    append_events("f", 1, 10);
    look(fixture, "f");
    tail_aim(fixture->tail);
    tail_turn(fixture->tail, 0);
    tail_turn(fixture->tail, 0);
    assert_int_equal(truncate("f", 0), 0);
    append_events("f", 11, 15);
    uint64_t size = size_of("f");
    tail_turn(fixture->tail, 0);
    struct tail_progress progress = progress_of(fixture, false);
    assert_in_range(progress.bytes_left, 1, size);
    while (!tail_arrived(fixture->tail, &progress))
        tail_turn(fixture->tail, 0);
    assert_int_equal(fixture->counted[15], 1);
    fixture_free(fixture);
}

static void test_file_that_cannot_be_read_is_not_waited_for(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    chmod(fixture->root, 0777);
    if (seteuid(65534) < 0)
        skip();
    append_events("f", 1, 3);
    append_events("g", 4, 4);
    chmod("f", 0);
    look(fixture, "f");
    look(fixture, "g");
    tail_aim(fixture->tail);
    turn_all(fixture);
    progress_of(fixture, true);
    assert_int_equal(fixture->ok, 1);
    assert_int_equal(seteuid(0), 0);
    fixture_free(fixture);
}

static void test_deleted_file_is_read_to_its_end(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 256};
    struct fixture *fixture = fixture_new_with(&options);
    append_events("f", 1, 10);
    look(fixture, "f");
    tail_aim(fixture->tail);
    unlink("f");
    gone(fixture, "f");
    tail_turn(fixture->tail, 0);
    progress_of(fixture, false);
    turn_all(fixture);
    progress_of(fixture, true);
    assert_int_equal(fixture->ok, 10);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_read),
        cmocka_unit_test(test_arrives_with_the_last_file),
        cmocka_unit_test(test_what_is_appended_meanwhile_is_not_waited_for),
        cmocka_unit_test(test_truncated_and_vanished_files_are_not_waited_for),
        cmocka_unit_test(test_truncated_file_is_read_to_its_new_end),
        cmocka_unit_test(test_file_that_cannot_be_read_is_not_waited_for),
        cmocka_unit_test(test_deleted_file_is_read_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
