/* See each_list.h. */
#include "rules/each_list.h"

#include <stdlib.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "decode/plan.h"
#include "rules/compiler.h"
#include "rules/path.h"
#include "rules/schema.h"

bool each_list_compile(struct compiler *compiler, const struct tree *node,
                       struct each_list *ret_list)
{
    struct rule_source *source = compiler->source;
    const char *error = "must be a path of the record";
    if (!schema_scalar(compiler->diagnostics, node, "'each'"))
        return false;
    struct path *path = path_parse(node->text, node->length, &error);
    if (!path || (path->scope != PATH_BARE && path->scope != PATH_RECORD) || path->count == 0) {
        diagnostics_error(compiler->diagnostics, node, "bad path '%s' of 'each': %s", node->text,
                          error);
        path_free(path);
        return false;
    }
    const char *const *names = (const char *const *)path->segments;
    struct each_list list = {.text = memory_copy_text(node->text)};
    list.slots[START_RECORD] = decode_plan_want(source->plan, names, path->count);
    list.elements[START_RECORD] = decode_plan_list(source->plan, names, path->count);
    list.slots[START_BODY] = list.slots[START_RECORD];
    list.elements[START_BODY] = list.elements[START_RECORD];
    if (path->scope == PATH_BARE && source->body) {
        list.slots[START_BODY] = source_want_in_body(source, names, path->count);
        list.elements[START_BODY] = source_list_in_body(source, names, path->count);
    }
    path_free(path);
    *ret_list = list;
    return true;
}

void each_list_free(struct each_list *list)
{
    free(list->text);
    *list = (struct each_list){.text = NULL};
}

void each_list_enter(const struct each_list *list, struct binding *binding)
{
    binding->inside_each = true;
    for (int start = 0; start < STARTS; start++)
        binding->elements[start] = list->elements[start];
}
