/* Bounds and refusals: descriptors, held files, memory of ids, time of a turn, permissions. */
#include <sys/resource.h>

#include "tail_fixture.h"

#define NOBODY 65534

static void append_number(const char *prefix, unsigned number, unsigned first, unsigned last)
{
    char name[64];
    snprintf(name, sizeof(name), "%s%u", prefix, number);
    append_events(name, first, last);
}

/* As another user than root, whom permissions do not stop. */
static struct fixture *fixture_new_unprivileged(void)
{
    struct fixture *fixture = fixture_new();
    if (geteuid() == 0) {
        assert_int_equal(chown(fixture->root, NOBODY, NOBODY), 0);
        assert_int_equal(seteuid(NOBODY), 0);
    }
    return fixture;
}

static void fixture_free_unprivileged(struct fixture *fixture)
{
    assert_int_equal(seteuid(getuid()), 0);
    fixture_free(fixture);
}

static void test_unreadable_file_is_read_once_it_may_be(void **state UNUSED)
{
    struct fixture *fixture = fixture_new_unprivileged();
    append_events("f", 1, 3);
    append_events("g", 4, 4);
    chmod("f", 0);
    rescan(fixture, 0);
    rescan(fixture, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 1);
    assert_int_equal(fixture->notices, 1);
    assert_int_equal(counts_of(fixture).lag_bytes, 0);
    chmod("f", 0600);
    pass_time(fixture, 1);
    assert_int_equal(fixture->ok, 4);
    chmod("f", 0); /* an open file stays open */
    rescan(fixture, 0);
    assert_int_equal(fixture->notices, 1);
    assert_int_equal(counts_of(fixture).lag_bytes, 0);
    fixture_free_unprivileged(fixture);
}

static void test_unreachable_file_is_told_once_a_change(void **state UNUSED)
{
    struct fixture *fixture = fixture_new_unprivileged();
    mkdir("job", 0700);
    append_events("job/f", 1, 3);
    for (unsigned round = 1; round <= 2; round++) {
        chmod("job", 0);
        look(fixture, "job/f");
        look(fixture, "job/f");
        assert_int_equal(fixture->notices, round);
        chmod("job", 0700);
        read_file(fixture, "job/f");
        assert_int_equal(fixture->ok, 3);
        assert_int_equal(fixture->closed, 0);
    }
    fixture_free_unprivileged(fixture);
}

static void test_few_descriptors_for_many_files(void **state UNUSED)
{
    const struct tail_options options = {.max_open_files = 4};
    struct fixture *fixture = fixture_new_with(&options);
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < 30; i++)
            append_number("f", i, 1 + (round * 30 + i) * 3, 3 + (round * 30 + i) * 3);
        rescan(fixture, round);
        assert_in_range(counts_of(fixture).open, 1, 4);
        assert_int_equal(fixture->ok, (round + 1) * 90);
    }
    assert_int_equal(fixture->opened, 30);
    assert_int_equal(counts_of(fixture).truncations_read, 0);
    fixture_free(fixture);
}

static void test_closed_streams_are_found_under_other_names(void **state UNUSED)
{
    const struct tail_options options = {.max_open_files = 1};
    struct fixture *fixture = fixture_new_with(&options);
    append("f", "{\"a\":1}\n");
    append("g", "{\"b\":1}\n");
    append("h", "{\"c\":1}\n");
    rescan(fixture, 0);
    rename("f", "f.1");
    append("f.1", "{\"a\":2}\n");
    append("f", "{\"a\":3}\n");
    rescan(fixture, 1);
    pass_time(fixture, 100);
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 5);
    assert_int_equal(counts_of(fixture).given_up_vanished, 0);
    fixture_free(fixture);
}

