/* What `coverage` gathers while files are read: of each source which events and fields it met. */
#ifndef COMMAND_COVERAGE_H
#define COMMAND_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "command/reading.h"

struct seen;
struct text;

/* Events of one name in one source. */
struct covered_event {
    size_t source;    /* its index in the rule set */
    const char *name; /* as the rules show it: the same pointer for the same name */
    uint64_t count;
    bool is_named; /* some rule names it */
};

struct coverage {
    struct reading reading;
    struct covered_event **events;
    size_t event_count;
    struct map by_name;
    struct seen **seen; /* by source; NULL: nothing came */
    size_t source_count;

    /* The line under way: what it was to each of its sources. */
    const char *name; /* of the event told last; NULL: none */
    bool is_named;
    struct covered_event **told;
    size_t told_count;
    size_t told_capacity;
    bool in_line;
};

/* Its part about sources (coverage_sources.c), and the whole report (coverage_print.c). */
void coverage_print_sources(const struct coverage *coverage, struct text *out);
void coverage_print(const struct coverage *coverage, struct text *out);

#endif
