/* The registry's insides, for the files of this room only.
 *
 *   registry --- families sorted by name --- family --- slots[] --- series
 *                                               |                  (one block of memory each)
 *                                               +--- by_labels (hash of the label text -> series)
 *                                               +--- shown, hidden: lists, longest idle first
 *
 *   one series:  | struct series | detail of its type | label text |
 *
 * What comes with time (a ttl that ends, a rate that falls, a summary that ages) waits in the
 * agenda; what is new and not shown yet at its value stands among the births; what the next save
 * has to put is noted (unsaved.h). */
#ifndef REGISTRY_REGISTRY_INTERNAL_H
#define REGISTRY_REGISTRY_INTERNAL_H

#include "base/attributes.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/text.h"
#include "registry/agenda.h"
#include "registry/rate.h"
#include "registry/registry.h"
#include "registry/unsaved.h"

#define NO_SLOT UINT32_MAX

struct fields;
struct summary_window;

enum series_state {
    SERIES_SHOWN,   /* in family->shown */
    SERIES_HIDDEN,  /* in family->hidden: its ttl has ended */
    SERIES_DETACHED /* in no list, no slot, no count: removed, but pinned or leaving (unsaved.h).
                       Still in by_labels */
};

struct series {
    struct family *family;
    double value;       /* counter, gauge, info; histogram, summary: the sum */
    int64_t last_event; /* ns, the newest event's time; TIME_NONE before the first update */

    /* Where it is. */
    uint32_t arrival; /* s, when the last update arrived */
    uint32_t slot;    /* in family->slots; leaving: in family->unsaved.leaving */
    uint32_t older;   /* slots of its neighbours in its list, or NO_SLOT */
    uint32_t newer;
    uint32_t due;   /* place in the agenda + 1; 0: not there */
    uint32_t birth; /* place among the births + 1; 0: not there */
    uint32_t pins;
    uint32_t unsaved; /* place among its family's unsaved series + 1; 0, UNTRACKED: not there */

    uint32_t length : 24; /* of the label text */
    uint32_t state : 4;   /* enum series_state */
    uint32_t is_fold : 1; /* made past the limit, and not counted against it */
    uint32_t is_leaving : 1;
    uint32_t has_record : 1; /* a save put one, or it came out of one */
};

/* What a gauge, a summary keep beside the value. A histogram keeps uint64_t counts[buckets + 1]. */
struct gauge_detail {
    struct rate *rate; /* NULL until UPDATE_RATE */
};
struct summary_detail {
    uint64_t count;
    struct summary_window *window; /* NULL until the first observation; none without quantiles */
};

struct series_list {
    uint32_t oldest;
    uint32_t newest;
    uint32_t count;
};

struct label_text {
    const char *bytes;
    size_t length;
};

struct family {
    struct registry *registry;
    struct family_spec spec; /* owns everything it points at */

    /* Layout of its series. */
    struct label_text label_starts[REGISTRY_LABELS]; /* `name="` */
    size_t label_room;    /* bytes that names and quotes take in a label text at most */
    size_t labels_offset; /* of the label text in a series */
    size_t samples_each;
    uint64_t *zero_counts; /* histogram: what a new one shows */
    uint64_t hash;         /* of its definition (family_record.c): series' keys begin with it */

    /* Its series. */
    struct map by_labels;
    struct series **slots; /* shown and hidden */
    uint32_t slot_count;
    uint32_t slot_capacity;
    struct series_list shown;
    struct series_list hidden;
    struct series *latest; /* the last one asked for, or NULL: most events repeat a label set */
    uint32_t fold_count;   /* of its series shown and hidden, with is_fold */
    bool is_mixed;         /* restored: its lists are not in the order of arrival yet */

    uint64_t folded;
    uint64_t expired;

    struct family_unsaved unsaved;
};

/* A series that shows what it had before, for a while. */
enum birth_stage {
    BIRTH_SHOWN_AS_BEFORE, /* somebody has not fetched it so */
    BIRTH_SEEN,            /* everybody has; the next save puts it as let go */
    BIRTH_PUT              /* until that is committed */
};
struct birth {
    struct series *series;
    enum birth_stage stage;
    int64_t born; /* ns, wall */
    double value;
    uint64_t *counts; /* histogram that came back, else NULL: zeros */
};

struct registry {
    struct family **families; /* sorted by name */
    size_t family_count;
    struct family *latest; /* the last one asked for by hash, or NULL */
    size_t max_samples;
    size_t samples; /* of series shown and hidden, without is_fold */
    uint64_t version;
    uint64_t generation; /* how many series went */
    struct text scratch; /* where label texts are built */
    bool is_restored;    /* since the last tick: may be past its limits */

    /* Time. */
    struct agenda agenda;
    int64_t ticked; /* ns, wall, of the last tick */
    bool expiring;  /* ttl ends hide, as the last tick said */

    /* Born at zero. */
    struct birth *births;
    uint32_t birth_count;
    uint32_t birth_capacity;
    bool born_at_zero;

    struct registry_unsaved unsaved;
};

static inline void *series_detail(struct series *series)
{
    return series + 1;
}

static inline const void *series_const_detail(const struct series *series)
{
    return series + 1;
}

static inline const char *series_labels(const struct series *series)
{
    return (const char *)series + series->family->labels_offset;
}

#define TIME_SLOT_SHORTEST NANOSECONDS_PER_MILLISECOND

