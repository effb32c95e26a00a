/* What rules know of a file: see rule_set.h. One allocation holds everything. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "rules/compiler.h"
#include "rules/scene.h"

static void put_text(char **at, const char **ret_text, const char *text, size_t length)
{
    memcpy(*at, text, length);
    (*at)[length] = '\0';
    *ret_text = *at;
    *at += length + 1;
}

static void put_captures(struct rule_file *file, char *at, const struct rule_source *source,
                         const struct rule_capture *captures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int index = source_capture(source, captures[i].name);
        if (index < 0)
            continue;
        put_text(&at, &file->captures[index].text, captures[i].text, captures[i].length);
        file->captures[index].length = captures[i].length;
    }
}

/* The same over restarts, whatever other packs there are. */
static uint64_t source_scope_id(const struct rule_source *source)
{
    AUTO_FREE char *name = memory_format("%s/%s", source->facts.pack, source->facts.name);
    return hash_stable(name, strlen(name));
}

struct rule_file *rule_file_new(const struct rule_source *source, const char *path,
                                const struct rule_capture *captures, size_t count, uint64_t file_id,
                                uint64_t directory_id)
{
    size_t length = strlen(path);
    size_t size = 2 * (length + 1) + 2;
    for (size_t i = 0; i < count; i++)
        size += captures[i].length + 1;
    size_t table = source->capture_count * sizeof(struct label_value);
    struct rule_file *file = memory_zero(1, sizeof(*file) + table + size);
    file->captures = (struct label_value *)(file + 1);
    file->capture_count = source->capture_count;
    char *at = (char *)file->captures + table;
    put_text(&at, &file->path, path, length);
    const char *slash = strrchr(file->path, '/');
    file->name = slash ? slash + 1 : file->path;
    size_t directory_length = slash ? (size_t)(slash - file->path) : 0;
    put_text(&at, &file->directory, file->path, directory_length);
    file->scope_ids[SCOPE_FILE] = file_id;
    file->scope_ids[SCOPE_DIRECTORY] = directory_id;
    file->scope_ids[SCOPE_SOURCE] = source_scope_id(source);
    put_captures(file, at, source, captures, count);
    return file;
}

void rule_file_free(struct rule_file *file)
{
    free(file);
}
