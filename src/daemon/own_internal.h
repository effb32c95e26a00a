/* What own_metrics.c, own_collect.c and own_sources.c share. */
#ifndef DAEMON_OWN_INTERNAL_H
#define DAEMON_OWN_INTERNAL_H

#include "daemon/own_table.h"
#include "daemon/pipeline.h"
#include "document/documents.h"
#include "registry/registry.h"
#include "rules/rule_set.h"
#include "tail/tail.h"

struct sources;

struct own_metrics {
    struct registry *live;
    struct registry *kept;
    struct family *families[OWNS]; /* in one or the other */
    double start_time;
    struct moment when; /* of the collection under way; its event_time never goes back */

    /* What was added of the rooms' counts so far: kept counters also hold what was before. */
    struct {
        struct tail_counts tail;
        struct documents_counts documents;
        struct pipeline_counts pipeline;
        uint64_t (*events)[2]; /* seen, unmatched; by index in the rule set */
        size_t event_count;
        uint64_t (*rows)[ROW_OUTCOMES]; /* rows may share a name (one line, several rows) */
        size_t row_count;
    } added;
    struct { /* the sources told of, in order */
        char **packs;
        char **names;
        size_t count;
    } shown;
};

/* --- own_sources.c --- */
void own_sources_collect(struct own_metrics *own, const struct sources *sources);
void own_sources_free(struct own_metrics *own);

#endif
