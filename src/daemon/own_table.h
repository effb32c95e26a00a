/* The families the exporter shows about itself: names, types, labels, help. docs and tests rely
 * on this table. */
#ifndef DAEMON_OWN_TABLE_H
#define DAEMON_OWN_TABLE_H

#include <stddef.h>

#include "daemon/own_metrics.h"
#include "registry/registry.h"

#define OWN_LABELS 6

/* Rows of own_table; the histograms of own_metrics.h come last. */
enum own {
    BUILD_INFO,
    UP,
    READ_BYTES,
    READ_LINES,
    EVENTS,
    EVENTS_UNMATCHED,
    LINES_SKIPPED,
    RULE_ERRORS,
    FIELDS_MISSING,
    TOO_OLD,
    MEMORY_KEYS,
    MEMORY_EVICTIONS,
    FILES_FOLLOWED,
    FILES_HELD,
    FILES_OPEN,
    FILES_GIVEN_UP,
    TRUNCATIONS,
    AMBIGUOUS_REWRITES,
    DOCUMENTS,
    DOCUMENTS_WAITING,
    DOCUMENTS_READ,
    DOCUMENT_BYTES,
    DOCUMENTS_SKIPPED,
    LAST_EVENT,
    SOURCE_ROOTS,
    LAG_BYTES,
    LAG_SECONDS,
    IDS_IN_MEMORY,
    IDS_FORGOTTEN,
    IDS_ON_DISK,
    ID_MEMORY,
    CHECKPOINT_LAST,
    CHECKPOINT_BYTES,
    CHECKPOINT_FAILURES,
    STATE_FAILING,
    DIRECTORIES,
    WATCHES,
    UNWATCHED,
    UNREADABLE,
    ROOTS_MISSING,
    RESCANS,
    OVERFLOWS,
    SERIES,
    SERIES_FOLDED,
    SERIES_EXPIRED,
    SAMPLES,
    CATCH_UP,
    RELOAD_SUCCESSFUL,
    RELOAD_TIME,
    HTTP_REQUESTS,
    HTTP_IN_FLIGHT,
    HTTP_CONNECTIONS,
    HTTP_REFUSED,
    PROCESS_CPU,
    PROCESS_START,
    PROCESS_RESIDENT,
    PROCESS_VIRTUAL,
    PROCESS_VIRTUAL_MAX,
    PROCESS_FDS,
    PROCESS_MAX_FDS,
    PROCESS_THREADS,
    FIRST_HISTOGRAM,
    OWNS = FIRST_HISTOGRAM + OWN_HISTOGRAMS
};

struct own_row {
    const char *name;
    enum metric_type type;
    const char *help;
    const char *labels[OWN_LABELS + 1];
    const double *buckets;
    size_t bucket_count;
    bool kept; /* goes on over restarts: saved with what it counts */
};

extern const struct own_row own_table[OWNS];

/* The family of a row, which points into it. */
struct family_spec own_row_spec(const struct own_row *row);

#endif
