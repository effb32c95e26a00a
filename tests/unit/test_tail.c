/* Scenarios of one file: appending, lines, unterminated rests, truncation. One test each. */
#include "tail_fixture.h"

static void test_appends_in_one_write_and_in_many(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    for (unsigned id = 1; id <= 5; id++) {
        append_events("f", id, id);
        read_file(fixture, "f");
    }
    assert_int_equal(fixture->ok, 5);
    append_events("f", 6, 10);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 10);
    assert_int_equal(fixture->last_number, 10);
    assert_int_equal(counts_of(fixture).lines, 10);
    assert_int_equal(counts_of(fixture).lag_bytes, 0);
    assert_int_equal(fixture->opened, 1);
    fixture_free(fixture);
}

static void test_partial_line_is_counted_once_completed(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_half("f", 1);
    look_closed(fixture, "f");
    turn_all(fixture);
    pass_time(fixture, 120);
    assert_int_equal(fixture->ok + fixture->bad + fixture->partial, 0);
    append_other_half("f", 1);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 1);
    assert_int_equal(fixture->bad + fixture->partial, 0);
    assert_int_equal(fixture->last_offset, 0);
    fixture_free(fixture);
}

static void test_one_byte_a_write(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    for (unsigned id = 1; id <= 20; id++)
        for (size_t i = 0; i < strlen(event(id)); i++) {
            append_bytes("f", event(id) + i, 1);
            read_file(fixture, "f");
        }
    assert_int_equal(fixture->ok, 20);
    assert_int_equal(fixture->bad, 0);
    fixture_free(fixture);
}

static void test_crlf_lone_cr_and_line_separator(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "{\"id\":1}\r\n{\"id\":2,\"x\":\"a\rb\xE2\x80\xA8\"}\n{\"id\":3}\r");
    read_file(fixture, "f");
    append("f", "\n");
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 3);
    assert_int_equal(fixture->bad, 0);
    fixture_free(fixture);
}

static void test_byte_order_mark_counts_only_at_the_start(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "\xEF\xBB\xBF{\"id\":1}\n{\"id\":2}\n\xEF\xBB\xBF{\"id\":3}\n");
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 2);
    assert_int_equal(fixture->bad, 1);
    fixture_free(fixture);
}

static void test_blank_lines_are_no_lines(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "\n\n{\"id\":1}\n   \n\r\n{\"id\":2}\n\n");
    append("g", "\n\n\n\n");
    rescan(fixture, 0);
    assert_int_equal(fixture->ok, 2);
    assert_int_equal(fixture->bad, 0);
    assert_int_equal(counts_of(fixture).lag_bytes, 0);
    uint64_t bytes = counts_of(fixture).bytes;
    rescan(fixture, 0);
    assert_int_equal(counts_of(fixture).bytes, bytes);
    fixture_free(fixture);
}

static void append_long_line(const char *name, unsigned id, size_t length)
{
    int descriptor = open_append(name);
    char head[64];
    snprintf(head, sizeof(head), "{\"id\":%u,\"x\":\"", id);
    char *filler = memory_alloc(length);
    memset(filler, 'x', length);
    write_text(descriptor, head);
    write_bytes(descriptor, filler, length);
    write_text(descriptor, "\"}\n");
    free(filler);
    close(descriptor);
}

static void test_long_lines(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 1);
    append_long_line("f", 2, 1 << 20);
    append_events("f", 3, 3);
    append_long_line("f", 4, 64 << 20);
    append_events("f", 5, 5);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 4);
    assert_int_equal(fixture->counted[4], 0);
    assert_int_equal(fixture->too_long, 1);
    assert_int_equal(fixture->bad, 0);
    assert_int_equal(fixture->last_number, 5);
    fixture_free(fixture);
}

/* Every byte of it is read about twice at most, however many pieces it comes in. */
static void test_endless_unterminated_line(void **state UNUSED)
{
    const struct tail_options options = {.max_line_bytes = 1 << 20, .chunk_bytes = 4096};
    struct fixture *fixture = fixture_new_with(&options);
    char piece[512];
    memset(piece, 'x', sizeof(piece));
    int64_t begun = clock_monotonic();
    for (size_t i = 0; i < 3 << 20; i += sizeof(piece)) {
        append_bytes("f", piece, sizeof(piece));
        read_file(fixture, "f");
        assert_int_equal(counts_of(fixture).lag_bytes, 0);
    }
    append("f", "\n");
    append_events("f", 1, 1);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 1);
    assert_int_equal(fixture->too_long, 1);
    assert_int_equal(fixture->bad, 0);
    assert_in_range(clock_monotonic() - begun, 0, 5 * NANOSECONDS_PER_SECOND);
    fixture_free(fixture);
}

