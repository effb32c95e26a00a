/* See names.h. */
#include "tail/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "tail/directories.h"
#include "tail/tail_internal.h"

static bool name_has_path(const void *item, const void *key)
{
    const struct tail_name *name = item;
    return strcmp(name->path, key) == 0;
}

void names_init(struct names *names, struct directories *directories)
{
    *names = (struct names){.directories = directories};
    map_init(&names->by_path, name_has_path);
}

void names_free(struct names *names)
{
    size_t position = 0;
    struct tail_name *name;
    while ((name = map_next(&names->by_path, &position)) != NULL) {
        directories_release(names->directories, name->directory);
        free(name);
    }
    map_free(&names->by_path);
}

struct tail_name *names_find(const struct names *names, const char *path)
{
    return map_find(&names->by_path, hash_bytes(path, strlen(path)), path);
}

struct tail_name *names_get(struct names *names, const char *path)
{
    size_t length = strlen(path);
    uint64_t hash = hash_bytes(path, length);
    struct tail_name *name = map_find(&names->by_path, hash, path);
    if (name)
        return name;
    name = memory_zero(1, sizeof(*name) + length + 1);
    name->hash = hash;
    memcpy(name->path, path, length);
    name->directory = directories_take(names->directories, path);
    map_insert(&names->by_path, hash, name);
    return name;
}

void names_forget(struct names *names, struct tail_name *name)
{
    if (!name || name->first || name->told)
        return;
    map_remove(&names->by_path, name->hash, name->path);
    directories_release(names->directories, name->directory);
    free(name);
}

void names_attach(struct tail_name *name, struct tail_file *file)
{
    file->name = name;
    file->next_at_name = name->first;
    name->first = file;
}

void names_detach(struct tail_file *file)
{
    struct tail_file **link = &file->name->first;
    while (*link != file)
        link = &(*link)->next_at_name;
    *link = file->next_at_name;
    file->next_at_name = NULL;
    if (file->waiting)
        list_remove(&file->turn); /* its directory may go; the turn finds it by the flag */
    file->name = NULL;
}

struct tail_file *names_followed(const struct tail_name *name)
{
    struct tail_file *file = name ? name->first : NULL;
    while (file && file->state != STREAM_FOLLOWED)
        file = file->next_at_name;
    return file;
}

struct tail_name *names_next(const struct names *names, size_t *position)
{
    return map_next(&names->by_path, position);
}
