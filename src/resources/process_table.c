/* See process_table.h. */
#include "resources/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

/* Fields of the text of /proc/PID/stat, see proc(5). False: it is none. */
static bool read_fields(const char *text, struct process *process)
{
    /* The command's name stands in brackets and may hold anything. */
    const char *fields = strrchr(text, ')');
    uint64_t user, system, child_user, child_system;
    if (!fields || sscanf(fields + 1,
                          " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
                          " %" SCNu64 " %" SCNu64 " %*d %*d %*d %*d %" SCNu64,
                          &process->parent, &user, &system, &child_user, &child_system,
                          &process->started) != 6)
        return false;
    process->ticks = user + system;
    process->child_ticks = child_user + child_system;
    return true;
}

/* A file below `directory`, as far as there is room. False: it cannot be read. */
static bool read_text(int directory, const char *path, char *ret_text, size_t capacity)
{
    int descriptor = openat(directory, path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    ssize_t length = read(descriptor, ret_text, capacity - 1);
    close(descriptor);
    if (length <= 0)
        return false;
    ret_text[length] = '\0';
    return true;
}

static bool read_process(int processes, const char *name, struct process *ret_process)
{
    char path[64];
    char text[1024];
    ret_process->number = (int)strtol(name, NULL, 10);
    return snprintf(path, sizeof(path), "%s/stat", name) < (int)sizeof(path) &&
           read_text(processes, path, text, sizeof(text)) && read_fields(text, ret_process);
}

static struct process *next_row(struct process_table *table)
{
    if (table->count == table->capacity) {
        table->capacity = table->capacity ? table->capacity * 2 : 256;
        table->processes =
            memory_resize(table->processes, table->capacity, sizeof(*table->processes));
    }
    return &table->processes[table->count];
}

static int compare_numbers(const void *one, const void *other)
{
    const struct process *a = one;
    const struct process *b = other;
    return (a->number > b->number) - (a->number < b->number);
}

void process_table_read(struct process_table *table, const atomic_bool *stop)
{
    table->count = 0;
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    while (processes && table->count < PROCESS_TABLE_MOST && !atomic_load(stop) &&
           (entry = readdir(processes)) != NULL)
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
            read_process(dirfd(processes), entry->d_name, next_row(table)))
            table->count++;
    if (processes)
        closedir(processes);
    if (table->count > 1)
        qsort(table->processes, table->count, sizeof(*table->processes), compare_numbers);
}

void process_table_free(struct process_table *table)
{
    free(table->processes);
    *table = (struct process_table){0};
}

const struct process *process_table_find(const struct process_table *table, int number)
{
    const struct process key = {.number = number};
    if (table->count == 0)
        return NULL;
    return bsearch(&key, table->processes, table->count, sizeof(key), compare_numbers);
}

uint64_t process_resident(const struct process *process)
{
    char path[64];
    char text[256];
    uint64_t pages;
    snprintf(path, sizeof(path), "/proc/%d/statm", process->number);
    if (!read_text(AT_FDCWD, path, text, sizeof(text)) || sscanf(text, "%*u %" SCNu64, &pages) != 1)
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

bool process_table_has(const struct process_table *table, const struct process *process)
{
    const struct process *found = process_table_find(table, process->number);
    return found && found->started == process->started;
}

/* Walks up from one process to somebody who is known, and gives all on the way the same mark. Who
 * was passed on this way already (the parents of a table that changed while it was read may go
 * round in circles) has no known one above. */
static void mark_line(const struct process_table *table, unsigned char *marks, size_t index)
{
    const struct process *at = &table->processes[index];
    unsigned char mark = PROCESS_OUT;
    for (const struct process *up = at; up; up = process_table_find(table, up->parent)) {
        unsigned char *own = &marks[up - table->processes];
        if (*own != PROCESS_UNKNOWN) {
            mark = *own == PROCESS_IN ? PROCESS_IN : PROCESS_OUT;
            break;
        }
        *own = PROCESS_PASSED;
    }
    for (; at && marks[at - table->processes] == PROCESS_PASSED;
         at = process_table_find(table, at->parent))
        marks[at - table->processes] = mark;
}

void process_table_mark(const struct process_table *table, unsigned char *marks)
{
    for (size_t i = 0; i < table->count; i++)
        if (marks[i] == PROCESS_UNKNOWN)
            mark_line(table, marks, i);
}
