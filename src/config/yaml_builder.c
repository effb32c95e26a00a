/* See yaml_builder.h. Every node hangs on the root, or as a key on the frame that waits for its
 * value, from the moment it is made; so giving up in the middle frees it all. */
#include "config/yaml_builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "config/yaml_source.h"

#define TOO_DEEP "nested too deep: more than 64 levels"

struct yaml_anchor {
    char *name;
    const struct tree *node; /* complete: no list or map can contain itself */
};

static struct tree *new_node(struct yaml_builder *builder, enum tree_kind kind)
{
    int line;
    int column;
    yaml_source_position(builder->source, builder->offset, &line, &column);
    if (++builder->nodes > YAML_NODES_MAXIMUM)
        yaml_builder_fail(builder, "too many values: more than 100000, aliases unfolded", NULL);
    return tree_new(kind, builder->file, line, column);
}

static void set_text(struct yaml_builder *builder, struct tree *scalar, const char *text,
                     size_t length, bool quoted)
{
    builder->text_bytes += length;
    if (builder->text_bytes > YAML_TEXT_MAXIMUM)
        yaml_builder_fail(builder, "too much text: more than 16 MiB, aliases unfolded", NULL);
    tree_set_text(scalar, text, builder->failed ? 0 : length, quoted);
}

/* Sorting brings equal keys together; the one that stands later in the file is the duplicate. */
static int compare_keys(const void *left, const void *right)
{
    const struct tree *a = *(struct tree *const *)left;
    const struct tree *b = *(struct tree *const *)right;
    int order = strcmp(a->text, b->text);
    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    return order ? order : (a->column > b->column) - (a->column < b->column);
}

static void check_duplicates(struct yaml_builder *builder, const struct tree *map)
{
    if (map->count < 2)
        return;
    struct tree **keys = memory_zero(map->count, sizeof(struct tree *));
    memcpy(keys, map->keys, map->count * sizeof(struct tree *));
    qsort(keys, map->count, sizeof(struct tree *), compare_keys);
    const struct tree *first = keys[0];
    for (size_t i = 1; i < map->count; i++) {
        if (strcmp(first->text, keys[i]->text) != 0) {
            first = keys[i];
            continue;
        }
        builder->flawed = true;
        diagnostics_error(builder->diagnostics, keys[i],
                          "duplicate key '%s', first used in line %d", first->text, first->line);
    }
    free(keys);
}

static void check_key(struct yaml_builder *builder, const struct tree *node)
{
    if (node->kind != TREE_SCALAR)
        yaml_builder_fail(builder, "a key must be text, not a list or map", NULL);
    else if (!node->quoted && strcmp(node->text, "<<") == 0)
        yaml_builder_fail(builder, "merge keys (<<) are not supported", NULL);
}

/* Puts a node where the next one belongs; takes it over. */
static void attach(struct yaml_builder *builder, struct tree *node)
{
    struct yaml_frame *frame = builder->depth ? &builder->frames[builder->depth - 1] : NULL;
    if (!frame) {
        builder->root = node;
    } else if (frame->node->kind == TREE_LIST) {
        tree_append(frame->node, NULL, node);
    } else if (frame->key) {
        tree_append(frame->node, frame->key, node);
        frame->key = NULL;
    } else {
        frame->key = node;
        check_key(builder, node);
    }
}

/* `name` is taken over; NULL: the node has no anchor. A later anchor hides one of the same name. */
static void remember_anchor(struct yaml_builder *builder, char *name, const struct tree *node)
{
    if (!name)
        return;
    if (builder->anchor_count == YAML_ANCHOR_MAXIMUM) {
        yaml_builder_fail(builder, "too many anchors: more than 1000", NULL);
        free(name);
        return;
    }
    if (!builder->anchors)
        builder->anchors = memory_zero(YAML_ANCHOR_MAXIMUM, sizeof(*builder->anchors));
    builder->anchors[builder->anchor_count++] = (struct yaml_anchor){.name = name, .node = node};
}

