/* What the files of this room share while packs are compiled, and the compiled set itself. */
#ifndef RULES_COMPILER_H
#define RULES_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "rules/lookup_table.h"
#include "rules/memory.h"
#include "rules/metric.h"
#include "rules/named_memory.h"
#include "rules/pack.h"
#include "rules/row.h"
#include "rules/rule_set.h"
#include "rules/source.h"

struct emit;
struct event_name;

struct rule_set {
    struct registry *registry;
    struct rule_limits limits;

    struct pack *packs;
    size_t pack_count;
    struct rule_source **sources;
    size_t source_count;
    struct metric **metrics;
    size_t metric_count;
    struct lookup_table **tables;
    size_t table_count;

    /* Rows as written, one each, whatever number of sources they were compiled for. */
    struct row_facts **rows;
    size_t row_count;

    int64_t now;                /* of the event or tick under way */
    uint64_t serial;            /* of the last event */
    bool is_counted;            /* the line under way, as an event */
    struct event_name *unnamed; /* it was counted as unmatched under this name; or NULL */
    uint64_t sight;             /* of the last sight of a file, by however many sources */
    struct rule_trouble troubles[RULE_TROUBLES];
    size_t trouble_count;
    size_t troubles_told; /* of them */
    struct memory_store memories;
    struct named_memory *named; /* memories that rules call by name */
    size_t named_count;
    bool is_restored;        /* since the last tick */
    struct memory *restored; /* the memory of the last record; NULL: none */

    struct map event_names; /* struct event_name by normal form */
    struct event_name **event_list;
    size_t event_count;
    struct event_name *other_event; /* past max_event_types */
};

struct compiler {
    struct rule_set *set;
    struct diagnostics *diagnostics;
    struct pack *pack;          /* under way */
    struct rule_source *source; /* under way */
    const struct emit *emit; /* under way, where it sees something else than records do; or NULL */
};

#endif
