/* Scenarios over restarts, of lines, identities and directories: stopped in order, and killed. What
 * was counted and committed is never counted again, and what is still to be read is counted
 * once. */
#include "tail_restart_fixture.h"

/* --- Lines ------------------------------------------------------------------------------------ */

static void test_goes_on_where_it_was(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append_events("f", 1, 3);
        append("g", "{\"a\":1}\n{\"a\":1}\n");
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        append_events("f", 4, 5);
        append("g", "{\"a\":1}\n");
        rescan(saver->fixture, 0); /* counted, but lost where it is killed */
        end(saver, way);
        append_events("f", 6, 6);
        append("g", "{\"a\":1}\n");
        begin_and_start(saver);
        assert_int_equal(total(saver), 10);
        assert_int_equal(saver->fixture->last_number % 2, 0);
        stop_and_start(saver);
        assert_int_equal(total(saver), 10);
        saver_free(saver);
    }
}

static void test_killed_before_the_commit(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("f", 1, 3);
    rescan(saver->fixture, 0);
    save(saver);
    crash_and_start(saver);
    assert_int_equal(total(saver), 3);
    saver_free(saver);
}

static void test_what_changed_between_save_and_commit_is_in_the_next(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("f", 1, 3);
    rescan(saver->fixture, 0);
    save(saver);
    append_events("f", 4, 5);
    rescan(saver->fixture, 0);
    commit(saver);
    append_events("copy", 1, 5); /* ids: committed, and counted since */
    rescan(saver->fixture, 0);
    assert_int_equal(total(saver), 5);
    crash_and_start(saver);
    assert_int_equal(total(saver), 5);
    saver_free(saver);
}

/* Saved between look and reading, and within the reading of a file that does not change. */
static void test_killed_while_a_file_is_read(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 600};
    for (int turns = 0; turns < 8; turns++) {
        struct saver *saver = saver_new_with(&options);
        append_events("f", 1, 10);
        append("f", "{\"a\":1}\n");
        pass_time(saver->fixture, 0);
        look(saver->fixture, "f");
        save_and_commit(saver);
        for (int i = 0; i < turns; i++)
            tail_turn(saver->fixture->tail, 0);
        save_and_commit(saver);
        crash_and_start(saver);
        assert_int_equal(total(saver), 11);
        saver_free(saver);
    }
}

/* Other lines of the same length, seen by a look but not read yet when it is killed. */
static void test_killed_between_a_change_and_its_reading(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("f", 201, 203);
    pass_time(saver->fixture, 0);
    rescan(saver->fixture, 0);
    save_and_commit(saver);
    int writer = open("f", O_WRONLY | O_CLOEXEC);
    for (unsigned id = 301; id <= 303; id++)
        write_text(writer, event(id));
    close(writer);
    pass_time(saver->fixture, 0);
    look(saver->fixture, "f");
    save_and_commit(saver);
    crash_and_start(saver);
    assert_int_equal(total(saver), 6);
    saver_free(saver);
}

static void test_partial_line_is_completed_while_down(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append_events("f", 1, 1);
        append_half("f", 2);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        append_other_half("f", 2);
        begin_and_start(saver);
        assert_int_equal(total(saver), 2);
        assert_int_equal(saver->fixture->bad, 0);
        saver_free(saver);
    }
}

static void test_rest_that_was_counted_gets_its_end_while_down(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append("f", "{\"a\":1}\n{\"a\":2}");
    look_closed(saver->fixture, "f");
    turn_all(saver->fixture);
    pass_time(saver->fixture, 20);
    assert_int_equal(total(saver), 2);
    stop_process(saver);
    append("f", "\n{\"a\":3}\n");
    begin_and_start(saver);
    assert_int_equal(total(saver), 3);
    assert_int_equal(saver->fixture->last_number, 3);
    assert_int_equal(saver->fixture->bad, 0);
    saver_free(saver);
}

