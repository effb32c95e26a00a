/* See holders.h. */
#include "resources/holders.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/open_files.h"

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_files(const void *one, const void *other)
{
    const struct holders_file *a = one;
    const struct holders_file *b = other;
    int by_device = compare(a->device, b->device);
    return by_device ? by_device : compare(a->inode, b->inode);
}

static int compare_holders(const void *one, const void *other)
{
    const struct holder *a = one;
    const struct holder *b = other;
    int by_key = compare(a->key, b->key);
    return by_key ? by_key : (a->process > b->process) - (a->process < b->process);
}

void holders_clear(struct holders *holders)
{
    holders->file_count = holders->found_count = 0;
}

void holders_free(struct holders *holders)
{
    free(holders->files);
    free(holders->found);
    *holders = (struct holders){0};
}

void holders_want(struct holders *holders, uint64_t device, uint64_t inode, uint64_t key)
{
    if (holders->file_count == HOLDERS_FILES_MOST)
        return;
    if (holders->file_count == holders->file_capacity) {
        holders->file_capacity = holders->file_capacity ? holders->file_capacity * 2 : 64;
        holders->files =
            memory_resize(holders->files, holders->file_capacity, sizeof(*holders->files));
    }
    holders->files[holders->file_count++] = (struct holders_file){device, inode, key};
}

static void add_found(struct holders *holders, uint64_t key)
{
    if (holders->found_count == HOLDERS_MOST)
        return;
    if (holders->found_count == holders->found_capacity) {
        holders->found_capacity = holders->found_capacity ? holders->found_capacity * 2 : 16;
        holders->found =
            memory_resize(holders->found, holders->found_capacity, sizeof(*holders->found));
    }
    holders->found[holders->found_count++] = (struct holder){key, holders->process};
}

static void see_written(void *context, uint64_t device, uint64_t inode)
{
    struct holders *holders = context;
    const struct holders_file wanted = {.device = device, .inode = inode};
    const struct holders_file *file = bsearch(&wanted, holders->files, holders->file_count,
                                              sizeof(*holders->files), compare_files);
    if (file)
        add_found(holders, file->key);
}

static void scan_processes(struct holders *holders, DIR *processes, const atomic_bool *stop)
{
    struct dirent *entry;
    while (!atomic_load(stop) && (entry = readdir(processes)) != NULL) {
        holders->process = (int)strtol(entry->d_name, NULL, 10);
        if (holders->process > 0 && holders->process != getpid())
            open_files_written(dirfd(processes), entry->d_name, see_written, holders);
    }
}

static void drop_repeated(struct holders *holders)
{
    size_t kept = 0;
    for (size_t i = 0; i < holders->found_count; i++)
        if (kept == 0 || compare_holders(&holders->found[kept - 1], &holders->found[i]) != 0)
            holders->found[kept++] = holders->found[i];
    holders->found_count = kept;
}

void holders_scan(struct holders *holders, const atomic_bool *stop)
{
    holders->found_count = 0;
    if (holders->file_count == 0)
        return;
    qsort(holders->files, holders->file_count, sizeof(*holders->files), compare_files);
    DIR *processes = opendir("/proc");
    if (!processes)
        return;
    scan_processes(holders, processes, stop);
    closedir(processes);
    if (holders->found_count > 1)
        qsort(holders->found, holders->found_count, sizeof(*holders->found), compare_holders);
    drop_repeated(holders);
}
