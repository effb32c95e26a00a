/* sampler.c and file_system.c: measuring beside the loop. What is measured of processes is in
 * test_usage.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "resources/sampler.h"
#include "resources/usage.h"

#define PERIOD (10 * NANOSECONDS_PER_SECOND)

static int set_up(void **state)
{
    *state = sampler_new(PERIOD);
    return *state == NULL;
}

static int tear_down(void **state)
{
    sampler_free(*state);
    return 0;
}

static void await(struct sampler *sampler)
{
    struct pollfd wait = {.fd = sampler_descriptor(sampler), .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 20000), 1);
    assert_true(sampler_take(sampler));
    assert_false(sampler_take(sampler)); /* taken once */
}

static void measure(struct sampler *sampler, int64_t now)
{
    sampler_start(sampler);
    assert_false(sampler_due(sampler, now + 2 * PERIOD)); /* never two at a time */
    await(sampler);
}

static void test_a_measurement_is_due_after_its_period(void **state)
{
    struct sampler *sampler = *state;
    assert_false(sampler_take(sampler)); /* none was begun */
    assert_true(sampler_due(sampler, 1000));
    sampler_begin(sampler, 1000);
    measure(sampler, 1000);
    assert_false(sampler_due(sampler, 999 + PERIOD));
    assert_true(sampler_due(sampler, 1000 + PERIOD));
    sampler_begin(sampler, 1000 + PERIOD);
    measure(sampler, 1000 + PERIOD);
}

static void test_a_file_system_is_asked_how_full_it_is(void **state)
{
    struct sampler *sampler = *state;
    unsigned long long size;
    unsigned long long used;
    unsigned long long available;
    struct statvfs told;
    size_t position = 0;
    sampler_begin(sampler, 1);
    sampler_want_disk(sampler, "/missing");
    sampler_want_disk(sampler, "/tmp");
    sampler_want_disk(sampler, "/tmp");
    measure(sampler, 1);
    const char *event = sampler_next_disk(sampler, &position);
    assert_non_null(event);
    int end = 0;
    assert_int_equal(sscanf(event,
                            "{\"event_type\":\"DiskSampled\",\"path\":\"/tmp\",\"file_system\":"
                            "{\"size_bytes\":%llu,\"used_bytes\":%llu,\"available_bytes\":%llu}}%n",
                            &size, &used, &available, &end),
                     3);
    assert_int_equal(end, strlen(event));
    assert_int_equal(statvfs("/tmp", &told), 0);
    assert_int_equal(size, told.f_blocks * told.f_frsize);
    assert_true(used > 0 && used + available <= size); /* others are writing */
    assert_null(sampler_next_disk(sampler, &position));
    sampler_begin(sampler, 1); /* forgets */
    position = 0;
    assert_null(sampler_next_disk(sampler, &position));
}

static void test_a_path_of_any_bytes_is_json(void **state)
{
    struct sampler *sampler = *state;
    char root[] = "/tmp/test_sampler.XXXXXX";
    size_t position = 0;
    assert_non_null(mkdtemp(root));
    AUTO_FREE char *path = memory_format("%s/a \"b\"\n\\", root);
    assert_int_equal(mkdir(path, 0755), 0);
    sampler_begin(sampler, 1);
    sampler_want_disk(sampler, path);
    measure(sampler, 1);
    const char *event = sampler_next_disk(sampler, &position);
    assert_non_null(event);
    assert_non_null(strstr(event, "/a \\\"b\\\"\\n\\\\\",\"file_system\":"));
    rmdir(path);
    rmdir(root);
}

/* A child that holds a file; returns when it does. */
static pid_t start_holder(const char *path)
{
    int pipes[2];
    char byte;
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        int descriptor = open(path, O_WRONLY | O_CLOEXEC);
        _exit(descriptor < 0 || write(pipes[1], "x", 1) != 1 || pause() != 0);
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    close(pipes[0]);
    close(pipes[1]);
    return child;
}

static void test_processes_are_measured_over_and_over(void **state)
{
    struct sampler *sampler = *state;
    char path[] = "/tmp/test_sampler.XXXXXX";
    struct stat facts;
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(fstat(descriptor, &facts), 0);
    close(descriptor);
    pid_t child = start_holder(path);
    for (int64_t round = 0; round < 3; round++) {
        size_t position = 0;
        sampler_begin(sampler, 1);
        sampler_want(sampler, facts.st_dev, facts.st_ino, 42);
        measure(sampler, 1);
        const struct usage_sample *sample = sampler_next_usage(sampler, &position);
        assert_non_null(sample);
        assert_int_equal(sample->key, 42);
        assert_int_equal(sample->process, child);
        assert_int_equal(sample->cpu_percent < 0, round == 0);
        assert_null(sampler_next_usage(sampler, &position));
        assert_int_equal(sampler_left_out(sampler), 0);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    unlink(path);
}

static void test_a_measurement_under_way_is_ended(void **state)
{
    struct sampler *sampler = *state;
    sampler_begin(sampler, 1);
    sampler_want(sampler, 1, 2, 3);
    sampler_start(sampler); /* freed at once */
    sampler_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_measurement_is_due_after_its_period),
        TEST(test_a_file_system_is_asked_how_full_it_is),
        TEST(test_a_path_of_any_bytes_is_json),
        TEST(test_processes_are_measured_over_and_over),
        TEST(test_a_measurement_under_way_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
