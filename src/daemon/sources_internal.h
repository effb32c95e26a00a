/* What sources.c and sources_roots.c share. */
#ifndef DAEMON_SOURCES_INTERNAL_H
#define DAEMON_SOURCES_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/rule_set.h"

struct roots;

/* A source and the directories it is followed in now. */
struct place {
    struct rule_source *source;
    struct rule_source_facts facts;
    size_t index;
    struct roots *roots;
};

struct sources {
    struct place *places; /* without the internal source */
    size_t count;
    bool counts_archives;

    /* The roots that the watch room holds: those that are there, or were; in order. */
    bool is_told; /* there is one */
    char **told;
    size_t told_count;
};

/* Is `path` the root, or below it? Then *ret_rest is what follows the root, "" for itself. */
bool sources_is_below(const char *root, const char *path, const char **ret_rest);

#endif
