/* What the files of this room share: the stream, and the room itself.
 *
 *            look, gone                 turn                        END
 *   a hint ------------> (in `queue`) ------> read one chunk -------------> quiet
 *                                                   | MORE
 *                                                   v
 *                                              end of `queue`
 *
 * A stream that is quiet but not settled (it is held, or has an unterminated rest) is also in
 * `unsettled`, which the tick goes through.
 *
 *   new --> FOLLOWED <--> HELD --(no writer left)--> DORMANT --(found again)--> FOLLOWED
 *   restored --> DORMANT, which differs: the owner was never told of its end, so it keeps its id */
#ifndef TAIL_TAIL_INTERNAL_H
#define TAIL_TAIL_INTERNAL_H

#include "base/map.h"
#include "tail/directories.h"
#include "tail/identity.h"
#include "tail/list.h"
#include "tail/names.h"
#include "tail/tail.h"
#include "tail/unsaved.h"

struct inflated;
struct leaving;
struct writers;

/* Of a line only so many bytes at its end are hashed for the marker, of the first line so many at
 * its beginning. */
#define MARKER_BYTES     ((size_t)64 << 10)
#define FIRST_LINE_BYTES ((size_t)4 << 10)

/* Which content of which file was counted: plain data, complete for finding the place again. */
struct tail_record {
    struct identity identity;
    uint64_t offset;      /* all before it is counted or skipped; just behind an LF, unless
                             `discarding`, `rest_counted`, or leading NULs were stepped over */
    uint64_t lines;       /* number of the last line begun before `offset` */
    uint64_t first_hash;  /* of the first line, as far as FIRST_LINE_BYTES */
    uint64_t marker_hash; /* of the last counted line with its end, its last MARKER_BYTES */
    uint64_t marker_end;  /* <= offset */
    uint32_t first_length;
    uint32_t marker_length; /* 0: nothing counted yet */
    bool compressed;        /* offsets are those of the inflated content */
    bool discarding;        /* `offset` lies within a line that was told as too long */
    bool rest_counted;      /* the line before `offset` was counted without an LF */
    bool has_line_without_id;
};

enum stream_state {
    STREAM_FOLLOWED, /* its name is its name */
    STREAM_HELD,     /* its name is gone or another file's: read until no writer is left */
    STREAM_DORMANT   /* ended for the owner, or restored and not met yet: remembered in case the
                      * file comes back, under whatever name */
};

/* What few streams need. */
struct stream_extra {
    /* A hole of NULs that was stepped over: a slow writer may fill it yet. */
    uint64_t hole_start;
    uint64_t hole_end;
    /* Lines that lie whole within these were counted before. */
    uint64_t repeated_from;
    uint64_t repeated_until;
    /* The stream that this one replaced by rename, until it is drained and compared. */
    struct tail_file *predecessor;
    uint64_t compared; /* bytes found equal so far */
    /* Other names of the file (hard links). */
    char **aliases;
    size_t alias_count;
    struct inflated *inflated; /* of a compressed stream while it is read */
};

struct tail_file {
    struct tail_record record;
    uint64_t id;
    void *user;
    struct tail_name *name; /* where it was last seen */
    struct tail_file *next_at_name;
    struct stream_extra *extra; /* NULL: nothing special */

    /* What was seen of the file. Positions count its own bytes, compressed or not. */
    uint64_t inode;
    uint64_t size;
    uint64_t read_end; /* everything before it was looked at; the rest is lag */
    uint64_t scanned;  /* no LF in the content from record.offset to here */
    int64_t modified;  /* ns, as last hinted */
    int64_t changed;
    int64_t rest_since; /* monotonic time since when it did not change */
    int64_t missing;    /* age of the state since when it is dormant; 0: it is not. retention.h */
    uint64_t target;    /* while `aimed`: where the first catch-up ends */

    int descriptor;      /* -1: closed */
    uint16_t successors; /* streams whose predecessor this is */
    uint8_t state;       /* enum stream_state */
    bool drained : 1;    /* was read to its end since it is held */
    bool racy : 1;       /* was changed so lately that its times may hide another change */
    bool closed : 1;     /* a writer closed it since it changed */
    bool moved : 1;      /* was renamed, so nobody is expected to go on with it */
    bool judged : 1;     /* the unterminated rest is no record, unless it grows */
    bool partial_told : 1;
    bool reopened : 1; /* the first line is to be checked again */
    bool failed : 1;   /* cannot be read now, and that was told */
    bool broken : 1;   /* its gzip is corrupt */
    bool reading : 1;  /* its directory knows that it is read */
    bool unlinked : 1; /* when last looked at, no name was left anywhere */
    bool no_lease : 1; /* whether a writer is left cannot be told by a lease */

    bool waiting : 1;  /* in its directory's `waiting`, or was when it lost its name */
    bool aimed : 1;    /* the first catch-up waits for it */
    bool stored : 1;   /* the state has a record of it */
    bool restored : 1; /* dormant, and not met since the start */
    bool ended : 1;    /* dormant, and its owner was told of its end */
    bool replaces : 1; /* it may be a rewrite of a restored one that had its name */

    struct list turn;      /* in queue, retry, dormant, expected, or a directory's waiting */
    struct list open;      /* in busy or quiet while followed and open */
    struct list unsettled; /* see above */
    struct list unsaved;   /* see unsaved.h */
};

/* The first catch-up: see aim.h. */
struct aim {
    bool set;
    size_t files_left;
    uint64_t bytes_left;
    uint64_t bytes_total;
};

/* What the last save told of the room itself. */
struct saved_room {
    uint64_t next_file_id;
    uint64_t next_directory_id;
    int64_t age;
};

struct tail {
    struct tail_handlers handlers;
    struct tail_options options; /* with defaults filled in */
    struct tail_archive archive; /* what options.archive points to, if there is one */

    struct map streams; /* all, by identity */
    struct directories directories;
    struct names names;

    struct list queue;     /* to be read */
    struct list retry;     /* could not be opened or read; the tick queues them again */
    struct list dormant;   /* by `missing`, the oldest first */
    struct list expected;  /* restored, until the first walk is over */
    struct list busy;      /* open and in queue */
    struct list quiet;     /* open and read to the end, least recently used first */
    struct list unsettled; /* for the tick */
    struct list inflating; /* struct inflated, least recently used first */
    size_t dormant_count;  /* with those expected */
    size_t inflating_count;
    struct writers *writers;
    int64_t scan_begun; /* monotonic time of the writers' scan */

    struct unsaved unsaved; /* streams whose record changed */
    struct saved_room saved;
    struct leaving *leaving;
    struct aim aim;
    bool walked;      /* what was restored and not met is missing */
    int64_t aged_at;  /* monotonic time of the last tick that made the state older */
    int64_t saved_at; /* wall time of the save that was restored; 0: none */

    char *buffer; /* of `capacity` bytes; grows for a long line, shrinks after the turn */
    size_t capacity;
    char *scratch; /* MARKER_BYTES */

    int64_t now; /* monotonic, as last given */
    uint64_t next_file_id;
    uint64_t ids_asked; /* calls of tail_count_id */
    bool sorted_once;
    size_t waiting;            /* streams that wait for others of their directory */
    struct tail_counts counts; /* without those that directories know */
};

/* Room for `size` bytes; what was in the buffer stays. */
void tail_reserve(struct tail *tail, size_t size);
void tail_notice(struct tail *tail, const char *message, const char *path, int error);

#endif
