/* Scenarios of names: rotation, rewriting by rename, deletion, links, moved directories. */
#include <zlib.h>

#include "tail_fixture.h"

/* ---- rotation ---- */

static void test_rename_and_create(void **state UNUSED)
{
    for (unsigned order = 0; order < 4; order++) {
        struct fixture *fixture = fixture_new();
        append_events("f", 1, 3);
        rescan(fixture, order);
        rename("f", "f.1");
        append_events("f", 4, 5);
        rescan(fixture, order);
        assert_int_equal(fixture->ok, 5);
        assert_int_equal(fixture->opened, 3); /* f, f.1 after its move, the new f */
        assert_int_equal(counts_of(fixture).followed, 2);
        fixture_free(fixture);
    }
}

static void test_unterminated_last_line_before_rotation(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 1);
    append_without_end("f", 2);
    rescan(fixture, 0);
    rename("f", "f.1");
    append_events("f", 3, 3);
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 2);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 3);
    assert_int_equal(fixture->partial, 0);
    fixture_free(fixture);
}

static void test_half_line_before_rotation_is_told_once(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 1);
    append_half("f", 2);
    rescan(fixture, 0);
    rename("f", "f.1");
    append_events("f", 3, 3);
    rescan(fixture, 0);
    pass_time(fixture, 100);
    assert_int_equal(fixture->ok, 2);
    assert_int_equal(fixture->partial, 1);
    unlink("f.1");
    rescan(fixture, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->partial, 1);
    assert_int_equal(fixture->bad, 0);
    fixture_free(fixture);
}

static void test_writer_keeps_writing_to_the_renamed_file(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    int writer = open_append("f");
    write_text(writer, event(1));
    read_file(fixture, "f");
    rename("f", "f.tmp"); /* a name that is not followed */
    gone(fixture, "f");
    write_text(writer, event(2));
    append_events("f", 3, 3);
    read_file(fixture, "f");
    pass_time(fixture, 120);
    write_text(writer, event(4));
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 4);
    assert_int_equal(counts_of(fixture).held, 1);
    close(writer);
    pass_time(fixture, 20);
    assert_int_equal(counts_of(fixture).held, 0);
    assert_int_equal(counts_of(fixture).given_up_cap + counts_of(fixture).given_up_vanished, 0);
    fixture_free(fixture);
}

static void test_hint_under_the_old_name_reads_the_renamed_file(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    int writer = open_append("f");
    write_text(writer, event(1));
    read_file(fixture, "f");
    rename("f", "f.tmp");
    append_events("f", 2, 2);
    read_file(fixture, "f");
    write_text(writer, event(3));
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 3);
    close(writer);
    fixture_free(fixture);
}

static void test_prodigy_rotates_through_two_names(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    for (unsigned round = 0; round < 4; round++) {
        append_events("events.jsonl", round * 10 + 1, round * 10 + 10);
        rescan(fixture, round);
        char rotated[64];
        snprintf(rotated, sizeof(rotated), "events.%u.jsonl.gz", round);
        rename("events.jsonl", "events.jsonl.bak");
        if (round == 2)
            rescan(fixture, round);
        rename("events.jsonl.bak", rotated);
        rescan(fixture, round);
    }
    assert_int_equal(fixture->ok, 40);
    fixture_free(fixture);
}

static void test_killed_within_the_rotation(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("events.jsonl", 1, 5);
    rescan(fixture, 0);
    append_events("events.jsonl", 6, 10);
    rename("events.jsonl", "events.jsonl.bak");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 10);
    append_events("events.jsonl.bak", 11, 11);
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 11);
    fixture_free(fixture);
}

static void test_two_rotations_between_looks(void **state UNUSED)
{
    for (unsigned order = 0; order < 4; order++) {
        struct fixture *fixture = fixture_new();
        append_events("f", 1, 1);
        rescan(fixture, 0);
        rename("f", "f.1");
        append_events("f", 2, 2);
        rename("f.1", "f.2");
        rename("f", "f.1");
        append_events("f", 3, 3);
        rescan(fixture, order);
        assert_int_equal(fixture->ok, 3);
        assert_int_equal(counts_of(fixture).followed, 3);
        fixture_free(fixture);
    }
}

