/* The files in the directory of the state: their names, how they are made, renamed and measured.
 * Those made are for their owner alone: directories 0700, files 0600. */
#ifndef STATE_STATE_FILES_H
#define STATE_STATE_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attributes.h"

struct state_files {
    char *directory;
    char *database;
    char *wal;
    char *shm;
    char *totals;
    char *lock;
};

void state_files_init(struct state_files *files, const char *directory);
void state_files_free(struct state_files *files);

/* All return 0 or a negative errno. */
/* With its parents; one that is there is left as it is. */
int state_files_make_directory(const struct state_files *files) MUST_CHECK;
/* An empty file, if there is none at `path`; a database must be made so before it is opened, as
 * SQLite gives its other files the mode of the first. */
int state_files_make(const char *path) MUST_CHECK;
/* What was written as `from` becomes `to`, in place of what was there; both are on disk then. */
int state_files_publish(const struct state_files *files, const char *from,
                        const char *to) MUST_CHECK;
/* The database and what belongs to it get names with `time` (ns, wall) in them, under which SQLite
 * can open it still. *ret_name: the database's new name, without the directory; the caller frees.
 */
int state_files_set_aside(const struct state_files *files, int64_t time,
                          char **ret_name) MUST_CHECK;
/* Of the database, its log and the totals. */
uint64_t state_files_bytes(const struct state_files *files);

/* Which file a path leads to. */
struct file_identity {
    dev_t device;
    ino_t inode;
};
int file_identity_of(const char *path, struct file_identity *ret_identity) MUST_CHECK;
bool file_identity_equal(const struct file_identity *a, const struct file_identity *b);

#endif
