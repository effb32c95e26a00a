/* See workers.h. */
#include "daemon/workers.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define STACK_BYTES ((size_t)256 * 1024)

struct worker {
    struct workers *workers;
    size_t number;
    pthread_t thread;
};

struct workers {
    workers_do work;
    void *context;
    struct worker threads[WORKERS_MOST];
    size_t wanted;
    size_t started;
    bool was_started; /* or it was tried */

    pthread_mutex_t lock;
    pthread_cond_t begun; /* there are items to take, or it is over */
    pthread_cond_t done;  /* the awaited item */

    /* Of the task under way; under the lock. */
    size_t items;
    size_t next; /* the first that nobody took */
    bool is_done[WORKERS_ITEMS_MOST];
    size_t awaited; /* by the caller, who sleeps; WORKERS_ITEMS_MOST: it does not */
    bool stopping;
};

/* Takes the next item and does it. The lock is held before and after, not meanwhile. */
static void do_next(struct workers *workers, size_t doer)
{
    size_t item = workers->next++;
    pthread_mutex_unlock(&workers->lock);
    workers->work(workers->context, doer, item);
    pthread_mutex_lock(&workers->lock);
    workers->is_done[item] = true;
    if (workers->awaited == item)
        pthread_cond_signal(&workers->done);
}

static void *work_until_stopped(void *context)
{
    const struct worker *worker = context;
    struct workers *workers = worker->workers;
    pthread_mutex_lock(&workers->lock);
    while (!workers->stopping) {
        if (workers->next < workers->items)
            do_next(workers, worker->number);
        else
            pthread_cond_wait(&workers->begun, &workers->lock);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

static void start_threads(struct workers *workers)
{
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;
    workers->was_started = true;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all); /* signals are the loop's matter */
    pthread_sigmask(SIG_BLOCK, &all, &before);
    while (workers->started < workers->wanted) {
        struct worker *worker = &workers->threads[workers->started];
        *worker = (struct worker){.workers = workers, .number = workers->started + 1};
        if (pthread_create(&worker->thread, &attributes, work_until_stopped, worker) != 0)
            break;
        workers->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

struct workers *workers_new(size_t threads, workers_do work, void *context)
{
    struct workers *workers = memory_zero(1, sizeof(*workers));
    workers->work = work;
    workers->context = context;
    workers->wanted = threads < WORKERS_MOST ? threads : WORKERS_MOST;
    workers->awaited = WORKERS_ITEMS_MOST;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->begun, NULL);
    pthread_cond_init(&workers->done, NULL);
    return workers;
}

void workers_free(struct workers *workers)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_mutex_unlock(&workers->lock);
    pthread_cond_broadcast(&workers->begun);
    for (size_t i = 0; i < workers->started; i++)
        pthread_join(workers->threads[i].thread, NULL);
    pthread_cond_destroy(&workers->done);
    pthread_cond_destroy(&workers->begun);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

void workers_begin(struct workers *workers, size_t items)
{
    pthread_mutex_lock(&workers->lock);
    workers->items = items;
    workers->next = 0;
    memset(workers->is_done, 0, sizeof(workers->is_done));
    pthread_mutex_unlock(&workers->lock);
    if (!workers->was_started)
        start_threads(workers);
    pthread_cond_broadcast(&workers->begun);
}

void workers_need(struct workers *workers, size_t item)
{
    pthread_mutex_lock(&workers->lock);
    while (!workers->is_done[item]) {
        if (workers->next < workers->items) {
            do_next(workers, 0);
        } else {
            workers->awaited = item;
            pthread_cond_wait(&workers->done, &workers->lock);
            workers->awaited = WORKERS_ITEMS_MOST;
        }
    }
    pthread_mutex_unlock(&workers->lock);
}

size_t workers_count(int64_t setting)
{
    cpu_set_t processors;
    if (setting >= 0)
        return (size_t)setting;
    CPU_ZERO(&processors);
    if (sched_getaffinity(0, sizeof(processors), &processors) < 0)
        return 0;
    return CPU_COUNT(&processors) >= 2 ? 1 : 0;
}
