/* usage.c, and with it holders.c, process_table.c and base/open_files.c: what real processes use
 * that hold a file. Each test plays with children of its own, step by step. */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "resources/usage.h"

#define KEY      UINT64_C(7)
#define MEGABYTE ((size_t)1 << 20)

/* --- A child that does one thing after the other, when it is told to -------------------------- */

struct child;
typedef void (*child_step)(const char *path);

struct child {
    pid_t process;
    int orders;  /* a byte begins the next step */
    int answers; /* a byte: it is done */
};

static void serve_steps(const char *path, const child_step *steps, int orders, int answers)
{
    char byte;
    for (size_t i = 0; steps[i]; i++) {
        if (read(orders, &byte, 1) != 1)
            _exit(1);
        steps[i](path);
        if (write(answers, "x", 1) != 1)
            _exit(1);
    }
    while (read(orders, &byte, 1) > 0)
        ;
    _exit(0);
}

static void next_step(const struct child *child)
{
    char byte;
    assert_int_equal(write(child->orders, "x", 1), 1);
    assert_int_equal(read(child->answers, &byte, 1), 1);
}

/* Starts it; its first step is done then. */
static struct child start_child(const char *path, const child_step *steps)
{
    int orders[2];
    int answers[2];
    assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
    assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
    pid_t process = fork();
    if (process == 0) {
        close(orders[1]);
        close(answers[0]);
        serve_steps(path, steps, orders[0], answers[1]);
    }
    assert_true(process > 0);
    close(orders[0]);
    close(answers[1]);
    struct child child = {process, orders[1], answers[0]};
    next_step(&child);
    return child;
}

static void end_child(struct child *child)
{
    kill(child->process, SIGKILL);
    waitpid(child->process, NULL, 0);
    close(child->orders);
    close(child->answers);
}

/* Steps. What they leave behind ends with the child. */

static int held_descriptor = -1;
static pid_t grandchild = -1;

