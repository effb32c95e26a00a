/* What the exporter tells about itself: the jsonl_exporter_* and process_* families, one const
 * table of rows. They live in a registry of their own, made anew from the rooms' counts before
 * each exposition; histograms are observed when things happen. */
#ifndef DAEMON_OWN_METRICS_H
#define DAEMON_OWN_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct own_metrics;
struct pipeline;
struct registry;
struct rulebook;
struct serve;
struct tail;
struct watch;

/* Where values come from; members may be NULL (once: no watch, no serve), then their metrics are
 * left out. */
struct own_view {
    const struct rulebook *rulebook;
    const struct pipeline *pipeline;
    const struct tail *tail;
    const struct watch *watch;
    const struct serve *serve;
    const int64_t *source_times; /* newest event time by source, TIME_NONE: none */
    bool up;                     /* the events directory is there and watched */
    bool caught_up;
    int64_t now; /* ns, wall */
};

enum own_histogram {
    OWN_SOURCE_DELAY,  /* seconds, by source */
    OWN_VISIBLE,       /* seconds */
    OWN_RESCAN,        /* seconds */
    OWN_HTTP_DURATION, /* seconds, by handler */
    OWN_HTTP_SIZE,     /* bytes, by handler */
    OWN_HISTOGRAMS
};

struct own_metrics *own_metrics_new(void);
void own_metrics_free(struct own_metrics *own);
struct registry *own_metrics_registry(const struct own_metrics *own);

/* `text` is the family's one label value, NULL where it has none. */
void own_metrics_observe(struct own_metrics *own, enum own_histogram which, const char *text,
                         double value, int64_t now);
void own_metrics_count_request(struct own_metrics *own, const char *handler, const char *method,
                               int status, int64_t now);
/* Brings every value up to date. */
void own_metrics_collect(struct own_metrics *own, const struct own_view *view);

#endif
