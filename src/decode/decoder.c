/* See decoder.h.
 *
 * yajl calls back for every token; a stack of frames walks the plan's trie beside it. A subtree
 * that nobody wants costs one counter: `skipped` is the depth within it, and every callback looks
 * at it first.
 *
 * What yajl needs watching for: a handle is dead after any error (a new one is made), several
 * values in one line are accepted (allowed, so that the handle can go on; the end of the first is
 * remembered and the rest must be blank), and an unfinished line leaves it in the middle. */
#include "decode/decoder.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "decode/plan_internal.h"
#include "decode/value.h"

struct frame {
    const struct plan_node *node;
    struct value *slots; /* where the values of `node`'s children go */
    struct value *value; /* of this container, NULL when nobody wants it */
    uint32_t count;      /* elements or entries so far */
    bool is_array;

    /* A list whose elements are wanted. */
    const struct decode_plan *list;
    struct value **elements;
    uint32_t capacity;
};

struct decoder {
    const struct decode_plan *plan;
    yajl_handle handle;
    char error[200];

    /* Of the line under way. */
    struct arena *arena;
    const char *line;
    size_t length;
    struct value *slots;
    size_t object_end; /* offset behind the record's last brace; 0: not seen */
    size_t elements;   /* of lists, kept so far */
    bool too_deep;
    bool too_many; /* elements */
    bool not_object;

    /* Of the walk under way. */
    const struct plan_node *root;
    unsigned depth;                  /* frames in use */
    unsigned skipped;                /* containers open inside an unwanted one, itself included */
    const struct plan_node *pending; /* of the key just read */
    struct value *pending_slots;
    struct frame frames[DECODE_DEPTH];
};

/* Where the next value of the innermost container goes; NULL when nobody wants it. */
static inline const struct plan_node *next_node(struct decoder *decoder)
{
    struct frame *frame = &decoder->frames[decoder->depth - 1];
    if (!frame->is_array)
        return decoder->pending;
    frame->count++;
    if (!frame->list && !frame->node->wants_indexes)
        return NULL;
    return decoder->pending;
}

static struct value *new_slots(struct decoder *decoder, uint32_t count)
{
    struct value *slots = arena_alloc(decoder->arena, count * sizeof(*slots));
    memset(slots, 0, count * sizeof(*slots));
    return slots;
}

/* A new element of a list: its own slots, and the root of the list's plan for them. */
static struct value *add_element(struct decoder *decoder, struct frame *frame)
{
    uint32_t index = frame->is_array ? frame->count : frame->count - 1;
    if (UNLIKELY(decoder->elements >= DECODE_ELEMENTS)) {
        decoder->too_many = true;
        if (index)
            return frame->elements[0]; /* the line is lost; that one serves as scratch */
    }
    decoder->elements++;
    if (index >= frame->capacity) {
        uint32_t capacity = frame->capacity ? frame->capacity * 2 : 8;
        struct value **elements = arena_alloc(decoder->arena, capacity * sizeof(struct value *));
        if (index)
            memcpy(elements, frame->elements, index * sizeof(struct value *));
        frame->elements = elements;
        frame->capacity = capacity;
    }
    struct value *slots = new_slots(decoder, frame->list->slots);
    frame->elements[index] = slots;
    return slots;
}

static void enter_index(struct decoder *decoder, struct frame *frame)
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
    decoder->pending = plan_node_child(frame->node, key, length);
    decoder->pending_slots = frame->slots;
}

/* Before a value in an array: what stands at this index. */
static inline void before_element(struct decoder *decoder)
{
    struct frame *frame = &decoder->frames[decoder->depth - 1];
    if (LIKELY(!frame->is_array))
        return;
    if (frame->list) {
        decoder->pending_slots = add_element(decoder, frame);
        decoder->pending = &frame->list->first.root;
    } else if (frame->node->wants_indexes) {
        enter_index(decoder, frame);
    }
}

/* The slot for a scalar, or NULL. */
static inline struct value *scalar_slot(struct decoder *decoder)
{
    if (UNLIKELY(decoder->depth == 0)) {
        decoder->not_object = true;
        return NULL;
    }
    before_element(decoder);
    const struct plan_node *node = next_node(decoder);
    return node && node->slot != NO_SLOT ? &decoder->pending_slots[node->slot] : NULL;
}

static int on_null(void *context)
{
    struct decoder *decoder = context;
    struct value *slot = decoder->skipped ? NULL : scalar_slot(decoder);
    if (slot)
        *slot = (struct value){.type = VALUE_NULL};
    return 1;
}

