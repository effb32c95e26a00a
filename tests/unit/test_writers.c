/* Who has a file open for writing: found in this and in other processes, by way of /proc. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "tail/facts.h"
#include "tail/writers.h"

struct fixture {
    char path[64];
    struct facts facts;
    struct writers *writers;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char template[] = "/tmp/test_writers.XXXXXX";
    for (size_t i = 0; i < sizeof(template); i++)
        fixture->path[i] = template[i];
    int descriptor = mkstemp(fixture->path);
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_int_equal(facts_of_path(fixture->path, &fixture->facts), 0);
    fixture->writers = writers_new();
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    unlink(fixture->path);
    writers_free(fixture->writers);
    free(fixture);
    return 0;
}

static enum writers_answer ask(const struct fixture *fixture)
{
    struct writers *writers = fixture->writers;
    writers_begin(writers);
    writers_want(writers, 1, 2); /* others that nobody has open */
    writers_want(writers, fixture->facts.device, fixture->facts.inode);
    writers_want(writers, fixture->facts.device, 1);
    while (!writers_step(writers, NANOSECONDS_PER_MILLISECOND))
        assert_true(writers_scanning(writers));
    return writers_answer(writers, fixture->facts.device, fixture->facts.inode,
                          fixture->facts.owner);
}

/* Where others' processes may not be looked at, nothing can be said. */
static void assert_none(enum writers_answer answer)
{
    if (answer == WRITERS_UNKNOWN)
        skip();
    assert_int_equal(answer, WRITERS_NONE);
}

static void test_nobody_has_it_open(void **state)
{
    assert_none(ask(*state));
}

static void test_readers_are_no_writers(void **state)
{
    struct fixture *fixture = *state;
    int descriptor = open(fixture->path, O_RDONLY | O_CLOEXEC);
    assert_none(ask(fixture));
    close(descriptor);
}

static void test_every_way_of_writing_is_found(void **state)
{
    struct fixture *fixture = *state;
    static const int flags[] = {O_WRONLY, O_RDWR, O_WRONLY | O_APPEND};
    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
        int descriptor = open(fixture->path, flags[i] | O_CLOEXEC);
        assert_int_equal(ask(fixture), WRITERS_SOME);
        close(descriptor);
    }
    assert_none(ask(fixture));
}

static void test_another_process_is_found(void **state)
{
    struct fixture *fixture = *state;
    int pipes[2];
    char byte;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        int descriptor = open(fixture->path, O_WRONLY | O_APPEND | O_CLOEXEC);
        _exit(descriptor < 0 || write(pipes[1], "x", 1) != 1 || pause() != 0);
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_int_equal(ask(fixture), WRITERS_SOME);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_none(ask(fixture));
    close(pipes[0]);
    close(pipes[1]);
}

static void test_a_file_without_a_name_is_found(void **state)
{
    struct fixture *fixture = *state;
    int descriptor = open(fixture->path, O_WRONLY | O_CLOEXEC);
    unlink(fixture->path);
    assert_int_equal(ask(fixture), WRITERS_SOME);
    close(descriptor);
}

static void test_only_what_was_asked_is_answered(void **state)
{
    struct fixture *fixture = *state;
    struct writers *writers = fixture->writers;
    assert_int_equal(writers_answer(writers, 1, 2, 0), WRITERS_NOT_ASKED);
    ask(fixture);
    assert_int_equal(writers_answer(writers, 1, 3, 0), WRITERS_NOT_ASKED);
    writers_begin(writers);
    assert_int_equal(writers_answer(writers, 1, 2, 0), WRITERS_NOT_ASKED);
}

static void test_scans_come_rarely(void **state)
{
    struct fixture *fixture = *state;
    assert_true(writers_due(fixture->writers, clock_monotonic()));
    ask(fixture);
    int64_t now = clock_monotonic();
    assert_false(writers_due(fixture->writers, now));
    assert_false(writers_due(fixture->writers, now + NANOSECONDS_PER_SECOND / 2));
    assert_true(writers_due(fixture->writers, now + 600 * NANOSECONDS_PER_SECOND));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_has_it_open),
        TEST(test_readers_are_no_writers),
        TEST(test_every_way_of_writing_is_found),
        TEST(test_another_process_is_found),
        TEST(test_a_file_without_a_name_is_found),
        TEST(test_only_what_was_asked_is_answered),
        TEST(test_scans_come_rarely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
