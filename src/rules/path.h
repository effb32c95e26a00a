/* A path of the rule language, parsed from its text.
 *
 *   message.usage.output_tokens   bare: element, body, captures, memories, in this order
 *   /cwd                          from the record
 *   .name   .                     of the element; the element itself
 *   file.job_id                   a capture (also file.name, file.dir)
 *   workflow[session_id]          a memory, by key
 *   a."b.c".0                     a key with a dot; the first element of an array */
#ifndef RULES_PATH_H
#define RULES_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

#define PATH_SEGMENTS 16
#define PATH_LONGEST  ((size_t)1024) /* bytes, keys of memories in it included */

enum path_scope { PATH_BARE, PATH_RECORD, PATH_ELEMENT, PATH_FILE, PATH_MEMORY };

struct path {
    enum path_scope scope;
    char *segments[PATH_SEGMENTS]; /* PATH_MEMORY: one, the memory's name */
    size_t count;
    struct path *key; /* PATH_MEMORY */
    char *text;       /* as written */
};

/* NULL with *ret_error a static text that says what is wrong. The caller frees. */
struct path *path_parse(const char *text, size_t length, const char **ret_error) MUST_CHECK;
void path_free(struct path *path);

#endif
