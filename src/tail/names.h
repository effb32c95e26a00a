/* Paths, and the streams last known at each: at most one that is followed, and any number of held
 * and dormant ones that were there before it. */
#ifndef TAIL_NAMES_H
#define TAIL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"

struct directories;
struct tail_directory;
struct tail_file;

struct tail_name {
    struct tail_directory *directory;
    struct tail_file *first; /* by next_at_name */
    uint64_t hash;           /* of `path` */
    bool told;               /* a failed look was told */
    char path[];
};

struct names {
    struct map by_path;
    struct directories *directories; /* each name refers to one */
};

void names_init(struct names *names, struct directories *directories);
/* There must be no stream left. */
void names_free(struct names *names);

/* NULL when nothing is known of this path. */
struct tail_name *names_find(const struct names *names, const char *path);
/* Made if needed; goes with its last stream, or with names_forget. */
struct tail_name *names_get(struct names *names, const char *path);
/* Gives the name back unless a stream is there or something was told about it. */
void names_forget(struct names *names, struct tail_name *name);

/* The file has no name yet. */
void names_attach(struct tail_name *name, struct tail_file *file);
/* The file's name is NULL afterwards; names_forget is up to the caller. */
void names_detach(struct tail_file *file);
/* The stream that is followed under this name, or NULL. `name` may be NULL. */
struct tail_file *names_followed(const struct tail_name *name);
/* Walks all names, as map_next: no name may come during the walk. */
struct tail_name *names_next(const struct names *names, size_t *position);

#endif
