/* Scenarios over restarts, of files that are rotated, truncated, compressed and rewritten: stopped
 * in order, and killed. */
#include <zlib.h>

#include "tail_restart_fixture.h"

static void write_gzip(const char *name, const char *mode, unsigned first, unsigned last)
{
    gzFile out = gzopen(name, mode);
    assert_non_null(out);
    for (unsigned id = first; id <= last; id++)
        assert_true(gzputs(out, event(id)) > 0);
    gzclose(out);
}

/* --- Rotation --------------------------------------------------------------------------------- */

static void test_rotations_while_down(void **state UNUSED)
{
    for (int round = 0; round < 8 * WAYS; round++) {
        struct saver *saver = saver_new();
        append_events("f.1", 1, 3);
        append("f.1", "{\"a\":1}\n");
        append_events("f", 4, 6);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        append_events("f", 7, 7);
        rescan(saver->fixture, 0);
        end(saver, round % WAYS);
        append_events("f", 8, 8);
        rename("f.1", "f.2");
        rename("f", "f.1");
        append_events("f", 9, 9);
        rename("f.2", "f.3");
        rename("f.1", "f.2");
        rename("f", "f.1");
        append_events("f", 10, 10);
        begin_again(saver);
        start(saver, (unsigned)round / WAYS);
        assert_int_equal(total(saver), 11);
        assert_int_equal(counts_of(saver->fixture).followed, 4);
        saver_free(saver);
    }
}

static void test_prodigy_rotates_while_down(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append_events("events.jsonl", 1, 10);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        append_events("events.jsonl", 11, 12);
        rename("events.jsonl", "events.jsonl.bak"); /* killed here, in the second round */
        if (way == 0) {
            rename("events.jsonl.bak", "events.1.jsonl.gz");
            append_events("events.jsonl", 13, 14);
        }
        begin_and_start(saver);
        assert_int_equal(total(saver), way == 0 ? 14 : 12);
        append_events("events.jsonl.bak", 15, 15);
        rescan(saver->fixture, 0);
        assert_int_equal(total(saver), way == 0 ? 15 : 13);
        saver_free(saver);
    }
}

/* The rotated file has a name that nobody follows, then gets one. */
static void test_file_that_was_away_over_a_restart(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append("f", "{\"a\":1}\n{\"a\":2}\n");
        rescan(saver->fixture, 0);
        rename("f", "f.tmp");
        rescan(saver->fixture, 0);
        pass_time(saver->fixture, 70);
        assert_int_equal(counts_of(saver->fixture).followed, 0);
        save_and_commit(saver);
        end(saver, way);
        begin_and_start(saver);
        append("f.tmp", "{\"a\":3}\n");
        rename("f.tmp", "f.1");
        rescan(saver->fixture, 0);
        assert_int_equal(total(saver), 3);
        saver_free(saver);
    }
}

static void test_copied_and_truncated_while_down(void **state UNUSED)
{
    for (int round = 0; round < 4 * WAYS; round++) {
        struct saver *saver = saver_new();
        append_events("f", 1, 3);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, round % WAYS);
        append_events("f", 4, 4);
        copy_file("f", "f.1");
        assert_int_equal(truncate("f", 0), 0);
        append_events("f", 5, 5 + (unsigned)round % 5); /* shorter, and longer, than before */
        begin_again(saver);
        start(saver, (unsigned)round / WAYS);
        assert_int_equal(total(saver), 5 + round % 5);
        assert_int_equal(counts_of(saver->fixture).truncations_read, 1);
        assert_int_equal(saver->fixture->bad, 0);
        saver_free(saver);
    }
}

static void test_truncated_below_what_was_unread(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append_events("f", 1, 3);
    append_half("f", 4);
    rescan(saver->fixture, 0);
    stop_process(saver);
    assert_int_equal(truncate("f", 0), 0);
    append_events("f", 5, 5);
    begin_and_start(saver);
    assert_int_equal(total(saver), 4);
    assert_int_equal(counts_of(saver->fixture).truncations_unread, 1);
    saver_free(saver);
}

static void test_half_of_a_copy_is_there_when_it_stops(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append_events("f", 1, 30);
        append_events("f.1", 1, 15);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        append_events("f.1", 16, 30);
        assert_int_equal(truncate("f", 0), 0);
        append_events("f", 31, 31);
        begin_and_start(saver);
        assert_int_equal(total(saver), 31);
        saver_free(saver);
    }
}

