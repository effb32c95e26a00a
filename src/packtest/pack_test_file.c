/* See pack_test_file.h. */
#include "packtest/pack_test_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "daemon/followed.h"
#include "daemon/sightings.h"
#include "packtest/pack_test_place.h"

/* Ids of lines' files and directories are those of the tail room, counted from 1. */
#define OF_LINES (~(UINT64_C(1) << 63))

static void file_free(struct pack_test_file *file)
{
    followed_free(file->lines);
    followed_free(file->emits);
    text_free(&file->memo);
    free(file->path);
    free(file);
}

void pack_test_files_free(struct pack_test_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        file_free(files->items[i]);
    free(files->items);
    map_free(&files->ids);
}

static uint64_t directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return hash_stable(path, slash ? (size_t)(slash - path) : 0) & OF_LINES;
}

static struct pack_test_file *file_new(const struct pack_test_place *place, uint64_t number)
{
    struct pack_test_file *file = memory_zero(1, sizeof(*file));
    uint64_t directory = directory_of(place->path);
    file->path = memory_copy_text(place->path);
    file->lines = pack_test_place_follow(place, false, number, directory);
    file->emits =
        pack_test_place_follow(place, true, sightings_file_id(place->path),
                               sightings_directory_id(place->path, place->wish, directory));
    text_init(&file->memo, TEXT_UNLIMITED);
    return file;
}

struct pack_test_file *pack_test_files_get(struct pack_test_files *files,
                                           const struct pack_test_place *place)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->items[i]->path, place->path) == 0)
            return files->items[i];
    files->items = memory_resize(files->items, files->count + 1, sizeof(struct pack_test_file *));
    return files->items[files->count++] = file_new(place, ++files->made);
}

void pack_test_files_remove(struct pack_test_files *files, struct pack_test_file *file)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->items[i] == file)
            files->items[i] = files->items[--files->count];
    file_free(file);
}

/* Keys are their hashes. */
static bool is_same_id(const void *item, const void *key)
{
    (void)item;
    (void)key;
    return true;
}

bool pack_test_files_count_id(struct pack_test_files *files, const struct pack_test_file *file,
                              uint64_t id)
{
    uint64_t key = id ^ directory_of(file->path);
    if (!files->ids.equal)
        map_init(&files->ids, is_same_id);
    if (map_find(&files->ids, key, &key))
        return false;
    map_insert(&files->ids, key, files);
    return true;
}

void pack_test_file_keep(struct pack_test_file *file, struct text *memo)
{
    text_free(&file->memo);
    file->memo = *memo;
    text_init(memo, TEXT_UNLIMITED);
}
