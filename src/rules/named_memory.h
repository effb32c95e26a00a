/* Which memory a row means: by a name of its own, or by pack, metric and amount path. */
#ifndef RULES_NAMED_MEMORY_H
#define RULES_NAMED_MEMORY_H

#include <stddef.h>

#include "rules/memory.h"

struct binding;
struct compiler;
struct tree;

struct named_memory {
    size_t pack; /* SIZE_MAX: sets, which belong to their metric */
    struct memory *memory;
};

/* What the pack's rules remember or time under this name, or NULL. */
struct memory *compiler_find_memory(const struct compiler *compiler, const char *name);
/* Makes the memories that rows of the pack declare by `remember` and `start`, so that rows above
 * may look them up. `row` is one row's map. */
void declare_memories(struct compiler *compiler, const struct tree *row);

/* The memory of a row's `once` or (settings: the map of) `increase`: by `memory`, or the default
 * name. Made at first need; settings that differ from the first are an error (NULL). */
struct memory *row_memory(const struct binding *binding, const struct tree *settings,
                          const char *metric, const char *path, enum memory_kind kind);
/* The set of a metric, for enter and leave. */
struct memory *set_memory(const struct binding *binding, const struct tree *row,
                          const char *metric);

#endif
