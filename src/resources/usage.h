/* What the processes use that hold files open for writing, with all their descendants.
 *
 *   usage_begin(u);  usage_want(u, device, inode, key) ...  usage_measure(u, &stop);
 *   while ((sample = usage_next(u, &position)) != NULL) ...
 *
 * Files of one key are one thing (a job): however many processes hold however many of its files,
 * each process counts once. This process, and what is below it, never counts.
 *
 * Processor time is that of the tree since its processes began. Children that ended are in it, by
 * what their parents were told when they waited for them; it never falls. Not in it: children that
 * nobody waited for, beyond what was seen of them at the last measurement; and what left the tree
 * because its parent ended first. Memory is resident memory, in which what processes share counts
 * for each.
 *
 * A process that closes its files while it lives belongs to its key once more, so that a rotation
 * is no end. Costs one scan of /proc, and another where somebody holds a file. */
#ifndef RESOURCES_USAGE_H
#define RESOURCES_USAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USAGE_MOST ((size_t)256) /* keys measured at a time */

struct usage;

struct usage_sample {
    uint64_t key;
    int process;        /* the holder met first, by which the key is known from begin to end; of */
    uint64_t started;   /* several the lowest number. Its start, in clock ticks since boot */
    uint64_t memory;    /* bytes */
    double cpu_seconds; /* since the key was met first; never falls */
    double cpu_percent; /* of one processor, since the last sample; below 0: this is the first */
    size_t process_count; /* in the tree */
    bool ended; /* nobody holds a file any more: told once; only key, process, started hold */
};

struct usage *usage_new(void);
void usage_free(struct usage *usage);

/* Forgets what was wanted. */
void usage_begin(struct usage *usage);
void usage_want(struct usage *usage, uint64_t device, uint64_t inode, uint64_t key);
/* `stop` becoming true ends it early: then it is not to be asked for samples. */
void usage_measure(struct usage *usage, const atomic_bool *stop);
/* Walks the samples of the last measurement: *position = 0 first, NULL at the end. */
const struct usage_sample *usage_next(const struct usage *usage, size_t *position);
/* Keys that were not measured because of USAGE_MOST, in the last measurement. */
size_t usage_left_out(const struct usage *usage);

#endif
