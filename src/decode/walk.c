/* See walk.h: yajl's callbacks. */
#include "decode/walk.h"

#include <string.h>

#include "base/memory.h"
#include "decode/plan_internal.h"
#include "decode/value.h"

/* Where the next value of the innermost container goes; NULL when nobody wants it. */
static inline const struct plan_node *next_node(struct walk *walk)
{
    struct frame *frame = walk->frame;
    if (!frame->is_array)
        return walk->pending;
    frame->count++;
    if (!frame->list && !frame->node->wants_indexes)
        return NULL;
    return walk->pending;
}

static struct value *new_slots(struct walk *walk, uint32_t count)
{
    struct value *slots = arena_alloc(walk->arena, count * sizeof(*slots));
    memset(slots, 0, count * sizeof(*slots));
    return slots;
}

/* A new element of a list: its own slots, and the root of the list's plan for them. */
static struct value *add_element(struct walk *walk, struct frame *frame)
{
    uint32_t index = frame->is_array ? frame->count : frame->count - 1;
    if (UNLIKELY(walk->elements >= DECODE_ELEMENTS)) {
        walk->too_many = true;
        if (index)
            return frame->elements[0]; /* the line is lost; that one serves as scratch */
    }
    walk->elements++;
    if (index >= frame->capacity) {
        uint32_t capacity = frame->capacity ? frame->capacity * 2 : 8;
        struct value **elements = arena_alloc(walk->arena, capacity * sizeof(struct value *));
        if (index)
            memcpy(elements, frame->elements, index * sizeof(struct value *));
        frame->elements = elements;
        frame->capacity = capacity;
    }
    struct value *slots = new_slots(walk, frame->list->slots);
    frame->elements[index] = slots;
    return slots;
}

static void enter_index(struct walk *walk, struct frame *frame)
{
    char key[12];
    size_t length = 0;
    char digits[12];
    uint32_t index = frame->count;
    do
        digits[length++] = (char)('0' + index % 10);
    while (index /= 10);
    for (size_t i = 0; i < length; i++)
        key[i] = digits[length - 1 - i];
    walk->pending = plan_node_child(frame->node, key, length);
    walk->pending_slots = frame->slots;
}

/* Before a value in an array: what stands at this index. */
static inline void before_element(struct walk *walk)
{
    struct frame *frame = walk->frame;
    if (LIKELY(!frame->is_array))
        return;
    if (frame->list) {
        walk->pending_slots = add_element(walk, frame);
        walk->pending = &frame->list->first.root;
    } else if (frame->node->wants_indexes) {
        enter_index(walk, frame);
    }
}

/* The slot for a scalar, or NULL. */
static inline struct value *scalar_slot(struct walk *walk)
{
    if (UNLIKELY(walk->depth == 0)) {
        walk->not_object = true;
        return NULL;
    }
    before_element(walk);
    const struct plan_node *node = next_node(walk);
    return node && node->slot != NO_SLOT ? &walk->pending_slots[node->slot] : NULL;
}

static int on_null(void *context)
{
    struct walk *walk = context;
    struct value *slot = walk->skipped ? NULL : scalar_slot(walk);
    if (slot)
        *slot = (struct value){.type = VALUE_NULL};
    return 1;
}

static int on_boolean(void *context, int truth)
{
    struct walk *walk = context;
    struct value *slot = walk->skipped ? NULL : scalar_slot(walk);
    if (slot)
        *slot = (struct value){.type = VALUE_BOOLEAN, .length = truth != 0};
    return 1;
}

static const char *kept(struct walk *walk, const char *bytes, size_t length)
{
    bool in_line = bytes >= walk->line && bytes < walk->line + walk->length;
    return in_line ? bytes : arena_copy(walk->arena, bytes, length);
}

static int on_number(void *context, const char *bytes, size_t length)
{
    struct walk *walk = context;
    struct value *slot = walk->skipped ? NULL : scalar_slot(walk);
    if (slot)
        *slot = (struct value){
            .type = VALUE_NUMBER, .length = (uint32_t)length, .text = kept(walk, bytes, length)};
    return 1;
}

static int on_string(void *context, const unsigned char *bytes, size_t length)
{
    struct walk *walk = context;
    struct value *slot = walk->skipped ? NULL : scalar_slot(walk);
    if (slot)
        *slot = (struct value){.type = VALUE_STRING,
                               .length = (uint32_t)length,
                               .text = kept(walk, (const char *)bytes, length)};
    return 1;
}

/* May the next value be a text that somebody wants, or that counts as an element? */
static inline void want_text(struct walk *walk, bool wanted)
{
    walk->callbacks.yajl_string = wanted ? on_string : NULL;
}

static int start_record(struct walk *walk, bool is_array)
{
    if (is_array)
        walk->not_object = true;
    struct frame *frame = &walk->frames[0];
    *frame = (struct frame){.node = walk->root, .slots = walk->slots, .is_array = is_array};
    if (frame->node->slot != NO_SLOT)
        frame->value = &walk->slots[frame->node->slot];
    walk->frame = frame;
    walk->depth = 1;
    return 1;
}