static void test_shift_with_an_existing_first_rotation(void **state UNUSED)
{
    for (unsigned order = 0; order < 4; order++) {
        struct fixture *fixture = fixture_new();
        append_events("f.1", 1, 3);
        append_events("f", 4, 6);
        rescan(fixture, order);
        rename("f.1", "f.2");
        rename("f", "f.1");
        append("f", "");
        rescan(fixture, order);
        assert_int_equal(fixture->ok, 6);
        append_events("f", 7, 7);
        rescan(fixture, order);
        assert_int_equal(fixture->ok, 7);
        fixture_free(fixture);
    }
}

/* Lines without ids: a stream found again under another name must not be read again. */
static void test_rotation_without_ids(void **state UNUSED)
{
    for (unsigned order = 0; order < 4; order++) {
        struct fixture *fixture = fixture_new();
        append("f.1", "{\"a\":1}\n");
        append("f", "{\"b\":1}\n{\"b\":2}\n");
        rescan(fixture, order);
        rename("f.1", "f.2");
        rename("f", "f.1");
        append("f", "{\"c\":1}\n");
        rescan(fixture, order);
        pass_time(fixture, 20);
        rescan(fixture, order);
        assert_int_equal(fixture->ok, 4);
        fixture_free(fixture);
    }
}

static void test_two_names_exchanged(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "{\"a\":1}\n");
    append("g", "{\"b\":1}\n");
    rescan(fixture, 0);
    if (renameat2(AT_FDCWD, "f", AT_FDCWD, "g", RENAME_EXCHANGE) == 0) {
        rescan(fixture, 0);
        append("f", "{\"b\":2}\n");
        rescan(fixture, 0);
        assert_int_equal(fixture->ok, 3);
        assert_int_equal(counts_of(fixture).followed, 2);
    }
    fixture_free(fixture);
}

static void test_gap_between_rename_and_create(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 1);
    rescan(fixture, 0);
    rename("f", "f.tmp");
    rescan(fixture, 0);
    pass_time(fixture, 30);
    append_events("f", 2, 2);
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 2);
    fixture_free(fixture);
}

static void test_copy_then_truncate(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    int writer = open_append("f");
    for (unsigned id = 1; id <= 3; id++)
        write_text(writer, event(id));
    rescan(fixture, 0);
    copy_file("f", "f.1");
    assert_int_equal(truncate("f", 0), 0);
    write_text(writer, event(4));
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 4);
    assert_int_equal(counts_of(fixture).truncations_read, 1);
    close(writer);
    fixture_free(fixture);
}

static void test_copy_in_two_halves_then_truncate(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 30);
    rescan(fixture, 0);
    char bytes[8192];
    int in = open("f", O_RDONLY | O_CLOEXEC);
    ssize_t length = read(in, bytes, sizeof(bytes));
    close(in);
    append_bytes("f.1", bytes, (size_t)length / 2);
    rescan(fixture, 0);
    append_bytes("f.1", bytes + length / 2, (size_t)(length - length / 2));
    rescan(fixture, 0);
    assert_int_equal(truncate("f", 0), 0);
    append_events("f", 31, 31);
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 31);
    assert_int_equal(fixture->bad, 0);
    fixture_free(fixture);
}

/* ---- compression ---- */

static void write_gzip(const char *name, const char *mode, unsigned first, unsigned last)
{
    gzFile out = gzopen(name, mode);
    assert_non_null(out);
    for (unsigned id = first; id <= last; id++)
        assert_true(gzputs(out, event(id)) > 0);
    gzclose(out);
}

static void test_compressed_copy_is_not_counted_again(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 500);
    rescan(fixture, 0);
    rename("f", "f.1");
    append_events("f", 501, 501);
    rescan(fixture, 0);
    write_gzip("f.1.gz", "wb", 1, 500);
    unlink("f.1");
    rescan(fixture, 0);
    rename("f.1.gz", "f.2.gz");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 501);
    assert_int_equal(fixture->bad, 0);
    assert_int_equal(counts_of(fixture).lag_bytes, 0);
    fixture_free(fixture);
}

