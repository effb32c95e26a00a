/* Emitted events: the `emit` section of a source, which makes events of a file's life and of what
 * its document says.
 *
 *   StepCompleted: {each: completed_steps, key: [step_index, completed_at]}
 *   cause EMIT_EACH, its list, its key; rows of StepCompleted see an entry, then the document */
#ifndef RULES_EMIT_H
#define RULES_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/condition.h"
#include "rules/each_list.h"
#include "rules/operand.h"
#include "rules/row_binding.h"

struct compiler;
struct label_value;
struct rule_source;
struct tree;

#define EMIT_KEYS ((size_t)10000) /* entries of one `each` that are known in one life */

enum emit_cause {
    EMIT_CREATED,
    EMIT_CLOSED,
    EMIT_REMOVED,
    EMIT_FIRST,
    EMIT_CHANGES,
    EMIT_EACH,
    EMIT_WHEN, /* `when` alone; beside another cause it is a condition more */
    EMIT_CAUSES
};

struct emit {
    struct source_event event; /* its name, and the rows that see it */
    enum emit_cause cause;
    bool reopen; /* closed again after growth */
    uint64_t id; /* in memos: of its name and of all that is said of it */
    struct condition *conditions;
    size_t condition_count;
    struct operand changes;

    /* EMIT_EACH: key without parts: the entry's name or position. */
    struct each_list each;
    uint32_t entry_names[STARTS];
    struct key key;

    /* What is told in case of trouble, once each. */
    char *title; /* "pack:source/Event:12" */
    bool told_limit;
    bool told_key;
};

/* Reads `emit` (NULL: there is none) of the compiler's source, which is named by `key`. */
void emits_compile(struct compiler *compiler, const struct tree *key, const struct tree *node);
void emits_free(struct rule_source *source);
/* The source's emitted event of this name, or NULL. */
struct emit *emit_find(const struct rule_source *source, const struct label_value *normal);
/* What rows of this event are compiled for; NULL: as for records. */
const struct emit *emit_scene(const struct rule_source *source, const struct emit *emit);

#endif
