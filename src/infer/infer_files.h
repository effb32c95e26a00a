/* The event files that `infer` reads: those named, and those found below directories named, whose
 * names end as those of line files do: .jsonl, .ndjson, .json-lines, .log, perhaps with .1 or .gz
 * behind. Always in the same order. */
#ifndef INFER_INFER_FILES_H
#define INFER_INFER_FILES_H

#include <stdbool.h>
#include <stddef.h>

#define INFER_FILES_MOST ((size_t)100000)
#define INFER_DEPTH_MOST 32 /* directories in one another */

struct infer_file {
    char *path;
    const char *relative; /* the end of `path` below the directory named, or the file's name */
    bool is_named;        /* not found in a directory */
    bool is_told;         /* the log says that it cannot be read */
};

struct infer_files {
    struct infer_file *items;
    size_t count;
    size_t left_out; /* past INFER_FILES_MOST */
    bool failed;     /* something cannot be read; the log says what */
};

/* `files` is zeroed at first. */
void infer_files_add(struct infer_files *files, const char *path);
void infer_files_free(struct infer_files *files);

/* How long is the ending that makes it a line file (".jsonl" of "a.jsonl.2.gz"), and where does it
 * begin? 0: it is none. */
size_t infer_files_ending(const char *name, size_t *ret_start);

#endif