static void test_content_decides_what_is_compressed(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_without_end("a.jsonl.gz", 1);
    write_gzip("x.jsonl", "wb", 2, 2);
    rescan(fixture, 4);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 2);
    assert_int_equal(fixture->bad, 0);
    fixture_free(fixture);
}

static void test_compressed_file_that_is_still_written(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 1000, .max_open_files = 1};
    struct fixture *fixture = fixture_new_with(&options);
    write_gzip("whole.tmp", "wb", 1, 300);
    static char bytes[1 << 16];
    int in = open("whole.tmp", O_RDONLY | O_CLOEXEC);
    ssize_t length = read(in, bytes, sizeof(bytes));
    close(in);
    for (ssize_t at = 0; at < length; at += 97) {
        append_bytes("f.gz", bytes + at, (size_t)(length - at < 97 ? length - at : 97));
        read_file(fixture, "f.gz");
        /* Another file takes its place among the open ones now and then. */
        append_events("other", 1000 + (unsigned)at, 1000 + (unsigned)at);
        if (at % 5 == 0)
            read_file(fixture, "other");
    }
    read_file(fixture, "other");
    for (unsigned id = 1; id <= 300; id++)
        assert_int_equal(fixture->counted[id], 1);
    assert_int_equal(fixture->bad, 0);
    assert_int_equal(fixture->notices, 0);
    write_gzip("f.gz", "ab", 301, 310); /* one more member */
    read_file(fixture, "f.gz");
    assert_int_equal(fixture->counted[310], 1);
    fixture_free(fixture);
}

static void test_corrupt_compressed_file_is_told_once(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    write_gzip("f.gz", "wb", 1, 2000);
    int descriptor = open("f.gz", O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(descriptor, "corrupt", 7, 9000), 7);
    close(descriptor);
    rescan(fixture, 0);
    append("f.gz", "more");
    rescan(fixture, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->notices, 1);
    assert_in_range(fixture->ok, 1, 1999);
    assert_int_equal(counts_of(fixture).lag_bytes, 0);
    fixture_free(fixture);
}

/* ---- retention: a new file takes the name ---- */

static void test_rewritten_with_nothing_removed(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 100);
    rescan(fixture, 0);
    copy_file("f", "f.tmp");
    rename("f.tmp", "f");
    rescan(fixture, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 100);
    assert_int_equal(counts_of(fixture).followed, 1);
    assert_int_equal(counts_of(fixture).held, 0);
    fixture_free(fixture);
}

static void test_old_lines_removed_with_some_unread(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 2);
    rescan(fixture, 0);
    append_events("f", 3, 10);
    append_events("f.tmp", 5, 10);
    rename("f.tmp", "f");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 10);
    fixture_free(fixture);
}

static void test_newest_lines_removed_with_some_unread(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 3);
    rescan(fixture, 0);
    append_events("f", 4, 10);
    append_events("f.tmp", 1, 5);
    rename("f.tmp", "f");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 10);
    fixture_free(fixture);
}

static void test_retention_normalises(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "{\"id\":1}\n\n{\"id\":\n{\"id\":2}\r\n{\"id\":3}");
    look_closed(fixture, "f");
    turn_all(fixture);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 3);
    assert_int_equal(fixture->bad, 1);
    append("f.tmp", "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
    rename("f.tmp", "f");
    rescan(fixture, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 3);
    assert_int_equal(fixture->bad, 1);
    assert_int_equal(fixture->partial, 0);
    fixture_free(fixture);
}

static void test_rest_that_the_rewrite_terminates_counts_once(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "{\"a\":1}\n{\"a\":2}");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 1);
    append("f.tmp", "{\"a\":1}\n{\"a\":2}\n");
    rename("f.tmp", "f");
    rescan(fixture, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 2);
    fixture_free(fixture);
}

