/* Rows: one update each, compiled for one source; for an emitted event that sees something else
 * than records do (an entry, what is kept of a removed document) apart. */
#ifndef RULES_ROW_H
#define RULES_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/amount.h"
#include "rules/condition.h"
#include "rules/each_list.h"
#include "rules/membership.h"
#include "rules/row_labels.h"
#include "rules/rule_set.h"
#include "rules/series_cache.h"

struct compiler;
struct emit;
struct event_name;
struct metric;
struct rule_feed_event;
struct tree;

enum verb {
    VERB_INC,
    VERB_DEC,
    VERB_ADD,
    VERB_SUB,
    VERB_SET,
    VERB_MAX,
    VERB_MIN,
    VERB_OBSERVE,
    VERB_RATE,
    VERB_ENTER,
    VERB_LEAVE,
    VERB_CLEAR,
    VERB_DROP,
    VERB_START,
    VERB_STOP,
    VERB_REMEMBER,
    VERBS
};

/* What a row is called and what became of it, shared by its compiled forms (one a source). */
struct row_facts {
    const struct tree *where; /* while compiling: the row's map */
    size_t pack;
    char *rule;   /* "prodigy:AgentCompleted:112" */
    char *update; /* "inc prodigy_x_total" */
    char *field;  /* first path found missing; NULL: none */
    uint64_t outcomes[ROW_OUTCOMES];

    /* For describe.h. */
    int line;
    enum verb verb;                 /* once it applies to some event */
    const struct metric *metric;    /* the same; NULL: a memory, a timer */
    struct rule_feed_event *events; /* with the texts of sources and names */
    size_t event_count;
};

struct row {
    struct row_facts *facts;
    enum verb verb;
    const struct emit *emit; /* what it sees is that of this emitted event; NULL: of records */
    bool guest;              /* of a pack without sources; not where a source is named */
    bool is_star;            /* its key names "*" */

    struct metric *metric; /* NULL: start, stop, remember */
    struct row_labels labels;
    struct series_cache *recent; /* series it updated, by what the labels depend on; NULL: none */

    bool has_each;
    struct each_list each;
    struct condition *conditions;
    size_t condition_count;

    struct memory *once; /* NULL: none */
    struct key once_key;

    struct amount amount;
    struct operand remembered;         /* a path; or */
    struct label_text remembered_text; /* where `value` holds braces */
    struct memory *memory;             /* set, timer, remembered text */
    struct key key;                    /* count 0: none */
};

struct rule_source;

/* Verbs whose names a row may have as key; VERBS words. */
extern const char *const verb_names[VERBS];

/* A row for the compiler's pack and source; NULL with errors reported. */
struct row *row_compile(struct compiler *compiler, struct row_facts *facts);
void row_free(struct row *row);

/* Which verb the map of a row names, VERBS if none or several (reported when `diagnostics`). */
enum verb row_verb(struct diagnostics *diagnostics, const struct tree *row);

/* Runs one row on an event. Counts and traces its outcome. */
struct row_stage {
    struct rule_set *set;
    const struct rule_trace *trace;
};
void row_run(const struct row_stage *stage, struct row *row, struct scene *scene);

#endif
