/* Which processes hold which of many files open for writing. Asked of /proc/PID/fd (of all
 * processes that may be looked at) in one scan.
 *
 *   holders_clear(h);  holders_want(h, device, inode, key) ...  holders_scan(h, &stop);
 *   h->found[0 .. h->found_count - 1]
 *
 * A key is the caller's; several files may have the same. The process itself never counts. */
#ifndef RESOURCES_HOLDERS_H
#define RESOURCES_HOLDERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOLDERS_FILES_MOST ((size_t)100000) /* asked about; further ones are not */
#define HOLDERS_MOST       ((size_t)4096)   /* found; further ones are not */

struct holder {
    uint64_t key;
    int process;
};

struct holders_file {
    uint64_t device;
    uint64_t inode;
    uint64_t key;
};

struct holders {
    struct holders_file *files; /* sorted by the scan */
    size_t file_count;
    size_t file_capacity;

    struct holder *found; /* by key, then process; each pair once */
    size_t found_count;
    size_t found_capacity;
    int process; /* looked at now */
};

/* All zero is an empty one. */
void holders_clear(struct holders *holders);
void holders_free(struct holders *holders);
void holders_want(struct holders *holders, uint64_t device, uint64_t inode, uint64_t key);
/* `stop` becoming true ends it early. */
void holders_scan(struct holders *holders, const atomic_bool *stop);

#endif
