/* Which events are of one subject, and what happens to it: it starts, or it ends. */
#ifndef INFER_INFER_SUBJECTS_H
#define INFER_INFER_SUBJECTS_H

#include <stdbool.h>
#include <stddef.h>

struct infer_shape;
struct proposal;
struct seen;
struct seen_type;
struct subject;

/* Fills in events and subjects of a proposal that has none. */
void subjects_find(struct proposal *proposal, struct seen *seen);
void subject_free(struct subject *subject);

enum subject_turn { SUBJECT_OTHER, SUBJECT_STARTS, SUBJECT_ENDS };
enum subject_turn subject_turn(const struct seen_type *type);

#endif
