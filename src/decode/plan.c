/* See plan.h. Tables are kept at most a quarter full, so most look-ups of unwanted keys end at the
 * first free place. */
#include "decode/plan.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/memory.h"
#include "decode/plan_internal.h"

static void node_init(struct plan_node *node)
{
    *node =
        (struct plan_node){.slot = NO_SLOT, .children = memory_zero(1, sizeof(*node->children))};
}

static void node_free(struct plan_node *node)
{
    for (uint32_t i = 0; i <= node->mask; i++) {
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
    while (node->children[i & node->mask].key)
        i++;
    node->children[i & node->mask] = *child;
    node->count++;
}

static void node_grow(struct plan_node *node)
{
    struct plan_child *old = node->children;
    uint32_t old_capacity = node->mask + 1;
    uint32_t capacity = old_capacity > 1 ? old_capacity * 2 : 8;
    node->mask = capacity - 1;
    node->children = memory_zero(capacity, sizeof(*node->children));
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
    if (node->count + 1 > (node->mask + 1) / 4)
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

static struct plan_node *node_at(struct plan_node *node, const char *const *segments, size_t count)
{
    for (size_t i = 0; i < count; i++)
        node = node_add_child(node, segments[i]);
    return node;
}

static const struct plan_node *find_node(const struct plan_node *node, const char *const *segments,
                                         size_t count)
{
    for (size_t i = 0; node && i < count; i++)
        node = plan_node_child(node, segments[i], strlen(segments[i]));
    return node;
}

/* No list stands on the way, and nothing is wanted within. */
static bool has_room_for_list(const struct plan_node *node, const char *const *segments,
                              size_t count)
{
    for (size_t i = 0; node && i < count; i++) {
        if (node->list)
            return false;
        node = plan_node_child(node, segments[i], strlen(segments[i]));
    }
    return !node || node->count == 0;
}

/* The first walk with room for a list takes it; it goes on where it was, with the same slot. */
static void place_list(struct decode_plan *plan, const char *const *segments, size_t count,
                       uint32_t slot, struct decode_plan *list)
{
    struct plan_walk *walk = &plan->first;
    while (!has_room_for_list(&walk->root, segments, count)) {
        if (!walk->next) {
            walk->next = memory_zero(1, sizeof(*walk->next));
            node_init(&walk->next->root);
        }
        walk = walk->next;
    }
    struct plan_node *node = node_at(&walk->root, segments, count);
    node->slot = slot;
    node->list = list;
}

/* The lists that this path leads into leave the first walk. */
static void move_lists_away(struct decode_plan *plan, const char *const *segments, size_t count)
{
    struct plan_node *node = &plan->first.root;
    for (size_t i = 0; i < count; i++) {
        struct decode_plan *list = node->list;
        struct plan_node *child = node_add_child(node, segments[i]);
        node->list = NULL;
        if (list)
            place_list(plan, segments, i, node->slot, list);
        node = child;
    }
}

struct decode_plan *decode_plan_new(void)
{
    struct decode_plan *plan = memory_zero(1, sizeof(*plan));
    node_init(&plan->first.root);
    return plan;
}

void decode_plan_free(struct decode_plan *plan)
{
    if (!plan)
        return;
    node_free(&plan->first.root);
    while (plan->first.next) {
        struct plan_walk *walk = plan->first.next;
        plan->first.next = walk->next;
        node_free(&walk->root);
        free(walk);
    }
    free(plan);
}

uint32_t decode_plan_want(struct decode_plan *plan, const char *const *segments, size_t count)
{
    move_lists_away(plan, segments, count);
    struct plan_node *node = node_at(&plan->first.root, segments, count);
    if (node->slot == NO_SLOT)
        node->slot = plan->slots++;
    return node->slot;
}

struct decode_plan *decode_plan_list(struct decode_plan *plan, const char *const *segments,
                                     size_t count)
{
    uint32_t slot = decode_plan_want(plan, segments, count);
    for (const struct plan_walk *walk = &plan->first; walk; walk = walk->next) {
        const struct plan_node *node = find_node(&walk->root, segments, count);
        if (node && node->list)
            return node->list;
    }
    struct decode_plan *list = decode_plan_new();
    place_list(plan, segments, count, slot, list);
    return list;
}

static bool node_wants(const struct plan_node *node, const char *const *segments, size_t count);

/* An element is what the list's own plan wants of it, an entry of an object there is seen by its
 * `value`. */
static bool list_wants(const struct plan_node *node, const char *const *segments, size_t count)
{
    if (!node->list)
        return false;
    if (!segments[0])
        return decode_plan_wants(node->list, segments + 1, count - 1);
    for (const struct plan_walk *walk = &node->list->first; walk; walk = walk->next) {
        const struct plan_node *entry = plan_node_child(&walk->root, "value", 5);
        if (entry && node_wants(entry, segments + 1, count - 1))
            return true;
    }
    return false;
}

static bool some_index_wants(const struct plan_node *node, const char *const *segments,
                             size_t count)
{
    for (uint32_t i = 0; i <= node->mask && node->wants_indexes; i++)
        if (node->children[i].key && is_index(node->children[i].key) &&
            node_wants(node->children[i].node, segments, count))
            return true;
    return false;
}

static bool node_wants(const struct plan_node *node, const char *const *segments, size_t count)
{
    if (count == 0)
        return node->slot != NO_SLOT || node->count > 0 || node->list;
    if (list_wants(node, segments, count))
        return true;
    if (!segments[0])
        return some_index_wants(node, segments + 1, count - 1);
    const struct plan_node *child = plan_node_child(node, segments[0], strlen(segments[0]));
    return child && node_wants(child, segments + 1, count - 1);
}

bool decode_plan_wants(const struct decode_plan *plan, const char *const *segments, size_t count)
{
    for (const struct plan_walk *walk = &plan->first; walk; walk = walk->next)
        if (node_wants(&walk->root, segments, count))
            return true;
    return false;
}

uint32_t decode_plan_slots(const struct decode_plan *plan)
{
    return plan->slots;
}