static void test_retention_under_a_live_job(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    int writer = open_append("f");
    for (unsigned id = 1; id <= 60; id++) {
        write_text(writer, event(id));
        if (id % 10 == 0)
            rescan(fixture, id / 10);
        if (id == 30) {
            copy_file("f", "f.tmp");
            rename("f.tmp", "f");
        }
    }
    look(fixture, "f"); /* as inotify tells of the unlinked file: under its old name */
    turn_all(fixture);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 60);
    assert_int_equal(counts_of(fixture).held, 1);
    close(writer);
    pass_time(fixture, 20);
    assert_int_equal(counts_of(fixture).held, 0);
    fixture_free(fixture);
}

static void test_many_files_rewritten_at_once(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    char name[64];
    char temporary[64];
    for (unsigned job = 0; job < 50; job++) {
        snprintf(name, sizeof(name), "job-%u", job);
        mkdir(name, 0755);
        snprintf(name, sizeof(name), "job-%u/f", job);
        append_events(name, job * 10 + 1, job * 10 + 10);
    }
    rescan(fixture, 0);
    for (unsigned job = 0; job < 50; job++) {
        snprintf(name, sizeof(name), "job-%u/f", job);
        snprintf(temporary, sizeof(temporary), "job-%u/f.tmp", job);
        copy_file(name, temporary);
        rename(temporary, name);
    }
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 500);
    assert_int_equal(counts_of(fixture).followed, 50);
    fixture_free(fixture);
}

static void test_rewrite_killed_before_its_rename(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 10);
    rescan(fixture, 0);
    append_events("f.tmp", 5, 10);
    rescan(fixture, 0);
    append_events("f.tmp", 11, 11);
    rename("f.tmp", "f");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 11);
    fixture_free(fixture);
}

/* Lines without ids: the equal beginning is repeated, the rest is new. */
static void test_rewrite_without_ids(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 64};
    struct fixture *fixture = fixture_new_with(&options);
    char line[64];
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof(line), "{\"a\":%d}\n", i);
        append("f", line);
        append("f.tmp", line);
    }
    append("f.tmp", "{\"a\":100}\n");
    rescan(fixture, 0);
    rename("f.tmp", "f");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 101);
    assert_int_equal(fixture->repeated, 100);
    assert_int_equal(counts_of(fixture).ambiguous_rewrites, 0);
    append("f.tmp", "{\"a\":99}\n{\"a\":100}\n");
    rename("f.tmp", "f");
    rescan(fixture, 0);
    assert_int_equal(counts_of(fixture).ambiguous_rewrites, 1);
    pass_time(fixture, 20);
    assert_int_equal(counts_of(fixture).held, 0);
    fixture_free(fixture);
}

static void test_twice_rewritten_before_it_is_read(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "{\"a\":1}\n{\"a\":2}\n");
    rescan(fixture, 0);
    for (int i = 0; i < 2; i++) {
        copy_file("f", "f.tmp");
        append("f.tmp", "{\"a\":3}\n");
        rename("f.tmp", "f");
        look(fixture, "f");
    }
    turn_all(fixture);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 4);
    fixture_free(fixture);
}

/* ---- identity ---- */

static void test_inode_used_again_under_the_same_name(void **state UNUSED)
{
    const struct tail_options options = {.max_open_files = 1};
    for (int closed = 0; closed < 2; closed++) {
        struct fixture *fixture = closed ? fixture_new_with(&options) : fixture_new();
        append_events("f", 1, 3);
        rescan(fixture, 0);
        append_events("other", 100, 100);
        read_file(fixture, "other");
        unlink("f");
        append_events("f", 4, 4);
        read_file(fixture, "f");
        assert_int_equal(fixture->ok, 5);
        assert_int_equal(counts_of(fixture).truncations_read, 0);
        fixture_free(fixture);
    }
}

static void test_equal_files_are_two_files(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "{\"a\":1}\n{\"a\":2}\n");
    append("g", "{\"a\":1}\n{\"a\":2}\n");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 4);
    fixture_free(fixture);
}

