/* See disk.h. The thread owns nothing: it reads `path`, adds up, writes `bytes` and signals. */
#include "resources/disk.h"

#include <errno.h>
#include <fts.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "resources/background.h"

#define BLOCK     ((int64_t)512) /* of st_blocks, see stat(2) */
#define NOT_THERE ((int64_t)-1)

struct disk {
    char *path;
    int done; /* eventfd */

    bool is_running; /* the thread is to be joined */
    pthread_t thread;
    int64_t next; /* monotonic time of the next measurement; 0: at once */

    atomic_bool stop;
    _Atomic int64_t bytes; /* of the last measurement */
};

static int64_t measure(struct disk *disk)
{
    char *const roots[] = {disk->path, NULL};
    struct stat root;
    if (stat(disk->path, &root) < 0 || !S_ISDIR(root.st_mode))
        return NOT_THERE;
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR | FTS_XDEV, NULL);
    if (!walk)
        return NOT_THERE;
    int64_t bytes = 0;
    FTSENT *entry;
    while ((entry = fts_read(walk))) {
        if (atomic_load(&disk->stop)) /* fts_close in the middle of a walk leaks */
            fts_set(walk, entry, FTS_SKIP);
        else if (entry->fts_info != FTS_DP && entry->fts_info != FTS_NS && entry->fts_statp)
            bytes += (int64_t)entry->fts_statp->st_blocks * BLOCK;
    }
    fts_close(walk);
    return bytes;
}

static void *measuring_thread(void *context)
{
    struct disk *disk = context;
    background_lower();
    atomic_store(&disk->bytes, measure(disk));
    background_done(disk->done);
    return NULL;
}

static void start_thread(struct disk *disk)
{
    disk->is_running = background_start(measuring_thread, disk, &disk->thread);
}

struct disk *disk_new(const char *path)
{
    int done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (done < 0)
        return NULL;
    struct disk *disk = memory_zero(1, sizeof(*disk));
    disk->path = memory_copy_text(path);
    disk->done = done;
    return disk;
}

void disk_free(struct disk *disk)
{
    if (!disk)
        return;
    atomic_store(&disk->stop, true);
    if (disk->is_running)
        pthread_join(disk->thread, NULL);
    close(disk->done);
    free(disk->path);
    free(disk);
}

int disk_descriptor(const struct disk *disk)
{
    return disk->done;
}

void disk_tick(struct disk *disk, int64_t monotonic_now)
{
    if (disk->is_running || monotonic_now < disk->next)
        return;
    disk->next = monotonic_now + DISK_PERIOD;
    start_thread(disk);
}

bool disk_take(struct disk *disk, struct text *out)
{
    uint64_t count;
    if (read(disk->done, &count, sizeof(count)) != (ssize_t)sizeof(count))
        return false;
    if (disk->is_running)
        pthread_join(disk->thread, NULL);
    disk->is_running = false;
    int64_t bytes = atomic_load(&disk->bytes);
    if (bytes == NOT_THERE)
        return false;
    text_append_string(out, "{\"event_type\":\"DiskSampled\",\"path\":\"");
    text_append_json(out, disk->path, strlen(disk->path));
    text_printf(out, "\",\"bytes\":%lld}", (long long)bytes);
    return true;
}
