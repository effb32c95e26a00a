/* See json_line.h. */
#include "packtest/json_line.h"

#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "base/tree.h"

static bool is_literal(const struct tree *scalar)
{
    double number;
    return !scalar->quoted &&
           (strcmp(scalar->text, "true") == 0 || strcmp(scalar->text, "false") == 0 ||
            number_parse(scalar->text, scalar->length, &number));
}

static void append_string(struct text *text, const struct tree *scalar)
{
    text_append_char(text, '"');
    text_append_json(text, scalar->text, scalar->length);
    text_append_char(text, '"');
}

static void append_scalar(struct text *text, const struct tree *scalar)
{
    if (tree_is_null(scalar))
        text_append_string(text, "null");
    else if (is_literal(scalar))
        text_append(text, scalar->text, scalar->length);
    else
        append_string(text, scalar);
}

void json_line_append(struct text *text, const struct tree *tree)
{
    bool is_map = tree->kind == TREE_MAP;
    if (tree->kind == TREE_SCALAR) {
        append_scalar(text, tree);
        return;
    }
    text_append_char(text, is_map ? '{' : '[');
    for (size_t i = 0; i < tree->count; i++) {
        if (i > 0)
            text_append_char(text, ',');
        if (is_map) {
            append_string(text, tree->keys[i]);
            text_append_char(text, ':');
        }
        json_line_append(text, tree->items[i]);
    }
    text_append_char(text, is_map ? '}' : ']');
}