static void test_rest_before_a_rotation_while_down(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append_events("f", 1, 1);
        append_without_end("f", 2);
        append_events("g", 11, 11);
        append_half("g", 12);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        rename("f", "f.1");
        rename("g", "g.1");
        append_events("f", 3, 3);
        append_events("g", 13, 13);
        begin_and_start(saver);
        pass_time(saver->fixture, 20);
        assert_int_equal(total(saver), 5);
        assert_int_equal(saver->fixture->partial, 1);
        stop_and_start(saver);
        pass_time(saver->fixture, 20);
        assert_int_equal(saver->fixture->partial, 1);
        assert_int_equal(total(saver), 5);
        saver_free(saver);
    }
}

/* Renamed, and not yet judged when it stops. */
static void test_rest_of_a_rotated_file_is_told_after_the_restart(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("g", 1, 1);
    append_half("g", 2);
    rescan(saver->fixture, 0);
    rename("g", "g.1");
    rescan(saver->fixture, 0);
    stop_and_start(saver);
    assert_int_equal(saver->fixture->partial, 0);
    pass_time(saver->fixture, 20);
    assert_int_equal(saver->fixture->partial, 1);
    saver_free(saver);
}

static void test_too_long_line_goes_on_after_a_restart(void **state UNUSED)
{
    const struct tail_options options = {.max_line_bytes = 4096, .chunk_bytes = 1024};
    static char piece[5000];
    memset(piece, 'x', sizeof(piece));
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new_with(&options);
        append_events("f", 1, 1);
        append_bytes("g", piece, sizeof(piece)); /* from its first byte on */
        for (int i = 0; i < 3; i++) {
            append_bytes("f", piece, sizeof(piece));
            rescan(saver->fixture, 0);
        }
        save_and_commit(saver);
        end(saver, way);
        append_bytes("f", piece, sizeof(piece));
        append("f", "\n");
        append_events("f", 2, 2);
        append("g", "\n");
        append_events("g", 3, 3);
        begin_and_start(saver);
        assert_int_equal(total(saver), 3);
        assert_int_equal(saver->fixture->too_long, 2);
        assert_int_equal(saver->fixture->bad, 0);
        saver_free(saver);
    }
}

/* It is replaced in place while its first, too long line goes on. */
static void test_too_long_line_is_replaced(void **state UNUSED)
{
    static const size_t longest[] = {4096, 200, 4096, 200, 4096, 200};
    static char piece[5000];
    memset(piece, 'x', sizeof(piece));
    for (int round = 0; round < 2 * (WAYS + 1); round++) {
        const struct tail_options options = {.max_line_bytes = longest[round], .chunk_bytes = 1024};
        const int way = round / 2;
        struct saver *saver = saver_new_with(&options);
        append_bytes("f", piece, sizeof(piece));
        rescan(saver->fixture, 0);
        assert_int_equal(saver->fixture->too_long, 1);
        save_and_commit(saver);
        if (way < WAYS)
            end(saver, way);
        assert_int_equal(truncate("f", 0), 0);
        append_events("f", 1, 50); /* longer */
        if (way < WAYS)
            begin_and_start(saver);
        rescan(saver->fixture, 0);
        assert_int_equal(total(saver), 50);
        saver_free(saver);
    }
}

static void test_empty_and_blank_files(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append("f", "");
        append("g", "\n\n\r\n  \n");
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        append_events("f", 1, 1);
        begin_and_start(saver);
        assert_int_equal(total(saver), 1);
        assert_int_equal(counts_of(saver->fixture).followed, 2);
        assert_int_equal(counts_of(saver->fixture).bytes, strlen(event(1)));
        append_events("g", 2, 2);
        rescan(saver->fixture, 0);
        assert_int_equal(total(saver), 2);
        saver_free(saver);
    }
}

/* --- Identity --------------------------------------------------------------------------------- */

static void test_another_file_under_the_same_name(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append_events("f", 1, 3);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        unlink("f");
        append_events("f", 4, 4); /* most often on the same inode */
        begin_and_start(saver);
        assert_int_equal(total(saver), 4);
        assert_int_equal(counts_of(saver->fixture).truncations_read, 0);
        saver_free(saver);
    }
}

