/* See label_text.h. */
#include "rules/label_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/tree.h"
#include "decode/value.h"
#include "rules/compiler.h"
#include "rules/filter.h"

/* The end of what starts at `at`: the first of `stops` outside quotes, /re/ and inner braces. */
static const char *find_stop(const char *at, const char *end, const char *stops)
{
    int braces = 0;
    bool after_match = false;
    for (const char *start = at; at < end; at++) {
        if (braces == 0 && strchr(stops, *at))
            return at;
        if (*at == '"') {
            const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));
            at = close ? close : at;
        } else if (*at == '/' && after_match) {
            do
                at++;
            while (at < end && (*at != '/' || at[-1] == '\\'));
            if (at == end)
                return NULL;
            after_match = false;
        } else if (*at == '{') {
            braces++;
        } else if (*at == '}') {
            braces--;
        }
        if (at - start >= 5 && memcmp(at - 5, "match ", 6) == 0)
            after_match = true;
    }
    return NULL;
}

static struct text_part *add_part(struct label_text *text)
{
    text->parts = memory_resize(text->parts, text->count + 1, sizeof(*text->parts));
    struct text_part *part = &text->parts[text->count++];
    *part = (struct text_part){.literal = NULL};
    return part;
}

static void add_literal(struct label_text *text, const char *bytes, size_t length)
{
    if (length == 0)
        return;
    struct text_part *part = add_part(text);
    part->literal = memory_copy(bytes, length);
    part->length = length;
}

static bool compile_filters(const struct binding *binding, const struct tree *where,
                            struct text_part *part, const char *at, const char *end)
{
    while (at < end) {
        const char *stop = find_stop(at, end, "|");
        if (!stop)
            stop = end;
        char *error = NULL;
        struct filter *filter = filter_parse(at, (size_t)(stop - at), &error);
        if (!filter) {
            diagnostics_error(binding->compiler->diagnostics, where, "%s", error);
            free(error);
            return false;
        }
        filter_append(&part->filters, filter);
        at = stop + 1;
    }
    return true;
}

/* What stands between braces. */
static bool compile_lookup(const struct binding *binding, const struct tree *where,
                           struct label_text *text, const char *at, const char *end)
{
    const char *bar = find_stop(at, end, "|");
    const char *path_end = bar ? bar : end;
    while (at < path_end && *at == ' ')
        at++;
    while (path_end > at && path_end[-1] == ' ')
        path_end--;
    struct operand operand;
    if (!operand_compile(binding, where, at, (size_t)(path_end - at), &operand))
        return false;
    struct text_part *part = add_part(text);
    part->operand = operand;
    return !bar || compile_filters(binding, where, part, bar + 1, end);
}

bool label_text_compile(const struct binding *binding, const struct tree *where, const char *text,
                        size_t length, struct label_text *ret_text)
{
    struct label_text compiled = {.parts = NULL};
    const char *at = text;
    const char *end = text + length;
    while (at < end) {
        const char *open = memchr(at, '{', (size_t)(end - at));
        add_literal(&compiled, at, (size_t)((open ? open : end) - at));
        if (!open)
            break;
        const char *close = find_stop(open + 1, end, "}");
        if (!close) {
            diagnostics_error(binding->compiler->diagnostics, where, "'%s': '{' is not closed",
                              text);
            label_text_free(&compiled);
            return false;
        }
        if (!compile_lookup(binding, where, &compiled, open + 1, close)) {
            label_text_free(&compiled);
            return false;
        }
        at = close + 1;
    }
    *ret_text = compiled;
    return true;
}

bool label_text_of_path(const struct binding *binding, const struct tree *where, const char *path,
                        struct label_text *ret_text)
{
    struct operand operand;
    if (!operand_compile(binding, where, path, strlen(path), &operand))
        return false;
    struct label_text text = {.parts = NULL};
    add_part(&text)->operand = operand;
    *ret_text = text;
    return true;
}

void label_text_free(struct label_text *text)
{
    for (size_t i = 0; i < text->count; i++) {
        free(text->parts[i].literal);
        operand_free(&text->parts[i].operand);
        filter_free(text->parts[i].filters);
    }
    free(text->parts);
    *text = (struct label_text){.parts = NULL};
}

/* One part's text; text NULL when it has none. */
static struct label_value part_value(struct scene *scene, const struct text_part *part)
{
    struct label_value found = {part->literal, part->length};
    if (part->literal)
        return found;
    struct value value;
    if (!operand_value(scene, &part->operand, &value) ||
        !value_text(&value, &found.text, &found.length))
        found = (struct label_value){NULL, 0};
    if (part->filters)
        filter_run(part->filters, scene->arena, &found);
    return found;
}

bool label_text_value(struct scene *scene, const struct label_text *text,
                      struct label_value *ret_value)
{
    if (text->count == 1) {
        struct label_value value = part_value(scene, &text->parts[0]);
        if (!value.text)
            return false;
        *ret_value = value;
        return true;
    }
    struct label_value *values = arena_alloc(scene->arena, text->count * sizeof(*values));
    size_t length = 0;
    for (size_t i = 0; i < text->count; i++) {
        values[i] = part_value(scene, &text->parts[i]);
        if (!values[i].text)
            values[i].length = 0;
        length += values[i].length;
    }
    char *joined = arena_alloc(scene->arena, length);
    *ret_value = (struct label_value){joined, length};
    for (size_t i = 0; i < text->count; i++) {
        if (values[i].length)
            memcpy(joined, values[i].text, values[i].length);
        joined += values[i].length;
    }
    return true;
}