static void test_bad_bytes_do_not_stop_the_file(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 1);
    append_bytes("f", "{\"x\":\"a\0b\"}\n", 12);
    append("f", "{\"id\":\n");
    append_events("f", 2, 2);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 2);
    assert_int_equal(fixture->bad, 2);
    fixture_free(fixture);
}

static void test_complete_rest_counts_when_the_file_is_closed(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    int writer = open_append("f");
    write_bytes(writer, event(1), strlen(event(1)) - 1);
    look_closed(fixture, "f");
    turn_all(fixture);
    pass_time(fixture, 90);
    assert_int_equal(fixture->ok, 0); /* it is open for writing all the time */
    close(writer);
    look_closed(fixture, "f");
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 1);
    assert_int_equal(fixture->unterminated, 1);
    append("f", "\n");
    append_events("f", 2, 2);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 2);
    assert_int_equal(fixture->bad, 0);
    assert_int_equal(fixture->last_number, 2);
    fixture_free(fixture);
}

static void test_complete_rest_counts_without_a_hint_after_some_rest(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_without_end("f", 1);
    read_file(fixture, "f");
    pass_time(fixture, 5);
    assert_int_equal(fixture->ok, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->ok, 1);
    append_events("f", 2, 2); /* behind it, without an LF between */
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 2);
    assert_int_equal(fixture->bad, 0);
    fixture_free(fixture);
}

static void test_empty_file_is_filled_later(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    for (char name[] = "f0"; name[1] <= '9'; name[1]++)
        append(name, "");
    rescan(fixture, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->opened, 10);
    assert_int_equal(counts_of(fixture).followed, 10);
    assert_int_equal(counts_of(fixture).open, 0);
    append_events("f3", 1, 1);
    read_file(fixture, "f3");
    assert_int_equal(fixture->ok, 1);
    fixture_free(fixture);
}

static void test_truncated_to_nothing_then_written_shorter(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 3);
    read_file(fixture, "f");
    assert_int_equal(truncate("f", 0), 0);
    append_events("f", 4, 4);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 4);
    assert_int_equal(counts_of(fixture).truncations_read, 1);
    assert_int_equal(counts_of(fixture).truncations_unread, 0);
    fixture_free(fixture);
}

static void test_truncation_with_unread_bytes_is_told(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 3);
    look(fixture, "f");
    assert_int_equal(truncate("f", 0), 0);
    read_file(fixture, "f");
    append_half("f", 4);
    read_file(fixture, "f");
    assert_int_equal(truncate("f", 0), 0);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 0);
    assert_int_equal(counts_of(fixture).truncations_unread, 1);
    fixture_free(fixture);
}

static void test_truncated_and_refilled_longer(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 3);
    read_file(fixture, "f");
    assert_int_equal(truncate("f", 0), 0);
    append_events("f", 10, 30);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 24);
    assert_int_equal(fixture->bad, 0);
    assert_int_equal(counts_of(fixture).truncations_read, 1);
    fixture_free(fixture);
}

static void test_rewritten_in_place_with_the_same_lines(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 10);
    read_file(fixture, "f");
    assert_int_equal(truncate("f", 0), 0);
    append_events("f", 5, 14); /* 4 lines gone, 4 more, as an editor leaves it */
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 14);
    assert_int_equal(fixture->bad, 0);
    fixture_free(fixture);
}

static void test_writer_goes_on_behind_a_hole(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    int writer = open("f", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    for (unsigned id = 1; id <= 1000; id++)
        write_text(writer, event(id));
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 1000);
    assert_int_equal(truncate("f", 0), 0);
    write_text(writer, event(1001));
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 1001);
    assert_int_equal(fixture->bad, 0);
    close(writer);
    fixture_free(fixture);
}