static int on_boolean(void *context, int truth)
{
    struct decoder *decoder = context;
    struct value *slot = decoder->skipped ? NULL : scalar_slot(decoder);
    if (slot)
        *slot = (struct value){.type = VALUE_BOOLEAN, .length = truth != 0};
    return 1;
}

static const char *kept(struct decoder *decoder, const char *bytes, size_t length)
{
    bool in_line = bytes >= decoder->line && bytes < decoder->line + decoder->length;
    return in_line ? bytes : arena_copy(decoder->arena, bytes, length);
}

static int on_number(void *context, const char *bytes, size_t length)
{
    struct decoder *decoder = context;
    struct value *slot = decoder->skipped ? NULL : scalar_slot(decoder);
    if (slot)
        *slot = (struct value){
            .type = VALUE_NUMBER, .length = (uint32_t)length, .text = kept(decoder, bytes, length)};
    return 1;
}

static int on_string(void *context, const unsigned char *bytes, size_t length)
{
    struct decoder *decoder = context;
    struct value *slot = decoder->skipped ? NULL : scalar_slot(decoder);
    if (slot)
        *slot = (struct value){.type = VALUE_STRING,
                               .length = (uint32_t)length,
                               .text = kept(decoder, (const char *)bytes, length)};
    return 1;
}

static int start_record(struct decoder *decoder, bool is_array)
{
    if (is_array)
        decoder->not_object = true;
    struct frame *frame = &decoder->frames[0];
    *frame = (struct frame){.node = decoder->root, .slots = decoder->slots, .is_array = is_array};
    if (frame->node->slot != NO_SLOT)
        frame->value = &decoder->slots[frame->node->slot];
    decoder->depth = 1;
    return 1;
}

static int start_container(struct decoder *decoder, bool is_array)
{
    if (decoder->depth + decoder->skipped >= DECODE_DEPTH) {
        decoder->too_deep = true;
        return 0;
    }
    if (decoder->skipped) {
        decoder->skipped++;
        return 1;
    }
    if (decoder->depth == 0)
        return start_record(decoder, is_array);
    before_element(decoder);
    const struct plan_node *node = next_node(decoder);
    if (!node) {
        decoder->skipped = 1;
        return 1;
    }
    struct frame *frame = &decoder->frames[decoder->depth++];
    frame->node = node;
    frame->slots = decoder->pending_slots;
    frame->value = node->slot != NO_SLOT ? &frame->slots[node->slot] : NULL;
    frame->count = 0;
    frame->is_array = is_array;
    frame->list = decoder->too_many ? NULL : node->list;
    frame->elements = NULL;
    frame->capacity = 0;
    return 1;
}