static void step_hold(const char *path)
{
    held_descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

static void step_hold_twice(const char *path)
{
    step_hold(path);
    step_hold(path);
}

static void step_hold_reading(const char *path)
{
    held_descriptor = open(path, O_RDONLY | O_CLOEXEC);
}

static void step_let_go(const char *path)
{
    (void)path;
    close(held_descriptor);
}

static void step_nothing(const char *path)
{
    (void)path;
}

static void step_allocate(const char *path)
{
    (void)path;
    char *memory =
        mmap(NULL, 50 * MEGABYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(memory, 1, 50 * MEGABYTE);
}

/* 0.3 s of processor time. */
static void step_burn(const char *path)
{
    (void)path;
    struct timespec begun;
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while ((now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000 < 300);
}

/* A grandchild that does `step`, and then stays. */
static void start_grandchild(const char *path, child_step step)
{
    int pipes[2];
    char byte;
    if (pipe2(pipes, O_CLOEXEC) < 0)
        _exit(1);
    grandchild = fork();
    if (grandchild == 0) {
        step(path);
        if (write(pipes[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    if (read(pipes[0], &byte, 1) != 1)
        _exit(1);
}

static void step_start_burning_grandchild(const char *path)
{
    start_grandchild(path, step_burn);
}

static void step_start_big_grandchild(const char *path)
{
    start_grandchild(path, step_allocate);
}

static void step_end_grandchild(const char *path)
{
    (void)path;
    kill(grandchild, SIGKILL);
    waitpid(grandchild, NULL, 0);
}

/* Nobody waits for it: the kernel does not add its time to its parent's. */
static void step_lose_grandchild(const char *path)
{
    (void)path;
    signal(SIGCHLD, SIG_IGN);
    kill(grandchild, SIGKILL);
    waitpid(grandchild, NULL, 0); /* fails when it has ended */
}

static void step_run_short_grandchild(const char *path)
{
    step_start_burning_grandchild(path);
    step_end_grandchild(path);
}

/* --- Measuring ------------------------------------------------------------------------------- */

struct scene {
    char path[64];
    struct stat facts;
    struct usage *usage;
};

static int set_up(void **state)
{
    struct scene *scene = memory_zero(1, sizeof(*scene));
    snprintf(scene->path, sizeof(scene->path), "/tmp/test_usage.XXXXXX");
    int descriptor = mkstemp(scene->path);
    assert_true(descriptor >= 0);
    assert_int_equal(fstat(descriptor, &scene->facts), 0);
    close(descriptor);
    scene->usage = usage_new();
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    unlink(scene->path);
    usage_free(scene->usage);
    free(scene);
    return 0;
}

static void measure_keys(const struct scene *scene, const uint64_t *keys, size_t count)
{
    const atomic_bool stop = false;
    usage_begin(scene->usage);
    usage_want(scene->usage, 1, 2, 99); /* somebody else's */
    for (size_t i = 0; i < count; i++)
        usage_want(scene->usage, scene->facts.st_dev, scene->facts.st_ino, keys[i]);
    usage_measure(scene->usage, &stop);
}

/* The only sample, or NULL. */
static const struct usage_sample *measure(const struct scene *scene)
{
    const uint64_t key = KEY;
    measure_keys(scene, &key, 1);
    size_t position = 0;
    const struct usage_sample *sample = usage_next(scene->usage, &position);
    assert_null(usage_next(scene->usage, &position));
    return sample;
}

static const struct usage_sample *measure_held(const struct scene *scene)
{
    const struct usage_sample *sample = measure(scene);
    assert_non_null(sample);
    assert_false(sample->ended);
    assert_int_equal(sample->key, KEY);
    return sample;
}

static double resident(pid_t process)
{
    char path[64];
    char line[256];
    long kilobytes = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", process);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (kilobytes < 0 && fgets(line, sizeof(line), file))
        sscanf(line, "VmRSS: %ld", &kilobytes);
    fclose(file);
    assert_true(kilobytes >= 0);
    return (double)kilobytes * 1024;
}

static void assert_near(double value, double wanted, double most)
{
    if (value < wanted - most || value > wanted + most)
        fail_msg("%f is not within %f of %f", value, most, wanted);
}

static void test_nobody_holds_it(void **state)
{
    assert_null(measure(*state));
    assert_null(measure(*state));
}

static void test_a_reader_is_nobody(void **state)
{
    const struct scene *scene = *state;
    const child_step steps[] = {step_hold_reading, NULL};
    struct child child = start_child(scene->path, steps);
    assert_null(measure(scene));
    end_child(&child);
}

static void test_this_process_is_nobody(void **state)
{
    const struct scene *scene = *state;
    int descriptor = open(scene->path, O_WRONLY | O_CLOEXEC);
    assert_null(measure(scene));
    close(descriptor);
}

static void test_memory_of_the_one_who_holds_it(void **state)
{
    const struct scene *scene = *state;
    const child_step steps[] = {step_hold, step_allocate, NULL};
    struct child child = start_child(scene->path, steps);
    const struct usage_sample *sample = measure_held(scene);
    assert_int_equal(sample->process, child.process);
    assert_true(sample->started > 0);
    assert_int_equal(sample->process_count, 1);
    double before = (double)sample->memory;
    assert_near(before, resident(child.process), before * 0.1);
    next_step(&child);
    sample = measure_held(scene);
    assert_near((double)sample->memory - before, 50.0 * MEGABYTE, 2.0 * MEGABYTE);
    assert_near((double)sample->memory, resident(child.process), before * 0.1);
    end_child(&child);
}

static void test_memory_of_descendants(void **state)
{
    const struct scene *scene = *state;
    const child_step steps[] = {step_hold, step_start_big_grandchild, step_end_grandchild, NULL};
    struct child child = start_child(scene->path, steps);
    double before = (double)measure_held(scene)->memory;
    next_step(&child);
    const struct usage_sample *sample = measure_held(scene);
    assert_int_equal(sample->process_count, 2);
    assert_true((double)sample->memory > before + 50.0 * MEGABYTE);
    next_step(&child);
    sample = measure_held(scene);
    assert_int_equal(sample->process_count, 1);
    assert_near((double)sample->memory, before, before * 0.2);
    end_child(&child);
}

static void test_processor_time(void **state)
{
    const struct scene *scene = *state;
    const child_step steps[] = {step_hold, step_burn, NULL};
    struct child child = start_child(scene->path, steps);
    const struct usage_sample *sample = measure_held(scene);
    double before = sample->cpu_seconds;
    assert_true(sample->cpu_percent < 0);
    int64_t begun = clock_monotonic();
    next_step(&child);
    sample = measure_held(scene);
    double seconds = (double)(clock_monotonic() - begun) / 1e9;
    assert_near(sample->cpu_seconds - before, 0.3, 0.05);
    /* The time between the measurements is a little longer or shorter than the step. */
    double percent = (sample->cpu_seconds - before) / seconds * 100;
    assert_near(sample->cpu_percent, percent, percent * 0.25);
    end_child(&child);
}

static void test_time_from_before_the_first_look_counts(void **state)
{
    const struct scene *scene = *state;
    const child_step steps[] = {step_burn, step_hold, NULL};
    struct child child = start_child(scene->path, steps);
    next_step(&child);
    assert_near(measure_held(scene)->cpu_seconds, 0.3, 0.05);
    end_child(&child);
}

/* Its time moves to its parent: neither lost nor counted again. */
static void test_a_descendant_that_ended_counts_once(void **state)
{
    const struct scene *scene = *state;
    const child_step steps[] = {step_hold, step_start_burning_grandchild, step_end_grandchild,
                                step_run_short_grandchild, NULL};
    struct child child = start_child(scene->path, steps);
    double before = measure_held(scene)->cpu_seconds;
    next_step(&child);
    double during = measure_held(scene)->cpu_seconds;
    assert_near(during - before, 0.3, 0.05);
    next_step(&child);
    double after = measure_held(scene)->cpu_seconds;
    assert_true(after >= during);
    assert_near(after, during, 0.05);
    assert_near(measure_held(scene)->cpu_seconds, during, 0.05);
    next_step(&child); /* one that no measurement saw */
    assert_near(measure_held(scene)->cpu_seconds - during, 0.3, 0.07);
    end_child(&child);
}

static void test_a_descendant_that_nobody_waited_for_is_not_taken_back(void **state)
{
    const struct scene *scene = *state;
    const child_step steps[] = {
        step_hold, step_start_burning_grandchild, step_lose_grandchild, step_nothing, step_burn,
        NULL};
    struct child child = start_child(scene->path, steps);
    next_step(&child);
    double during = measure_held(scene)->cpu_seconds;
    assert_true(during >= 0.28);
    next_step(&child);
    double after = measure_held(scene)->cpu_seconds;
    assert_true(after >= during);
    next_step(&child);
    assert_true(measure_held(scene)->cpu_seconds >= after);
    next_step(&child); /* and what others burn is not kept from it for long */
    assert_near(measure_held(scene)->cpu_seconds - after, 0.3, 0.07);
    end_child(&child);
}

static void test_who_holds_it_twice_counts_once(void **state)
{
    const struct scene *scene = *state;
    const child_step steps[] = {step_hold_twice, NULL};
    struct child child = start_child(scene->path, steps);
    const struct usage_sample *sample = measure_held(scene);
    assert_int_equal(sample->process_count, 1);
    assert_near((double)sample->memory, resident(child.process), resident(child.process) * 0.1);
    end_child(&child);
}

static void test_two_who_hold_it_are_one_sample(void **state)
{
    const struct scene *scene = *state;
    const child_step steps[] = {step_hold, NULL};
    struct child first = start_child(scene->path, steps);
    struct child second = start_child(scene->path, steps);
    const struct usage_sample *sample = measure_held(scene);
    assert_int_equal(sample->process_count, 2);
    int process = sample->process;
    assert_true(process == first.process || process == second.process);
    end_child(&first);
    sample = measure_held(scene);
    assert_int_equal(sample->process_count, 1);
    assert_int_equal(sample->process, process); /* by which it is known to its end */
    end_child(&second);
    assert_true(measure(scene)->ended);
}

static void test_the_end_is_told_once(void **state)
{
    const struct scene *scene = *state;
    const child_step steps[] = {step_hold, NULL};
    struct child child = start_child(scene->path, steps);
    measure_held(scene);
    end_child(&child);
    const struct usage_sample *sample = measure(scene);
    assert_non_null(sample);
    assert_true(sample->ended);
    assert_int_equal(sample->key, KEY);
    assert_int_equal(sample->process, child.process);
    assert_null(measure(scene));
    struct child other = start_child(scene->path, steps);
    assert_int_equal(measure_held(scene)->process, other.process);
    end_child(&other);
}

/* A rotation: the file it holds now is one that is not asked about yet. */
static void test_who_lets_go_belongs_to_it_once_more(void **state)
{
    const struct scene *scene = *state;
    const child_step steps[] = {step_hold, step_let_go, step_hold, step_let_go, NULL};
    struct child child = start_child(scene->path, steps);
    measure_held(scene);
    next_step(&child);
    assert_int_equal(measure_held(scene)->process_count, 1);
    next_step(&child);
    measure_held(scene);
    next_step(&child);
    measure_held(scene);
    assert_true(measure(scene)->ended);
    assert_null(measure(scene));
    end_child(&child);
}

static void test_more_than_can_be_measured_are_counted(void **state)
{
    const struct scene *scene = *state;
    enum { FILES = USAGE_MOST + 3 };
    char directory[] = "/tmp/test_usage.XXXXXX";
    const atomic_bool stop = false;
    int descriptors[FILES];
    size_t samples = 0;
    assert_non_null(mkdtemp(directory));
    usage_begin(scene->usage);
    for (int i = 0; i < FILES; i++) {
        AUTO_FREE char *path = memory_format("%s/%d", directory, i);
        struct stat facts;
        descriptors[i] = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(descriptors[i] >= 0);
        assert_int_equal(fstat(descriptors[i], &facts), 0);
        unlink(path);
        usage_want(scene->usage, facts.st_dev, facts.st_ino, (uint64_t)i + 1);
    }
    rmdir(directory);
    const child_step steps[] = {step_nothing, NULL};
    struct child child = start_child(scene->path, steps); /* has them all */
    for (int i = 0; i < FILES; i++)
        close(descriptors[i]);
    usage_measure(scene->usage, &stop);
    for (size_t position = 0; usage_next(scene->usage, &position);)
        samples++;
    assert_int_equal(samples, USAGE_MOST);
    assert_int_equal(usage_left_out(scene->usage), FILES - USAGE_MOST);
    end_child(&child);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_holds_it),
        TEST(test_a_reader_is_nobody),
        TEST(test_this_process_is_nobody),
        TEST(test_memory_of_the_one_who_holds_it),
        TEST(test_memory_of_descendants),
        TEST(test_processor_time),
        TEST(test_time_from_before_the_first_look_counts),
        TEST(test_a_descendant_that_ended_counts_once),
        TEST(test_a_descendant_that_nobody_waited_for_is_not_taken_back),
        TEST(test_who_holds_it_twice_counts_once),
        TEST(test_two_who_hold_it_are_one_sample),
        TEST(test_the_end_is_told_once),
        TEST(test_who_lets_go_belongs_to_it_once_more),
        TEST(test_more_than_can_be_measured_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
