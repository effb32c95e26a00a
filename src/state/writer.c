/* See writer.h. Whatever the thread touches while it works is its own; the loop sees results. */
#include "state/writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "state/batch.h"
#include "state/database.h"
#include "state/id_news.h"

#define STACK_BYTES ((size_t)1 << 20)
/* Where both want the processor, the loop goes first. */
#define NICENESS 5

struct writer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake; /* the thread has something to do */
    pthread_cond_t end;  /* it has ended */
    int done;            /* eventfd: there is a result */

    /* Under the mutex. */
    bool stop;
    bool ended;
    bool abandoned; /* nobody waits for the end: the thread frees everything */
    bool attempt;   /* asked for */
    bool under_way; /* from then on until its result is taken */
    bool taken;     /* the result of a commit was taken: a round of upkeep may begin */
    bool has_result;
    struct work_result result;

    /* The loop's before the first commit, then the thread's own; a batch and its options are set by
     * the loop, under the mutex, when there is none. */
    struct work work;
};

/* --- The thread ----------------------------------------------------------------------------- */

enum task { TASK_STOP, TASK_ATTEMPT, TASK_ROUND, TASK_STEP };

static bool take_flag(bool *flag)
{
    bool was = *flag;
    *flag = false;
    return was;
}

/* What to do next; waits until there is something. A commit goes before upkeep, and before the
 * end. */
static enum task next_task(struct writer *writer)
{
    enum task task = TASK_STEP;
    pthread_mutex_lock(&writer->mutex);
    while (!writer->attempt && !writer->stop && !writer->taken && !work_has_upkeep(&writer->work))
        pthread_cond_wait(&writer->wake, &writer->mutex);
    if (take_flag(&writer->attempt))
        task = TASK_ATTEMPT;
    else if (writer->stop)
        task = TASK_STOP;
    else if (take_flag(&writer->taken))
        task = TASK_ROUND;
    pthread_mutex_unlock(&writer->mutex);
    return task;
}

static void free_writer(struct writer *writer)
{
    if (writer->has_result) {
        if (writer->result.outcome == WORK_COMMITTED)
            batch_free(writer->result.batch);
        id_news_free(writer->result.news);
        sqlite3_close(writer->result.reader);
    }
    work_end(&writer->work);
    close(writer->done);
    pthread_cond_destroy(&writer->end);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

static void attempt(struct writer *writer)
{
    static const uint64_t one = 1;
    struct work_result result;
    work_attempt(&writer->work, &result);
    pthread_mutex_lock(&writer->mutex);
    writer->result = result;
    writer->has_result = true;
    pthread_mutex_unlock(&writer->mutex);
    ssize_t ignored = write(writer->done, &one, sizeof(one));
    (void)ignored; /* the counter of an eventfd cannot be full after one write */
}

static void *writing_thread(void *context)
{
    struct writer *writer = context;
    enum task task;
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS);
    while ((task = next_task(writer)) != TASK_STOP) {
        if (task == TASK_ATTEMPT)
            attempt(writer);
        else if (task == TASK_ROUND)
            work_begin_upkeep(&writer->work);
        else
            work_take_upkeep_step(&writer->work);
    }
    pthread_mutex_lock(&writer->mutex);
    writer->ended = true;
    bool abandoned = writer->abandoned;
    pthread_cond_signal(&writer->end);
    pthread_mutex_unlock(&writer->mutex);
    if (abandoned)
        free_writer(writer);
    return NULL;
}

/* --- For the loop --------------------------------------------------------------------------- */

static int start_thread(struct writer *writer)
{
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all); /* signals are the loop's matter */
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int error = pthread_create(&writer->thread, &attributes, writing_thread, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return -error;
}

static void init_conditions(struct writer *writer)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->wake, NULL);
    pthread_cond_init(&writer->end, &attributes);
    pthread_condattr_destroy(&attributes);
}

int writer_new(struct opening *opening, struct writer **ret_writer)
{
    int done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (done < 0)
        return -errno;
    struct writer *writer = memory_zero(1, sizeof(*writer));
    writer->done = done;
    init_conditions(writer);
    upkeep_init(&writer->work.upkeep);
    writer->work.opening = opening;
    int r = start_thread(writer);
    if (r < 0) {
        pthread_cond_destroy(&writer->end);
        pthread_cond_destroy(&writer->wake);
        pthread_mutex_destroy(&writer->mutex);
        close(done);
        free(writer);
        return r;
    }
    *ret_writer = writer;
    return 0;
}

void writer_set_database(struct writer *writer, struct database *database)
{
    pthread_mutex_lock(&writer->mutex);
    struct database *before = writer->work.database;
    writer->work.database = database;
    pthread_mutex_unlock(&writer->mutex);
    database_abandon(before);
}

/* With the mutex held. */
static bool wait_for_end(struct writer *writer, int64_t timeout)
{
    int64_t deadline = clock_monotonic() + timeout;
    const struct timespec until = {deadline / NANOSECONDS_PER_SECOND,
                                   deadline % NANOSECONDS_PER_SECOND};
    int error = 0;
    while (!writer->ended && error == 0)
        error = pthread_cond_timedwait(&writer->end, &writer->mutex, &until);
    return writer->ended;
}

bool writer_stop(struct writer *writer, int64_t timeout)
{
    /* Once abandoned and unlocked, the writer may be gone at any moment. */
    pthread_t thread = writer->thread;
    pthread_mutex_lock(&writer->mutex);
    writer->stop = true;
    pthread_cond_signal(&writer->wake);
    bool ended = wait_for_end(writer, timeout);
    writer->abandoned = !ended;
    pthread_mutex_unlock(&writer->mutex);
    if (ended)
        pthread_join(thread, NULL);
    else
        pthread_detach(thread);
    return ended;
}

void writer_free(struct writer *writer)
{
    free_writer(writer);
}

void writer_commit(struct writer *writer, struct batch *batch, const struct commit_options *options)
{
    pthread_mutex_lock(&writer->mutex);
    writer->work.batch = batch;
    writer->work.options = *options;
    writer->attempt = true;
    writer->under_way = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
}

void writer_retry(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    /* While an attempt is under way the batch is the thread's. */
    if (!writer->under_way && writer->work.batch) {
        writer->attempt = true;
        writer->under_way = true;
        pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->mutex);
}

int writer_descriptor(const struct writer *writer)
{
    return writer->done;
}

bool writer_take(struct writer *writer, struct work_result *ret_result)
{
    uint64_t count;
    if (read(writer->done, &count, sizeof(count)) != (ssize_t)sizeof(count))
        return false;
    pthread_mutex_lock(&writer->mutex);
    bool has_result = take_flag(&writer->has_result);
    if (has_result) {
        *ret_result = writer->result;
        writer->under_way = false;
        writer->taken = ret_result->outcome == WORK_COMMITTED;
        pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->mutex);
    return has_result;
}
