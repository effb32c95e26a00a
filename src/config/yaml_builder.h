/* A tree made from the pieces of a YAML text as they come, within the bounds of yaml.h: what
 * aliases unfold to is counted, duplicate keys are found. Internal to yaml.
 *
 *   {a: &x 1, b: *x}   start(MAP) scalar(a) scalar(1, anchor x) scalar(b) alias(x) end
 *
 * The owner sets `offset` before each piece, and stops giving pieces once `failed` is set. */
#ifndef CONFIG_YAML_BUILDER_H
#define CONFIG_YAML_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/tree.h"
#include "config/yaml.h"

struct diagnostics;
struct yaml_anchor;
struct yaml_source;

/* A list or map whose end has not come yet. */
struct yaml_frame {
    struct tree *node;
    struct tree *key; /* map: read, its value not yet; belongs to the frame */
    char *anchor;     /* or NULL */
};

struct yaml_builder {
    const struct yaml_source *source;
    struct diagnostics *diagnostics;
    size_t offset; /* of the current piece: its position, and that of a failure */
    bool failed;   /* nothing will come of it; why is in diagnostics */
    bool flawed;   /* as failed, but reading on finds more of the kind: duplicate keys */

    char *file; /* the root's, once there is one */
    struct tree *root;
    struct yaml_frame frames[YAML_DEPTH_MAXIMUM];
    size_t depth;

    struct yaml_anchor *anchors;
    size_t anchor_count;

    size_t nodes; /* copies by aliases too, and so for the text */
    size_t text_bytes;
};

void yaml_builder_open(struct yaml_builder *builder, const struct yaml_source *source,
                       struct diagnostics *diagnostics);
/* The tree, which is the caller's, or NULL when it failed, is flawed, or no piece came. */
struct tree *yaml_builder_close(struct yaml_builder *builder) MUST_CHECK;

/* Reports the first failure at `offset`; `text`, where not NULL, is what it is about. */
void yaml_builder_fail(struct yaml_builder *builder, const char *message, const char *text);

/* `anchor`, which may be NULL, is taken over. */
void yaml_builder_scalar(struct yaml_builder *builder, const char *text, size_t length, bool quoted,
                         char *anchor);
void yaml_builder_start(struct yaml_builder *builder, enum tree_kind kind, char *anchor);
void yaml_builder_end(struct yaml_builder *builder);
void yaml_builder_alias(struct yaml_builder *builder, const char *name);

#endif
