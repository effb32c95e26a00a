/* The trie, for plan.c and decoder.c alone. */
#ifndef DECODE_PLAN_INTERNAL_H
#define DECODE_PLAN_INTERNAL_H

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "decode/plan.h"

#define NO_SLOT UINT32_MAX

struct plan_node {
    uint32_t slot;            /* NO_SLOT: only on the way to others */
    bool wants_indexes;       /* some child's key is a decimal number */
    struct decode_plan *list; /* plan of the elements, or NULL; then without children */

    /* Children by key: open addressing, capacity a power of two. */
    struct plan_child *children;
    uint32_t mask; /* capacity - 1 */
    uint32_t count;
};

struct plan_child {
    char *key; /* NULL: free */
    uint32_t length;
    struct plan_node *node;
};

/* A list whose elements are wanted has no children in its trie: a path that leads into the list
 * (`items.0.name` beside `each: items`) and its elements need a walk each. */
struct plan_walk {
    struct plan_node root;
    struct plan_walk *next;
};

struct decode_plan {
    struct plan_walk first; /* all paths, and the lists that no path leads into */
    uint32_t slots;
};

/* Good enough for the few dozen keys of a record, and three loads cheap. */
static inline uint32_t plan_key_hash(const char *key, size_t length)
{
    if (length == 0)
        return 0;
    unsigned char first = (unsigned char)key[0];
    unsigned char middle = (unsigned char)key[length / 2];
    unsigned char last = (unsigned char)key[length - 1];
    return (uint32_t)length * 0x9E3779B1u ^ first * 0x85EBCA6Bu ^ middle * 0xC2B2AE35u ^
           last * 0x27D4EB2Fu;
}

static inline struct plan_node *plan_node_child(const struct plan_node *node, const char *key,
                                                size_t length)
{
    uint32_t hash = plan_key_hash(key, length);
    for (uint32_t i = hash >> 16;; i++) {
        const struct plan_child *child = &node->children[i & node->mask];
        if (!child->key)
            return NULL;
        if (child->length == length && bytes_equal(child->key, key, length))
            return child->node;
    }
}

#endif
