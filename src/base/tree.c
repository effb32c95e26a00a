/* See tree.h. */
#include "base/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct tree *tree_new(enum tree_kind kind, const char *file, int line, int column)
{
    struct tree *tree = memory_zero(1, sizeof(*tree));
    tree->kind = kind;
    tree->file = file;
    tree->line = line;
    tree->column = column;
    return tree;
}

void tree_set_text(struct tree *scalar, const char *bytes, size_t length, bool quoted)
{
    free(scalar->text);
    scalar->text = memory_copy(bytes, length);
    scalar->length = length;
    scalar->quoted = quoted;
}

/* The arrays have room for a power of two, so they are full when the count is one. */
static void grow(struct tree *parent)
{
    if ((parent->count & (parent->count - 1)) != 0)
        return;
    size_t capacity = parent->count ? parent->count * 2 : 1;
    parent->items = memory_resize(parent->items, capacity, sizeof(struct tree *));
    if (parent->kind == TREE_MAP)
        parent->keys = memory_resize(parent->keys, capacity, sizeof(struct tree *));
}

void tree_append(struct tree *parent, struct tree *key, struct tree *item)
{
    grow(parent);
    parent->items[parent->count] = item;
    if (parent->kind == TREE_MAP)
        parent->keys[parent->count] = key;
    parent->count++;
}

const struct tree *tree_get(const struct tree *tree, const char *key)
{
    if (!tree || tree->kind != TREE_MAP)
        return NULL;
    for (size_t i = 0; i < tree->count; i++)
        if (strcmp(tree->keys[i]->text, key) == 0)
            return tree->items[i];
    return NULL;
}

const char *tree_text(const struct tree *tree)
{
    return tree && tree->kind == TREE_SCALAR ? tree->text : NULL;
}

bool tree_is_null(const struct tree *tree)
{
    const char *text = tree_text(tree);
    return text && !tree->quoted && (!*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static void free_node(struct tree *node)
{
    for (size_t i = 0; i < node->count; i++) {
        free_node(node->items[i]);
        if (node->kind == TREE_MAP)
            free_node(node->keys[i]);
    }
    free(node->items);
    free(node->keys);
    free(node->text);
    free(node);
}

void tree_free(struct tree *root)
{
    if (!root)
        return;
    memory_free_pointer(&root->file);
    free_node(root);
}
