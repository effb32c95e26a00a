/* What record events and emitted events have in common when their rows are run. */
#ifndef RULES_APPLY_H
#define RULES_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/scene.h"

struct row_stage;
struct rule_set;
struct rule_source;
struct rule_trouble;
struct source_event;
struct value;

/* Where bare paths start. */
enum start apply_start(const struct rule_source *source, const struct value *slots);
/* The rows of one event, those of guests where wanted. */
void apply_rows(const struct row_stage *stage, const struct source_event *known, bool guests,
                struct scene *scene);
/* To be taken by rule_set_take_trouble; the texts must live as long as the set. */
void apply_note_trouble(struct rule_set *set, const struct rule_trouble *trouble);

#endif
