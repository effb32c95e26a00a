/* Closed: nobody writes the file any more, and all of its lines are read. Removed waits for lines,
 * too. */
#include <signal.h>
#include <sys/wait.h>

#include "document_fixture.h"

/* A process that has the file open for writing until it is killed. */
static pid_t begin_writer(const char *name)
{
    int pipes[2];
    char byte;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int descriptor = open(name, O_WRONLY | O_APPEND | O_CLOEXEC);
        _exit(descriptor < 0 || write(pipes[1], "x", 1) != 1 || pause() != 0);
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    close(pipes[0]);
    close(pipes[1]);
    return child;
}

static void end_writer(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void append(const char *name, const char *text)
{
    int descriptor = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
}

static int set_up_closed(void **state)
{
    set_up(state);
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_CLOSED;
    return 0;
}

static void test_a_writer_in_another_process_keeps_it_open(void **state)
{
    struct fixture *fixture = *state;
    put_file("a", "{1}");
    pid_t writer = begin_writer("a");
    hint_closed(fixture, "a"); /* of somebody else */
    pass_time(fixture, 300 * SECOND);
    assert_told(fixture, "");
    end_writer(writer);
    hint_closed(fixture, "a");
    pass_time(fixture, LONG);
    assert_told(fixture, ".a");
    assert_in_range(fixture->last_time, wall_of(fixture) - SECOND, wall_of(fixture));
}

static void test_a_writer_that_nobody_saw_leaving_is_asked_about_again(void **state)
{
    struct fixture *fixture = *state;
    put_file("a", "{1}");
    int descriptor = open("a", O_WRONLY | O_CLOEXEC);
    hint(fixture, "a");
    pass_time(fixture, 35 * SECOND);
    close(descriptor);
    assert_told(fixture, "");
    pass_time(fixture, 60 * SECOND);
    assert_told(fixture, ".a");
}

static void test_readers_do_not_matter(void **state)
{
    struct fixture *fixture = *state;
    put_file("a", "{1}");
    int descriptor = open("a", O_RDONLY | O_CLOEXEC);
    hint_closed(fixture, "a");
    pass_time(fixture, LONG);
    assert_told(fixture, ".a");
    close(descriptor);
}

static void test_without_a_close_it_has_to_rest(void **state)
{
    struct fixture *fixture = *state;
    append("a", "{1}");
    hint(fixture, "a");
    for (int i = 0; i < 5; i++) {
        pass_time(fixture, 8 * SECOND);
        append("a", "{1}");
        hint(fixture, "a");
    }
    assert_told(fixture, "");
    pass_time(fixture, 9 * SECOND);
    assert_told(fixture, "");
    pass_time(fixture, LONG);
    assert_told(fixture, ".a");
}

static void test_closed_is_told_once_a_life(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 5; i++) {
        append("a", "{1}");
        hint_closed(fixture, "a");
        pass_time(fixture, LONG);
    }
    assert_told(fixture, ".a");
    assert_int_equal(documents_next(fixture->documents), INT64_MAX);
    remove_file(fixture, "a");
    append("a", "{1}");
    hint_closed(fixture, "a");
    pass_time(fixture, LONG);
    assert_told(fixture, ".a");
}

static void test_growth_opens_it_again_where_wished(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish |= DOCUMENTS_REOPEN;
    for (int i = 0; i < 3; i++) {
        append("a", "{1}");
        hint_closed(fixture, "a");
        pass_time(fixture, LONG);
        assert_told(fixture, ".a");
    }
    append("a", "");
    hint_closed(fixture, "a");
    assert_int_equal(chmod("a", 0600), 0);
    hint(fixture, "a");
    assert_int_equal(truncate("a", 1), 0);
    hint_closed(fixture, "a");
    pass_time(fixture, LONG);
    assert_told(fixture, ""); /* it has not grown */
}

static void test_closed_comes_after_the_content(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish |= DOCUMENTS_CONTENT;
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%d", i);
        put_file(name, "{0}");
        hint(fixture, name);
        turn(fixture);
        put_file(name, "{1}");
        hint_closed(fixture, name);
        turn(fixture);
        pass_time(fixture, LONG);
        AUTO_FREE char *told = memory_format("=%d:{0} =%d:{1} .%d", i, i, i);
        assert_told(fixture, told);
    }
}