static void test_closed_stream_that_was_changed_in_place(void **state UNUSED)
{
    const struct tail_options options = {.max_open_files = 1};
    struct fixture *fixture = fixture_new_with(&options);
    append("f", "{\"id\":1}\n{\"id\":2}\n");
    append_events("g", 100, 100);
    rescan(fixture, 0);
    read_file(fixture, "g");
    assert_int_equal(truncate("f", 0), 0);
    append("f", "{\"id\":7}\n{\"id\":2}\n{\"id\":3}\n"); /* the marker fits, the first line not */
    append_events("g", 101, 101);
    read_file(fixture, "g");
    read_file(fixture, "f");
    assert_int_equal(fixture->counted[1] + fixture->counted[2], 2);
    assert_int_equal(fixture->counted[7] + fixture->counted[3], 2);
    fixture_free(fixture);
}

static void test_closed_stream_that_vanishes_unread_is_told(void **state UNUSED)
{
    const struct tail_options options = {.max_open_files = 1};
    struct fixture *fixture = fixture_new_with(&options);
    append_events("f", 1, 1);
    append_events("g", 2, 2);
    rescan(fixture, 0);
    read_file(fixture, "g");
    append_events("f", 3, 3);
    append_events("g", 4, 4);
    read_file(fixture, "g");
    look(fixture, "f");
    unlink("f");
    turn_all(fixture);
    gone(fixture, "f");
    pass_time(fixture, 100);
    assert_int_equal(counts_of(fixture).given_up_vanished, 1);
    assert_int_equal(counts_of(fixture).lag_bytes, 0);
    assert_int_equal(fixture->closed, 1);
    fixture_free(fixture);
}

static void test_more_held_than_allowed(void **state UNUSED)
{
    const struct tail_options options = {.max_held_files = 3};
    struct fixture *fixture = fixture_new_with(&options);
    int writers[10];
    for (unsigned i = 0; i < 10; i++) {
        char name[64];
        snprintf(name, sizeof(name), "f%u", i);
        writers[i] = open_append(name);
        write_text(writers[i], event(i + 1));
    }
    rescan(fixture, 0);
    for (unsigned i = 0; i < 10; i++) {
        char name[64];
        snprintf(name, sizeof(name), "f%u", i);
        unlink(name);
    }
    rescan(fixture, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 10);
    assert_int_equal(counts_of(fixture).held, 3);
    assert_int_equal(counts_of(fixture).given_up_cap, 7);
    assert_int_equal(fixture->closed, 7);
    for (unsigned i = 0; i < 10; i++)
        close(writers[i]);
    pass_time(fixture, 20);
    assert_int_equal(counts_of(fixture).held, 0);
    assert_int_equal(counts_of(fixture).given_up_cap, 7);
    fixture_free(fixture);
}

static void test_no_descriptor_left_in_the_process(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    struct rlimit before;
    for (unsigned i = 0; i < 40; i++)
        append_number("f", i, i + 1, i + 1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit few = before;
    few.rlim_cur = 20;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    rescan(fixture, 0);
    unsigned counted_with_few = fixture->ok;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 40);
    assert_int_equal(counted_with_few, 40);
    fixture_free(fixture);
}

static void test_memory_of_ids_is_bounded(void **state UNUSED)
{
    const struct tail_options options = {.id_memory = 20 * 1024};
    struct fixture *fixture = fixture_new_with(&options);
    for (unsigned job = 0; job < 20; job++) {
        char name[64];
        snprintf(name, sizeof(name), "job-%u", job);
        mkdir(name, 0755);
        snprintf(name, sizeof(name), "job-%u/f", job);
        append_events(name, job * 200 + 1, job * 200 + 200);
    }
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 4000);
    assert_in_range(counts_of(fixture).ids_in_memory, 1000, 20 * 1024 / 8);
    assert_in_range(counts_of(fixture).directories_without_ids, 5, 19);
    fixture_free(fixture);
}

