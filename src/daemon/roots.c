/* See roots.h. A text is cut at its segments; captures become a walk over the directories there
 * are, segment by segment. */
#include "daemon/roots.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

#define ROOTS_MOST ((size_t)10000) /* of one source, by captures */

struct roots {
    char **texts; /* variables and ~ already looked up */
    size_t text_count;
    bool is_chosen; /* some text had a directory */
    size_t chosen;  /* then: which */

    struct root *items;
    size_t count;
    size_t unreadable;
};

/* Where "${...}" ends, or NULL. */
static const char *variable_end(const char *at)
{
    return at[0] == '$' && at[1] == '{' ? strchr(at, '}') : NULL;
}

static void append_variable(struct text *out, const char *start, const char *end,
                            roots_variable variable, void *context)
{
    const char *colon = memchr(start, ':', (size_t)(end - start));
    const char *name_end = colon ? colon : end;
    AUTO_FREE char *name = memory_copy(start, (size_t)(name_end - start));
    const char *value = variable(context, name);
    if (value && *value)
        text_append_string(out, value);
    else if (colon && colon[1] == '-')
        text_append(out, colon + 2, (size_t)(end - colon - 2));
}

/* `~` and variables looked up; NULL when nothing is left of it, or it is no absolute path. */
static char *expand(const char *text, roots_variable variable, void *context)
{
    struct text out;
    text_init(&out, TEXT_UNLIMITED);
    const char *home = variable(context, "HOME");
    if (text[0] == '~' && (text[1] == '/' || text[1] == '\0')) {
        text_append_string(&out, home ? home : "/");
        text++;
    }
    while (*text) {
        const char *end = variable_end(text);
        if (end) {
            append_variable(&out, text + 2, end, variable, context);
            text = end + 1;
        } else {
            text_append_char(&out, *text++);
        }
    }
    char *path = text_take(&out);
    if (path[0] == '~' && home) { /* from a default: ${VAR:-~/x} */
        char *whole = memory_format("%s%s", home, path + 1);
        free(path);
        path = whole;
    }
    if (path[0] == '/')
        return path;
    free(path);
    return NULL;
}

/* Takes out "//", "/." and "/x/..", in place: as text, which is what a user means by "../logs". */
static void make_normal(char *path)
{
    char *to = path;
    for (const char *at = path; *at;) {
        size_t skip = strspn(at, "/");
        size_t length = strcspn(at + skip, "/");
        const char *segment = at + skip;
        at = segment + length;
        if (length == 0 || (length == 1 && segment[0] == '.'))
            continue;
        if (length == 2 && segment[0] == '.' && segment[1] == '.') {
            while (to > path && *--to != '/')
                ;
            continue;
        }
        *to++ = '/';
        memmove(to, segment, length);
        to += length;
    }
    if (to == path)
        *to++ = '/';
    *to = '\0';
}

static void add_text(struct roots *roots, char *path)
{
    if (!path)
        return;
    make_normal(path);
    roots->texts = memory_resize(roots->texts, roots->text_count + 1, sizeof(char *));
    roots->texts[roots->text_count++] = path;
}

struct roots *roots_new(const struct roots_spec *spec, roots_variable variable, void *context)
{
    struct roots *roots = memory_zero(1, sizeof(*roots));
    if (spec->override_dir) {
        add_text(roots, memory_copy_text(spec->override_dir));
        return roots;
    }
    if (spec->count == 0)
        add_text(roots, memory_copy_text(spec->events_dir));
    for (size_t i = 0; i < spec->count; i++)
        if (spec->texts[i][0] != '~' || !spec->events_dir_given)
            add_text(roots, expand(spec->texts[i], variable, context));
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
        free(roots->texts[i]);
    free(roots->texts);
    free_items(roots->items, roots->count);
    free(roots);
}

static void add_root(struct roots *roots, const char *path, const struct path_pattern *pattern)
{
    if (roots->count >= ROOTS_MOST)
        return;
    roots->items = memory_resize(roots->items, roots->count + 1, sizeof(*roots->items));
    struct root *root = &roots->items[roots->count++];
    *root = (struct root){.path = memory_copy_text(path)};
    if (pattern && path_pattern_match(pattern, path, root->captures))
        root->capture_count = path_pattern_capture_count(pattern);
}

static bool is_directory(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* Directories below `base` that `rest` ("/{user}/.claude") can still mean. */
static void walk(struct roots *roots, const char *base, const char *rest,
                 const struct path_pattern *whole)
{
    size_t length = strcspn(rest + 1, "/");
    AUTO_FREE char *segment = memory_copy(rest + 1, length);
    const char *after = rest + 1 + length;
    const char *error;
    bool is_last = *after == '\0';
    if (!strpbrk(segment, "{*?[")) {
        AUTO_FREE char *path = memory_format("%s/%s", base, segment);
        if (is_directory(path)) {
            if (is_last)
                add_root(roots, path, whole);
            else
                walk(roots, path, after, whole);
        }
        return;
    }
    struct path_pattern *pattern = path_pattern_new(segment, &error);
    DIR *directory = pattern ? opendir(*base ? base : "/") : NULL;
    roots->unreadable += pattern && !directory && errno == EACCES;
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.' || !path_pattern_match(pattern, entry->d_name, NULL))
            continue;
        AUTO_FREE char *path = memory_format("%s/%s", base, entry->d_name);
        if (!is_directory(path))
            continue;
        if (!is_last)
            walk(roots, path, after, whole);
        else if (access(path, R_OK | X_OK) < 0)
            roots->unreadable++;
        else
            add_root(roots, path, whole);
    }
    if (directory)
        closedir(directory);
    path_pattern_free(pattern);
}

static bool has_captures(const char *text)
{
    return strpbrk(text, "{*?[") != NULL;
}

/* The directories that one text means now. */
static void find(struct roots *roots, const char *text)
{
    const char *error;
    if (!has_captures(text)) {
        if (is_directory(text))
            add_root(roots, text, NULL);
        return;
    }
    struct path_pattern *whole = path_pattern_new(text, &error);
    if (whole)
        walk(roots, "", text, whole);
    path_pattern_free(whole);
}

static int by_path(const void *left, const void *right)
{
    return strcmp(((const struct root *)left)->path, ((const struct root *)right)->path);
}

static bool differs(const struct root *items, size_t count, const struct roots *roots)
{
    if (count != roots->count)
        return true;
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].path, roots->items[i].path) != 0)
            return true;
    return false;
}

bool roots_refresh(struct roots *roots)
{
    struct root *before = roots->items;
    size_t before_count = roots->count;
    roots->items = NULL;
    roots->count = roots->unreadable = 0;
    for (size_t i = 0; i < roots->text_count && roots->count == 0; i++) {
        if (roots->is_chosen && i != roots->chosen)
            continue;
        find(roots, roots->texts[i]);
        if (roots->count > 0) {
            roots->is_chosen = true;
            roots->chosen = i;
        }
    }
    for (size_t i = 0; i < roots->text_count && roots->count == 0; i++)
        if ((!roots->is_chosen || i == roots->chosen) && !has_captures(roots->texts[i]))
            add_root(roots, roots->texts[i], NULL);
    if (roots->count > 1)
        qsort(roots->items, roots->count, sizeof(*roots->items), by_path);
    bool changed = differs(before, before_count, roots);
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
