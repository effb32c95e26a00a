/* What the exporter tells about itself: the jsonl_exporter_* and process_* families, one const
 * table of rows. They live in two registries of their own, brought up to date from the rooms'
 * counts before each exposition; histograms are observed when things happen.
 *
 * The counters of one registry (rows with `kept`) go on over restarts as the packs' do: they are
 * saved in the same transaction as the files' offsets, so a line that was malformed counts once,
 * too. Those of the other begin with the process. */
#ifndef DAEMON_OWN_METRICS_H
#define DAEMON_OWN_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct documents;
struct own_metrics;
struct pipeline;
struct record;
struct record_sink;
struct registry;
struct rulebook;
struct serve;
struct sources;
struct state;
struct tail;
struct watch;

/* Where values come from; members may be NULL (once: no watch, no serve), then their metrics are
 * left out. */
struct own_view {
    const struct rulebook *rulebook;
    const struct pipeline *pipeline;
    const struct sources *sources;
    const struct tail *tail;
    const struct documents *documents;
    const struct watch *watch;
    const struct serve *serve;
    const struct state *state;
    const int64_t *source_times; /* newest event time by source, TIME_NONE: none */
    bool up;                     /* the events directory is there and watched */
    bool caught_up;
    int64_t saved;     /* ns, wall: all that was counted until then is in the state */
    bool reloaded;     /* the last reload was successful */
    int64_t loaded_at; /* ns, wall: the last successful one, or the start */
    int64_t now;       /* ns, wall */
};

enum own_histogram {
    OWN_SOURCE_DELAY,  /* seconds, by source */
    OWN_VISIBLE,       /* seconds */
    OWN_RESCAN,        /* seconds */
    OWN_CHECKPOINT,    /* seconds */
    OWN_HTTP_DURATION, /* seconds, by handler */
    OWN_HTTP_SIZE,     /* bytes, by handler */
    OWN_HISTOGRAMS
};

struct own_metrics *own_metrics_new(void);
void own_metrics_free(struct own_metrics *own);
/* Those that begin with the process; those that go on over restarts. */
struct registry *own_metrics_live(const struct own_metrics *own);
struct registry *own_metrics_kept(const struct own_metrics *own);

/* `text` is the family's one label value, NULL where it has none. */
void own_metrics_observe(struct own_metrics *own, enum own_histogram which, const char *text,
                         double value, int64_t now);
void own_metrics_count_request(struct own_metrics *own, const char *handler, const char *method,
                               int status, int64_t now);
void own_metrics_count_checkpoint_failure(struct own_metrics *own, const char *reason, int64_t now);
/* The pipeline and rules are made anew: their counts begin at 0, and what is told by metric is told
 * no more of those of this registry. */
void own_metrics_forget_rules(struct own_metrics *own, const struct registry *registry);

/* RECORD_OWN. As registry_track, registry_save, registry_saved, registry_restore of the kept ones;
 * to be collected before. */
void own_metrics_track(struct own_metrics *own);
void own_metrics_save(struct own_metrics *own, const struct record_sink *sink, int64_t now);
void own_metrics_saved(struct own_metrics *own);
int own_metrics_restore(struct own_metrics *own, const struct record *record, int64_t now);

/* Brings every value up to date. */
void own_metrics_collect(struct own_metrics *own, const struct own_view *view);

#endif