static void test_what_was_closed_and_removed_at_once_is_both(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish |= DOCUMENTS_REMOVED;
    write_file(fixture, "b", "{1}"); /* a scan was a moment ago */
    assert_told(fixture, ".b");
    write_file(fixture, "a", "{1}");
    remove_file(fixture, "a");
    assert_told(fixture, ".a -a");
    pass_time(fixture, 20 * SECOND);
    assert_told(fixture, "");
}

static void test_what_is_removed_while_it_is_asked_about_is_both(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish |= DOCUMENTS_REMOVED;
    put_file("a", "{1}");
    hint_closed(fixture, "a");
    for (int i = 0; i < 3; i++) /* a scan has begun, and looked at a process or two */
        assert_true(documents_turn(fixture->documents, now_of(fixture), wall_of(fixture), 1) ||
                    i == 0);
    assert_told(fixture, "");
    remove_file(fixture, "a");
    assert_told(fixture, ".a -a");
}

/* The answer comes before the hint. */
static void test_what_goes_unnoticed_while_it_is_asked_about_is_both(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish |= DOCUMENTS_REMOVED;
    put_file("a", "{1}");
    hint_closed(fixture, "a");
    for (int i = 0; i < 3; i++)
        (void)documents_turn(fixture->documents, now_of(fixture), wall_of(fixture), 1);
    assert_told(fixture, "");
    assert_int_equal(unlink("a"), 0);
    pass_time(fixture, SECOND);
    assert_told(fixture, ".a -a");
}

/* A turn has time for one look, and many wait. */
static void test_others_that_change_all_the_time_do_not_hold_it_up(void **state)
{
    struct fixture *fixture = *state;
    char name[16];
    put_file("a", "{1}");
    hint_closed(fixture, "a");
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "b%d", i);
        put_file(name, "{1}");
    }
    for (int i = 0; i < 5000 && fixture->journal.length == 0; i++) {
        for (int j = 0; j < 100; j++) {
            snprintf(name, sizeof(name), "b%d", j);
            hint(fixture, name);
        }
        fixture->ahead += 200 * MILLISECOND;
        assert_true(documents_turn(fixture->documents, now_of(fixture), wall_of(fixture), 1));
    }
    assert_true(fixture->journal.length > 0);
    assert_int_equal(strncmp(fixture->journal.data, ".", 1), 0);
}

/* Root's processes may not be looked at by others, who may have the file open. */
static void test_where_writers_cannot_be_told_it_has_to_rest_longer(void **state)
{
    struct fixture *fixture = *state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(fixture->root, 0755), 0);
    put_file("a", "{1}");
    assert_int_equal(seteuid(65534), 0);
    hint_closed(fixture, "a");
    pass_time(fixture, 58 * SECOND);
    assert_told(fixture, "");
    pass_time(fixture, LONG);
    assert_int_equal(seteuid(0), 0);
    assert_told(fixture, ".a");
    assert_int_equal(documents_next(fixture->documents), INT64_MAX);
}

/* --- Lines ------------------------------------------------------------------------------------ */

static void test_closed_waits_for_lines(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish |= DOCUMENTS_LINES;
    fixture->is_unread = true;
    write_file(fixture, "a", "{1}");
    pass_time(fixture, 10 * SECOND);
    assert_told(fixture, "");
    assert_in_range(fixture->questions, 50, 110);
    fixture->is_unread = false;
    pass_time(fixture, 200 * MILLISECOND);
    assert_told(fixture, ".a");
    assert_int_equal(documents_next(fixture->documents), INT64_MAX);
}

static void test_what_is_removed_while_its_lines_are_read_was_closed(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish |= DOCUMENTS_LINES | DOCUMENTS_REMOVED;
    fixture->is_unread = true;
    write_file(fixture, "a", "{1}");
    pass_time(fixture, 10 * SECOND); /* nobody writes it, as is known by now */
    remove_file(fixture, "a");
    pass_time(fixture, SECOND);
    assert_told(fixture, "");
    fixture->is_unread = false;
    pass_time(fixture, SECOND);
    assert_told(fixture, ".a -a");
}

static void test_what_is_written_while_lines_are_read_is_open(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish |= DOCUMENTS_LINES;
    fixture->is_unread = true;
    write_file(fixture, "a", "{1}");
    pass_time(fixture, 5 * SECOND);
    int descriptor = open("a", O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(descriptor, "x", 1), 1);
    hint(fixture, "a");
    fixture->is_unread = false;
    pass_time(fixture, 30 * SECOND);
    assert_told(fixture, "");
    close(descriptor);
    hint_closed(fixture, "a");
    pass_time(fixture, LONG);
    assert_told(fixture, ".a");
}