static void test_small_fresh_file_is_not_starved(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 4096};
    struct fixture *fixture = fixture_new_with(&options);
    for (unsigned i = 0; i < 20; i++)
        append_number("f", i, 1 + i * 500, 500 + i * 500);
    for (unsigned i = 0; i < 20; i++) {
        char name[64];
        snprintf(name, sizeof(name), "f%u", i);
        look(fixture, name);
    }
    tail_turn(fixture->tail, 0);
    append_events("fresh", 15000, 15000);
    look(fixture, "fresh");
    for (int turn = 0; turn < 21; turn++)
        assert_true(tail_turn(fixture->tail, 0));
    assert_int_equal(fixture->counted[15000], 1);
    assert_in_range(fixture->ok, 20, 2000);
    fixture_free(fixture);
}

static void set_time(const char *name, time_t seconds)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
}

static void test_catch_up_begins_with_the_newest_directory(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    for (unsigned i = 0; i < 5; i++) {
        char name[64];
        snprintf(name, sizeof(name), "d%u", i);
        mkdir(name, 0755);
        snprintf(name, sizeof(name), "d%u/f", i);
        append_events(name, i + 1, i + 1);
        set_time(name, 1000 + (i * 3) % 5);
        look(fixture, name);
    }
    static const unsigned expected[] = {3, 1, 4, 2, 0}; /* seconds 4, 3, 2, 1, 0 */
    for (unsigned i = 0; i < 5; i++) {
        char name[64];
        snprintf(name, sizeof(name), "d%u/f", expected[i]);
        tail_turn(fixture->tail, 0);
        assert_string_equal(fixture->last_path, full(fixture, name));
    }
    fixture_free(fixture);
}

static void test_catch_up_reads_a_directory_in_order_of_writing(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 200};
    struct fixture *fixture = fixture_new_with(&options);
    for (unsigned i = 0; i < 5; i++) {
        char name[64];
        snprintf(name, sizeof(name), "f%u", i);
        append_events(name, i * 10 + 1, i * 10 + 10);
        set_time(name, 1000 + (i * 3) % 5);
        look(fixture, name);
    }
    static const unsigned expected[] = {0, 2, 4, 1, 3};
    for (unsigned i = 0; i < 5; i++) {
        while (fixture->ok < (i + 1) * 10)
            tail_turn(fixture->tail, 0);
        char name[64];
        snprintf(name, sizeof(name), "f%u", expected[i]);
        assert_string_equal(fixture->last_path, full(fixture, name));
    }
    fixture_free(fixture);
}

/* The new file is older than what it replaced, so it comes first; yet the other is read before. */
static void test_catch_up_of_a_file_that_was_replaced(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "{\"a\":1}\n{\"a\":2}\n");
    append("g", "{\"a\":3}\n");
    look(fixture, "f");
    look(fixture, "g");
    append("f.tmp", "{\"a\":1}\n");
    set_time("f.tmp", 1000);
    rename("f.tmp", "f");
    look(fixture, "f");
    for (int turn = 0; turn < 20; turn++)
        tail_turn(fixture->tail, 0);
    assert_false(tail_turn(fixture->tail, 0));
    assert_int_equal(fixture->ok, 3);
    assert_int_equal(fixture->repeated, 1);
    fixture_free(fixture);
}

static void test_a_turn_ends_when_its_time_is_up(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    for (unsigned round = 0; round < 20; round++)
        append_events("f", 1, 10000);
    uint64_t size = 0;
    look(fixture, "f");
    size = counts_of(fixture).lag_bytes;
    assert_in_range(size, 10 << 20, 100 << 20);
    int64_t begun = clock_monotonic();
    assert_true(tail_turn(fixture->tail, NANOSECONDS_PER_MILLISECOND));
    assert_in_range(clock_monotonic() - begun, 0, 100 * NANOSECONDS_PER_MILLISECOND);
    assert_in_range(counts_of(fixture).lag_bytes, 1, size - 1);
    assert_in_range(counts_of(fixture).lag_bytes + counts_of(fixture).bytes, size - 512, size);
    turn_all(fixture);
    assert_int_equal(counts_of(fixture).lag_bytes, 0);
    assert_int_equal(counts_of(fixture).bytes, size);
    fixture_free(fixture);
}

