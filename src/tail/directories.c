/* See directories.h. Their ids are in directory_ids.c. */
#include "tail/directories.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "tail/directory_record.h"
#include "tail/tail.h"

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

static bool directory_has_identity(const void *item, const void *key)
{
    const struct tail_directory *directory = item;
    return identity_equal(&directory->identity, key) || identity_equal(&directory->former, key);
}

void directories_init(struct directories *directories, size_t maximum,
                      const struct tail_archive *archive)
{
    *directories = (struct directories){.maximum = maximum, .archive = archive};
    map_init(&directories->by_path, directory_has_path);
    map_init(&directories->by_identity, directory_has_identity);
    list_init(&directories->recent);
    list_init(&directories->in_save);
    list_init(&directories->abandoned);
    unsaved_init(&directories->unsaved, archive != NULL);
}

void directories_free(struct directories *directories)
{
    size_t position = 0;
    struct tail_directory *directory;
    while ((directory = map_next(&directories->by_path, &position)) != NULL) {
        ids_clear(&directory->ids);
        ids_clear(&directory->saving);
        free(directory);
    }
    map_free(&directories->by_path);
    map_free(&directories->by_identity);
    unsaved_free(&directories->unsaved);
}

static struct path_part part_of(const struct tail_directory *directory)
{
    return (struct path_part){directory->path, strlen(directory->path)};
}

static struct tail_directory *add(struct directories *directories, const struct path_part *part,
                                  uint64_t hash, uint64_t id)
{
    struct tail_directory *directory = memory_zero(1, sizeof(*directory) + part->length + 1);
    struct list *links[] = {&directory->recent, &directory->in_save, &directory->unsaved,
                            &directory->abandoned, &directory->waiting};
    for (size_t i = 0; i < ARRAY_LENGTH(links); i++)
        list_init(links[i]);
    directory->id = id;
    directory->hash = hash;
    directory->newest = INT64_MIN;
    memcpy(directory->path, part->bytes, part->length);
    map_insert(&directories->by_path, hash, directory);
    unsaved_mark(&directories->unsaved, &directory->unsaved);
    return directory;
}

/* --- Which directory is it? ------------------------------------------------------------------- */

/* `which` is one of the two identities of a directory. */
static void forget_identity(struct directories *directories, struct identity *which)
{
    if (which->kind)
        map_remove(&directories->by_identity, identity_hash(which), which);
    *which = (struct identity){0};
}

static void remember_identity(struct directories *directories, struct tail_directory *directory,
                              struct identity *which, const struct identity *identity)
{
    *which = *identity;
    if (identity->kind)
        map_insert(&directories->by_identity, identity_hash(identity), directory);
    unsaved_mark(&directories->unsaved, &directory->unsaved);
}

static bool ask_identity(const struct tail_directory *directory, struct identity *ret_identity)
{
    const char *path = directory->path[0] ? directory->path : "/";
    struct facts facts;
    if (facts_of_path(path, &facts) < 0)
        return false;
    identity_of_path(path, &facts, ret_identity);
    return true;
}

/* This very directory had another path before. Is it gone from there? */
static bool has_moved(const struct tail_directory *before, const struct identity *identity)
{
    struct identity there;
    return !ask_identity(before, &there) || !identity_equal(&there, identity);
}

/* The path of `before` is another directory's now, and this one is here. */
static void take_over(struct directories *directories, struct tail_directory *directory,
                      struct tail_directory *before, const struct identity *identity)
{
    bool is_former = identity_equal(&before->former, identity);
    forget_identity(directories, is_former ? &before->former : &before->identity);
    unsaved_mark(&directories->unsaved, &before->unsaved);
    if (before == directory)
        return;
    directories_join(directories, directory, before);
    directory->has_reader |= before->has_reader;
}

/* Which directory is at this path now? What was there before is remembered in `former`: it may be
 * found at another path yet. */
static void identify(struct directories *directories, struct tail_directory *directory)
{
    struct identity identity;
    if (!ask_identity(directory, &identity) || identity_equal(&identity, &directory->identity))
        return;
    struct tail_directory *before =
        map_find(&directories->by_identity, identity_hash(&identity), &identity);
    if (before && before != directory && !has_moved(before, &identity))
        return; /* one directory at two paths at once: a mount */
    if (before)
        take_over(directories, directory, before, &identity);
    if (directory->identity.kind) {
        forget_identity(directories, &directory->former);
        directory->former = directory->identity;
    }
    remember_identity(directories, directory, &directory->identity, &identity);
}

/* --- Life ------------------------------------------------------------------------------------- */

static void discard(struct directories *directories, struct tail_directory *directory)
{
    struct path_part part = part_of(directory);
    directories_drop_ids(directories, directory);
    forget_identity(directories, &directory->identity);
    forget_identity(directories, &directory->former);
    map_remove(&directories->by_path, directory->hash, &part);
    list_remove(&directory->abandoned);
    unsaved_remove(&directories->unsaved, &directory->unsaved, directory->id, directory->stored);
    free(directory);
}

static void set_seen(struct directories *directories, struct tail_directory *directory,
                     int64_t seen)
{
    if (directory->seen != seen)
        unsaved_mark(&directories->unsaved, &directory->unsaved);
    directory->seen = seen;
}