static void test_huge_hole_costs_nothing(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    int writer = open("f", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (lseek(writer, (off_t)1 << 40, SEEK_SET) < 0 ||
        write(writer, event(1), strlen(event(1))) < 0) {
        close(writer);
        fixture_free(fixture);
        skip(); /* no file of this size here */
    }
    int64_t begun = clock_monotonic();
    read_file(fixture, "f");
    write_text(writer, event(2));
    read_file(fixture, "f");
    assert_in_range(clock_monotonic() - begun, 0, NANOSECONDS_PER_SECOND);
    assert_int_equal(fixture->ok, 2);
    assert_int_equal(fixture->bad, 0);
    assert_int_equal(counts_of(fixture).lag_bytes, 0);
    close(writer);
    fixture_free(fixture);
}

static void put(const char *name, const char *text, off_t position)
{
    int writer = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    assert_int_equal(pwrite(writer, text, strlen(text), position), (ssize_t)strlen(text));
    close(writer);
}

static void test_hole_that_is_filled_later(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    char first[512];
    snprintf(first, sizeof(first), "%s", event(1));
    off_t length = (off_t)strlen(first);
    put("f", event(3), 2 * length);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 1);
    put("f", first, 0);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 2);
    append_events("f", 4, 4);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 3);
    assert_int_equal(fixture->bad, 0);
    fixture_free(fixture);
}

/* Lines without ids show that nothing behind the hole is counted twice. */
static void test_hole_within_lines_without_ids(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "{\"a\":1}\n");
    put("f", "{\"c\":3}\n{\"d\":4}\n", 16);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 3);
    put("f", "{\"b\":2}\n", 8);
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 4);
    assert_int_equal(fixture->repeated, 2);
    append("f", "{\"e\":5}\n");
    read_file(fixture, "f");
    assert_int_equal(fixture->ok, 5);
    assert_int_equal(counts_of(fixture).truncations_read, 0);
    fixture_free(fixture);
}

/* As a program does that maps a file it made large before: NULs are bytes to come. */
static void test_bytes_that_appear_in_a_preallocated_file(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append("f", "");
    assert_int_equal(truncate("f", 8 << 20), 0);
    read_file(fixture, "f");
    off_t position = 0;
    for (unsigned id = 1; id <= 300; id++) {
        char text[512];
        snprintf(text, sizeof(text), "%s", event(id));
        size_t half = strlen(text) / 2;
        char first[512] = "";
        memcpy(first, text, half);
        put("f", first, position);
        read_file(fixture, "f");
        put("f", text + half, position + (off_t)half);
        read_file(fixture, "f");
        assert_int_equal(fixture->ok, id);
        position += (off_t)strlen(text);
    }
    assert_int_equal(fixture->bad + fixture->too_long, 0);
    assert_int_equal(counts_of(fixture).lag_bytes, 0);
    fixture_free(fixture);
}

static void test_once_takes_rests_and_tells_halves(void **state UNUSED)
{
    struct fixture *fixture = fixture_new();
    append_events("f", 1, 3);
    append_without_end("f", 4);
    append_events("g", 5, 5);
    append_half("g", 6);
    look(fixture, "f");
    look(fixture, "g");
    tail_drain(fixture->tail);
    assert_int_equal(fixture->ok, 5);
    assert_int_equal(fixture->partial, 1);
    assert_int_equal(fixture->bad, 0);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends_in_one_write_and_in_many),
        cmocka_unit_test(test_partial_line_is_counted_once_completed),
        cmocka_unit_test(test_one_byte_a_write),
        cmocka_unit_test(test_crlf_lone_cr_and_line_separator),
        cmocka_unit_test(test_byte_order_mark_counts_only_at_the_start),
        cmocka_unit_test(test_blank_lines_are_no_lines),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_endless_unterminated_line),
        cmocka_unit_test(test_bad_bytes_do_not_stop_the_file),
        cmocka_unit_test(test_complete_rest_counts_when_the_file_is_closed),
        cmocka_unit_test(test_complete_rest_counts_without_a_hint_after_some_rest),
        cmocka_unit_test(test_empty_file_is_filled_later),
        cmocka_unit_test(test_truncated_to_nothing_then_written_shorter),
        cmocka_unit_test(test_truncation_with_unread_bytes_is_told),
        cmocka_unit_test(test_truncated_and_refilled_longer),
        cmocka_unit_test(test_rewritten_in_place_with_the_same_lines),
        cmocka_unit_test(test_writer_goes_on_behind_a_hole),
        cmocka_unit_test(test_huge_hole_costs_nothing),
        cmocka_unit_test(test_hole_that_is_filled_later),
        cmocka_unit_test(test_hole_within_lines_without_ids),
        cmocka_unit_test(test_bytes_that_appear_in_a_preallocated_file),
        cmocka_unit_test(test_once_takes_rests_and_tells_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
