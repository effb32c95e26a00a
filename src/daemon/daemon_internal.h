/* What the files of the daemon share: every room, in the order in which they are built. */
#ifndef DAEMON_DAEMON_INTERNAL_H
#define DAEMON_DAEMON_INTERNAL_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/scrapers.h"

struct disk;
struct exposition_part;
struct own_metrics;
struct pipeline;
struct rulebook;
struct serve;
struct settings;
struct sources;
struct tail;
struct watch;

struct daemon {
    const struct settings *settings;
    struct rulebook *rulebook;
    struct pipeline *pipeline;
    struct own_metrics *own;
    struct event_base *base;
    struct sources *sources;
    struct tail *tail;
    struct watch *watch;
    struct disk *disk;
    struct serve *serve;

    struct event *signals[2];
    struct event *second;     /* once a second */
    struct event *work;       /* reading, while there is something to read */
    struct event *walk;       /* rescanning, while there is something to rescan */
    struct event *hints;      /* inotify's descriptor; NULL: polling */
    struct event *more_hints; /* what is left of them beyond one budget */
    struct event *disk_done;  /* a measurement of the disk is there */
    unsigned hints_version;   /* of the watch room's descriptor */

    int64_t started;       /* ns, monotonic */
    int64_t hinted;        /* monotonic time of the first hint not yet worked off; 0: none */
    bool caught_up;        /* the ends of the files found at start were reached */
    bool root_was_missing; /* the log said so */
    int64_t *source_times; /* newest event time by source */
    const char **source_names;

    /* Expositions kept while the registry stays as it is, as text and as JSON. */
    struct {
        struct exposition_part *part;
        uint64_t version;
    } kept[2];
    struct scrapers scrapers;
};

/* --- daemon.c --- */
bool daemon_root_present(const struct daemon *daemon);

/* --- loop.c: what happens while it runs --- */
/* Of events: signals, hints and the clock first; HTTP has the default, 1; reading and rescanning
 * come last, so that an answer under way never waits for more than one slice. */
#define LOOP_PRIORITIES 3

int loop_start(struct daemon *daemon);
void loop_stop(struct daemon *daemon);
/* There may be something to read. */
void loop_wake(struct daemon *daemon);

/* --- answers.c: what HTTP is told --- */
struct serve_handlers;
void answers_handlers(struct daemon *daemon, struct serve_handlers *ret_handlers);
void answers_free(struct daemon *daemon);

#endif