static void test_equal_files_stay_two(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append("f", "{\"a\":1}\n{\"a\":2}\n");
        append("g", "{\"a\":1}\n{\"a\":2}\n");
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        append("h", "{\"a\":1}\n{\"a\":2}\n");
        begin_and_start(saver);
        assert_int_equal(total(saver), 6);
        saver_free(saver);
    }
}

static void test_hard_links_stay_one(void **state UNUSED)
{
    for (unsigned order = 0; order < 4 * WAYS; order++) {
        struct saver *saver = saver_new();
        append("f", "{\"a\":1}\n");
        rescan(saver->fixture, 0);
        assert_int_equal(link("f", "g"), 0);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, (int)order % WAYS);
        append("g", "{\"a\":2}\n");
        begin_again(saver);
        start(saver, order / WAYS);
        assert_int_equal(total(saver), 2);
        assert_string_equal(saver->fixture->last_path, full(saver->fixture, "f"));
        unlink("f");
        rescan(saver->fixture, 0);
        append("g", "{\"a\":3}\n");
        rescan(saver->fixture, 0);
        assert_int_equal(total(saver), 3);
        saver_free(saver);
    }
}

/* As after a reboot: an overlay, or a subvolume, got another device number. */
static void test_file_system_with_another_device_number(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append("f", "{\"a\":1}\n{\"a\":2}\n");
    append("g", "{\"b\":1}\n{\"b\":2}\n");
    append("h", "{\"c\":1}\n");
    pass_time(saver->fixture, 0);
    rescan(saver->fixture, 0);
    stop_process(saver);
    for (size_t i = 0; i < saver->value_count; i++)
        if (saver->values[i].kind == RECORD_STREAM)
            saver->values[i].bytes[0] ^= 0x55; /* the lowest byte of the device */
    assert_int_equal(truncate("g", 0), 0);
    append("g", "{\"b\":3}\n{\"b\":4}\n{\"b\":5}\n");
    rename("h", "h.1");
    begin_and_start(saver);
    assert_int_equal(total(saver), 5 + 3);
    assert_int_equal(counts_of(saver->fixture).followed, 3);
    stop_and_start(saver);
    assert_int_equal(total(saver), 5 + 3);
    saver_free(saver);
}

static void test_stream_and_directory_keep_their_ids(void **state UNUSED)
{
    struct saver *saver = saver_new();
    mkdir("a", 0755);
    mkdir("b", 0755);
    append_events("a/f", 1, 1);
    append_events("b/g", 2, 2);
    append_events("b/h", 3, 3);
    rescan(saver->fixture, 0);
    uint64_t files[3] = {0};
    uint64_t highest = 0;
    for (int round = 0; round < 3; round++) {
        size_t position = 0;
        size_t count = 0;
        struct tail_file *file;
        while ((file = tail_next_file(saver->fixture->tail, &position)) != NULL) {
            const char *path = tail_file_path(file);
            size_t which = (size_t)(path[strlen(path) - 1] - 'f');
            count++;
            assert_in_range(which, 0, 2);
            if (round == 0)
                files[which] = tail_file_id(file);
            assert_int_equal(tail_file_id(file), files[which]);
            highest = files[which] > highest ? files[which] : highest;
        }
        assert_int_equal(count, 3);
        stop_and_start(saver);
    }
    /* One that goes leaves its id to nobody. */
    append_events("b/i", 4, 4);
    rescan(saver->fixture, 0);
    unlink("b/i");
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 20);
    stop_and_start(saver);
    append_events("b/j", 5, 5);
    rescan(saver->fixture, 0);
    size_t position = 0;
    struct tail_file *file;
    while ((file = tail_next_file(saver->fixture->tail, &position)) != NULL)
        if (strstr(tail_file_path(file), "/j"))
            assert_true(tail_file_id(file) > highest + 1);
    saver_free(saver);
}

/* --- Deleted ---------------------------------------------------------------------------------- */

