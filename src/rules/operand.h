/* Operands: paths bound to the slots of one source, and what rows make of them: a value, a
 * quantity (number or duration), a time, a key. */
#ifndef RULES_OPERAND_H
#define RULES_OPERAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/scene.h"

struct compiler;
struct decode_plan;
struct memory;
struct path;
struct tree;
struct value;

enum file_fact { FACT_NONE, FACT_NAME, FACT_DIRECTORY, FACT_LATE };

#define OPERAND_NO_SLOT UINT32_MAX
#define KEY_PARTS       ((size_t)16)
#define KEY_LONGEST                                                                                \
    ((size_t)1024) /* bytes; of a longer key the end becomes a hash of the whole                   \
                    */

struct operand {
    char *text;               /* as written, for messages */
    uint32_t slots[STARTS];   /* OPERAND_NO_SLOT: not looked for there */
    uint32_t element[STARTS]; /* in the element's slots */
    int capture;              /* index, or -1 */
    enum file_fact fact;
    struct memory *memory;  /* remembered text, or NULL */
    struct key *memory_key; /* NULL: without key */
};

/* One or more operands whose texts together name a thing. */
struct key {
    struct operand *parts;
    size_t count; /* KEY_PARTS at most */
};

/* A value that may be a number, a duration text, [secs, nanos] or {secs, nanos}: of the path, or
 * "path|default 0". */
struct quantity {
    struct operand whole;
    bool has_otherwise;
    double otherwise;        /* where nothing is there, or null */
    struct operand parts[4]; /* 0 and 1, secs and nanos */
    bool has_parts;
};

/* Where operands of one row are looked up: the source's plan, and that of `each`'s list. */
struct binding {
    struct compiler *compiler;
    struct decode_plan *elements[STARTS]; /* NULL: not inside `each` */
    bool inside_each;
};

/* Compile; false with an error reported at `where` (ret untouched). `text` is the path. */
bool operand_compile(const struct binding *binding, const struct tree *where, const char *text,
                     size_t length, struct operand *ret_operand);
bool quantity_compile(const struct binding *binding, const struct tree *where, const char *text,
                      size_t length, struct quantity *ret_quantity);
/* A path, or a list of paths (keys are in key.c). */
bool key_compile(const struct binding *binding, const struct tree *node, const char *what,
                 struct key *ret_key);
void operand_free(struct operand *operand);
void quantity_free(struct quantity *quantity);
void key_free(struct key *key);

/* Evaluate. False: not there; scene->missing then names the path. */
bool operand_value(struct scene *scene, const struct operand *operand, struct value *ret_value);
/* All parts as one text in the scene's arena (or as it stands in the line), of KEY_LONGEST bytes at
 * most. A part that is not there: false. */
bool key_text(struct scene *scene, const struct key *key, const char **ret_text,
              size_t *ret_length);

enum quantity_result { QUANTITY_OK, QUANTITY_MISSING, QUANTITY_NO_NUMBER };
enum quantity_result quantity_seconds(struct scene *scene, const struct quantity *quantity,
                                      double *ret_number);
enum quantity_result operand_time(struct scene *scene, const struct operand *operand,
                                  int64_t *ret_time);

#endif