static void test_unwanted_files_are_not_kept(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    fixture->refuse_open = true;
    append_events("f", 1, 1);
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 0);
    assert_int_equal(counts_of(fixture).followed, 0);
    assert_int_equal(counts_of(fixture).open, 0);
    fixture->refuse_open = false;
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 1);
    fixture_free(fixture);
}

static void test_moved_to_an_unwanted_name(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 1);
    rescan(fixture, 0);
    fixture->refuse_open = true;
    append_events("f", 2, 2);
    rename("f", "g");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 2);
    assert_string_equal(fixture->last_path, full(fixture, "f"));
    pass_time(fixture, 20);
    assert_int_equal(counts_of(fixture).followed + counts_of(fixture).held, 0);
    assert_int_equal(fixture->closed, 1);
    fixture_free(fixture);
}

static void test_owner_walks_and_renews_its_pointers(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    for (unsigned i = 0; i < 10; i++)
        append_number("f", i, i + 1, i + 1);
    rescan(fixture, 0);
    bool seen[11] = {false};
    size_t position = 0;
    unsigned count = 0;
    for (struct tail_file *file; (file = tail_next_file(fixture->tail, &position)) != NULL;) {
        uint64_t id = tail_file_id(file);
        assert_in_range(id, 1, 10);
        assert_false(seen[id]);
        seen[id] = true;
        count++;
        tail_file_set_user(file, fixture);
        assert_ptr_equal(tail_file_user(file), fixture);
        assert_int_equal(tail_directory_id(tail_file_directory(file)), 1);
    }
    assert_int_equal(count, 10);
    fixture_free(fixture);
}

static void test_thousands_of_empty_files_cost_little(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    for (unsigned i = 0; i < 3000; i++) {
        char name[64];
        snprintf(name, sizeof(name), "f%u", i);
        append(name, "");
    }
    rescan(fixture, 0);
    int64_t begun = clock_monotonic();
    rescan(fixture, 0);
    assert_in_range(clock_monotonic() - begun, 0, NANOSECONDS_PER_SECOND);
    assert_int_equal(counts_of(fixture).followed, 3000);
    assert_int_equal(counts_of(fixture).open, 0);
    remove_tree("."); /* all of them */
    rescan(fixture, 0);
    pass_time(fixture, 70);
    assert_int_equal(counts_of(fixture).followed, 0);
    assert_int_equal(counts_of(fixture).given_up_vanished, 0);
    assert_int_equal(fixture->closed, 3000);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unreadable_file_is_read_once_it_may_be),
        cmocka_unit_test(test_unreachable_file_is_told_once_a_change),
        cmocka_unit_test(test_few_descriptors_for_many_files),
        cmocka_unit_test(test_closed_streams_are_found_under_other_names),
        cmocka_unit_test(test_closed_stream_that_was_changed_in_place),
        cmocka_unit_test(test_closed_stream_that_vanishes_unread_is_told),
        cmocka_unit_test(test_more_held_than_allowed),
        cmocka_unit_test(test_no_descriptor_left_in_the_process),
        cmocka_unit_test(test_memory_of_ids_is_bounded),
        cmocka_unit_test(test_small_fresh_file_is_not_starved),
        cmocka_unit_test(test_catch_up_begins_with_the_newest_directory),
        cmocka_unit_test(test_catch_up_reads_a_directory_in_order_of_writing),
        cmocka_unit_test(test_catch_up_of_a_file_that_was_replaced),
        cmocka_unit_test(test_a_turn_ends_when_its_time_is_up),
        cmocka_unit_test(test_unwanted_files_are_not_kept),
        cmocka_unit_test(test_moved_to_an_unwanted_name),
        cmocka_unit_test(test_owner_walks_and_renews_its_pointers),
        cmocka_unit_test(test_thousands_of_empty_files_cost_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
