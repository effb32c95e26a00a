/* See seen_path.h. */
#include "survey/seen_path.h"

#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "survey/plain_name.h"

/* What a path is looked up by. */
struct path_key {
    const struct seen_path *parent;
    const char *key;
    size_t length;
};

static bool has_key(const struct seen_path *path, const char *key, size_t length)
{
    if (!path->key || !key)
        return !path->key && !key;
    return path->length == length && bytes_equal(path->key, key, length);
}

static bool path_is(const void *item, const void *key)
{
    const struct seen_path *path = item;
    const struct path_key *wanted = key;
    return path->parent == wanted->parent && has_key(path, wanted->key, wanted->length);
}

static uint64_t hash_of(const struct path_key *wanted)
{
    uint64_t hash = wanted->key ? hash_bytes(wanted->key, wanted->length) : 1;
    return hash ^ (wanted->parent->index + UINT64_C(1)) * UINT64_C(0x9E3779B97F4A7C15);
}

static struct seen_path *add(struct seen_paths *paths, struct seen_path *parent)
{
    struct seen_path *path = memory_zero(1, sizeof(*path));
    path->parent = parent;
    path->index = paths->count;
    paths->items = memory_resize(paths->items, paths->count + 1, sizeof(struct seen_path *));
    paths->items[paths->count++] = path;
    return path;
}

void seen_paths_init(struct seen_paths *paths)
{
    *paths = (struct seen_paths){.items = NULL};
    map_init(&paths->by_key, path_is);
    add(paths, NULL)->is_plain = true;
}

void seen_paths_free(struct seen_paths *paths)
{
    for (uint32_t i = 0; i < paths->count; i++) {
        free(paths->items[i]->key);
        free(paths->items[i]);
    }
    free(paths->items);
    map_free(&paths->by_key);
}

struct seen_path *seen_paths_record(const struct seen_paths *paths)
{
    return paths->items[0];
}

static struct seen_path *add_child(struct seen_paths *paths, const struct path_key *wanted,
                                   struct seen_path *parent)
{
    parent->wide = parent->wide || (wanted->key && parent->children >= SEEN_KEYS_MOST);
    if (paths->count >= SEEN_PATHS_MOST || wanted->length > SEEN_KEY_LONGEST ||
        (wanted->key && parent->wide)) {
        paths->left_out++;
        return NULL;
    }
    struct seen_path *path = add(paths, parent);
    parent->children += wanted->key != NULL;
    path->sibling = parent->newest_child;
    parent->newest_child = path;
    path->key = wanted->key ? memory_copy(wanted->key, wanted->length) : NULL;
    path->length = wanted->length;
    path->depth = parent->depth + 1;
    path->in_list = parent->in_list || !wanted->key;
    path->is_plain = parent->is_plain && (!wanted->key || plain_name(wanted->key, wanted->length));
    map_insert(&paths->by_key, hash_of(wanted), path);
    return path;
}

struct seen_path *seen_paths_step(struct seen_paths *paths, struct seen_path *parent,
                                  struct seen_path *before, const char *key, size_t length)
{
    if (!key && before && !before->key)
        return before;
    struct seen_path **guess = before ? &before->next : &parent->first;
    if (LIKELY(*guess && has_key(*guess, key, length)))
        return *guess;
    const struct path_key wanted = {parent, key, length};
    struct seen_path *path = map_find(&paths->by_key, hash_of(&wanted), &wanted);
    if (!path)
        path = add_child(paths, &wanted, parent);
    if (path && path != before)
        *guess = path;
    return path;
}

struct seen_path *seen_paths_find(const struct seen_paths *paths, const char *const *keys,
                                  size_t count)
{
    struct seen_path *path = paths->items[0];
    for (size_t i = 0; path && i < count; i++) {
        const struct path_key wanted = {path, keys[i], strlen(keys[i])};
        path = map_find(&paths->by_key, hash_of(&wanted), &wanted);
    }
    return path;
}

const struct seen_path *seen_path_child(const struct seen_path *path, const char *key)
{
    const struct seen_path *child = path->newest_child;
    while (child && !(child->key && strcmp(child->key, key) == 0))
        child = child->sibling;
    return child;
}

bool seen_path_is_in(const struct seen_path *path, const struct seen_path *ancestor)
{
    while (path && path != ancestor)
        path = path->parent;
    return path != NULL;
}

static void append_key(const struct seen_path *path, bool is_first, struct text *out)
{
    bool is_quoted = path->length == 0 || strpbrk(path->key, ".[]{}|\" \t/") != NULL;
    if (!is_first)
        text_append_char(out, '.');
    if (is_quoted)
        text_append_char(out, '"');
    text_append(out, path->key, path->length);
    if (is_quoted)
        text_append_char(out, '"');
}

void seen_path_text(const struct seen_path *path, const struct seen_path *start, struct text *out)
{
    if (path == start || !path->parent)
        return;
    seen_path_text(path->parent, start, out);
    if (!path->key)
        text_append_string(out, "[]");
    else
        append_key(path, path->parent == start || !path->parent->parent, out);
}