static void test_writer_behind_a_hole(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append_events("f", 1, 100);
        int writer = open("f", O_WRONLY | O_CLOEXEC);
        lseek(writer, 0, SEEK_END);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        assert_int_equal(truncate("f", 0), 0);
        write_text(writer, event(101));
        if (way == STOPPED)
            rescan(saver->fixture, 0);
        end(saver, way);
        begin_and_start(saver);
        assert_int_equal(total(saver), 101);
        write_text(writer, event(102));
        rescan(saver->fixture, 0);
        assert_int_equal(total(saver), 102);
        assert_int_equal(saver->fixture->bad, 0);
        close(writer);
        saver_free(saver);
    }
}

static void test_hole_is_filled_while_down(void **state UNUSED)
{
    struct saver *saver = saver_new();
    append("f", "{\"a\":0}\n");
    int writer = open("f", O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(writer, "{\"a\":2}\n", 8, 16), 8);
    rescan(saver->fixture, 0);
    assert_int_equal(total(saver), 2);
    stop_process(saver);
    assert_int_equal(pwrite(writer, "{\"a\":1}\n", 8, 8), 8);
    close(writer);
    begin_and_start(saver);
    assert_int_equal(total(saver), 3);
    saver_free(saver);
}

/* --- Compression ------------------------------------------------------------------------------ */

static void test_compressed_with_unread_lines_while_down(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append_events("f.1", 1, 20);
        append_events("f", 100, 100);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        write_gzip("f.1.gz", "wb", 1, 23);
        unlink("f.1");
        rename("f.1.gz", "f.2.gz");
        begin_and_start(saver);
        assert_int_equal(total(saver), 24);
        stop_process(saver);
        write_gzip("f.2.gz", "ab", 24, 30); /* one more member */
        begin_and_start(saver);
        assert_int_equal(total(saver), 31);
        assert_int_equal(saver->fixture->bad, 0);
        saver_free(saver);
    }
}

static void test_compressed_file_is_followed_over_many_restarts(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 700};
    struct saver *saver = saver_new_with(&options);
    static char bytes[1 << 16];
    write_gzip("whole.tmp", "wb", 1, 100);
    int in = open("whole.tmp", O_RDONLY | O_CLOEXEC);
    ssize_t length = read(in, bytes, sizeof(bytes));
    close(in);
    for (ssize_t at = 0; at < length; at += 501) {
        append_bytes("f.gz", bytes + at, (size_t)(length - at < 501 ? length - at : 501));
        if (at % 2)
            rescan(saver->fixture, 0);
        stop_and_start(saver);
    }
    rescan(saver->fixture, 0);
    for (unsigned id = 1; id <= 100; id++)
        assert_int_equal(saver->fixture->counted[id], 1);
    assert_int_equal(saver->fixture->bad, 0);
    saver_free(saver);
}

static void test_compressed_rest_is_judged_after_the_restart(void **state UNUSED)
{
    struct saver *saver = saver_new();
    gzFile out = gzopen("f.gz", "wb");
    assert_true(gzputs(out, "{\"a\":1}\n{\"a\":2}") > 0);
    gzclose(out);
    pass_time(saver->fixture, 0);
    rescan(saver->fixture, 0);
    assert_int_equal(total(saver), 1);
    stop_and_start(saver);
    pass_time(saver->fixture, 20);
    assert_int_equal(total(saver), 2);
    stop_and_start(saver);
    pass_time(saver->fixture, 20);
    assert_int_equal(total(saver), 2);
    saver_free(saver);
}

static void test_broken_compressed_file_is_told_once(void **state UNUSED)
{
    struct saver *saver = saver_new();
    write_gzip("f.gz", "wb", 1, 2000);
    int descriptor = open("f.gz", O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(descriptor, "corrupt", 7, 9000), 7);
    close(descriptor);
    rescan(saver->fixture, 0);
    unsigned before = total(saver);
    stop_and_start(saver);
    assert_int_equal(saver->fixture->notices, 1);
    assert_int_equal(total(saver), before);
    saver_free(saver);
}

/* --- Rewritten by rename ---------------------------------------------------------------------- */

static void test_rewritten_while_down(void **state UNUSED)
{
    static const struct {
        unsigned read;
        unsigned first;
        unsigned last;
        unsigned expected;
    } cases[] = {
        {10, 1, 10, 10}, /* nothing removed */
        {10, 5, 10, 10}, /* a prefix removed */
        {2, 5, 10, 8},   /* with lines that nobody had read */
        {10, 1, 5, 10},  /* the newest removed */
        {3, 1, 5, 5},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases) * WAYS; i++) {
        const unsigned read = cases[i / WAYS].read;
        struct saver *saver = saver_new();
        append_events("f", 1, read);
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, (int)i % WAYS);
        if (read < 10)
            append_events("f", read + 1, 10);
        replace_events("f", cases[i / WAYS].first, cases[i / WAYS].last);
        begin_and_start(saver);
        assert_int_equal(total(saver), cases[i / WAYS].expected);
        replace_events("f", cases[i / WAYS].first, cases[i / WAYS].last);
        stop_and_start(saver);
        assert_int_equal(total(saver), cases[i / WAYS].expected);
        saver_free(saver);
    }
}