static void test_deleted_while_down(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append_events("f", 1, 5);
        append_events("g", 6, 6);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        unlink("f");
        begin_and_start(saver);
        assert_int_equal(counts_of(saver->fixture).followed, 1);
        append_events("copy", 1, 5); /* from a backup */
        rescan(saver->fixture, 0);
        stop_and_start(saver);
        assert_int_equal(total(saver), 6);
        saver_free(saver);
    }
}

/* The descriptor is kept until what was read of the file is committed. */
static void test_unlinked_file_stays_open_until_it_is_saved(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("f", 1, 3);
    rescan(saver->fixture, 0);
    save_and_commit(saver);
    append_events("f", 4, 5);
    look(saver->fixture, "f");
    unlink("f");
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 20);
    assert_int_equal(total(saver), 5);
    assert_int_equal(saver->fixture->closed, 1);
    assert_int_equal(counts_of(saver->fixture).open, 1);
    save(saver);
    assert_int_equal(counts_of(saver->fixture).open, 1);
    commit(saver);
    assert_int_equal(counts_of(saver->fixture).open, 0);
    for (size_t i = 0; i < saver->value_count; i++)
        assert_int_not_equal(saver->values[i].kind, RECORD_STREAM);
    saver_free(saver);
}

static void test_held_file_when_it_is_killed(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        int writer = open_append("f");
        write_text(writer, event(1));
        rescan(saver->fixture, 0);
        rename("f", "f.tmp");
        append_events("f", 2, 2);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        write_text(writer, event(3));
        end(saver, way);
        rename("f.tmp", "f.1");
        begin_and_start(saver);
        write_text(writer, event(4));
        rescan(saver->fixture, 0);
        assert_int_equal(total(saver), 4);
        close(writer);
        saver_free(saver);
    }
}

/* --- Directories ------------------------------------------------------------------------------ */

static void test_directory_renamed_while_down(void **state UNUSED)
{
    for (int round = 0; round < 4 * WAYS; round++) {
        struct saver *saver = saver_new();
        mkdir("job-1", 0755);
        append_events("job-1/f", 1, 3);
        append_events("job-1/g", 4, 6);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, round % WAYS);
        rename("job-1", "job-9");
        append_events("job-9/f", 7, 7);
        append_events("job-9/copy", 1, 6);
        begin_again(saver);
        start(saver, (unsigned)round / WAYS);
        assert_int_equal(total(saver), 7);
        save_and_commit(saver);
        append_events("job-9/copy-2", 1, 7);
        rescan(saver->fixture, 0);
        assert_int_equal(total(saver), 7);
        crash_and_start(saver);
        append_events("job-9/copy-3", 1, 7);
        rescan(saver->fixture, 0);
        assert_int_equal(total(saver), 7);
        saver_free(saver);
    }
}

/* No file of it came along as it was. */
static void test_directory_renamed_and_rewritten_while_down(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        mkdir("job-1", 0755);
        append_events("job-1/f", 1, 3);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        rename("job-1", "job-9");
        replace_events("job-9/f", 2, 5);
        begin_and_start(saver);
        assert_int_equal(total(saver), 5);
        stop_process(saver);
        rename("job-9", "job-10");
        mkdir("job-9", 0755);
        replace_events("job-10/f", 1, 6);
        append_events("job-9/f", 7, 7);
        begin_and_start(saver);
        assert_int_equal(total(saver), 7);
        saver_free(saver);
    }
}

static void test_renamed_and_killed_before_the_commit(void **state UNUSED)
{
    struct saver *saver = saver_new();
    mkdir("job-1", 0755);
    append_events("job-1/f", 1, 3);
    rescan(saver->fixture, 0);
    save_and_commit(saver);
    rename("job-1", "job-9");
    append_events("job-9/g", 4, 4);
    rescan(saver->fixture, 0);
    assert_int_equal(total(saver), 4);
    crash_and_start(saver);
    assert_int_equal(total(saver), 4);
    append_events("job-9/copy", 1, 4);
    rescan(saver->fixture, 0);
    stop_and_start(saver);
    assert_int_equal(total(saver), 4);
    saver_free(saver);
}