/* Behind those that were abandoned before it. */
static void abandon(struct directories *directories, struct tail_directory *directory, int64_t seen)
{
    list_remove(&directory->abandoned);
    struct list *after = directories->abandoned.previous;
    while (after != &directories->abandoned &&
           list_item(after, struct tail_directory, abandoned)->seen > seen)
        after = after->previous;
    set_seen(directories, directory, seen);
    list_append(after->next, &directory->abandoned); /* which puts it before that one */
}

static void let_go(struct directories *directories, struct tail_directory *directory)
{
    bool keeps_ids = !list_is_empty(&directory->recent);
    if (directory->names > 0 || !list_is_empty(&directory->abandoned))
        return;
    if (directories->archive && (directory->has_reader || directory->has_ids))
        abandon(directories, directory, directory->seen);
    else if (!keeps_ids)
        discard(directories, directory);
}

struct tail_directory *directories_take(struct directories *directories, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct path_part part = {path, slash ? (size_t)(slash - path) : 0};
    uint64_t hash = hash_bytes(part.bytes, part.length);
    struct tail_directory *directory = map_find(&directories->by_path, hash, &part);
    if (!directory)
        directory = add(directories, &part, hash, ++directories->next_id);
    list_remove(&directory->abandoned);
    directory->names++;
    return directory;
}

uint64_t directories_id_at(const struct directories *directories, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct path_part part = {path, slash ? (size_t)(slash - path) : 0};
    const struct tail_directory *directory =
        map_find(&directories->by_path, hash_bytes(part.bytes, part.length), &part);
    return directory ? directory->id : 0;
}

void directories_release(struct directories *directories, struct tail_directory *directory)
{
    directories_release_since(directories, directory, directories->age);
}

void directories_release_since(struct directories *directories, struct tail_directory *directory,
                               int64_t seen)
{
    directory->names--;
    set_seen(directories, directory, seen);
    let_go(directories, directory);
}

int directories_restore(struct directories *directories, uint64_t id, struct bytes value)
{
    struct directory_record record;
    if (!directory_record_take(value, &record))
        return -EINVAL;
    AUTO_FREE char *path = record.path;
    struct path_part part = {path, strlen(path)};
    uint64_t hash = hash_bytes(part.bytes, part.length);
    if (map_find(&directories->by_path, hash, &part))
        return -EINVAL;
    struct tail_directory *directory = add(directories, &part, hash, id);
    directory->has_reader = record.has_reader;
    directory->has_ids = directory->archived = record.has_ids;
    directory->seen = record.seen;
    if (record.checked)
        directories_check(directories, directory);
    remember_identity(directories, directory, &directory->identity, &record.identity);
    remember_identity(directories, directory, &directory->former, &record.former);
    directory->stored = true;
    unsaved_clear(&directories->unsaved, &directory->unsaved);
    if (directories->next_id < id)
        directories->next_id = id;
    return 0;
}

static int by_seen(const void *one, const void *other)
{
    const struct tail_directory *a = *(struct tail_directory *const *)one;
    const struct tail_directory *b = *(struct tail_directory *const *)other;
    return (a->seen > b->seen) - (a->seen < b->seen);
}

void directories_restored(struct directories *directories)
{
    size_t position = 0;
    size_t count = 0;
    struct tail_directory *directory;
    AUTO_FREE struct tail_directory **unused =
        memory_zero(directories->by_path.count + 1, sizeof(struct tail_directory *));
    while ((directory = map_next(&directories->by_path, &position)) != NULL) {
        bool is_of_all = directories->is_one_set && directory->path[0] == '\0';
        if (directory->names > 0 || !list_is_empty(&directory->abandoned) || is_of_all)
            continue;
        if (directory->seen == 0)
            set_seen(directories, directory, directories->age);
        unused[count++] = directory;
    }
    qsort(unused, count, sizeof(struct tail_directory *), by_seen);
    for (size_t i = 0; i < count; i++)
        abandon(directories, unused[i], unused[i]->seen);
}

/* Whether it is there cannot be told now. */
static bool is_hidden(const struct tail_directory *directory)
{
    struct facts facts;
    int r = facts_of_path(directory->path, &facts);
    return r < 0 && r != -ENOENT && r != -ENOTDIR;
}

void directories_expire(struct directories *directories, int64_t age, size_t most)
{
    const struct tail_archive *archive = directories->archive;
    for (; most > 0 && !list_is_empty(&directories->abandoned); most--) {
        struct tail_directory *directory =
            list_item(directories->abandoned.next, struct tail_directory, abandoned);
        if (directory->seen > age)
            return;
        if (is_hidden(directory)) {
            abandon(directories, directory, directories->age);
            continue;
        }
        if (directory->has_ids)
            archive->forget(archive->context, directory->id);
        discard(directories, directory);
    }
}

static void note_reader(struct directories *directories, struct tail_directory *directory)
{
    if (!directory->has_reader)
        unsaved_mark(&directories->unsaved, &directory->unsaved);
    directory->has_reader = true;
}

void directories_begin_reader(struct directories *directories, struct tail_directory *directory)
{
    identify(directories, directory);
    if (directory->has_reader)
        directories_check(directories, directory);
    note_reader(directories, directory);
}

void directories_move(struct directories *directories, struct tail_directory *to,
                      struct tail_directory *from, bool reading)
{
    bool had_reader = to->has_reader;
    directories_join(directories, to, from);
    identify(directories, to);
    if (reading && had_reader)
        directories_check(directories, to);
    if (reading || from->has_reader)
        note_reader(directories, to);
}
