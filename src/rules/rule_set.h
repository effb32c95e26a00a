/* The rules room: packs of rules -> updates of a registry, one decoded event at a time.
 *
 *   {"event":{"event_type":"agent_completed","agent_id":"a1",...}}   (a record, decoded)
 *   -> event name AgentCompleted -> its rows, in pack and file order
 *   -> leave agents_active, inc items_total{status="success"}, observe agent_duration_seconds
 *
 * Compiled once: per event no path, template or name is parsed. Pure: no I/O, no clock; knows
 * decode's values and the registry. The language is described in docs/rules.md; struct rule_set
 * is its compiled form. One thread. */
#ifndef RULES_RULE_SET_H
#define RULES_RULE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/record.h"

struct arena;
struct decode_plan;
struct diagnostics;
struct path_pattern;
struct record;
struct record_sink;
struct registry;
struct rule_file;
struct rule_set;
struct rule_source;
struct text;
struct tree;
struct value;

/* One pack as read: its name ("prodigy", or a file's name) and its tree (only read here). */
struct rule_pack {
    const char *name;
    const struct tree *tree;
};

struct rule_limits {
    size_t max_memory_keys; /* keys of memories, sets and timers in all; 0: 1,000,000 */
    size_t max_event_types; /* names kept for own metrics; 0: 1000 */
};

/* The packs in order, compiled; their families are defined in `registry`, which must stay. All
 * errors go to `diagnostics`; with any error NULL (the registry is then of no use). */
struct rule_set *rule_set_new(const struct rule_pack *packs, size_t count,
                              struct registry *registry, const struct rule_limits *limits,
                              struct diagnostics *diagnostics) MUST_CHECK;
void rule_set_free(struct rule_set *set);

/* --- Sources: what to follow, and how a record of it is decoded --------------------------- */

enum rule_emits {
    RULE_EMITS_CREATED = 1,
    RULE_EMITS_CONTENT = 2, /* first, when, changes, each: of documents alone */
    RULE_EMITS_CLOSED = 4,
    RULE_EMITS_REMOVED = 8,
    RULE_EMITS_REOPEN = 16 /* closed again after growth */
};

/* The last source is "resources", without roots or files: the program's own samples
 * ({"event_type":"DiskSampled",...}) are events of it. */
size_t rule_set_source_count(const struct rule_set *set);
struct rule_source *rule_set_source(const struct rule_set *set, size_t index);

struct rule_source_facts {
    const char *name;
    const char *pack;
    const char *const *roots; /* as written; none: the events directory */
    size_t root_count;
    struct path_pattern *const *files;
    size_t file_count;
    struct path_pattern *const *excludes;
    size_t exclude_count;
    struct path_pattern *const *archives; /* of files with copies of what was counted */
    size_t archive_count;
    size_t pack_index;
    bool internal;    /* "resources" */
    bool is_document; /* format: document; else lines */
    unsigned emits;   /* bits of enum rule_emits: what its `emit` section asks for */
};
void rule_source_facts(const struct rule_source *source, struct rule_source_facts *ret_facts);
/* How its records are decoded; stays as it is while the set lives. */
const struct decode_plan *rule_source_plan(const struct rule_source *source);
/* The record's id text. False: it has none. */
bool rule_source_id(const struct rule_source *source, const struct value *slots,
                    const char **ret_text, size_t *ret_length);
/* What `time` of the source finds in a record or document; TIME_NONE: nothing. */
int64_t rule_source_time(struct rule_source *source, const struct value *slots);

/* What rules may know of one file of one source: captures, name, scopes. `captures` are pairs of
 * name and text (count of pairs); unknown names are ignored. All is copied. */
struct rule_capture {
    const char *name;
    const char *text;
    size_t length;
};
struct rule_file *rule_file_new(const struct rule_source *source, const char *path,
                                const struct rule_capture *captures, size_t count, uint64_t file_id,
                                uint64_t directory_id);
void rule_file_free(struct rule_file *file);

/* --- Events -------------------------------------------------------------------------------- */

enum rule_match {
    RULE_MATCHED,   /* some named rule, whether or not its rows applied */
    RULE_UNMATCHED, /* no rule names it */
    RULE_NO_TYPE    /* the record has no event name */
};

enum row_outcome {
    ROW_APPLIED,
    ROW_FOLDED,    /* applied to the `_other` series: a limit was reached */
    ROW_CONDITION, /* `when` does not hold */
    ROW_NO_LIST,   /* `each` is on no list */
    ROW_SEEN,      /* `once`: this key was here before */
    ROW_NO_GROWTH, /* `increase`: not beyond the largest seen; leave or enter that changes nothing
                    */
    ROW_MISSING,   /* a named field is not there */
    ROW_NO_NUMBER, /* a field is no number, duration or time */
    ROW_NOT_IN_TABLE,
    ROW_TOO_OLD,  /* an unknown key of an event older than `keep` */
    ROW_OLDER,    /* set, max, min: older than the series' last event */
    ROW_LIMIT,    /* dropped at a limit */
    ROW_INVALID,  /* a negative amount for a counter, NaN */
    ROW_DISABLED, /* would have been applied, but an override disabled the metric */
    ROW_LATE,     /* a span of time of an event that happened while nobody looked */
    ROW_OUTCOMES
};
const char *row_outcome_name(enum row_outcome outcome);

/* What `explain` is told of each row looked at. `detail` says what the outcome is about (a path, a
 * condition); `labels` is the label text of the series, "" without. */
struct rule_trace {
    void *context;
    void (*on_event)(void *context, const char *event_name, enum rule_match match);
    void (*on_row)(void *context, const char *rule, const char *update, enum row_outcome outcome,
                   const char *detail, const char *labels, double amount);
};