static void test_deleted_and_created_again_is_no_rewrite(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "{\"a\":1}\n");
    rescan(fixture, 0);
    unlink("f");
    gone(fixture, "f");
    append("f", "{\"a\":1}\n");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 2);
    fixture_free(fixture);
}

static void test_hard_link_is_the_same_stream(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "{\"a\":1}\n");
    rescan(fixture, 0);
    assert_int_equal(link("f", "g"), 0);
    for (unsigned i = 0; i < 4; i++) {
        append(i & 1 ? "f" : "g", "{\"a\":2}\n");
        rescan(fixture, i);
    }
    assert_int_equal(fixture->ok, 5);
    assert_int_equal(fixture->opened, 1);
    unlink("f");
    rescan(fixture, 0);
    append("g", "{\"a\":3}\n");
    rescan(fixture, 0);
    pass_time(fixture, 100);
    assert_int_equal(fixture->ok, 6);
    assert_int_equal(fixture->closed, 0);
    assert_int_equal(counts_of(fixture).followed, 1);
    assert_string_equal(fixture->last_path, full(fixture, "g"));
    fixture_free(fixture);
}

static void test_link_outside_is_followed_by_its_name_inside(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 1);
    assert_int_equal(link("f", "outside.tmp"), 0);
    rescan(fixture, 0);
    append_events("outside.tmp", 2, 2);
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 2);
    fixture_free(fixture);
}

static void test_only_regular_files_are_read(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 1);
    assert_int_equal(symlink("f", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(symlink(".", "self"), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 1);
    assert_int_equal(fixture->opened, 1);
    unlink("f");
    assert_int_equal(symlink("link", "f"), 0); /* the name is a link now */
    rescan(fixture, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->closed, 1);
    fixture_free(fixture);
}

static void test_deleted_while_open_with_unread_data(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 1);
    look(fixture, "f");
    append_events("f", 2, 1000);
    unlink("f");
    gone(fixture, "f");
    turn_all(fixture);
    assert_int_equal(fixture->ok, 1000);
    assert_int_equal(counts_of(fixture).held, 1);
    pass_time(fixture, 20);
    assert_int_equal(counts_of(fixture).held, 0);
    assert_int_equal(counts_of(fixture).open, 0);
    assert_int_equal(fixture->closed, 1);
    fixture_free(fixture);
}

static void test_unlinked_with_a_rest(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_without_end("f", 1);
    append_half("g", 2);
    rescan(fixture, 0);
    unlink("f");
    unlink("g");
    rescan(fixture, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 1);
    assert_int_equal(fixture->partial, 1);
    assert_int_equal(fixture->closed, 2);
    fixture_free(fixture);
}

/* ---- directories ---- */

static void test_directory_is_renamed(void **state UNUSED)
{
    for (unsigned order = 0; order < 4; order++) {
        struct fixture *fixture = fixture_new();
        mkdir("job-1", 0755);
        append_events("job-1/f", 1, 3);
        append_events("job-1/g", 4, 6);
        rescan(fixture, 0);
        rename("job-1", "job-9");
        tail_directory_gone(fixture->tail, full(fixture, "job-1"), now_of(fixture));
        append_events("job-9/f", 7, 7);
        append_events("job-9/copy", 1, 6);
        rescan(fixture, order);
        assert_int_equal(fixture->ok, 7);
        assert_int_equal(counts_of(fixture).held, 0);
        append_events("job-9/g", 8, 8);
        rescan(fixture, order);
        assert_int_equal(fixture->ok, 8);
        assert_string_equal(fixture->last_path, full(fixture, "job-9/g"));
        fixture_free(fixture);
    }
}

