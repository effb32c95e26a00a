/* The directories streams lie in, each with the ids that were counted for it.
 *
 *   counted --> ids --(save)--> saving --(committed)--> the archive, on disk
 *
 * An id is looked up in all three, once its directory needs the check. Without an archive all stay
 * in `ids`. What ids may take in memory is bounded: past it the directory longest unused loses
 * them, which is counted.
 *
 * Where ids count once over all directories (is_one_set), those of one more, of path "", decide;
 * its own are kept by each all the same, for when that ends.
 *
 * A directory lives while a name refers to it or it holds ids: files come and go, and a copy of a
 * deleted one must not be counted again. With an archive it also lives on without, for the
 * retention, and keeps its id over restarts. One that was renamed hands its ids on to the new path,
 * also when none of its files came along as it was. */
#ifndef TAIL_DIRECTORIES_H
#define TAIL_DIRECTORIES_H

#include <stdint.h>

#include "base/map.h"
#include "tail/identity.h"
#include "tail/ids.h"
#include "tail/list.h"
#include "tail/unsaved.h"

struct tail_archive;
struct text;

struct tail_directory {
    uint64_t id;
    uint64_t hash; /* of `path` */
    /* Which directory was at the path when it was last read in, and which before that; kind 0:
     * not known. */
    struct identity identity;
    struct identity former;

    struct ids ids;    /* counted since the last save */
    struct ids saving; /* in the save under way */
    uint64_t counted;  /* ids that were ever added in this process */
    bool has_ids;      /* some were counted, ever */
    bool archived;     /* some may be in the archive */
    bool has_reader;   /* a stream was read here, so that the next one asks for the check */
    bool stored;       /* the state has a record of it */

    struct list recent;    /* in directories->recent while it holds ids in memory */
    struct list in_save;   /* in directories->in_save while `saving` holds some */
    struct list unsaved;   /* see unsaved.h */
    struct list abandoned; /* in directories->abandoned while no name refers to it */
    struct list waiting;   /* streams of the first catch-up whose turn comes after others here */
    int64_t newest;        /* modification time of what it holds, as the first catch-up found it */
    int64_t seen;          /* age of the state when a name last went; see retention.h */
    uint32_t names;        /* references */
    uint64_t joined_from;  /* the directory whose ids were joined last */
    uint64_t joined_counted; /* and its `counted` then */
    char path[];
};

struct directories {
    struct map by_path;
    struct map by_identity;
    struct list recent;    /* directories with ids, the last used at the end */
    struct list in_save;   /* directories with ids in the save under way */
    struct list abandoned; /* by `seen`, the oldest first */
    struct unsaved unsaved;
    const struct tail_archive *archive; /* NULL: none */
    bool is_one_set;                    /* an id counts once over all directories */
    struct tail_directory *all;         /* then: whose path is "", made at the first id */
    size_t maximum;                     /* bytes */
    size_t bytes;
    size_t ids;
    uint64_t dropped; /* directories that lost their ids */
    uint64_t next_id;
    int64_t age; /* of the state; set by retention.h */
};

/* `archive` must outlive it; NULL: nothing is saved. */
void directories_init(struct directories *directories, size_t maximum,
                      const struct tail_archive *archive);
void directories_free(struct directories *directories);

/* The directory of the file at `path`, made if needed, referred to once more. Never NULL. */
struct tail_directory *directories_take(struct directories *directories, const char *path);
/* The id of the directory of the file at `path`, 0 when it is not known. */
uint64_t directories_id_at(const struct directories *directories, const char *path);
/* Takes back one reference. */
void directories_release(struct directories *directories, struct tail_directory *directory);
/* The same; but a name was last there at this age. */
void directories_release_since(struct directories *directories, struct tail_directory *directory,
                               int64_t seen);
/* Takes a saved one back, not referred to yet. -EINVAL: its id or path is that of another. */
int directories_restore(struct directories *directories, uint64_t id,
                        struct bytes value) MUST_CHECK;
/* Those that nothing refers to are abandoned, all that was saved being restored. */
void directories_restored(struct directories *directories);
/* Forgets up to `most` of those abandoned before this age, with their ids. A directory that cannot
 * be looked at now is not absent, and waits on. */
void directories_expire(struct directories *directories, int64_t age, size_t most);
/* A stream begins to be read here: from the second on ids are checked. If another path had this
 * very directory before, its ids join. */
void directories_begin_reader(struct directories *directories, struct tail_directory *directory);
/* A stream moved, which was read in `from` or is still to be: the ids of that join. */
void directories_move(struct directories *directories, struct tail_directory *to,
                      struct tail_directory *from, bool reading);

/* --- directory_ids.c -------------------------------------------------------------------------- */

/* See tail_count_id. */
bool directories_count_id(struct directories *directories, struct tail_directory *directory,
                          uint64_t id);
/* From now on ids are checked, for ever. */
void directories_check(struct directories *directories, struct tail_directory *directory);
/* The ids of `from` join those of `to`, and stay. */
void directories_join(struct directories *directories, struct tail_directory *to,
                      struct tail_directory *from);
/* Gives back the ids in memory; the archive is not asked. */
void directories_drop_ids(struct directories *directories, struct tail_directory *directory);
/* Puts changed records and the ids counted since; see tail_save and tail_saved. `scratch` is
 * written over. */
void directories_save(struct directories *directories, struct text *scratch,
                      const struct record_sink *sink);
void directories_saved(struct directories *directories);

#endif
