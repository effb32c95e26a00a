/* See schema.h. */
#include "rules/schema.h"

#include <math.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/tree.h"

static const char *kind_name(const struct tree *node)
{
    switch (node->kind) {
    case TREE_LIST:
        return "a list";
    case TREE_MAP:
        return "a map";
    default:
        return "a text";
    }
}

static bool is_kind(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                    enum tree_kind kind, const char *wanted)
{
    if (!node)
        return false;
    if (node->kind == kind)
        return true;
    diagnostics_error(diagnostics, node, "%s must be %s, not %s", what, wanted, kind_name(node));
    return false;
}

bool schema_map(struct diagnostics *diagnostics, const struct tree *node, const char *what)
{
    return is_kind(diagnostics, node, what, TREE_MAP, "a map");
}

bool schema_scalar(struct diagnostics *diagnostics, const struct tree *node, const char *what)
{
    return is_kind(diagnostics, node, what, TREE_SCALAR, "a single value");
}

void schema_unknown(struct diagnostics *diagnostics, const struct tree *where, const char *what,
                    const char *const *words, size_t count)
{
    const char *text = tree_text(where) ? tree_text(where) : "";
    bool seeks = diagnostics->errors < SCHEMA_HINTS;
    const char *near = seeks ? nearest_word(text, words, count) : NULL;
    if (near)
        diagnostics_error(diagnostics, where, "unknown %s '%s' (did you mean '%s'?)", what, text,
                          near);
    else
        diagnostics_error(diagnostics, where, "unknown %s '%s'", what, text);
}

static bool is_word(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (words[i] && strcmp(text, words[i]) == 0)
            return true;
    return false;
}

void schema_keys(struct diagnostics *diagnostics, const struct tree *map, const char *what,
                 const char *const *words, size_t count)
{
    if (!map || map->kind != TREE_MAP)
        return;
    for (size_t i = 0; i < map->count; i++)
        if (!is_word(map->keys[i]->text, words, count))
            schema_unknown(diagnostics, map->keys[i], what, words, count);
}

void schema_each_text(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                      void (*each)(void *context, const struct tree *text), void *context)
{
    if (!node)
        return;
    if (node->kind == TREE_SCALAR) {
        each(context, node);
    } else if (node->kind == TREE_LIST) {
        for (size_t i = 0; i < node->count; i++)
            if (schema_scalar(diagnostics, node->items[i], what))
                each(context, node->items[i]);
    } else {
        diagnostics_error(diagnostics, node, "%s must be a text or a list of texts", what);
    }
}

void schema_some_texts(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                       void (*each)(void *context, const struct tree *text), void *context)
{
    if (node && node->kind == TREE_LIST && node->count == 0)
        diagnostics_error(diagnostics, node, "%s must not be an empty list", what);
    schema_each_text(diagnostics, node, what, each, context);
}

bool schema_number(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                   double *ret_number)
{
    if (!schema_scalar(diagnostics, node, what))
        return false;
    if (number_parse(node->text, node->length, ret_number))
        return true;
    diagnostics_error(diagnostics, node, "%s must be a number, not '%s'", what, node->text);
    return false;
}

bool schema_integer(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                    int64_t lowest, int64_t highest, int64_t *ret_integer)
{
    if (!schema_scalar(diagnostics, node, what))
        return false;
    int64_t integer;
    if (number_parse_int(node->text, node->length, &integer) && integer >= lowest &&
        integer <= highest) {
        *ret_integer = integer;
        return true;
    }
    diagnostics_error(diagnostics, node, "%s must be a whole number from %lld to %lld, not '%s'",
                      what, (long long)lowest, (long long)highest, node->text);
    return false;
}

bool schema_duration(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                     bool never, int64_t *ret_time)
{
    if (!schema_scalar(diagnostics, node, what))
        return false;
    double seconds;
    if (never && strcmp(node->text, "never") == 0) {
        *ret_time = 0;
        return true;
    }
    if (duration_parse(node->text, node->length, &seconds) && seconds > 0 && seconds < 9e9) {
        *ret_time = (int64_t)llround(seconds * 1e9);
        return true;
    }
    diagnostics_error(diagnostics, node, "%s must be a duration like 30s, 10m or 24h%s, not '%s'",
                      what, never ? " (or never)" : "", node->text);
    return false;
}

bool schema_choice(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                   const char *const *words, size_t count, size_t *ret_index)
{
    if (!schema_scalar(diagnostics, node, what))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(node->text, words[i]) == 0) {
            *ret_index = i;
            return true;
        }
    }
    schema_unknown(diagnostics, node, what, words, count);
    return false;
}
