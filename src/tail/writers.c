/* See writers.h. */
#include "tail/writers.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/open_files.h"

#define SCAN_PAUSE NANOSECONDS_PER_SECOND
#define SCAN_SHARE 50 /* a scan that took t is followed by a pause of 50 t */

struct wanted {
    uint64_t device;
    uint64_t inode;
    bool written; /* a process has it open for writing */
};

struct writers {
    struct wanted *wanted; /* sorted once the scan runs */
    size_t count;
    size_t capacity;

    DIR *processes; /* NULL: no scan is going on */
    bool done;      /* the answers of the last scan are valid */
    bool denied;    /* a process of somebody else could not be looked at */
    bool blind;     /* one of our own could not, or there is no /proc at all */
    int64_t spent;  /* on this scan */
    int64_t next;   /* monotonic time before which no scan begins */
};

static int compare_wanted(const void *one, const void *other)
{
    const struct wanted *a = one;
    const struct wanted *b = other;
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return a->inode < b->inode ? -1 : a->inode > b->inode;
}

static struct wanted *find_wanted(const struct writers *writers, uint64_t device, uint64_t inode)
{
    struct wanted key = {.device = device, .inode = inode};
    if (writers->count == 0)
        return NULL;
    return bsearch(&key, writers->wanted, writers->count, sizeof(key), compare_wanted);
}

static void see_written(void *context, uint64_t device, uint64_t inode)
{
    struct wanted *found = find_wanted(context, device, inode);
    if (found)
        found->written = true;
}

/* A process whose descriptors may not be listed. One that has ended is no loss. */
static void note_denied(struct writers *writers, const char *process, int error)
{
    struct stat own;
    if (error == ENOENT || error == ESRCH)
        return;
    if (fstatat(dirfd(writers->processes), process, &own, 0) < 0)
        return;
    if (own.st_uid == geteuid())
        writers->blind = true;
    else
        writers->denied = true;
}

static void look_at_process(struct writers *writers, const char *process)
{
    int r = open_files_written(dirfd(writers->processes), process, see_written, writers);
    if (r < 0)
        note_denied(writers, process, -r);
}

struct writers *writers_new(void)
{
    return memory_zero(1, sizeof(struct writers));
}

void writers_free(struct writers *writers)
{
    if (!writers)
        return;
    if (writers->processes)
        closedir(writers->processes);
    free(writers->wanted);
    free(writers);
}

bool writers_scanning(const struct writers *writers)
{
    return writers->processes != NULL;
}

bool writers_due(const struct writers *writers, int64_t monotonic_now)
{
    return !writers->processes && monotonic_now >= writers->next;
}

void writers_begin(struct writers *writers)
{
    writers->count = 0;
    writers->done = writers->denied = false;
    writers->spent = 0;
    writers->processes = opendir("/proc");
    writers->blind = writers->processes == NULL;
}

void writers_want(struct writers *writers, uint64_t device, uint64_t inode)
{
    if (writers->count == writers->capacity) {
        writers->capacity = writers->capacity ? writers->capacity * 2 : 16;
        writers->wanted =
            memory_resize(writers->wanted, writers->capacity, sizeof(*writers->wanted));
    }
    writers->wanted[writers->count++] = (struct wanted){.device = device, .inode = inode};
}

static void finish(struct writers *writers, int64_t now)
{
    if (writers->processes)
        closedir(writers->processes);
    writers->processes = NULL;
    writers->done = true;
    int64_t pause = writers->spent * SCAN_SHARE;
    writers->next = now + (pause > SCAN_PAUSE ? pause : SCAN_PAUSE);
}

bool writers_step(struct writers *writers, int64_t budget_ns)
{
    int64_t begun = clock_monotonic();
    int64_t now = begun;
    int64_t spent = clock_of_thread();
    /* Wanted files only come between begin and the first step. */
    if (writers->spent == 0 && writers->count > 1)
        qsort(writers->wanted, writers->count, sizeof(*writers->wanted), compare_wanted);
    struct dirent *entry;
    do {
        entry = writers->processes ? readdir(writers->processes) : NULL;
        if (!entry)
            break;
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
            look_at_process(writers, entry->d_name);
        now = clock_monotonic();
    } while (now - begun < budget_ns);
    writers->spent += clock_of_thread() - spent + 1; /* a busy machine makes nobody wait longer */
    if (!entry)
        finish(writers, now);
    return !entry;
}

enum writers_answer writers_answer(const struct writers *writers, uint64_t device, uint64_t inode,
                                   uint32_t owner)
{
    const struct wanted *found = writers->done ? find_wanted(writers, device, inode) : NULL;
    if (!found)
        return WRITERS_NOT_ASKED;
    if (found->written)
        return WRITERS_SOME;
    /* Others' processes are no concern of a file of ours. */
    bool told = !writers->blind && (!writers->denied || (geteuid() != 0 && owner == geteuid()));
    return told ? WRITERS_NONE : WRITERS_UNKNOWN;
}
