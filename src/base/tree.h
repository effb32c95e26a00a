/* A tree of scalars, lists and maps that remembers where in its file each piece stood.
 *
 * What config reads out of YAML and what rules compile from: neither needs the other. Plain
 * data: whoever built the tree frees it with tree_free.
 *
 *   metrics: {a: {type: counter}}     MAP -> key "metrics" (1:1), value MAP (1:10) -> ...
 */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include <stdbool.h>
#include <stddef.h>

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree {
    enum tree_kind kind;
    const char *file; /* shared by the whole tree; goes with its root */
    int line;         /* from 1 */
    int column;       /* from 1, in bytes */

    /* TREE_SCALAR: NUL-terminated text (without NULs inside where it came from YAML). */
    char *text;
    size_t length;
    bool quoted; /* written in quotes: never a number, boolean or null */

    /* TREE_LIST and TREE_MAP: children in file order. A map's child i has its key in keys[i],
     * a TREE_SCALAR with its own position. */
    struct tree **items;
    struct tree **keys;
    size_t count;
};

/* A node without text and children. `file` is from malloc and not copied: the first node made with
 * it is to be the root, whose tree_free frees it. */
struct tree *tree_new(enum tree_kind kind, const char *file, int line, int column)
    __attribute__((returns_nonnull));
/* Gives a scalar a copy of `length` bytes. */
void tree_set_text(struct tree *scalar, const char *bytes, size_t length, bool quoted);
/* Takes over `item`, and `key`: a scalar in a map, NULL in a list. A second child under the same
 * key is kept too, but not found. */
void tree_append(struct tree *parent, struct tree *key, struct tree *item);

/* The value under `key` of a map, or NULL (also when `tree` is NULL or no map). */
const struct tree *tree_get(const struct tree *tree, const char *key);
/* A scalar's text, or NULL when `tree` is NULL or no scalar. */
const char *tree_text(const struct tree *tree);
/* An unquoted null, ~ or empty scalar. */
bool tree_is_null(const struct tree *tree);
/* Frees the whole tree and its file name; to be called for a root. NULL is fine. */
void tree_free(struct tree *root);

#endif
