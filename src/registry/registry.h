/* The registry: metric families, their series, limits and expiry. Pure: no clock, no I/O; time
 * comes in as a parameter. One thread.
 *
 * One event becoming samples:
 *
 *   registry_update(r, jobs, UPDATE_ADD, {"success","demo"}, 1, when)
 *   family prodigy_mapreduce_jobs_total{status,workflow}
 *     series  status="success",workflow="demo"  ->  value 1, last event 03:04:05
 *
 * A series is found by its label set. The text of its labels is kept once, already escaped as the
 * text format wants it (`status="success",workflow="demo"`, empty values left out), and is key and
 * output at once. Cost: at most 150 bytes a counter series beyond that text, at 100,000 series.
 *
 * Bounds: `max_series` of a family and `max_samples` of the registry count samples of the
 * exposition (a histogram counts its buckets, +Inf among them, + 2; a summary its quantiles + 2),
 * hidden series included. To make room hidden series go first, then the one longest without an
 * update, if idle for REGISTRY_IDLE or longer. When all are live a new label set folds into one:
 * the labels of `label_folds` become "_other". Fold series are always allowed and not counted; of
 * a family there are REGISTRY_FOLDS, then all labels become "_other". */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define REGISTRY_LABELS        16   /* of one family, at most */
#define REGISTRY_QUANTILES     16   /* of one summary, at most */
#define REGISTRY_FOLDS         64   /* series of a family past its limit, at most */
#define REGISTRY_LABEL_LONGEST 1024 /* bytes: of a value more is cut, of a name refused */
#define REGISTRY_IDLE          (INT64_C(600) * 1000000000) /* ns */
#define REGISTRY_BIRTH_LONGEST (INT64_C(60) * 1000000000)  /* ns: shown as zero no longer */
#define SUMMARY_RELATIVE_ERROR 0.01                        /* of every quantile */

struct record;
struct record_sink;
struct registry;
struct text;
struct family;
struct series;

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_SUMMARY, METRIC_INFO };

enum update_kind {
    UPDATE_ADD,     /* counter (amount >= 0), gauge */
    UPDATE_SET,     /* gauge; counter (a total kept elsewhere: never falls); info (stays 1) */
    UPDATE_MAX,     /* gauge; the first one sets */
    UPDATE_MIN,     /* gauge; the first one sets */
    UPDATE_OBSERVE, /* histogram, summary */
    UPDATE_RATE,    /* gauge: amount per second over the family's rate_window */
    UPDATE_TOUCH    /* any: nothing but being there, at zero (an info: 1) if new */
};

enum update_result {
    UPDATE_APPLIED,
    UPDATE_FOLDED,  /* applied to an `_other` series: ADD, OBSERVE and TOUCH at a limit */
    UPDATE_DROPPED, /* SET, MAX, MIN, RATE, and any of an info, at a limit: nothing changed */
    UPDATE_OLDER,   /* SET, MAX, MIN older than the series' last event, or RATE before its window:
                       nothing changed */
    UPDATE_INVALID  /* a kind that the type does not take; NaN; infinite, but for a gauge's SET, MAX
                       and MIN; negative for a counter: nothing changed */
};

/* What a family is. All pointers are copied by registry_define. */
struct family_spec {
    const char *name;
    const char *help;
    enum metric_type type;
    const char *const *labels; /* names, in the order in which values are given */
    size_t label_count;
    const double *buckets; /* histogram: upper bounds ascending, without +Inf */
    size_t bucket_count;
    const double *quantiles; /* summary: in [0, 1], may be none */
    size_t quantile_count;
    int64_t summary_window;            /* ns, default 10 min when 0 */
    int64_t rate_window;               /* ns, for UPDATE_RATE; default 60 s when 0 */
    int64_t ttl;                       /* ns, 0 = never */
    size_t max_series;                 /* samples; 0 = only the registry's limit */
    bool label_folds[REGISTRY_LABELS]; /* label i becomes "_other" when folding (not in init) */
};

struct label_value {
    const char *text; /* any bytes; invalid UTF-8 is shown as U+FFFD */
    size_t length;
};

/* When: the event's own time (TIME_NONE of base/clock.h: unknown, `now` is used), the arrival. */
struct moment {
    int64_t event_time; /* ns, wall */
    int64_t now;        /* ns, wall */
};