struct rule_event {
    const struct value *slots; /* decoded by the source's plan */
    const struct rule_file *file;
    struct arena *arena; /* scratch; the caller resets it after the event */
    int64_t now;         /* ns, wall */
    bool guests; /* the first event of its line, which is the one that counts as seen: it also
                    has the rules of packs without sources; or the first source's sight */
    const struct rule_trace *trace; /* NULL: none */
};

/* Every update of this event. ret_time (may be NULL): the event's time, TIME_NONE if unknown. */
enum rule_match rule_set_apply(struct rule_set *set, struct rule_source *source,
                               const struct rule_event *event, int64_t *ret_time);

/* --- Emitted events: what is seen of a file becomes events ----------------------------------
 *
 *   sessions/a.json, {"status":"Completed",...} where `when: {status: [Completed]}` did not hold at
 *   the last look -> event WorkflowEnded, with all fields of the document, and captures
 *
 * They are exact by the memo: what was last seen of the file in this life, in bytes that the caller
 * keeps (with everything else that is saved). Events are in the order of the `emit` section, those
 * of an `each` in the order of its entries.
 *
 * What the rules emit since this life began is not in its memo: at the next look it is noted what
 * holds, which values and entries there are, and nothing is told. So it starts with what happens
 * next; closed and removed are told when they happen. */

enum rule_sight_kind { RULE_SEEN_CREATED, RULE_SEEN_CONTENT, RULE_SEEN_CLOSED, RULE_SEEN_REMOVED };

struct rule_sight {
    enum rule_sight_kind kind;
    int64_t time;      /* ns, wall: of created, closed, removed; content has the source's `time` */
    bool late;         /* happened while nobody looked: the field `late` is true then, and elapsed,
                          since and between are skipped */
    struct bytes memo; /* as left by the last call for this life and source; empty at its begin */
};

/* Changes when an `emit` section does, or what rows of removed documents ask for: then what there
 * is must be looked at once more, so that what is new in the rules knows what was before. */
uint64_t rule_set_emits_hash(const struct rule_set *set);
/* Applies every event that this sight gives. event->slots: the document as decoded by the source's
 * plan; NULL where there is none (then, for removed, what the memo kept of the fields that rules
 * name). Appends the new memo to `ret_memo`, which must not overflow; nothing when the file was
 * removed, since a life without memo is one that begins. The old memo must stay meanwhile. Returns
 * how many events there were. `on_event` (may be NULL) is told of each, with its time. */
size_t rule_set_see(struct rule_set *set, struct rule_source *source,
                    const struct rule_event *event, const struct rule_sight *sight,
                    void (*on_event)(void *context, int64_t time), void *context,
                    struct text *ret_memo);

/* A row met trouble for the first time (a field missing, no number, a limit): told once each, for
 * the log; to be taken after each event until NULL. Past RULE_TROUBLES of one event they are only
 * counted. Valid until the next event. */
#define RULE_TROUBLES 16
struct rule_trouble {
    const char *rule;
    const char *update;
    enum row_outcome outcome;
    const char *field; /* what it is about, may be "" */
};
const struct rule_trouble *rule_set_take_trouble(struct rule_set *set);

/* Keys that fall out of sets (`for`) and memories (`keep`). About once a second. `keep_all`: a
 * catch-up is under way, nothing is dropped. */
void rule_set_tick(struct rule_set *set, int64_t now, bool keep_all);

/* --- What own metrics show ----------------------------------------------------------------- */

struct rule_event_count {
    const char *event_type;
    uint64_t seen;
    uint64_t unmatched;
};
/* i-th event name seen or named by a rule; false past the end. Past the bound names are "_other".
 */
bool rule_set_event_count(const struct rule_set *set, size_t index,
                          struct rule_event_count *ret_count);

struct rule_row_count {
    const char *rule;         /* "prodigy:AgentCompleted:112" (pack, event names, line) */
    const char *field;        /* the first path that was missing, "" for none yet */
    const uint64_t *outcomes; /* ROW_OUTCOMES of them */
};
bool rule_set_row_count(const struct rule_set *set, size_t index, struct rule_row_count *ret_count);
size_t rule_set_memory_keys(const struct rule_set *set);
uint64_t rule_set_memory_evictions(const struct rule_set *set); /* forgotten at max_memory_keys */

/* --- What must survive a restart (RECORD_MEMORY, RECORD_SET, RECORD_MEMORY_KEY) ----------------
 *
 * Memories, timers and sets are found again by pack, name, kind and scope (a set by its metric);
 * scopes by the file's and directory's ids, the source's and the pack's name. Which scope it is is
 * part of the memory, so ids of different scopes never meet. A key expires `keep` after it was
 * touched; a touch alone is saved only when the saved time is behind by keep/64, an hour at most.
 *
 * All records of one save belong together: a member is inside when its record and that of its
 * series' set tell the same epoch. */

/* From now on what changes is noted. What is there already is noted; what is restored from now on
 * is not, being as it was saved. */
void rule_set_track(struct rule_set *set);
/* Puts what changed since the last save, at first all. What is removed comes before what is put. */
void rule_set_save(struct rule_set *set, const struct record_sink *sink);
/* Puts everything, and leaves what is noted as it is: for a reload. These records also tell what no
 * commit holds yet; they are not for keeping. Nothing is removed: sink->remove may be NULL. */
void rule_set_save_all(struct rule_set *set, const struct record_sink *sink);
size_t rule_set_unsaved(const struct rule_set *set); /* keys to be put or removed */
/* After the registry's records. 0 (also for what no rule knows now: ignored) or -EINVAL, nothing
 * changed. With the next rule_set_tick max_memory_keys holds again, and the gauges of sets show how
 * many are inside. */
int rule_set_restore(struct rule_set *set, const struct record *record) MUST_CHECK;

#endif
