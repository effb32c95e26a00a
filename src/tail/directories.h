/* The directories streams lie in, each with the ids that were counted for it.
 *
 * A directory lives while a name refers to it or it holds ids: files come and go, and a copy of a
 * deleted one must not be counted again. What all ids together may take is bounded: past it the
 * directory longest unused loses its ids, which is counted. */
#ifndef TAIL_DIRECTORIES_H
#define TAIL_DIRECTORIES_H

#include <stdint.h>

#include "base/map.h"
#include "tail/ids.h"
#include "tail/list.h"

struct tail_directory {
    uint64_t id;
    uint64_t hash; /* of `path` */
    struct ids ids;
    struct list recent;     /* in directories->recent while it holds ids */
    struct list waiting;    /* streams of the first catch-up whose turn comes after others here */
    int64_t newest;         /* modification time of what it holds, as the first catch-up found it */
    uint32_t names;         /* references */
    bool has_reader;        /* a stream was read here, so that the next one asks for the check */
    uint64_t joined_from;   /* the directory whose ids were joined last */
    uint64_t joined_length; /* and how many it had then */
    char path[];
};

struct directories {
    struct map by_path;
    struct list recent; /* directories with ids, the last used at the end */
    size_t maximum;     /* bytes */
    size_t bytes;
    size_t ids;
    uint64_t dropped; /* directories that lost their ids */
    uint64_t next_id;
};

void directories_init(struct directories *directories, size_t maximum);
void directories_free(struct directories *directories);

/* The directory of the file at `path`, made if needed, referred to once more. Never NULL. */
struct tail_directory *directories_take(struct directories *directories, const char *path);
/* Takes back one reference. */
void directories_release(struct directories *directories, struct tail_directory *directory);

/* See tail_count_id. */
bool directories_count_id(struct directories *directories, struct tail_directory *directory,
                          uint64_t id);
/* A stream begins to be read here: from the second on ids are checked. */
void directories_begin_reader(struct directories *directories, struct tail_directory *directory);
/* From now on ids are checked, for ever. */
void directories_check(struct directories *directories, struct tail_directory *directory);
/* A stream moved: the ids of `from` join those of `to`, and stay. */
void directories_join(struct directories *directories, struct tail_directory *to,
                      struct tail_directory *from);

#endif