struct registry *registry_new(size_t max_samples);
void registry_free(struct registry *registry);

/* Adds a family, or gives the existing one back when it is equal in everything. -EEXIST when the
 * name is taken by another definition; -ENOSPC over REGISTRY_LABELS or REGISTRY_QUANTILES; -EINVAL
 * when buckets do not ascend or are not finite, a quantile is outside [0, 1], a time is negative
 * or a label's name too long; ret_family untouched then. */
int registry_define(struct registry *registry, const struct family_spec *spec,
                    struct family **ret_family) MUST_CHECK;
struct family *registry_find(const struct registry *registry, const char *name);
const struct family_spec *family_spec(const struct family *family);

/* Applies one update to the series of these label values (label_count of them, in spec order),
 * which is made if it is not there. *ret_series (may be NULL) receives the series that took it,
 * NULL when none did; unless pinned it is good until the next update or tick. *ret_born (may be
 * NULL): that series is new or was hidden until now. */
enum update_result registry_update(struct registry *registry, struct family *family,
                                   enum update_kind kind, const struct label_value *values,
                                   double amount, const struct moment *when,
                                   struct series **ret_series, bool *ret_born);
/* As registry_update for a series at hand: one that an UPDATE_APPLIED gave for the same values, as
 * long as registry_generation is what it was then. */
enum update_result registry_update_series(struct registry *registry, struct series *series,
                                          enum update_kind kind, double amount,
                                          const struct moment *when, bool *ret_born);
/* Changes whenever a series goes, so that pointers to series kept from before are of no use. */
uint64_t registry_generation(const struct registry *registry);
/* The series of these values, shown, hidden or remembered (see below), or NULL; never creates. */
struct series *registry_series(struct registry *registry, struct family *family,
                               const struct label_value *values);
/* Adds to a counter or gauge series already at hand (a set's member leaving). */
void registry_adjust(struct registry *registry, struct series *series, double amount,
                     const struct moment *when);
/* A pinned series is not freed while pins remain: dropped, or removed to make room, it is out of
 * sight and out of every count, but keeps its value, with which an update brings it back. For the
 * gauge of a set, which counts members that are still inside. */
void series_pin(struct series *series);
void series_unpin(struct series *series);
double series_value(const struct series *series); /* counter, gauge, info; else its count */
struct family *series_family(const struct series *series);
/* Removes the series of these values (out of sight at once, freed unless pinned), or what is
 * remembered of it. True if it was there. */
bool registry_drop(struct registry *registry, struct family *family,
                   const struct label_value *values);

/* Hides what its ttl says (shown while now - min(last event, now) <= ttl; a clock set back shows
 * it again), lets rates fall to 0, ages summaries. To be called about once a second and before an
 * exposition; costs only what is due. `expire` false (once): nothing is hidden.
 *
 * A hidden counter, histogram or summary returns with its total when it is updated, a hidden gauge
 * that is not pinned starts anew. */
void registry_tick(struct registry *registry, int64_t now, bool expire);

/* Born at zero. While on, a counter or histogram series that is made (or comes back from hiding)
 * shows 0 (its old value) until registry_release_born lets it go. Off at first: history shows its
 * values at once. */
void registry_born_at_zero(struct registry *registry, bool on);
/* Lets go the series born before `seen_by_all` (every scraper has fetched an exposition since;
 * TIME_NONE: none did) or REGISTRY_BIRTH_LONGEST ago or longer. Times as in moment.now. With
 * registry_track they go with the next registry_saved (or after twice as long), so that what is
 * shown of them is what would come back after a crash. */
void registry_release_born(struct registry *registry, int64_t seen_by_all, int64_t now);
/* What waits to be let go counts as born now: nobody could fetch an exposition before. To be called
 * at the end of a catch-up during which none was served. */
void registry_renew_births(struct registry *registry, int64_t now);

/* Changes with everything that would change an exposition. */
uint64_t registry_version(const struct registry *registry);

struct family_usage {
    size_t series; /* shown */
    size_t hidden;
    uint64_t folded;  /* updates folded or dropped at a limit, ever */
    uint64_t expired; /* series hidden by their ttl or removed to make room, ever */
};
void family_usage(const struct family *family, struct family_usage *ret_usage);
size_t registry_samples(const struct registry *registry); /* counted against max_samples */