/* The whole number of `unit`s (TIME_SLOT_SHORTEST or longer) at or before `time`. */
static inline int64_t time_slot(int64_t time, int64_t unit)
{
    return time / unit - (time % unit < 0 ? 1 : 0);
}

/* Could time_slot have given this, or is it TIME_NONE? */
static inline bool time_is_slot(int64_t slot)
{
    const int64_t most = INT64_MAX / TIME_SLOT_SHORTEST + 1;
    return slot == TIME_NONE || (slot >= -most && slot <= most);
}

/* `time + span` without overflow; `span` is not negative. */
static inline int64_t time_after(int64_t time, int64_t span)
{
    return time > INT64_MAX - span ? INT64_MAX : time + span;
}

/* `later - earlier`, as far as 64 bits go. */
static inline int64_t time_between(int64_t earlier, int64_t later)
{
    int64_t span;
    if (!__builtin_sub_overflow(later, earlier, &span))
        return span;
    return later < earlier ? INT64_MIN : INT64_MAX;
}

/* Something that its record tells is otherwise now. */
static inline void series_note(struct series *series)
{
    if (UNLIKELY(series->unsaved == 0))
        unsaved_series_note(series);
}

/* family.c: the spec must have been checked. */
struct family *family_new(struct registry *registry, const struct family_spec *spec);
void family_free(struct family *family);
int family_check_spec(const struct family_spec *spec) MUST_CHECK; /* 0, -ENOSPC, -EINVAL */
bool family_is_defined_as(const struct family *family, const struct family_spec *spec);

/* labels.c: the text of these values, good until the next call; which labels become `_other`. */
enum label_fold { FOLD_NONE, FOLD_LISTED, FOLD_ALL };
struct label_text labels_write(struct family *family, const struct label_value *values,
                               enum label_fold fold);
/* label_check.c: could labels_write have written this for the family? */
bool labels_are_of(const struct family *family, struct label_text labels);

/* series.c */
void series_map_init(struct map *map);
/* In any state, or NULL. */
struct series *series_find(struct family *family, struct label_text labels);
/* Makes a new one, detached. */
struct series *series_new(struct family *family, struct label_text labels);
/* Detached -> shown, counted unless is_fold. */
void series_attach(struct series *series, uint32_t arrival);
void series_hide(struct series *series);
void series_show(struct series *series);
/* -> detached if pinned, else freed; its record goes. */
void series_remove(struct series *series);
/* As series_remove, to make room: a total that can be remembered only leaves. */
void series_leave(struct series *series);
/* A detached one that was leaving and does not any more: freed unless pinned. */
void series_let_go(struct series *series);
/* Makes it the newest of its list. */
void series_arrive(struct series *series, int64_t now);
/* Puts the lists of a family whose is_mixed is set in order. */
void series_sort(struct family *family);
/* Frees it and what its detail holds; nothing else may refer to it. */
void series_free(struct series *series);
uint32_t arrival_second(int64_t now);

/* family_record.c: what a family's record holds; the hash of its definition is the key. */
uint64_t family_definition_hash(const struct family *family);
void family_record_write(const struct family *family, int64_t now, struct text *out);
int family_record_read(struct registry *registry, const struct record *record) MUST_CHECK;
/* NULL: none is defined so. */
struct family *family_of_hash(struct registry *registry, uint64_t hash);

/* limits.c: makes room for one more series; false when all are live. */
bool limits_make_room(struct family *family, int64_t now);
/* What was restored past the limits leaves, the longest idle first. */
void limits_settle(struct registry *registry);

/* restore.c: the total of this label set, which left memory, as a series that is leaving; NULL:
 * none is remembered. */
struct series *series_recall(struct family *family, struct label_text labels);

/* expiry.c: looks again at what is due. */
void expiry_run(struct registry *registry, int64_t now);
/* Asks for that look when the series' ttl, rate or summary want it. */
void expiry_watch(struct series *series);
/* Is the ttl of a series with this last event over? */
bool expiry_is_over(const struct family *family, int64_t last_event, int64_t now);

/* birth.c: from now on the series shows what it has at this moment. Only counters and histograms
 * while born at zero is on. */
void birth_begin(struct series *series, int64_t now);
bool birth_is_of(enum metric_type type); /* may one of this type be born at zero? */
/* As it was when it was saved: `birth` is copied, but for its series; its counts are taken over. */
void birth_resume(struct series *series, const struct birth *birth);
void birth_end(struct series *series); /* fine for one that is not there */
const struct birth *birth_of(const struct series *series);
/* A save has put, or its commit made sure, that those which everybody has seen are let go. */
void births_put(struct registry *registry);
void births_let_go(struct registry *registry);

/* histogram.c */
void histogram_observe(struct series *series, double value);
uint64_t histogram_count(const struct family *family, const uint64_t *counts);

/* summary.c */
void summary_observe(struct series *series, double value, const struct moment *when);
void summary_quantiles(const struct series *series, double *ret_quantiles);
int64_t summary_due(const struct series *series);     /* INT64_MAX: the window is empty */
bool summary_age(struct series *series, int64_t now); /* true when quantiles may differ */
void summary_set_back(struct series *series, int64_t now);
void summary_free_window(struct summary_window *window);
/* A window (not NULL) as part of a record. Read: NULL when this cannot be one of the family. */
void summary_write_window(const struct summary_window *window, struct text *out);
struct summary_window *summary_read_window(const struct family *family, struct fields *fields);

#endif
