/* See roots.h. Captures become a walk over the directories there are, segment by segment. */
#include "daemon/roots.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "daemon/root_text.h"

#define ROOTS_MOST ((size_t)10000) /* of one source, by captures */

struct roots {
    struct root_text *texts;
    size_t text_count;
    bool is_chosen; /* some text had a directory */
    size_t chosen;  /* then: which */

    struct root *items;
    size_t count;
    size_t unreadable;
};

static void add_text(struct roots *roots, struct root_text text)
{
    roots->texts = memory_resize(roots->texts, roots->text_count + 1, sizeof(*roots->texts));
    roots->texts[roots->text_count++] = text;
}

struct roots *roots_new(const struct roots_spec *spec, roots_variable variable, void *context)
{
    struct roots *roots = memory_zero(1, sizeof(*roots));
    struct root_text text;
    if (spec->override_dir) {
        if (root_text_of_directory(spec->override_dir, variable, context, &text))
            add_text(roots, text);
        return roots;
    }
    if (spec->count == 0 && root_text_of_directory(spec->events_dir, variable, context, &text))
        add_text(roots, text);
    for (size_t i = 0; i < spec->count; i++) {
        if (!root_text_read(spec->texts[i], variable, context, &text))
            continue;
        if (text.is_in_home && spec->events_dir_given)
            root_text_free(&text);
        else
            add_text(roots, text);
    }
    return roots;
}

static void free_items(struct root *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(items[i].path);
    free(items);
}

void roots_free(struct roots *roots)
{
    if (!roots)
        return;
    for (size_t i = 0; i < roots->text_count; i++)
        root_text_free(&roots->texts[i]);
    free(roots->texts);
    free_items(roots->items, roots->count);
    free(roots);
}

/* --- What exists --------------------------------------------------------------------------- */

static void add_root(struct roots *roots, const struct root_text *text, const char *path, int error)
{
    if (roots->count >= ROOTS_MOST)
        return;
    roots->items = memory_resize(roots->items, roots->count + 1, sizeof(*roots->items));
    struct root *root = &roots->items[roots->count++];
    *root = (struct root){.path = memory_copy_text(path),
                          .error = error,
                          .is_candidate = !roots->is_chosen && error && roots->text_count > 1};
    if (!text->pattern || !path_pattern_match(text->pattern, path + 1, root->captures))
        return;
    root->capture_count = path_pattern_capture_count(text->pattern);
    for (size_t i = 0; i < root->capture_count; i++)
        root->captures[i].start++; /* the '/' that is in front of what was matched */
}

static bool is_directory(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) < 0)
        return false;
    errno = ENOTDIR;
    return S_ISDIR(facts.st_mode);
}

static void walk(struct roots *roots, const struct root_text *text, const char *base,
                 const char *rest);

/* `path` is one that the segments so far can mean; `rest` ("/.claude" or "") those to come. */
static void walk_on(struct roots *roots, const struct root_text *text, const char *path,
                    const char *rest)
{
    if (!is_directory(path))
        roots->unreadable += errno == EACCES;
    else if (*rest)
        walk(roots, text, path, rest);
    else if (faccessat(AT_FDCWD, path, R_OK | X_OK, AT_EACCESS) < 0)
        roots->unreadable++;
    else
        add_root(roots, text, path, 0);
}

static void walk_matching(struct roots *roots, const struct root_text *text, const char *base,
                          const struct path_pattern *segment, const char *rest)
{
    DIR *directory = opendir(*base ? base : "/");
    roots->unreadable += !directory && errno == EACCES;
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            !path_pattern_match(segment, name, NULL))
            continue;
        AUTO_FREE char *path = memory_format("%s/%s", base, name);
        walk_on(roots, text, path, rest);
    }
    if (directory)
        closedir(directory);
}

/* Goes on below `base` ("" is the top) with the first segment of `rest` ("/{user}/.claude"). */
static void walk(struct roots *roots, const struct root_text *text, const char *base,
                 const char *rest)
{
    size_t length = strcspn(rest + 1, "/");
    AUTO_FREE char *segment = memory_copy(rest + 1, length);
    rest += 1 + length;
    if (!root_text_has_captures(segment)) {
        root_text_unescape(segment);
        AUTO_FREE char *path = memory_format("%s/%s", base, segment);
        walk_on(roots, text, path, rest);
        return;
    }
    const char *error;
    struct path_pattern *pattern = path_pattern_new(segment, &error);
    if (pattern)
        walk_matching(roots, text, base, pattern, rest);
    path_pattern_free(pattern);
}

/* The directories that one text means now. */
static void find(struct roots *roots, const struct root_text *text)
{
    if (text->pattern)
        walk(roots, text, "", text->path);
    else if (is_directory(text->path))
        add_root(roots, text, text->path, 0);
}

static int by_path(const void *left, const void *right)
{
    return strcmp(((const struct root *)left)->path, ((const struct root *)right)->path);
}

/* While a text is chosen only that one counts, there or not. */
static bool may_count(const struct roots *roots, size_t index)
{
    return !roots->is_chosen || index == roots->chosen;
}

static void find_first(struct roots *roots)
{
    for (size_t i = 0; i < roots->text_count; i++) {
        if (!may_count(roots, i))
            continue;
        find(roots, &roots->texts[i]);
        if (roots->count > 0) {
            roots->is_chosen = true;
            roots->chosen = i;
            return;
        }
    }
    for (size_t i = 0; i < roots->text_count; i++) {
        const struct root_text *text = &roots->texts[i];
        if (may_count(roots, i) && !text->pattern)
            add_root(roots, text, text->path, is_directory(text->path) ? 0 : errno);
    }
}

/* Marks what differs from the roots before. */
static bool note_changes(struct roots *roots, struct root *before, size_t before_count)
{
    bool changed = roots->count != before_count;
    if (before_count > 1)
        qsort(before, before_count, sizeof(*before), by_path);
    for (size_t i = 0; i < roots->count; i++) {
        struct root *root = &roots->items[i];
        const struct root *same =
            before_count ? bsearch(root, before, before_count, sizeof(*before), by_path) : NULL;
        root->is_changed = !same || same->error != root->error;
        changed = changed || root->is_changed;
    }
    return changed;
}

bool roots_refresh(struct roots *roots)
{
    struct root *before = roots->items;
    size_t before_count = roots->count;
    roots->items = NULL;
    roots->count = roots->unreadable = 0;
    find_first(roots);
    if (roots->count > 1 && roots->is_chosen)
        qsort(roots->items, roots->count, sizeof(*roots->items), by_path);
    bool changed = note_changes(roots, before, before_count);
    free_items(before, before_count);
    return changed;
}

size_t roots_count(const struct roots *roots)
{
    return roots->count;
}

const struct root *roots_get(const struct roots *roots, size_t index)
{
    return &roots->items[index];
}

size_t roots_unreadable(const struct roots *roots)
{
    return roots->unreadable;
}
