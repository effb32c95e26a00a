/* See plan.h. Tables are kept at most a quarter full, so most look-ups of unwanted keys end at the
 * first free place. */
#include "decode/plan.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/memory.h"
#include "decode/plan_internal.h"

static void node_init(struct plan_node *node)
{
    *node = (struct plan_node){.slot = NO_SLOT};
}

static void node_free(struct plan_node *node)
{
    for (uint32_t i = 0; i < node->capacity; i++) {
        if (!node->children[i].key)
            continue;
        node_free(node->children[i].node);
        free(node->children[i].node);
        free(node->children[i].key);
    }
    free(node->children);
    decode_plan_free(node->list);
}

static void node_place(struct plan_node *node, const struct plan_child *child)
{
    uint32_t i = plan_key_hash(child->key, child->length) >> 16;
    while (node->children[i & (node->capacity - 1)].key)
        i++;
    node->children[i & (node->capacity - 1)] = *child;
    node->count++;
}

static void node_grow(struct plan_node *node)
{
    struct plan_child *old = node->children;
    uint32_t old_capacity = node->capacity;
    node->capacity = old_capacity ? old_capacity * 2 : 8;
    node->children = memory_zero(node->capacity, sizeof(*node->children));
    node->count = 0;
    for (uint32_t i = 0; i < old_capacity; i++)
        if (old[i].key)
            node_place(node, &old[i]);
    free(old);
}

static bool is_index(const char *key)
{
    const char *at = key;
    while (isdigit((unsigned char)*at))
        at++;
    return at != key && *at == '\0';
}

static struct plan_node *node_add_child(struct plan_node *node, const char *key)
{
    size_t length = strlen(key);
    struct plan_node *found = plan_node_child(node, key, length);
    if (found)
        return found;
    if (node->count + 1 > node->capacity / 4)
        node_grow(node);
    struct plan_child child = {.key = memory_copy(key, length),
                               .length = (uint32_t)length,
                               .node = memory_alloc(sizeof(struct plan_node))};
    node_init(child.node);
    node_place(node, &child);
    if (is_index(key))
        node->wants_indexes = true;
    return child.node;
}

static struct plan_node *node_at(struct decode_plan *plan, const char *const *segments,
                                 size_t count)
{
    struct plan_node *node = &plan->root;
    for (size_t i = 0; i < count; i++)
        node = node_add_child(node, segments[i]);
    return node;
}

struct decode_plan *decode_plan_new(void)
{
    struct decode_plan *plan = memory_alloc(sizeof(*plan));
    node_init(&plan->root);
    plan->slots = 0;
    return plan;
}

void decode_plan_free(struct decode_plan *plan)
{
    if (!plan)
        return;
    node_free(&plan->root);
    free(plan);
}

uint32_t decode_plan_want(struct decode_plan *plan, const char *const *segments, size_t count)
{
    struct plan_node *node = node_at(plan, segments, count);
    if (node->slot == NO_SLOT)
        node->slot = plan->slots++;
    return node->slot;
}

struct decode_plan *decode_plan_list(struct decode_plan *plan, const char *const *segments,
                                     size_t count)
{
    decode_plan_want(plan, segments, count);
    struct plan_node *node = node_at(plan, segments, count);
    if (!node->list)
        node->list = decode_plan_new();
    node->wants_elements = true;
    return node->list;
}

uint32_t decode_plan_slots(const struct decode_plan *plan)
{
    return plan->slots;
}