static const struct tree *find_anchor(const struct yaml_builder *builder, const char *name)
{
    for (size_t i = builder->anchor_count; i > 0; i--)
        if (strcmp(builder->anchors[i - 1].name, name) == 0)
            return builder->anchors[i - 1].node;
    return NULL;
}

/* Once reading has failed, as for want of room, the rest of the copy is left out. */
static struct tree *copy_node(struct yaml_builder *builder, const struct tree *from, size_t depth)
{
    struct tree *copy = new_node(builder, from->kind);
    if (from->kind != TREE_SCALAR && depth > YAML_DEPTH_MAXIMUM)
        yaml_builder_fail(builder, TOO_DEEP ", aliases unfolded", NULL);
    if (from->kind == TREE_SCALAR)
        set_text(builder, copy, from->text, from->length, from->quoted);
    for (size_t i = 0; i < from->count && !builder->failed; i++) {
        struct tree *key = NULL;
        if (from->kind == TREE_MAP)
            key = copy_node(builder, from->keys[i], depth + 1);
        tree_append(copy, key, copy_node(builder, from->items[i], depth + 1));
    }
    copy->line = from->line;
    copy->column = from->column;
    return copy;
}

/* Not with the root's, which has the file name. */
static void free_key(struct tree *key)
{
    if (key)
        key->file = NULL;
    tree_free(key);
}

void yaml_builder_open(struct yaml_builder *builder, const struct yaml_source *source,
                       struct diagnostics *diagnostics)
{
    *builder = (struct yaml_builder){
        .source = source, .diagnostics = diagnostics, .file = memory_copy_text(source->file)};
}

struct tree *yaml_builder_close(struct yaml_builder *builder)
{
    for (size_t i = 0; i < builder->depth; i++) {
        free_key(builder->frames[i].key);
        free(builder->frames[i].anchor);
    }
    for (size_t i = 0; i < builder->anchor_count; i++)
        free(builder->anchors[i].name);
    free(builder->anchors);
    if (!builder->root)
        free(builder->file);
    if (builder->failed || builder->flawed) {
        tree_free(builder->root);
        builder->root = NULL;
    }
    return TAKE(builder->root);
}

void yaml_builder_fail(struct yaml_builder *builder, const char *message, const char *text)
{
    int line;
    int column;
    if (builder->failed)
        return;
    builder->failed = true;
    yaml_source_position(builder->source, builder->offset, &line, &column);
    diagnostics_error_at(builder->diagnostics, builder->source->file, line, column,
                         text ? "%s: '%s'" : "%s", message, text);
}

void yaml_builder_scalar(struct yaml_builder *builder, const char *text, size_t length, bool quoted,
                         char *anchor)
{
    if (length && memchr(text, '\0', length))
        yaml_builder_fail(builder, "a NUL character", NULL);
    struct tree *scalar = new_node(builder, TREE_SCALAR);
    set_text(builder, scalar, text, length, quoted);
    attach(builder, scalar);
    remember_anchor(builder, anchor, scalar);
}

void yaml_builder_start(struct yaml_builder *builder, enum tree_kind kind, char *anchor)
{
    if (builder->depth == YAML_DEPTH_MAXIMUM) {
        yaml_builder_fail(builder, TOO_DEEP, NULL);
        free(anchor);
        return;
    }
    struct tree *node = new_node(builder, kind);
    attach(builder, node);
    builder->frames[builder->depth++] = (struct yaml_frame){.node = node, .anchor = anchor};
}

void yaml_builder_end(struct yaml_builder *builder)
{
    struct yaml_frame *frame = &builder->frames[--builder->depth];
    if (frame->node->kind == TREE_MAP)
        check_duplicates(builder, frame->node);
    remember_anchor(builder, TAKE(frame->anchor), frame->node);
}

void yaml_builder_alias(struct yaml_builder *builder, const char *name)
{
    const struct tree *target = find_anchor(builder, name);
    if (!target) {
        yaml_builder_fail(builder, "an alias without a complete anchor before it", name);
        return;
    }
    struct tree *copy = copy_node(builder, target, builder->depth + 1);
    yaml_source_position(builder->source, builder->offset, &copy->line, &copy->column);
    attach(builder, copy);
}
