/* What is remembered of files that are gone: as long as the retention, whatever the clock says. */
#include "tail_restart_fixture.h"

#define YEAR (365 * 24 * 3600 * NANOSECONDS_PER_SECOND)

/* Seconds of ticks count as they pass when they are short beside the retention. */
static struct saver *saver_with_retention(int64_t seconds)
{
    const struct tail_options options = {.retention = seconds * NANOSECONDS_PER_SECOND};
    return saver_new_with(&options);
}

static unsigned records(const struct saver *saver, enum record_kind kind)
{
    unsigned count = 0;
    for (size_t i = 0; i < saver->value_count; i++)
        count += saver->values[i].kind == kind && saver->values[i].id != 0;
    return count;
}

static size_t ids_on_disk(const struct saver *saver)
{
    size_t count = 0;
    for (size_t i = 0; i < saver->disk.count; i++)
        count += ids_count(&saver->disk.sets[i]);
    return count;
}

static void make_job(unsigned job, unsigned first_id)
{
    char name[64];
    snprintf(name, sizeof(name), "job-%u", job);
    mkdir(name, 0755);
    snprintf(name, sizeof(name), "job-%u/f", job);
    append_events(name, first_id, first_id + 2);
}

static void test_missing_files_are_forgotten_with_their_ids(void **state UNUSED)
{
    struct saver *saver = saver_with_retention(100);
    make_job(1, 1);
    make_job(2, 11);
    rescan(saver->fixture, 0);
    stop_process(saver);
    remove_tree("job-1");
    begin_and_start(saver);
    pass_time(saver->fixture, 95);
    save_and_commit(saver);
    assert_int_equal(records(saver, RECORD_STREAM), 2);
    assert_int_equal(records(saver, RECORD_DIRECTORY), 2);
    assert_int_equal(ids_on_disk(saver), 6);
    pass_time(saver->fixture, 10);
    save_and_commit(saver);
    assert_int_equal(records(saver, RECORD_STREAM), 1);
    assert_int_equal(records(saver, RECORD_DIRECTORY), 1);
    assert_int_equal(ids_on_disk(saver), 3);
    make_job(1, 1); /* nobody knows it any more */
    rescan(saver->fixture, 0);
    stop_and_start(saver);
    assert_int_equal(saver->fixture->ok, 9);
    saver_free(saver);
}

static void test_a_file_that_comes_back_in_time(void **state UNUSED)
{
    struct saver *saver = saver_with_retention(100);
    append("f", "{\"a\":1}\n");
    rescan(saver->fixture, 0);
    stop_process(saver);
    rename("f", ".away");
    begin_and_start(saver);
    pass_time(saver->fixture, 90);
    rename(".away", "f");
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 50);
    stop_process(saver);
    rename("f", ".away");
    begin_and_start(saver);
    pass_time(saver->fixture, 90); /* counted anew */
    rename(".away", "f");
    rescan(saver->fixture, 0);
    assert_int_equal(saver->fixture->ok, 1);
    saver_free(saver);
}

/* Time counts on over restarts, also those that come without a save in between. */
static void test_time_adds_up_over_restarts(void **state UNUSED)
{
    struct saver *saver = saver_with_retention(2000);
    append_events("f", 1, 1);
    rescan(saver->fixture, 0);
    stop_process(saver);
    unlink("f");
    begin_and_start(saver);
    for (int round = 0; round < 5; round++) {
        assert_int_equal(records(saver, RECORD_STREAM), 1);
        pass_time(saver->fixture, 380);
        stop_and_start(saver);
        pass_time(saver->fixture, 50);
        crash_and_start(saver); /* 50 s are lost: it is kept longer */
    }
    pass_time(saver->fixture, 120);
    save_and_commit(saver);
    assert_int_equal(records(saver, RECORD_STREAM), 0);
    saver_free(saver);
}

static void test_a_clock_that_jumps_drops_nothing(void **state UNUSED)
{
    struct saver *saver = saver_with_retention(1600);
    append("f", "{\"a\":1}\n");
    rescan(saver->fixture, 0);
    stop_process(saver);
    rename("f", ".away");
    static const int64_t jumps[] = {YEAR, -YEAR, YEAR, -2 * YEAR};
    for (size_t i = 0; i < ARRAY_LENGTH(jumps); i++) {
        begin_again(saver);
        forget_known(saver->fixture);
        tail_walked(saver->fixture->tail, clock_wall() + jumps[i]);
        pass_time(saver->fixture, 10);
        stop_process(saver);
    }
    rename(".away", "f");
    begin_and_start(saver);
    assert_int_equal(saver->fixture->ok, 1);
    saver_free(saver);
}