static void test_directory_is_moved_out_and_in_again(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    mkdir("job-1", 0755);
    mkdir(".elsewhere", 0755);
    append("job-1/f", "{\"a\":1}\n{\"a\":2}\n");
    rescan(fixture, 0);
    append("job-1/f", "{\"a\":3}\n");
    rename("job-1", ".elsewhere/job-1");
    tail_directory_gone(fixture->tail, full(fixture, "job-1"), now_of(fixture));
    turn_all(fixture);
    assert_int_equal(fixture->ok, 3);
    pass_time(fixture, 100);
    assert_int_equal(counts_of(fixture).held, 0);
    assert_int_equal(counts_of(fixture).followed, 0);
    assert_int_equal(fixture->closed, 1);
    rename(".elsewhere/job-1", "job-2");
    append("job-2/f", "{\"a\":4}\n");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 4);
    assert_int_equal(fixture->opened, 2);
    fixture_free(fixture);
}

static void test_directories_alike_in_the_beginning_are_others(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    mkdir("job-1", 0755);
    mkdir("job-10", 0755);
    append_events("job-1/f", 1, 1);
    append_events("job-10/f", 2, 2);
    rescan(fixture, 0);
    remove_tree("job-1");
    tail_directory_gone(fixture->tail, full(fixture, "job-1"), now_of(fixture));
    assert_int_equal(counts_of(fixture).followed, 1);
    fixture_free(fixture);
}

static void test_names_of_any_bytes(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    char longest[256];
    memset(longest, 'n', 255);
    longest[255] = '\0';
    append_events("new\nline", 1, 1);
    append_events("not-utf8-\xFF\xFE", 2, 2);
    append_events(longest, 3, 3);
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 3);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rename_and_create),
        cmocka_unit_test(test_unterminated_last_line_before_rotation),
        cmocka_unit_test(test_half_line_before_rotation_is_told_once),
        cmocka_unit_test(test_writer_keeps_writing_to_the_renamed_file),
        cmocka_unit_test(test_hint_under_the_old_name_reads_the_renamed_file),
        cmocka_unit_test(test_prodigy_rotates_through_two_names),
        cmocka_unit_test(test_killed_within_the_rotation),
        cmocka_unit_test(test_two_rotations_between_looks),
        cmocka_unit_test(test_shift_with_an_existing_first_rotation),
        cmocka_unit_test(test_rotation_without_ids),
        cmocka_unit_test(test_two_names_exchanged),
        cmocka_unit_test(test_gap_between_rename_and_create),
        cmocka_unit_test(test_copy_then_truncate),
        cmocka_unit_test(test_copy_in_two_halves_then_truncate),
        cmocka_unit_test(test_compressed_copy_is_not_counted_again),
        cmocka_unit_test(test_content_decides_what_is_compressed),
        cmocka_unit_test(test_compressed_file_that_is_still_written),
        cmocka_unit_test(test_corrupt_compressed_file_is_told_once),
        cmocka_unit_test(test_rewritten_with_nothing_removed),
        cmocka_unit_test(test_old_lines_removed_with_some_unread),
        cmocka_unit_test(test_newest_lines_removed_with_some_unread),
        cmocka_unit_test(test_retention_normalises),
        cmocka_unit_test(test_rest_that_the_rewrite_terminates_counts_once),
        cmocka_unit_test(test_retention_under_a_live_job),
        cmocka_unit_test(test_many_files_rewritten_at_once),
        cmocka_unit_test(test_rewrite_killed_before_its_rename),
        cmocka_unit_test(test_rewrite_without_ids),
        cmocka_unit_test(test_twice_rewritten_before_it_is_read),
        cmocka_unit_test(test_inode_used_again_under_the_same_name),
        cmocka_unit_test(test_equal_files_are_two_files),
        cmocka_unit_test(test_deleted_and_created_again_is_no_rewrite),
        cmocka_unit_test(test_hard_link_is_the_same_stream),
        cmocka_unit_test(test_link_outside_is_followed_by_its_name_inside),
        cmocka_unit_test(test_only_regular_files_are_read),
        cmocka_unit_test(test_deleted_while_open_with_unread_data),
        cmocka_unit_test(test_unlinked_with_a_rest),
        cmocka_unit_test(test_directory_is_renamed),
        cmocka_unit_test(test_directory_is_moved_out_and_in_again),
        cmocka_unit_test(test_directories_alike_in_the_beginning_are_others),
        cmocka_unit_test(test_names_of_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