/* The rewritten file was seen, and partly read, when it was killed. */
static void test_killed_while_a_rewritten_file_is_read(void **state UNUSED)
{
    const struct tail_options options = {.chunk_bytes = 600};
    for (int turns = 0; turns < 12; turns++) {
        struct saver *saver = saver_new_with(&options);
        append_events("f", 1, 10);
        append("f", "{\"a\":1}\n");
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        append_events("f.tmp", 1, 10);
        append("f.tmp", "{\"a\":1}\n");
        append_events("f.tmp", 11, 12);
        rename("f.tmp", "f");
        look(saver->fixture, "f");
        for (int i = 0; i < turns; i++)
            tail_turn(saver->fixture->tail, 0);
        save_and_commit(saver);
        crash_and_start(saver);
        assert_int_equal(total(saver), 13);
        saver_free(saver);
    }
}

static void test_rewritten_without_ids_while_down(void **state UNUSED)
{
    for (int way = 0; way < WAYS; way++) {
        struct saver *saver = saver_new();
        append("f", "{\"a\":1}\n{\"a\":2}\n");
        append("g", "{\"b\":1}\n{\"b\":2}\n");
        rescan(saver->fixture, 0);
        save_and_commit(saver);
        end(saver, way);
        append("f.tmp", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
        rename("f.tmp", "f");
        append("g.tmp", "{\"b\":2}\n{\"b\":3}\n"); /* not to be told from new lines */
        rename("g.tmp", "g");
        begin_and_start(saver);
        assert_int_equal(total(saver), 5 + 2);
        assert_int_equal(saver->fixture->repeated, 2);
        assert_int_equal(counts_of(saver->fixture).ambiguous_rewrites, 1);
        stop_and_start(saver);
        assert_int_equal(total(saver), 5 + 2);
        saver_free(saver);
    }
}

/* It begins as the old one does, but that is only renamed. */
static void test_rotated_file_that_begins_alike_is_no_rewrite(void **state UNUSED)
{
    for (unsigned order = 0; order < 4; order++) {
        struct saver *saver = saver_new();
        append("f", "{\"a\":1}\n{\"a\":1}\n");
        rescan(saver->fixture, 0);
        stop_process(saver);
        rename("f", "f.1");
        append("f", "{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n");
        begin_again(saver);
        start(saver, order);
        assert_int_equal(total(saver), 5);
        assert_int_equal(counts_of(saver->fixture).ambiguous_rewrites, 0);
        saver_free(saver);
    }
}

static void test_many_rewritten_while_down(void **state UNUSED)
{
    char name[64];
    struct saver *saver = saver_new();
    for (unsigned job = 0; job < 50; job++) {
        snprintf(name, sizeof(name), "job-%u", job);
        mkdir(name, 0755);
        snprintf(name, sizeof(name), "job-%u/f", job);
        append_events(name, job * 10 + 1, job * 10 + 10);
    }
    rescan(saver->fixture, 0);
    stop_process(saver);
    for (unsigned job = 0; job < 50; job++) {
        snprintf(name, sizeof(name), "job-%u/f", job);
        replace_events(name, job * 10 + 4, job * 10 + 10);
    }
    begin_and_start(saver);
    assert_int_equal(total(saver), 500);
    assert_int_equal(counts_of(saver->fixture).followed, 50);
    saver_free(saver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rotations_while_down),
        cmocka_unit_test(test_prodigy_rotates_while_down),
        cmocka_unit_test(test_file_that_was_away_over_a_restart),
        cmocka_unit_test(test_copied_and_truncated_while_down),
        cmocka_unit_test(test_truncated_below_what_was_unread),
        cmocka_unit_test(test_half_of_a_copy_is_there_when_it_stops),
        cmocka_unit_test(test_writer_behind_a_hole),
        cmocka_unit_test(test_hole_is_filled_while_down),
        cmocka_unit_test(test_compressed_with_unread_lines_while_down),
        cmocka_unit_test(test_compressed_file_is_followed_over_many_restarts),
        cmocka_unit_test(test_compressed_rest_is_judged_after_the_restart),
        cmocka_unit_test(test_broken_compressed_file_is_told_once),
        cmocka_unit_test(test_rewritten_while_down),
        cmocka_unit_test(test_killed_while_a_rewritten_file_is_read),
        cmocka_unit_test(test_rewritten_without_ids_while_down),
        cmocka_unit_test(test_rotated_file_that_begins_alike_is_no_rewrite),
        cmocka_unit_test(test_many_rewritten_while_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
