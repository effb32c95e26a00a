/* See directory.h. */
#include "watch/directory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "watch/file_names.h"

#define REST_LOCAL  (3 * NANOSECONDS_PER_SECOND)
#define REST_REMOTE (60 * NANOSECONDS_PER_SECOND)

struct path_key {
    const char *path;
    size_t length;
};

struct identity {
    uint64_t device;
    uint64_t inode;
};

static bool has_path(const void *item, const void *key)
{
    const struct directory *directory = item;
    const struct path_key *wanted = key;
    return directory->path_length == wanted->length &&
           memcmp(directory->path, wanted->path, wanted->length) == 0;
}

static bool has_identity(const void *item, const void *key)
{
    const struct directory *directory = item;
    const struct identity *wanted = key;
    return directory->device == wanted->device && directory->inode == wanted->inode;
}

static struct identity identity_of(const struct directory *directory)
{
    return (struct identity){.device = directory->device, .inode = directory->inode};
}

/* --- Tree ---------------------------------------------------------------------------------- */

static size_t parent_length(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] != '/')
        length--;
    return length > 1 ? length - 1 : length;
}

static struct directory **head_of_siblings(struct directory_table *table, struct directory *parent)
{
    return parent ? &parent->first_child : &table->first_orphan;
}

static void link_child(struct directory_table *table, struct directory *parent,
                       struct directory *child)
{
    struct directory **head = head_of_siblings(table, parent);
    child->parent = parent;
    child->previous_sibling = NULL;
    child->next_sibling = *head;
    if (*head)
        (*head)->previous_sibling = child;
    *head = child;
}

static void unlink_child(struct directory_table *table, struct directory *child)
{
    if (child->previous_sibling)
        child->previous_sibling->next_sibling = child->next_sibling;
    else
        *head_of_siblings(table, child->parent) = child->next_sibling;
    if (child->next_sibling)
        child->next_sibling->previous_sibling = child->previous_sibling;
}

/* A root may come before the directory that it lies in. */
static void adopt_orphans(struct directory_table *table, struct directory *parent)
{
    struct directory *next;
    for (struct directory *orphan = table->first_orphan; orphan; orphan = next) {
        next = orphan->next_sibling;
        size_t length = parent_length(orphan->path, orphan->path_length);
        if (orphan == parent || length != parent->path_length ||
            memcmp(orphan->path, parent->path, length) != 0)
            continue;
        unlink_child(table, orphan);
        link_child(table, parent, orphan);
    }
}

static void link_into_tree(struct directory_table *table, struct directory *directory)
{
    size_t length = parent_length(directory->path, directory->path_length);
    struct directory *parent =
        length < directory->path_length ? directory_find(table, directory->path, length) : NULL;
    link_child(table, parent, directory);
    adopt_orphans(table, directory);
}

struct directory *directory_leaf(struct directory *top)
{
    while (top->first_child)
        top = top->first_child;
    return top;
}

/* --- Queues -------------------------------------------------------------------------------- */

static void queue_remove(struct directory_queue *queue, struct directory *directory)
{
    if (directory->previous)
        directory->previous->next = directory->next;
    else
        queue->first = directory->next;
    if (directory->next)
        directory->next->previous = directory->previous;
    else
        queue->last = directory->previous;
    queue->count--;
}

static void queue_append(struct directory_queue *queue, struct directory *directory)
{
    directory->next = NULL;
    directory->previous = queue->last;
    if (queue->last)
        queue->last->next = directory;
    else
        queue->first = directory;
    queue->last = directory;
    queue->count++;
}

void directory_enqueue(struct directory_table *table, struct directory *directory, enum queue queue,
                       int64_t now)
{
    queue_remove(&table->queues[directory->queue], directory);
    directory->queue = (uint8_t)queue;
    directory->queued = now;
    queue_append(&table->queues[queue], directory);
}

/* --- Table --------------------------------------------------------------------------------- */

void directory_table_init(struct directory_table *table)
{
    *table = (struct directory_table){.troubled = 0};
    map_init(&table->by_path, has_path);
    map_init(&table->watched, has_identity);
}

static void free_directory(struct directory *directory)
{
    directory_forget_contents(directory);
    free(directory);
}

void directory_table_free(struct directory_table *table)
{
    size_t position = 0;
    struct directory *directory;
    while ((directory = map_next(&table->by_path, &position)))
        free_directory(directory);
    map_free(&table->by_path);
    map_free(&table->watched);
    directory_table_init(table);
}

struct directory *directory_find(const struct directory_table *table, const char *path,
                                 size_t length)
{
    struct path_key key = {.path = path, .length = length};
    return map_find(&table->by_path, hash_bytes(path, length), &key);
}

struct directory *directory_add(struct directory_table *table, const char *path, size_t length,
                                int64_t now)
{
    struct directory *directory = memory_zero(1, sizeof(*directory) + length + 1);
    memcpy(directory->path, path, length);
    directory->path_length = (uint32_t)length;
    directory->queue = QUEUE_PENDING;
    directory->queued = now;
    map_insert(&table->by_path, hash_bytes(path, length), directory);
    directory->changed = directory->listed = TIME_NONE;
    queue_append(&table->queues[QUEUE_PENDING], directory);
    link_into_tree(table, directory);
    return directory;
}

void directory_remove(struct directory_table *table, struct directory *directory)
{
    struct path_key key = {.path = directory->path, .length = directory->path_length};
    directory_clear_watched(table, directory);
    directory_set_trouble(table, directory, 0);
    queue_remove(&table->queues[directory->queue], directory);
    unlink_child(table, directory);
    map_remove(&table->by_path, hash_bytes(key.path, key.length), &key);
    free_directory(directory);
}

bool directory_set_watched(struct directory_table *table, struct directory *directory)
{
    struct identity identity = identity_of(directory);
    uint64_t hash = hash_bytes(&identity, sizeof(identity));
    if (map_find(&table->watched, hash, &identity))
        return false;
    map_insert(&table->watched, hash, directory);
    directory->is_watched = true;
    return true;
}

void directory_clear_watched(struct directory_table *table, struct directory *directory)
{
    if (!directory->is_watched)
        return;
    struct identity identity = identity_of(directory);
    map_remove(&table->watched, hash_bytes(&identity, sizeof(identity)), &identity);
    directory->is_watched = false;
}

void directory_set_trouble(struct directory_table *table, struct directory *directory, int error)
{
    table->troubled += (size_t)(error != 0) - (size_t)(directory->trouble != 0);
    directory->trouble = error;
}

void directory_forget_contents(struct directory *directory)
{
    file_names_free(directory->names);
    directory->names = NULL;
    if (directory->added)
        text_free(directory->added);
    free(directory->added);
    directory->added = NULL;
    directory->signature = 0;
}

int64_t directory_rest(const struct directory *directory)
{
    return directory->is_polled ? REST_REMOTE : REST_LOCAL;
}

size_t directory_join(const struct directory *directory, const char *name, char *ret_path)
{
    size_t length = directory->path_length;
    size_t name_length = strlen(name);
    bool slash = directory->path[length - 1] != '/';
    if (length + slash + name_length >= PATH_MAX)
        return 0;
    memcpy(ret_path, directory->path, length);
    if (slash)
        ret_path[length++] = '/';
    memcpy(ret_path + length, name, name_length + 1);
    return length + name_length;
}
