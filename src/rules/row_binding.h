/* Which rows an event of a source meets: the `rules` section, by source and event name. */
#ifndef RULES_ROW_BINDING_H
#define RULES_ROW_BINDING_H

#include <stdbool.h>
#include <stddef.h>

struct compiler;
struct event_name;
struct label_value;
struct row;
struct rule_source;

/* What rows of a source apply to an event of one name. */
struct source_event {
    struct event_name *name;
    struct row **rows; /* in pack and file order, those of "*" among them */
    size_t row_count;
    bool is_named; /* some row names it: it is matched */
};

/* The rows of the pack under way. `declare`: only the memories they declare, which rows above may
 * name; to be done for all packs first. */
void rows_compile(struct compiler *compiler, bool declare);
/* After all packs: puts the rows of each name in order. */
void rows_order(struct rule_source *source);

void source_event_add_row(struct source_event *event, struct row *row);
/* NULL: the name was not met in this source, nor does a rule name it. */
struct source_event *source_event_find(const struct rule_source *source,
                                       const struct label_value *normal);
struct source_event *source_event_new(struct rule_source *source, struct event_name *name,
                                      const struct label_value *normal);

#endif
