/* See infer_files.h. Symbolic links to directories are not followed. */
#include "infer/infer_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attributes.h"
#include "base/log.h"
#include "base/memory.h"

static const char *const endings[] = {".jsonl", ".ndjson", ".json-lines", ".log"};

/* The name without what rotation puts behind it: ".1", ".2.gz", ".gz". */
static size_t without_rotation(const char *name)
{
    size_t length = strlen(name);
    if (length > 3 && strcmp(name + length - 3, ".gz") == 0)
        length -= 3;
    size_t digits = length;
    while (digits > 0 && isdigit((unsigned char)name[digits - 1]))
        digits--;
    return digits > 1 && digits < length && name[digits - 1] == '.' ? digits - 1 : length;
}

size_t infer_files_ending(const char *name, size_t *ret_start)
{
    size_t length = without_rotation(name);
    for (size_t i = 0; i < ARRAY_LENGTH(endings); i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && memcmp(name + length - ending, endings[i], ending) == 0) {
            *ret_start = length - ending;
            return ending;
        }
    }
    return 0;
}

static void fail(struct infer_files *files, const char *path, int error)
{
    files->failed = true;
    log_error("cannot be read", LOG_TEXT("path", path), LOG_TEXT("cause", strerror(error)));
}

static void add_file(struct infer_files *files, const char *path, size_t root_length)
{
    if (files->count >= INFER_FILES_MOST) {
        files->left_out++;
        return;
    }
    files->items = memory_resize(files->items, files->count + 1, sizeof(*files->items));
    struct infer_file *file = &files->items[files->count++];
    *file = (struct infer_file){.path = memory_copy_text(path), .is_named = root_length == 0};
    const char *slash = strrchr(file->path, '/');
    file->relative = !file->is_named ? file->path + root_length : slash ? slash + 1 : file->path;
}

static int is_wanted(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_directory(struct infer_files *files, const char *path, size_t root_length,
                          int depth);

static void add_entry(struct infer_files *files, const char *path, const char *name,
                      size_t root_length, int depth)
{
    struct stat facts;
    size_t start;
    if (lstat(path, &facts) < 0)
        return; /* it went meanwhile */
    if (S_ISDIR(facts.st_mode))
        add_directory(files, path, root_length, depth + 1);
    else if (infer_files_ending(name, &start) && stat(path, &facts) == 0 && S_ISREG(facts.st_mode))
        add_file(files, path, root_length);
}

static void add_directory(struct infer_files *files, const char *path, size_t root_length,
                          int depth)
{
    struct dirent **entries = NULL;
    int count = depth <= INFER_DEPTH_MOST ? scandir(path, &entries, is_wanted, by_name) : 0;
    if (count < 0)
        fail(files, path, errno);
    for (int i = 0; i < count; i++) {
        AUTO_FREE char *whole = memory_format("%s/%s", path, entries[i]->d_name);
        add_entry(files, whole, entries[i]->d_name, root_length, depth);
        free(entries[i]);
    }
    free(entries);
}

void infer_files_add(struct infer_files *files, const char *path)
{
    struct stat facts;
    AUTO_FREE char *root = memory_copy_text(path);
    for (size_t length = strlen(root); length > 1 && root[length - 1] == '/';)
        root[--length] = '\0';
    if (stat(path, &facts) < 0)
        fail(files, path, errno);
    else if (S_ISDIR(facts.st_mode))
        add_directory(files, root, strlen(root) + 1, 0);
    else if (S_ISREG(facts.st_mode))
        add_file(files, path, 0);
    else
        fail(files, path, EINVAL);
}

void infer_files_free(struct infer_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->items[i].path);
    free(files->items);
}
