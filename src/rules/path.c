/* See path.h. */
#include "rules/path.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct cursor {
    const char *at;
    const char *end;
    const char *error;
};

static bool ends_segment(char c)
{
    return c == '.' || c == '[' || c == ']';
}

static char *quoted_segment(struct cursor *cursor)
{
    const char *start = ++cursor->at;
    while (cursor->at < cursor->end && *cursor->at != '"')
        cursor->at++;
    if (cursor->at == cursor->end) {
        cursor->error = "a quote is not closed";
        return NULL;
    }
    char *segment = memory_copy(start, (size_t)(cursor->at - start));
    cursor->at++;
    return segment;
}

static char *plain_segment(struct cursor *cursor)
{
    const char *start = cursor->at;
    while (cursor->at < cursor->end && !ends_segment(*cursor->at)) {
        if (strchr("{}|\" \t", *cursor->at)) {
            cursor->error = "a path may not hold blanks, quotes, braces or bars outside quotes";
            return NULL;
        }
        cursor->at++;
    }
    if (cursor->at == start) {
        cursor->error = "a name is missing";
        return NULL;
    }
    return memory_copy(start, (size_t)(cursor->at - start));
}

static bool add_segment(struct path *path, struct cursor *cursor)
{
    if (path->count == PATH_SEGMENTS) {
        cursor->error = "a path may have 16 names at most";
        return false;
    }
    bool is_quoted = cursor->at < cursor->end && *cursor->at == '"';
    char *segment = is_quoted ? quoted_segment(cursor) : plain_segment(cursor);
    if (!segment)
        return false;
    path->segments[path->count++] = segment;
    return true;
}

static bool read_segments(struct path *path, struct cursor *cursor)
{
    for (;;) {
        if (!add_segment(path, cursor))
            return false;
        if (cursor->at == cursor->end || *cursor->at != '.')
            return true;
        cursor->at++;
    }
}

/* "name[key]": the key is a path again. */
static bool read_key(struct path *path, struct cursor *cursor)
{
    if (path->scope != PATH_BARE || path->count != 1 || *cursor->at != '[' ||
        cursor->end[-1] != ']') {
        cursor->error = "a memory is written name[path]";
        return false;
    }
    const char *start = cursor->at + 1;
    path->key = path_parse(start, (size_t)(cursor->end - 1 - start), &cursor->error);
    path->scope = PATH_MEMORY;
    return path->key != NULL;
}

static void read_scope(struct path *path, struct cursor *cursor)
{
    size_t left = (size_t)(cursor->end - cursor->at);
    if (left && *cursor->at == '/') {
        path->scope = PATH_RECORD;
        cursor->at++;
    } else if (left && *cursor->at == '.') {
        path->scope = PATH_ELEMENT;
        cursor->at++;
    } else if (left > 5 && memcmp(cursor->at, "file.", 5) == 0) {
        path->scope = PATH_FILE;
        cursor->at += 5;
    }
}

static bool read_path(struct path *path, struct cursor *cursor)
{
    read_scope(path, cursor);
    bool may_be_bare_scope = path->scope == PATH_RECORD || path->scope == PATH_ELEMENT;
    if (may_be_bare_scope && cursor->at == cursor->end)
        return true;
    if (!read_segments(path, cursor))
        return false;
    if (cursor->at == cursor->end)
        return true;
    return read_key(path, cursor);
}

struct path *path_parse(const char *text, size_t length, const char **ret_error)
{
    if (length > PATH_LONGEST) {
        *ret_error = "a path may have 1024 bytes at most";
        return NULL;
    }
    struct path *path = memory_zero(1, sizeof(*path));
    path->text = memory_copy(text, length);
    struct cursor cursor = {.at = path->text, .end = path->text + length};
    if (read_path(path, &cursor))
        return path;
    *ret_error = cursor.error;
    path_free(path);
    return NULL;
}

void path_free(struct path *path)
{
    if (!path)
        return;
    for (size_t i = 0; i < path->count; i++)
        free(path->segments[i]);
    path_free(path->key);
    free(path->text);
    free(path);
}
