/* The list of an `each`: where it is, and the plans of its elements.
 *
 *   each: message.content   the list in the body, or in the record when it has no body */
#ifndef RULES_EACH_LIST_H
#define RULES_EACH_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/scene.h"

struct binding;
struct compiler;
struct decode_plan;
struct tree;

struct each_list {
    char *text; /* as written; NULL: none */
    uint32_t slots[STARTS];
    struct decode_plan *elements[STARTS]; /* belong to the source's plan */
};

/* For the compiler's source. False with an error reported, *ret_list untouched. */
bool each_list_compile(struct compiler *compiler, const struct tree *node,
                       struct each_list *ret_list);
void each_list_free(struct each_list *list);
/* Paths of this binding are looked up in the elements first. */
void each_list_enter(const struct each_list *list, struct binding *binding);

#endif