static int start_container(struct walk *walk, bool is_array)
{
    if (walk->depth + walk->skipped >= DECODE_DEPTH) {
        walk->too_deep = true;
        return 0;
    }
    if (walk->skipped) {
        walk->skipped++;
        return 1;
    }
    if (walk->depth == 0)
        return start_record(walk, is_array);
    before_element(walk);
    const struct plan_node *node = next_node(walk);
    if (!node) {
        walk->skipped = 1;
        want_text(walk, false);
        return 1;
    }
    want_text(walk, true);
    struct frame *frame = &walk->frames[walk->depth++];
    walk->frame = frame;
    frame->node = node;
    frame->slots = walk->pending_slots;
    frame->value = node->slot != NO_SLOT ? &frame->slots[node->slot] : NULL;
    frame->count = 0;
    frame->is_array = is_array;
    frame->list = walk->too_many ? NULL : node->list;
    frame->elements = NULL;
    frame->capacity = 0;
    return 1;
}

static int end_container(struct walk *walk)
{
    if (walk->skipped) {
        want_text(walk, --walk->skipped == 0);
        return 1;
    }
    struct frame *frame = walk->frame;
    want_text(walk, true);
    if (--walk->depth > 0)
        walk->frame = frame - 1;
    if (frame->value)
        *frame->value = (struct value){.type = frame->is_array ? VALUE_ARRAY : VALUE_OBJECT,
                                       .length = frame->count,
                                       .elements = frame->elements};
    if (walk->depth == 0 && walk->object_end == 0)
        walk->object_end = yajl_get_bytes_consumed(walk->handle);
    return 1;
}

static int on_start_map(void *context)
{
    return start_container(context, false);
}

static int on_start_array(void *context)
{
    return start_container(context, true);
}

/* An entry of an object whose entries are wanted, seen as {"key": ..., "value": ...}. */
static void enter_entry(struct walk *walk, struct frame *frame, const char *key, size_t length)
{
    struct value *slots = add_element(walk, frame);
    const struct plan_node *root = &frame->list->first.root;
    const struct plan_node *key_node = plan_node_child(root, "key", 3);
    if (key_node && key_node->slot != NO_SLOT)
        slots[key_node->slot] = (struct value){
            .type = VALUE_STRING, .length = (uint32_t)length, .text = kept(walk, key, length)};
    walk->pending = plan_node_child(root, "value", 5);
    walk->pending_slots = slots;
}

static __attribute__((noinline)) void enter_key(struct walk *walk, const char *key, size_t length)
{
    struct frame *frame = walk->frame;
    frame->count++;
    if (UNLIKELY(frame->list != NULL)) {
        enter_entry(walk, frame, key, length);
        return;
    }
    walk->pending = plan_node_child(frame->node, key, length);
    walk->pending_slots = frame->slots;
}

/* Most calls are in subtrees that nobody wants: these are not to pay for more than this. */
static int on_map_key(void *context, const unsigned char *bytes, size_t length)
{
    struct walk *walk = context;
    if (walk->skipped)
        return 1;
    enter_key(walk, (const char *)bytes, length);
    want_text(walk, walk->pending && walk->pending->slot != NO_SLOT);
    return 1;
}

static int on_end(void *context)
{
    return end_container(context);
}

const yajl_callbacks walk_callbacks = {.yajl_null = on_null,
                                       .yajl_boolean = on_boolean,
                                       .yajl_number = on_number,
                                       .yajl_string = on_string,
                                       .yajl_start_map = on_start_map,
                                       .yajl_map_key = on_map_key,
                                       .yajl_end_map = on_end,
                                       .yajl_start_array = on_start_array,
                                       .yajl_end_array = on_end};

static bool is_blank(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r' && bytes[i] != '\n')
            return false;
    return true;
}

void walk_begin(struct walk *walk, const char *line, size_t length, struct arena *arena,
                uint32_t count)
{
    walk->arena = arena;
    walk->line = line;
    walk->length = length;
    walk->elements = 0;
    walk->too_deep = walk->too_many = walk->not_object = false;
    walk->slots = new_slots(walk, count);
}

bool walk_line(struct walk *walk, const struct plan_node *root, yajl_status *ret_status)
{
    walk->root = root;
    walk->object_end = 0;
    walk->depth = walk->skipped = 0;
    walk->pending = NULL;
    want_text(walk, true);
    *ret_status = yajl_parse(walk->handle, (const unsigned char *)walk->line, walk->length);
    return *ret_status == yajl_status_ok && walk->depth == 0 && walk->object_end != 0 &&
           !walk->not_object && !walk->too_many && walk_ends_blank(walk);
}

bool walk_ends_blank(const struct walk *walk)
{
    return is_blank(walk->line + walk->object_end, walk->length - walk->object_end);
}