/* It was truncated, and starts again at 0, when its directory is renamed. */
static void test_renamed_while_a_file_is_read_again(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 300};
    for (int way = 0; way < WAYS + 1; way++) {
        struct saver *saver = saver_new_with(&options);
        mkdir("job-1", 0755);
        append_events("job-1/f", 1, 9);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        assert_int_equal(truncate("job-1/f", 0), 0);
        append_events("job-1/f", 2, 10);
        look(saver->fixture, "job-1/f");
        tail_turn(saver->fixture->tail, 0);
        save_and_commit(saver);
        if (way < WAYS)
            end(saver, way);
        rename("job-1", "job-9");
        if (way < WAYS)
            begin_and_start(saver);
        rescan(saver->fixture, 0);
        assert_int_equal(total(saver), 10);
        saver_free(saver);
    }
}

static void test_root_is_not_there_at_the_start(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        mkdir("root", 0755);
        append("root/f", "{\"a\":1}\n{\"a\":2}\n");
        append_events("root/g", 1, 2);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        rename("root", ".away");
        begin_and_start(saver);
        assert_int_equal(counts_of(saver->fixture).followed, 0);
        pass_time(saver->fixture, 100);
        stop_and_start(saver);
        rename(".away", "root");
        append("root/f", "{\"a\":3}\n");
        rescan(saver->fixture, 0);
        assert_int_equal(total(saver), 5);
        saver_free(saver);
    }
}

static void test_permission_is_missing_at_the_start(void **state UNUSED)
{
    struct saver *saver = saver_new();
    chmod(saver->fixture->root, 0777);
    if (seteuid(65534) < 0)
        skip();
    mkdir("job", 0755);
    append("job/f", "{\"a\":1}\n");
    append("g", "{\"b\":1}\n");
    rescan(saver->fixture, 0);
    stop_process(saver);
    append("g", "{\"b\":2}\n");
    chmod("job", 0);
    chmod("g", 0);
    begin_and_start(saver);
    assert_int_equal(total(saver), 2);
    chmod("job", 0700);
    chmod("g", 0600);
    append("job/f", "{\"a\":2}\n");
    rescan(saver->fixture, 0);
    pass_time(saver->fixture, 20);
    assert_int_equal(total(saver), 4);
    assert_int_equal(seteuid(0), 0);
    saver_free(saver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on_where_it_was),
        cmocka_unit_test(test_killed_before_the_commit),
        cmocka_unit_test(test_what_changed_between_save_and_commit_is_in_the_next),
        cmocka_unit_test(test_killed_while_a_file_is_read),
        cmocka_unit_test(test_killed_between_a_change_and_its_reading),
        cmocka_unit_test(test_partial_line_is_completed_while_down),
        cmocka_unit_test(test_rest_that_was_counted_gets_its_end_while_down),
        cmocka_unit_test(test_rest_before_a_rotation_while_down),
        cmocka_unit_test(test_rest_of_a_rotated_file_is_told_after_the_restart),
        cmocka_unit_test(test_too_long_line_goes_on_after_a_restart),
        cmocka_unit_test(test_too_long_line_is_replaced),
        cmocka_unit_test(test_empty_and_blank_files),
        cmocka_unit_test(test_another_file_under_the_same_name),
        cmocka_unit_test(test_equal_files_stay_two),
        cmocka_unit_test(test_hard_links_stay_one),
        cmocka_unit_test(test_file_system_with_another_device_number),
        cmocka_unit_test(test_stream_and_directory_keep_their_ids),
        cmocka_unit_test(test_deleted_while_down),
        cmocka_unit_test(test_unlinked_file_stays_open_until_it_is_saved),
        cmocka_unit_test(test_held_file_when_it_is_killed),
        cmocka_unit_test(test_directory_renamed_while_down),
        cmocka_unit_test(test_directory_renamed_and_rewritten_while_down),
        cmocka_unit_test(test_renamed_and_killed_before_the_commit),
        cmocka_unit_test(test_renamed_while_a_file_is_read_again),
        cmocka_unit_test(test_root_is_not_there_at_the_start),
        cmocka_unit_test(test_permission_is_missing_at_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