static void test_removed_waits_for_lines(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_REMOVED | DOCUMENTS_LINES;
    write_file(fixture, "a", "{1}");
    fixture->is_unread = true;
    int64_t gone = wall_of(fixture);
    remove_file(fixture, "a");
    pass_time(fixture, 300 * SECOND);
    fixture->wall_ahead += 300 * SECOND;
    assert_told(fixture, "");
    fixture->is_unread = false;
    pass_time(fixture, 200 * MILLISECOND);
    assert_told(fixture, "-a");
    assert_in_range(fixture->last_time, gone - SECOND, gone + SECOND); /* not when they were read */
    assert_int_equal(counts_of(fixture).documents, 0);
}

static void test_the_next_life_waits_for_lines_of_the_last(void **state)
{
    struct fixture *fixture = *state;
    fixture->wish = DOCUMENTS_CREATED | DOCUMENTS_REMOVED | DOCUMENTS_LINES;
    write_file(fixture, "a", "{1}");
    assert_told(fixture, "+a");
    fixture->is_unread = true;
    remove_file(fixture, "a");
    write_file(fixture, "a", "{2}");
    pass_time(fixture, 20 * SECOND);
    assert_told(fixture, "");
    fixture->is_unread = false;
    pass_time(fixture, SECOND);
    assert_told(fixture, "-a +a");

    fixture->is_unread = true;
    remove_file(fixture, "a");
    write_file(fixture, "a", "{2}");
    pass_time(fixture, 59 * SECOND);
    assert_told(fixture, "");
    pass_time(fixture, 2 * SECOND); /* but not for ever */
    assert_told(fixture, "-a +a");
}

/* --- Nobody notices --------------------------------------------------------------------------- */

/* Opens the file as often as it can; ends with 0 unless that was once refused or took long. */
static void keep_opening(const char *name, int64_t duration)
{
    int64_t end = clock_monotonic() + duration;
    for (int64_t now = clock_monotonic(); now < end;) {
        int descriptor = open(name, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (descriptor < 0)
            _exit(1);
        close(descriptor);
        int64_t after = clock_monotonic();
        if (after - now > SECOND)
            _exit(2);
        now = after;
    }
    _exit(0);
}

static void test_no_writer_is_refused_or_delayed(void **state)
{
    struct fixture *fixture = *state;
    int status = -1;
    fixture->wish |= DOCUMENTS_CONTENT | DOCUMENTS_REOPEN;
    put_file("a", "{1}");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        keep_opening("a", SECOND / 2);
    while (waitpid(child, &status, WNOHANG) == 0) {
        append("a", "{1}"); /* this process, too, is a writer of it */
        hint_closed(fixture, "a");
        fixture->ahead += 2 * SECOND;
        turn(fixture);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(counts_of(fixture).readings > 1);
    pass_time(fixture, LONG);
    assert_non_null(strstr(fixture->journal.data, ".a"));
}

#define CLOSED_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_closed, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLOSED_TEST(test_a_writer_in_another_process_keeps_it_open),
        CLOSED_TEST(test_a_writer_that_nobody_saw_leaving_is_asked_about_again),
        CLOSED_TEST(test_readers_do_not_matter),
        CLOSED_TEST(test_without_a_close_it_has_to_rest),
        CLOSED_TEST(test_closed_is_told_once_a_life),
        CLOSED_TEST(test_growth_opens_it_again_where_wished),
        CLOSED_TEST(test_closed_comes_after_the_content),
        CLOSED_TEST(test_what_was_closed_and_removed_at_once_is_both),
        CLOSED_TEST(test_what_is_removed_while_it_is_asked_about_is_both),
        CLOSED_TEST(test_what_goes_unnoticed_while_it_is_asked_about_is_both),
        CLOSED_TEST(test_others_that_change_all_the_time_do_not_hold_it_up),
        CLOSED_TEST(test_where_writers_cannot_be_told_it_has_to_rest_longer),
        CLOSED_TEST(test_closed_waits_for_lines),
        CLOSED_TEST(test_what_is_removed_while_its_lines_are_read_was_closed),
        CLOSED_TEST(test_what_is_written_while_lines_are_read_is_open),
        CLOSED_TEST(test_removed_waits_for_lines),
        CLOSED_TEST(test_the_next_life_waits_for_lines_of_the_last),
        CLOSED_TEST(test_no_writer_is_refused_or_delayed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
