/* See vanished.h. */
#include "document/vanished.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "document/documents_internal.h"

/* A pass over all documents is followed by a pause of so many times what it took. */
#define PASS_SHARE 20

/* A path, or the first part of one. */
struct part {
    const char *path;
    size_t length;
};

static bool is_path(const void *item, const void *key)
{
    const char *path = item;
    const struct part *part = key;
    return strncmp(path, part->path, part->length) == 0 && path[part->length] == '\0';
}

static bool is_known(const struct vanished *vanished, const char *path, size_t length)
{
    const struct part part = {path, length};
    return map_find(&vanished->by_path, hash_bytes(path, length), &part) != NULL;
}

static bool is_below(const struct vanished *vanished, const char *path)
{
    for (const char *at = strrchr(path, '/'); at > path;
         at = memrchr(path, '/', (size_t)(at - path)))
        if (is_known(vanished, path, (size_t)(at - path)))
            return true;
    return false;
}

static void forget_all(struct vanished *vanished)
{
    size_t position = 0;
    char *path;
    while ((path = map_next(&vanished->by_path, &position)) != NULL)
        free(path);
    map_free(&vanished->by_path);
}

void vanished_init(struct vanished *vanished)
{
    *vanished = (struct vanished){.next_pass = INT64_MIN};
    map_init(&vanished->by_path, is_path);
}

void vanished_free(struct vanished *vanished)
{
    forget_all(vanished);
}

void vanished_add(struct vanished *vanished, const char *path, int64_t monotonic)
{
    size_t length = strlen(path);
    if (vanished->by_path.count == 0 && vanished->next_pass < monotonic)
        vanished->next_pass = monotonic;
    if (!is_known(vanished, path, length))
        map_insert(&vanished->by_path, hash_bytes(path, length), memory_copy(path, length));
}

void vanished_turn(struct documents *documents)
{
    struct vanished *vanished = &documents->vanished;
    size_t position = 0;
    struct document *document;
    if (documents->now < vanished_next(vanished))
        return;
    int64_t begun = clock_monotonic();
    while ((document = map_next(&documents->by_path, &position)) != NULL)
        if (document->due > documents->now && is_below(vanished, document->path))
            due_set(&documents->due, document, documents->now);
    forget_all(vanished);
    int64_t pause = (clock_monotonic() - begun) * PASS_SHARE;
    vanished->next_pass = documents->now + (pause > PAUSE_SHORT ? pause : PAUSE_SHORT);
}

int64_t vanished_next(const struct vanished *vanished)
{
    return vanished->by_path.count > 0 ? vanished->next_pass : NEVER;
}