static int end_container(struct decoder *decoder)
{
    if (decoder->skipped) {
        decoder->skipped--;
        return 1;
    }
    struct frame *frame = &decoder->frames[--decoder->depth];
    if (frame->value)
        *frame->value = (struct value){.type = frame->is_array ? VALUE_ARRAY : VALUE_OBJECT,
                                       .length = frame->count,
                                       .elements = frame->elements};
    if (decoder->depth == 0 && decoder->object_end == 0)
        decoder->object_end = yajl_get_bytes_consumed(decoder->handle);
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
static void enter_entry(struct decoder *decoder, struct frame *frame, const char *key,
                        size_t length)
{
    struct value *slots = add_element(decoder, frame);
    const struct plan_node *root = &frame->list->first.root;
    const struct plan_node *key_node = plan_node_child(root, "key", 3);
    if (key_node && key_node->slot != NO_SLOT)
        slots[key_node->slot] = (struct value){
            .type = VALUE_STRING, .length = (uint32_t)length, .text = kept(decoder, key, length)};
    decoder->pending = plan_node_child(root, "value", 5);
    decoder->pending_slots = slots;
}

static int on_map_key(void *context, const unsigned char *bytes, size_t length)
{
    struct decoder *decoder = context;
    if (decoder->skipped)
        return 1;
    struct frame *frame = &decoder->frames[decoder->depth - 1];
    frame->count++;
    if (UNLIKELY(frame->list != NULL)) {
        enter_entry(decoder, frame, (const char *)bytes, length);
        return 1;
    }
    decoder->pending = plan_node_child(frame->node, (const char *)bytes, length);
    decoder->pending_slots = frame->slots;
    return 1;
}

static int on_end(void *context)
{
    return end_container(context);
}

static const yajl_callbacks callbacks = {.yajl_null = on_null,
                                         .yajl_boolean = on_boolean,
                                         .yajl_number = on_number,
                                         .yajl_string = on_string,
                                         .yajl_start_map = on_start_map,
                                         .yajl_map_key = on_map_key,
                                         .yajl_end_map = on_end,
                                         .yajl_start_array = on_start_array,
                                         .yajl_end_array = on_end};

static void renew_handle(struct decoder *decoder)
{
    if (decoder->handle)
        yajl_free(decoder->handle);
    decoder->handle = yajl_alloc(&callbacks, NULL, decoder);
    if (!decoder->handle)
        abort();
    yajl_config(decoder->handle, yajl_allow_multiple_values, 1);
}

struct decoder *decoder_new(const struct decode_plan *plan)
{
    struct decoder *decoder = memory_zero(1, sizeof(*decoder));
    decoder->plan = plan;
    renew_handle(decoder);
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    yajl_free(decoder->handle);
    free(decoder);
}

static bool is_blank(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r' && bytes[i] != '\n')
            return false;
    return true;
}

static void set_error(struct decoder *decoder, const char *text)
{
    size_t length = strcspn(text, "\n");
    if (length >= sizeof(decoder->error))
        length = sizeof(decoder->error) - 1;
    memcpy(decoder->error, text, length);
    decoder->error[length] = '\0';
}

/* Why a line that did not end well did not, and a fresh handle for the next. */
static enum decode_result failed_line(struct decoder *decoder, yajl_status status)
{
    enum decode_result result = DECODE_MALFORMED;
    if (status == yajl_status_ok && decoder->depth == 0 && decoder->object_end == 0)
        status = yajl_complete_parse(decoder->handle); /* a bare number ends only now */
    if (decoder->too_deep) {
        result = DECODE_TOO_DEEP;
        set_error(decoder, "nested too deep");
    } else if (decoder->too_many) {
        set_error(decoder, "a list with more elements than are looked at (100000)");
    } else if (status != yajl_status_ok) {
        unsigned char *text = yajl_get_error(decoder->handle, 0, NULL, 0);
        set_error(decoder, text ? (const char *)text : "not JSON");
        yajl_free_error(decoder->handle, text);
    } else if (decoder->depth > 0) {
        set_error(decoder, "the line ends within a value");
    } else if (decoder->object_end != 0 && !is_blank(decoder->line + decoder->object_end,
                                                     decoder->length - decoder->object_end)) {
        set_error(decoder, "more than one value in the line");
    } else {
        result = DECODE_NOT_OBJECT;
        set_error(decoder, "not a JSON object");
    }
    renew_handle(decoder);
    return result;
}

/* Parses the line, looking for what one walk of the plan wants. True if all of it was JSON. */
static bool walk_line(struct decoder *decoder, const struct plan_walk *walk,
                      yajl_status *ret_status)
{
    decoder->root = &walk->root;
    decoder->object_end = 0;
    decoder->depth = decoder->skipped = 0;
    decoder->pending = NULL;
    *ret_status =
        yajl_parse(decoder->handle, (const unsigned char *)decoder->line, decoder->length);
    return *ret_status == yajl_status_ok && decoder->depth == 0 && decoder->object_end != 0 &&
           !decoder->not_object && !decoder->too_many &&
           is_blank(decoder->line + decoder->object_end, decoder->length - decoder->object_end);
}

enum decode_result decoder_line(struct decoder *decoder, const char *line, size_t length,
                                struct arena *arena, struct value **ret_slots)
{
    decoder->arena = arena;
    decoder->line = line;
    decoder->length = length;
    decoder->elements = 0;
    if (UNLIKELY(!utf8_is_valid(line, length))) { /* yajl lets overlong forms and surrogates pass */
        set_error(decoder, "invalid UTF-8");
        return DECODE_MALFORMED;
    }
    decoder->too_deep = decoder->too_many = decoder->not_object = false;
    decoder->slots = new_slots(decoder, decoder->plan->slots);
    for (const struct plan_walk *walk = &decoder->plan->first; walk; walk = walk->next) {
        yajl_status status;
        if (UNLIKELY(!walk_line(decoder, walk, &status)))
            return failed_line(decoder, status);
    }
    *ret_slots = decoder->slots;
    return DECODE_OK;
}

const char *decoder_error(const struct decoder *decoder)
{
    return decoder->error;
}
