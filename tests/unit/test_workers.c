/* workers.c: every item is done once and is there when it is needed, whoever does it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "daemon/workers.h"

struct task {
    struct workers *workers;
    int round; /* written by the caller between tasks, read by whoever does items */
    int results[WORKERS_ITEMS_MOST];
    size_t doers[WORKERS_ITEMS_MOST];
    unsigned times[WORKERS_ITEMS_MOST];
    atomic_bool blocked; /* the caller waits in its item until another doer was seen */
    atomic_bool other_seen;
};

static void do_item(void *context, size_t doer, size_t item)
{
    struct task *task = context;
    assert_true(doer <= WORKERS_MOST);
    task->results[item] = task->round * 100 + (int)item;
    task->doers[item] = doer;
    task->times[item]++;
    if (doer != 0)
        atomic_store(&task->other_seen, true);
    const struct timespec moment = {.tv_nsec = 100000};
    int64_t end = clock_monotonic() + 10 * NANOSECONDS_PER_SECOND;
    while (doer == 0 && atomic_load(&task->blocked) && !atomic_load(&task->other_seen) &&
           clock_monotonic() < end)
        nanosleep(&moment, NULL);
}

static void run(struct task *task, size_t items)
{
    memset(task->times, 0, sizeof(task->times));
    task->round++;
    workers_begin(task->workers, items);
    for (size_t i = 0; i < items; i++) {
        workers_need(task->workers, i);
        assert_int_equal(task->results[i], task->round * 100 + (int)i);
        assert_int_equal(task->times[i], 1);
    }
}

static void test_items_are_done_once_and_in_time(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 17, WORKERS_ITEMS_MOST, 1, 5};
    for (size_t threads = 1; threads <= WORKERS_MOST; threads += 3) {
        struct task task = {.round = 0};
        task.workers = workers_new(threads, do_item, &task);
        for (size_t i = 0; i < 200; i++)
            run(&task, sizes[i % (sizeof(sizes) / sizeof(sizes[0]))]);
        workers_free(task.workers);
    }
}

static void test_threads_help(void **state)
{
    (void)state;
    struct task task = {.round = 0};
    task.workers = workers_new(1, do_item, &task);
    atomic_store(&task.blocked, true);
    run(&task, 4);
    assert_true(atomic_load(&task.other_seen));
    for (size_t i = 0; i < 4; i++)
        assert_true(task.doers[i] <= 1);
    workers_free(task.workers);
}

/* An item may be needed again, and out of turn. */
static void test_needed_out_of_turn(void **state)
{
    (void)state;
    struct task task = {.round = 1};
    task.workers = workers_new(2, do_item, &task);
    workers_begin(task.workers, 8);
    workers_need(task.workers, 7);
    assert_int_equal(task.results[7], 107);
    for (size_t i = 0; i < 8; i++) {
        workers_need(task.workers, i);
        workers_need(task.workers, i);
        assert_int_equal(task.times[i], 1);
    }
    workers_free(task.workers);
}

static void test_freed_without_work(void **state)
{
    (void)state;
    struct task task = {.round = 0};
    workers_free(NULL);
    workers_free(workers_new(3, do_item, &task));
    struct workers *workers = workers_new(WORKERS_MOST + 5, do_item, &task); /* at most that many */
    workers_begin(workers, 1);
    workers_need(workers, 0);
    workers_free(workers);
    assert_int_equal(workers_count(0), 0);
    assert_int_equal(workers_count(3), 3);
    assert_true(workers_count(-1) <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_are_done_once_and_in_time),
        cmocka_unit_test(test_threads_help),
        cmocka_unit_test(test_needed_out_of_turn),
        cmocka_unit_test(test_freed_without_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
