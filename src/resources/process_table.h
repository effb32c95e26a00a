/* All processes there are, as one reading of /proc/PID/stat gives them: who is whose child, and
 * what each has used. In the order in which /proc lists them (by number), so that a parent is as a
 * rule read before its children: a child that ends meanwhile is then in neither, never in both. */
#ifndef RESOURCES_PROCESS_TABLE_H
#define RESOURCES_PROCESS_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESS_TABLE_MOST ((size_t)65536) /* processes; further ones are not seen */

struct process {
    int number;           /* its process id */
    int parent;           /* 0: none */
    uint64_t started;     /* clock ticks since boot: tells apart who had the number one by one */
    uint64_t ticks;       /* of processor time, its own */
    uint64_t child_ticks; /* of its children that ended and were waited for, with theirs */
};

struct process_table {
    struct process *processes; /* by number */
    size_t count;
    size_t capacity;
};

/* Reads it anew; `table` is all zero at first. What ends meanwhile is left out. `stop` becoming
 * true ends the reading early. */
void process_table_read(struct process_table *table, const atomic_bool *stop);
void process_table_free(struct process_table *table);

/* NULL: there is none. */
const struct process *process_table_find(const struct process_table *table, int number);
/* Its resident memory now, in bytes; 0 when it has ended. (/proc/PID/stat tells it too, but on
 * machines with many processors only by and large.) */
uint64_t process_resident(const struct process *process);
/* Is this very process there still? */
bool process_table_has(const struct process_table *table, const struct process *process);

/* Marks a tree: `marks` (one a process) are 0 but for its roots, which are PROCESS_IN, and for
 * those that are cut off with all below them, PROCESS_OUT. Then each is one of both. */
enum process_mark { PROCESS_UNKNOWN, PROCESS_IN, PROCESS_OUT, PROCESS_PASSED };
void process_table_mark(const struct process_table *table, unsigned char *marks);

#endif
