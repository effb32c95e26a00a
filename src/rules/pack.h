/* A pack: one rule file, all of it but its rows (see row_binding.h). */
#ifndef RULES_PACK_H
#define RULES_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct compiler;
struct tree;

struct pack {
    char *name;
    char *identity;    /* over restarts: its name, with a number if an earlier pack has it, too */
    uint64_t scope_id; /* hash of the identity */
    size_t index;
    bool has_sources;
    const struct tree *tree;     /* while compiling only */
    const struct tree *defaults; /* its labels, while compiling only */
    int64_t default_ttl;
    size_t default_max_series;
};

/* Reads the pack under way into the set: defaults, tables, sources, metrics. */
void pack_read(struct compiler *compiler);

#endif
