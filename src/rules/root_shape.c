/* See root_shape.h. */
#include "rules/root_shape.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "base/path_pattern.h"
#include "base/text.h"

static bool starts_as_root(const char *root)
{
    bool is_home = root[0] == '~' && (root[1] == '/' || root[1] == '\0');
    return root[0] == '/' || is_home || strncmp(root, "${", 2) == 0;
}

/* A name stands for each variable, so that braces are captures alone. */
static char *without_variables(const char *root)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    for (; *root; root++) {
        const char *end = strncmp(root, "${", 2) == 0 ? strchr(root, '}') : NULL;
        text_append_char(&text, end ? 'x' : *root);
        root = end ? end : root;
    }
    return text_take(&text);
}

static bool is_dots(const char *segment, size_t length)
{
    return (length == 1 && segment[0] == '.') ||
           (length == 2 && segment[0] == '.' && segment[1] == '.');
}

struct path_pattern *root_shape_new(const char *root, const char **ret_error)
{
    if (!starts_as_root(root)) {
        *ret_error = "it must start with '/', '~/' or a variable like ${EVENTS_DIR}";
        return NULL;
    }
    AUTO_FREE char *plain = without_variables(root);
    struct text shape;
    text_init(&shape, TEXT_UNLIMITED);
    for (const char *at = plain; *at;) {
        size_t length = strcspn(at, "/");
        if (length > 0 && !is_dots(at, length)) {
            if (shape.length > 0)
                text_append_char(&shape, '/');
            text_append(&shape, at, length);
        }
        at += length + (at[length] == '/');
    }
    struct path_pattern *pattern = path_pattern_new(shape.length ? shape.data : "x", ret_error);
    text_free(&shape);
    return pattern;
}