static void test_forgotten_in_bounded_steps(void **state UNUSED)
{
    struct saver *saver = saver_with_retention(100);
    for (unsigned job = 0; job < 250; job++)
        make_job(job, job * 10 + 1);
    rescan(saver->fixture, 0);
    stop_process(saver);
    for (unsigned job = 0; job < 250; job++) {
        char name[64];
        snprintf(name, sizeof(name), "job-%u", job);
        remove_tree(name);
    }
    begin_and_start(saver);
    unsigned before = 250;
    pass_time(saver->fixture, 98);
    for (int tick = 0; tick < 6; tick++) {
        pass_time(saver->fixture, 1);
        save_and_commit(saver);
        unsigned left = records(saver, RECORD_STREAM);
        assert_in_range(before - left, 0, 100);
        before = left;
    }
    assert_int_equal(before, 0);
    assert_int_equal(records(saver, RECORD_DIRECTORY), 0);
    assert_int_equal(ids_on_disk(saver), 0);
    saver_free(saver);
}

/* A directory's ids stay for as long after its last file, not twice as long. */
static void test_a_directory_goes_with_its_last_stream(void **state UNUSED)
{
    struct saver *saver = saver_with_retention(100);
    make_job(1, 1);
    make_job(2, 11);
    rescan(saver->fixture, 0);
    save_and_commit(saver);
    remove_tree("job-1"); /* unlinked while it looks: the stream ends at once */
    stop_process(saver);
    begin_and_start(saver);
    remove_tree("job-2");
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 90);
    save_and_commit(saver);
    assert_int_equal(records(saver, RECORD_DIRECTORY), 2);
    pass_time(saver->fixture, 30);
    save_and_commit(saver);
    assert_int_equal(records(saver, RECORD_STREAM), 0);
    assert_int_equal(records(saver, RECORD_DIRECTORY), 0);
    saver_free(saver);
}

/* One file is missing for long, but others of the directory were there until lately. */
static void test_a_directory_that_was_used_until_lately(void **state UNUSED)
{
    struct saver *saver = saver_with_retention(100);
    make_job(1, 1);
    append_events("job-1/g", 11, 13);
    rescan(saver->fixture, 0);
    stop_process(saver);
    unlink("job-1/f");
    begin_and_start(saver);
    pass_time(saver->fixture, 80);
    unlink("job-1/g"); /* ends at once */
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 15);
    stop_and_start(saver);
    pass_time(saver->fixture, 30);
    save_and_commit(saver);
    assert_int_equal(records(saver, RECORD_STREAM), 0);
    append_events("job-1/copy", 11, 13);
    rescan(saver->fixture, 0);
    assert_int_equal(saver->fixture->ok, 6);
    unlink("job-1/copy");
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 150);
    save_and_commit(saver);
    assert_int_equal(records(saver, RECORD_DIRECTORY), 0);
    saver_free(saver);
}

/* A copy of what was deleted: known for as long as the directory is. */
static void test_ids_outlive_their_files(void **state UNUSED)
{
    struct saver *saver = saver_with_retention(1000);
    make_job(1, 1);
    rescan(saver->fixture, 0);
    remove_tree("job-1");
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 100);
    stop_and_start(saver);
    pass_time(saver->fixture, 800);
    make_job(1, 1);
    rescan(saver->fixture, 0);
    assert_int_equal(saver->fixture->ok, 3);
    saver_free(saver);
}

static void test_what_cannot_be_looked_at_is_not_missing(void **state UNUSED)
{
    struct saver *saver = saver_with_retention(100);
    chmod(saver->fixture->root, 0777);
    if (seteuid(65534) < 0)
        skip();
    make_job(1, 1);
    append("job-1/g", "{\"a\":1}\n");
    append("unwanted", "{\"a\":1}\n");
    rescan(saver->fixture, 0);
    stop_process(saver);
    chmod("job-1", 0);
    rename("unwanted", ".unwanted");
    begin_and_start(saver);
    rename(".unwanted", "unwanted"); /* nobody is told of it */
    pass_time(saver->fixture, 300);
    stop_and_start(saver);
    chmod("job-1", 0700);
    rescan(saver->fixture, 0);
    assert_int_equal(saver->fixture->ok, 5);
    assert_int_equal(seteuid(0), 0);
    saver_free(saver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing_files_are_forgotten_with_their_ids),
        cmocka_unit_test(test_a_file_that_comes_back_in_time),
        cmocka_unit_test(test_time_adds_up_over_restarts),
        cmocka_unit_test(test_a_clock_that_jumps_drops_nothing),
        cmocka_unit_test(test_forgotten_in_bounded_steps),
        cmocka_unit_test(test_a_directory_goes_with_its_last_stream),
        cmocka_unit_test(test_a_directory_that_was_used_until_lately),
        cmocka_unit_test(test_ids_outlive_their_files),
        cmocka_unit_test(test_what_cannot_be_looked_at_is_not_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
