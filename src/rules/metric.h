/* Metrics of a pack: what `metrics:` defines, before and after they become families. */
#ifndef RULES_METRIC_H
#define RULES_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registry/registry.h"
#include "rules/membership.h"

struct compiler;
struct diagnostics;
struct rule_set;
struct tree;

#define METRIC_MAX_SERIES_DEFAULT 1000

/* A metric to be touched when another one of its pack is born: `from[i]` is where the value of
 * its label i stands among the other's labels, or -1: it takes the values of `init`. */
struct metric_init {
    struct metric *metric;
    int from[REGISTRY_LABELS];
};

struct label_init {
    char **values;
    size_t count;
};

struct metric {
    char *name;
    char *help;
    size_t pack;
    const struct tree *where;  /* while compiling only */
    const struct tree *lapsed; /* the same; NULL: the set counts no lapses */

    struct family_spec spec; /* its arrays are owned here; name and help point to the above */
    char **labels;
    struct label_init init[REGISTRY_LABELS];
    bool has_init;
    char *dropped[REGISTRY_LABELS]; /* labels that an override took away */
    size_t dropped_count;
    bool disabled; /* by an override: its rows run, but no family is there */

    struct family *family;      /* after metrics_define; NULL: disabled */
    struct set_groups groups;   /* of enter, leave, clear */
    struct metric_init *births; /* what is touched when a series of this one is born */
    size_t birth_count;
};

/* Reads `metrics:` of the pack under way into the set. */
void metrics_compile(struct compiler *compiler, const struct tree *node);
/* After all packs: clashes of names over the whole set, lint warnings, families in the registry,
 * and who is born with whom. */
void metrics_define(struct rule_set *set, struct diagnostics *diagnostics);
void metric_free(struct metric *metric);

/* The metric of this name, or NULL. */
struct metric *metric_find(const struct rule_set *set, const char *name);
/* The index of a label's name, or -1. */
int metric_label(const struct metric *metric, const char *name);
bool metric_label_is_dropped(const struct metric *metric, const char *name);
/* Fills `ret_words` (2 * REGISTRY_LABELS) with the labels that rows may name, also those that an
 * override dropped. Returns how many. */
size_t metric_label_words(const struct metric *metric, const char **ret_words);

/* Buckets (metric_buckets.c): from the metric's map; type and name must be known. */
void metric_read_buckets(struct metric *metric, const struct tree *node,
                         struct diagnostics *diagnostics);

/* Names (metric_name.c). */
bool metric_name_is_valid(const char *name);
bool label_name_is_valid(const char *name);
/* Errors for sample names that two metrics of the set, or a metric and the exporter's own
 * families, would share (OpenMetrics 1.0: reserved suffixes); warnings as promlint gives. */
void metric_names_check(const struct rule_set *set, struct diagnostics *diagnostics);
/* The warnings for one metric (metric_lint.c). */
void metric_lint(const struct metric *metric, struct diagnostics *diagnostics);

#endif
