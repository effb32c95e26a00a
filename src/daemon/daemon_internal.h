/* What the files of the daemon share: every room, in the order in which they are built. */
#ifndef DAEMON_DAEMON_INTERNAL_H
#define DAEMON_DAEMON_INTERNAL_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "daemon/rule_rooms.h"
#include "daemon/scrapers.h"
#include "state/state.h"

struct disk;
struct documents;
struct exposition_part;
struct followed;
struct own_metrics;
struct record;
struct samples;
struct serve;
struct settings;
struct tail;
struct tail_file;
struct text;
struct watch;

struct daemon {
    const struct settings *settings; /* as at start */
    struct settings *reloaded;       /* what the last reload read, or NULL; rules hold to it */
    struct state *state;             /* NULL: nothing is saved */
    struct rule_rooms rooms;         /* all that is made of the rules */
    struct own_metrics *own;
    struct event_base *base;
    struct tail *tail;
    struct documents *documents;
    uint64_t emits; /* rule_set_emits_hash as saved, 0: not saved */
    struct watch *watch;
    struct disk *disk;
    struct samples *samples;
    struct serve *serve;

    struct event *signals[3];
    struct event *second;        /* once a second */
    struct event *work;          /* reading, while there is something to read */
    struct event *documents_due; /* by time: documents to look at */
    struct event *walk;          /* rescanning, while there is something to rescan */
    struct event *hints;         /* inotify's descriptor; NULL: polling */
    struct event *more_hints;    /* what is left of them beyond one budget */
    struct event *hints_pause;   /* its end, where they come too often */
    struct event *disk_done;     /* a measurement of the disk is there */
    struct event *save;          /* the state is due */
    struct event *save_done;     /* the state room has a result */
    unsigned hints_version;      /* of the watch room's descriptor */

    unsigned hint_readings; /* this second */
    int64_t started;        /* ns, monotonic */
    int64_t hinted;         /* monotonic time of the first hint not yet worked off; 0: none */
    bool caught_up;         /* the ends of the files, as they were at start, were reached */
    bool serves_saved;      /* what was saved is what was last served: serve it at once */
    bool root_was_missing;  /* the log said so */

    struct {
        bool under_way; /* handed to the writer, not committed yet */
        bool is_late;   /* reading waits for it */
        bool failing;   /* the log said so */
        bool is_large;  /* what is under way: its memory is worth giving back */
        int64_t begun;  /* ns, monotonic: the last one */
        int64_t moment; /* ns, wall: of what is under way */
        int64_t saved;  /* ns, wall: all that was counted until then is saved; 0: nothing yet */
    } checkpoint;
    struct {
        bool failed;       /* the last one */
        int64_t loaded_at; /* ns, wall: the last good one, or the start */
    } reload;

    /* Expositions kept while the registry stays as it is, as text and as JSON. */
    struct {
        struct exposition_part *part;
        uint64_t version;
    } kept[2];
    struct scrapers scrapers;
};

/* --- daemon.c --- */
/* Is the events directory there, or no source in need of it? */
bool daemon_root_present(const struct daemon *daemon);
/* The settings that the rules in use were read by. */
const struct settings *daemon_rule_settings(const struct daemon *daemon);

/* --- following.c: the watch, tail and document rooms, and what they tell each other --- */
int following_build(struct daemon *daemon) MUST_CHECK;
void following_free(struct daemon *daemon);
/* What rules see of a file; *ret_made (may be NULL) is to be freed after use. */
const struct followed *following_view(const struct daemon *daemon, const struct tail_file *file,
                                      struct followed **ret_made);
/* The rules are new. A file that no source covers any more stays followed, unseen by rules, until
 * it is gone. */
void following_view_anew(struct daemon *daemon);
/* The first walk: then there is something to read. */
void following_start(struct daemon *daemon);
/* Told of every event applied. */
void following_on_event(void *context, size_t source, int64_t event_time, int64_t now);

/* --- restart.c: what was saved comes back --- */
/* Opens the state, if one is wanted. -1: the log tells why not. */
int restart_open(struct daemon *daemon) MUST_CHECK;
/* Rooms take back what was saved. -EBADMSG: it was corrupt; begin with new rooms. */
int restart_load(struct daemon *daemon) MUST_CHECK;
/* Rooms note what changes, for checkpoints; to be called for new rule rooms. */
void restart_track(struct daemon *daemon);
/* new, clean, unclean, set_aside or recount. */
const char *restart_kind(const struct daemon *daemon);
/* For the log. */
void restart_tell(const struct daemon *daemon);
/* The first catch-up is over: the floor of old totals, the end of a recount. */
void restart_arrive(struct daemon *daemon);

/* --- checkpoint.c: what must survive goes to the state --- */
/* Is one due now for the sake of memory? Then it is made; true: reading is to wait for it. */
bool checkpoint_relieve(struct daemon *daemon);
void checkpoint_make(struct daemon *daemon);        /* every interval */
void checkpoint_take_result(struct daemon *daemon); /* when one is there */
/* Somebody was shown values: they are saved soon, so that not even SIGKILL takes them back. */
void checkpoint_follow_scrape(struct daemon *daemon);
/* One now, waiting for it at most `timeout` ns. `clean`: the last one. */
int checkpoint_make_and_wait(struct daemon *daemon, bool clean, int64_t timeout) MUST_CHECK;

/* --- reload.c --- */
/* Reads settings and rules anew. Mistakes go to `out` as text, and change nothing. */
bool reload(struct daemon *daemon, struct text *out);

/* --- loop.c: what happens while it runs --- */
/* Of events: signals, hints and the clock first; HTTP has the default, 1; reading and rescanning
 * come when there is nothing else. */
#define LOOP_PRIORITIES 3

int loop_start(struct daemon *daemon) MUST_CHECK;
void loop_stop(struct daemon *daemon);
/* There may be something to read. */
void loop_wake(struct daemon *daemon);

/* --- answers.c: what HTTP is told --- */
struct serve_handlers;
void answers_handlers(struct daemon *daemon, struct serve_handlers *ret_handlers);
/* Nothing of what was encoded holds any more. */
void answers_forget(struct daemon *daemon);
/* Own metrics, brought up to date. */
void answers_collect_own(struct daemon *daemon, int64_t now);
/* Has everybody something to see, or is the exposition not to be had yet? */
bool answers_show_metrics(const struct daemon *daemon);

/* --- status.c --- */
void status_write(struct daemon *daemon, size_t limit, struct text *out);
/* Its part about metrics that have no series: a member of the object, with a comma behind it. */
void status_put_absent(const struct daemon *daemon, struct text *out);

#endif
