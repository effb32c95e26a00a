/* See sampler.h. While `is_running`, all but `stop` belongs to the thread. */
#include "resources/sampler.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "resources/background.h"
#include "resources/file_system.h"
#include "resources/usage.h"

#define SHARE      100 /* what took t of processor time is followed by a pause of 100 t */
#define EVENT_MOST ((size_t)65536) /* bytes of one */

struct sampler {
    int64_t period;
    int64_t begun; /* monotonic time of the last measurement */
    int64_t next;  /* and of the next one */
    int done;      /* eventfd */

    bool is_running; /* the thread is to be joined */
    pthread_t thread;
    atomic_bool stop;
    int64_t spent; /* ns of processor time, on the last measurement */

    struct usage *usage;
    struct disk_sample {
        char *path;
        struct text event; /* empty: nothing to tell */
    } disks[SAMPLER_PATHS_MOST];
    size_t disk_count;
};

static void *measuring_thread(void *context)
{
    struct sampler *sampler = context;
    background_lower();
    usage_measure(sampler->usage, &sampler->stop);
    for (size_t i = 0; i < sampler->disk_count && !atomic_load(&sampler->stop); i++)
        file_system_sample(sampler->disks[i].path, &sampler->disks[i].event);
    sampler->spent = clock_of_thread();
    background_done(sampler->done);
    return NULL;
}

static void start_thread(struct sampler *sampler)
{
    sampler->is_running = background_start(measuring_thread, sampler, &sampler->thread);
}

struct sampler *sampler_new(int64_t period)
{
    int done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (done < 0)
        return NULL;
    struct sampler *sampler = memory_zero(1, sizeof(*sampler));
    sampler->period = period;
    sampler->done = done;
    sampler->usage = usage_new();
    return sampler;
}

static void forget_disks(struct sampler *sampler)
{
    for (size_t i = 0; i < sampler->disk_count; i++) {
        free(sampler->disks[i].path);
        text_free(&sampler->disks[i].event);
    }
    sampler->disk_count = 0;
}

void sampler_free(struct sampler *sampler)
{
    if (!sampler)
        return;
    atomic_store(&sampler->stop, true);
    if (sampler->is_running)
        pthread_join(sampler->thread, NULL);
    close(sampler->done);
    forget_disks(sampler);
    usage_free(sampler->usage);
    free(sampler);
}

int sampler_descriptor(const struct sampler *sampler)
{
    return sampler->done;
}

bool sampler_due(const struct sampler *sampler, int64_t monotonic_now)
{
    return !sampler->is_running && monotonic_now >= sampler->next;
}

void sampler_begin(struct sampler *sampler, int64_t monotonic_now)
{
    sampler->begun = monotonic_now;
    sampler->next = monotonic_now + sampler->period;
    usage_begin(sampler->usage);
    forget_disks(sampler);
}

void sampler_want(struct sampler *sampler, uint64_t device, uint64_t inode, uint64_t key)
{
    usage_want(sampler->usage, device, inode, key);
}

void sampler_want_disk(struct sampler *sampler, const char *path)
{
    if (sampler->disk_count == SAMPLER_PATHS_MOST)
        return;
    for (size_t i = 0; i < sampler->disk_count; i++)
        if (strcmp(sampler->disks[i].path, path) == 0)
            return;
    struct disk_sample *disk = &sampler->disks[sampler->disk_count++];
    disk->path = memory_copy_text(path);
    text_init(&disk->event, EVENT_MOST);
}

void sampler_start(struct sampler *sampler)
{
    start_thread(sampler);
}

bool sampler_take(struct sampler *sampler)
{
    uint64_t count;
    if (read(sampler->done, &count, sizeof(count)) != (ssize_t)sizeof(count))
        return false;
    if (sampler->is_running)
        pthread_join(sampler->thread, NULL);
    sampler->is_running = false;
    int64_t pause = sampler->spent * SHARE;
    if (pause > sampler->period)
        sampler->next = sampler->begun + pause;
    return true;
}

const struct usage_sample *sampler_next_usage(const struct sampler *sampler, size_t *position)
{
    return usage_next(sampler->usage, position);
}

const char *sampler_next_disk(const struct sampler *sampler, size_t *position)
{
    while (*position < sampler->disk_count) {
        const struct disk_sample *disk = &sampler->disks[(*position)++];
        if (disk->event.length > 0)
            return disk->event.data;
    }
    return NULL;
}

size_t sampler_left_out(const struct sampler *sampler)
{
    return usage_left_out(sampler->usage);
}
