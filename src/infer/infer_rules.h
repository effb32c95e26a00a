/* The `rules` section of a proposal. */
#ifndef INFER_INFER_RULES_H
#define INFER_INFER_RULES_H

struct infer_shape;
struct proposal;
struct seen_path;
struct text;

void infer_rules_write(const struct proposal *proposal, struct text *out);
/* A path as rows of the proposed source look it up. */
void infer_rules_path(const struct infer_shape *shape, const struct seen_path *path,
                      struct text *out);

#endif
