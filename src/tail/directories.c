/* See directories.h. */
#include "tail/directories.h"

#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/hash.h"
#include "base/memory.h"

/* What a directory without references costs beside its ids: it is kept for them alone. */
#define DIRECTORY_OVERHEAD ((size_t)256)

struct path_part {
    const char *bytes;
    size_t length;
};

static bool directory_has_path(const void *item, const void *key)
{
    const struct tail_directory *directory = item;
    const struct path_part *part = key;
    return strncmp(directory->path, part->bytes, part->length) == 0 &&
           directory->path[part->length] == '\0';
}

void directories_init(struct directories *directories, size_t maximum)
{
    *directories = (struct directories){.maximum = maximum};
    map_init(&directories->by_path, directory_has_path);
    list_init(&directories->recent);
}

void directories_free(struct directories *directories)
{
    size_t position = 0;
    struct tail_directory *directory;
    while ((directory = map_next(&directories->by_path, &position)) != NULL) {
        ids_clear(&directory->ids);
        free(directory);
    }
    map_free(&directories->by_path);
}

static size_t bytes_of(const struct tail_directory *directory)
{
    return list_is_empty(&directory->recent) ? 0 : ids_bytes(&directory->ids) + DIRECTORY_OVERHEAD;
}

static void free_if_unused(struct directories *directories, struct tail_directory *directory)
{
    if (directory->names > 0 || !list_is_empty(&directory->recent))
        return;
    struct path_part part = {directory->path, strlen(directory->path)};
    map_remove(&directories->by_path, directory->hash, &part);
    ids_clear(&directory->ids);
    free(directory);
}

static void drop_ids(struct directories *directories, struct tail_directory *directory)
{
    directories->bytes -= bytes_of(directory);
    directories->ids -= ids_count(&directory->ids);
    directories->dropped++;
    ids_clear(&directory->ids);
    list_remove(&directory->recent);
    free_if_unused(directories, directory);
}

/* What `directory` takes changed: accounts for it and keeps the bound. `directory` is referred to,
 * so it stays even if its own ids have to go. */
static void account(struct directories *directories, struct tail_directory *directory,
                    size_t bytes_before, size_t ids_before)
{
    if (ids_count(&directory->ids) > 0)
        list_append(&directories->recent, &directory->recent);
    directories->bytes += bytes_of(directory) - bytes_before;
    directories->ids += ids_count(&directory->ids) - ids_before;
    while (directories->bytes > directories->maximum && !list_is_empty(&directories->recent))
        drop_ids(directories, list_item(directories->recent.next, struct tail_directory, recent));
}

struct tail_directory *directories_take(struct directories *directories, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct path_part part = {path, slash ? (size_t)(slash - path) : 0};
    uint64_t hash = hash_bytes(part.bytes, part.length);
    struct tail_directory *directory = map_find(&directories->by_path, hash, &part);
    if (!directory) {
        directory = memory_zero(1, sizeof(*directory) + part.length + 1);
        directory->id = ++directories->next_id;
        directory->hash = hash;
        list_init(&directory->recent);
        list_init(&directory->waiting);
        directory->newest = INT64_MIN;
        memcpy(directory->path, part.bytes, part.length);
        map_insert(&directories->by_path, hash, directory);
    }
    directory->names++;
    return directory;
}

void directories_release(struct directories *directories, struct tail_directory *directory)
{
    directory->names--;
    free_if_unused(directories, directory);
}

bool directories_count_id(struct directories *directories, struct tail_directory *directory,
                          uint64_t id)
{
    size_t capacity = directory->ids.capacity;
    bool added = ids_add(&directory->ids, id);
    if (UNLIKELY(directory->ids.capacity != capacity || list_is_empty(&directory->recent))) {
        size_t before = list_is_empty(&directory->recent)
                            ? 0
                            : capacity * sizeof(*directory->ids.slots) + DIRECTORY_OVERHEAD;
        account(directories, directory, before, ids_count(&directory->ids) - added);
        return added;
    }
    directories->ids += added;
    if (UNLIKELY(directories->recent.previous != &directory->recent))
        list_append(&directories->recent, &directory->recent);
    return added;
}

void directories_check(struct directories *directories, struct tail_directory *directory)
{
    size_t bytes = bytes_of(directory);
    size_t ids = ids_count(&directory->ids);
    ids_check(&directory->ids);
    account(directories, directory, bytes, ids);
}

void directories_begin_reader(struct directories *directories, struct tail_directory *directory)
{
    if (directory->has_reader)
        directories_check(directories, directory);
    directory->has_reader = true;
}

void directories_join(struct directories *directories, struct tail_directory *to,
                      struct tail_directory *from)
{
    size_t length = ids_count(&from->ids);
    bool known = to->joined_from == from->id && to->joined_length == length;
    if (to == from || length == 0 || known)
        return;
    to->joined_from = from->id;
    to->joined_length = length;
    /* A list would keep what both hold twice, and double with each move to and fro. */
    if (ids_count(&to->ids) > 0)
        directories_check(directories, to);
    size_t bytes = bytes_of(to);
    size_t ids = ids_count(&to->ids);
    ids_join(&to->ids, &from->ids);
    account(directories, to, bytes, ids);
}
