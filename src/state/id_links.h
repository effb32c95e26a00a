/* Which directory has which runs: what both sides know of the tables without reading a row of ids.
 *
 *   directory 3 -> runs 42, 43          run 42: 2,000,000 ids, 2 links
 *   directory 9 -> runs 42, 57
 *
 * A run is known as long as something links it; the last link gone, it is handed out once by
 * id_links_take_idle. */
#ifndef STATE_ID_LINKS_H
#define STATE_ID_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/map.h"
#include "state/id_extent.h"

struct id_held;
struct id_store;

struct id_run {
    struct id_extent extent;
    uint32_t links;
    bool idle;            /* waits for id_links_take_idle */
    bool merging;         /* the writer's: a merge reads it */
    bool broken;          /* the writer's: has an unreadable row */
    struct id_held *held; /* the archive's: what is in memory of it, or NULL */
};

/* A set of runs, the longest first. */
struct id_runs {
    struct id_run **items;
    uint32_t count;
    uint32_t capacity;
};
bool id_runs_have(const struct id_runs *runs, const struct id_run *run);
/* False: it was there. */
bool id_runs_add(struct id_runs *runs, struct id_run *run);
/* False: it was not there. */
bool id_runs_remove(struct id_runs *runs, const struct id_run *run);
void id_runs_clear(struct id_runs *runs);

struct id_directory {
    uint64_t number;
    struct id_runs runs;
    bool queued;         /* the writer's: may need a merge */
    bool overlaid;       /* the archive's: `view` counts, not `runs` */
    struct id_runs view; /* empty unless overlaid */
};

struct id_links {
    struct map runs;
    struct map directories;
    uint64_t ids;     /* of all runs that have links */
    int64_t last_run; /* the highest number met */
    /* Runs that lost their last link, perhaps linked again since. */
    struct id_run **idle;
    size_t idle_count;
    size_t idle_capacity;
};

void id_links_init(struct id_links *links);
/* Frees all runs and directories, but not what is `held` of a run. */
void id_links_clear(struct id_links *links);
/* About how many bytes all this takes. */
size_t id_links_bytes(const struct id_links *links);
/* Reads the tables. Links of other generations count only if asked for; runs without a link are
 * idle at once. 0 or a SQLite code: SQLITE_CORRUPT when runs and links do not agree. */
int id_links_load(struct id_links *links, struct id_store *store, bool all_generations) MUST_CHECK;

/* NULL: unknown. */
struct id_run *id_links_find_run(const struct id_links *links, int64_t number);
struct id_directory *id_links_find_directory(const struct id_links *links, uint64_t number);
/* The one there is, or a new one. */
struct id_run *id_links_run(struct id_links *links, const struct id_extent *extent);
struct id_directory *id_links_directory(struct id_links *links, uint64_t number);
/* Forgets a directory that has no runs. */
void id_links_drop_empty(struct id_links *links, struct id_directory *directory);

/* False: it was so before. */
bool id_links_link(struct id_links *links, struct id_directory *directory, struct id_run *run);
bool id_links_unlink(struct id_links *links, struct id_directory *directory, struct id_run *run);
/* A link that is counted, but not kept, here: of a view, or of another generation. */
void id_links_count(struct id_links *links, struct id_run *run);
void id_links_uncount(struct id_links *links, struct id_run *run);
/* The next run without links, unknown from now on; the caller frees it. NULL: no more. */
struct id_run *id_links_take_idle(struct id_links *links);

#endif