/* Walking, for encode: families sorted by name, of each its shown series in an order that is
 * stable while nothing changes. Start with *position = 0; NULL ends. */
const struct family *registry_next_family(const struct registry *registry, size_t *position);
const struct series *family_next_series(const struct family *family, size_t *position);

/* What encode reads of a shown series (born-at-zero already applied). Pointers are good until the
 * registry changes; of the members only those of the family's type are set. */
struct series_view {
    const char *labels; /* escaped text without braces, "" for none; not NUL-terminated */
    size_t labels_length;
    double value;           /* counter, gauge, info */
    const uint64_t *counts; /* histogram: bucket_count + 1, not cumulative, last is +Inf */
    uint64_t count;         /* histogram, summary */
    double sum;
    double quantiles[REGISTRY_QUANTILES]; /* summary: of spec->quantiles[i]; NaN: empty window */
};
void series_view(const struct family *family, const struct series *series,
                 struct series_view *ret_view);

/* --- What must survive a restart (RECORD_FAMILY, RECORD_SERIES) --------------------------------
 *
 * A series' record holds its labels, value (buckets; summary and rate windows), times, whether it
 * is hidden, and what it shows while it is being born. Its key begins with a hash of its family's
 * name, type, labels, buckets, quantiles and windows: values of a family that is defined otherwise
 * now stay where they are, unused, and the family starts anew. Help, ttl, max_series may change.
 *
 * A counter, histogram or summary that leaves memory to make room is remembered: it keeps its
 * record, and is asked for again (recall) when its label set comes back; only in families of which
 * totals have left, which their record tells. One that is dropped (registry_drop), and a gauge that
 * leaves, loses its record. Totals that leave take memory until that is committed; where it is not
 * (a full disk), max_samples of them wait, and beyond that none leaves, as if all were live. */

/* From now on what changes is noted for registry_save. Off at first, and without cost then. What is
 * there already is noted; what is restored from now on is not, being as it was saved.
 * `recall` (NULL: nothing is remembered) appends the committed value of a RECORD_SERIES key to
 * `out`; false: there is none. `keep`: ns that a total out of memory or hidden is remembered for
 * (its record's expiry, from when it left or its last update arrived). */
typedef bool (*registry_recall)(void *context, const char *key, size_t length, struct text *out);
void registry_track(struct registry *registry, registry_recall recall, void *context, int64_t keep);
/* Puts what changed since the last save; at first all. Costs by what changed. */
void registry_save(struct registry *registry, const struct record_sink *sink, int64_t now);
/* The last save is committed: totals that left may be forgotten here. */
void registry_saved(struct registry *registry);
/* Puts everything, and leaves what is noted as it is: for a reload. These records also tell what no
 * commit holds yet (changed, left and dropped series), so that the registry that they are restored
 * to saves it; they are not for keeping. Nothing is removed: sink->remove may be NULL. */
void registry_save_all(struct registry *registry, const struct record_sink *sink, int64_t now);
/* How many records of series the next save will put or remove. */
size_t registry_unsaved(const struct registry *registry);
/* Takes a record back; families first. 0 (also for a family that is not defined now, or
 * otherwise: ignored), or -EINVAL, nothing changed: this cannot be one. A restored series is as it
 * was, nothing is born; one that is there already becomes what the record tells. It counts against
 * the limits: past them, those longest without an update leave with the next tick. A birth goes on;
 * one that would be over is begun anew, since nobody could see it meanwhile. */
int registry_restore(struct registry *registry, const struct record *record,
                     int64_t now) MUST_CHECK;
/* As registry_restore for a copy of older totals: counters, histograms and summaries that are lower
 * now, or not there, are raised to it (buckets one by one); gauges are left alone. */
int registry_raise(struct registry *registry, const struct record *record, int64_t now) MUST_CHECK;
/* The key of a series' record, and the series of such a key (made detached if it is not there: to
 * be pinned at once; NULL if its family is not defined so now): for who refers to series across
 * restarts. */
void series_write_key(const struct series *series, struct text *out);
struct series *registry_series_of_key(struct registry *registry, const char *key, size_t length);

#endif
