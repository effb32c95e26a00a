/* A walk of one line along the plan's trie, for decoder.c and walk.c alone.
 *
 * yajl calls back for every token; a stack of frames walks the trie beside it. A subtree that
 * nobody wants costs one counter: `skipped` is the depth within it, and every callback looks at it
 * first. For a text that nobody wants yajl is given no callback: then it does not even unescape it,
 * which is most of what long texts cost. */
#ifndef DECODE_WALK_H
#define DECODE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yajl/yajl_parse.h>

#include "decode/decoder.h"

struct arena;
struct decode_plan;
struct plan_node;
struct value;

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

struct walk {
    yajl_handle handle;       /* calls back with this walk */
    yajl_callbacks callbacks; /* the handle's: walk_callbacks, the one for strings on and off */

    /* The line. Its walks share what they find. */
    struct arena *arena;
    const char *line;
    size_t length;
    struct value *slots;
    size_t elements;   /* of lists, kept so far */
    size_t object_end; /* offset behind the record's last brace; 0: not seen */
    bool too_deep;
    bool too_many; /* elements */
    bool not_object;

    /* This walk. */
    const struct plan_node *root;
    struct frame *frame;             /* the innermost, of frames[depth - 1] */
    unsigned depth;                  /* frames in use */
    unsigned skipped;                /* containers open inside an unwanted one, itself included */
    const struct plan_node *pending; /* of the key just read */
    struct value *pending_slots;
    struct frame frames[DECODE_DEPTH];
};

extern const yajl_callbacks walk_callbacks;

/* Begins with a line, whose slots are `count` values in the arena with nothing in them. */
void walk_begin(struct walk *walk, const char *line, size_t length, struct arena *arena,
                uint32_t count);
/* Parses the line, looking for what stands below `root`. True if all of it was one JSON object,
 * else *ret_status and the walk tell what it was. */
bool walk_line(struct walk *walk, const struct plan_node *root, yajl_status *ret_status);
/* Is there nothing behind the record's last brace? */
bool walk_ends_blank(const struct walk *walk);

#endif
