/* See infer_pattern.h. */
#include "infer/infer_pattern.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "infer/infer_files.h"
#include "infer/infer_text.h"
#include "survey/distinct.h"
#include "survey/plain_name.h"

#define LEVELS_MOST   8  /* directories above a file that get a pattern of their own */
#define PATTERNS_MOST 12 /* with more, one that fits everything */

/* One directory above files of one depth. */
struct level {
    const char *name; /* of the first */
    size_t length;
    struct distinct values;
    uint64_t files;
    uint64_t ids; /* of them, with a digit in it */
};

struct patterns {
    char *items[PATTERNS_MOST];
    size_t count;
    bool overflowed;
};

static size_t depth_of(const char *relative)
{
    size_t depth = 0;
    for (const char *at = relative; (at = strchr(at, '/')); at++)
        depth++;
    return depth;
}

static bool has_digit(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (isdigit((unsigned char)name[i]))
            return true;
    return false;
}

static void note_levels(struct level *levels, const char *relative)
{
    const char *end;
    for (struct level *level = levels; (end = strchr(relative, '/')); level++, relative = end + 1) {
        size_t length = (size_t)(end - relative);
        if (!level->name) {
            level->name = relative;
            level->length = length;
        }
        level->files++;
        level->ids += has_digit(relative, length);
        distinct_add(&level->values, hash_stable(relative, length));
    }
}

static void find_levels(const struct infer_files *files, size_t depth, struct level *levels)
{
    for (size_t i = 0; i < files->count; i++)
        if (depth_of(files->items[i].relative) == depth)
            note_levels(levels, files->items[i].relative);
}

static bool looks_like_id(const struct level *level)
{
    return level->ids * 2 > level->files;
}

static bool is_captured(const struct level *level)
{
    return distinct_count(&level->values) > 1 || looks_like_id(level) ||
           !plain_name(level->name, level->length);
}

/* What a level of varying names is called, by how far above the file it stands. */
static void append_capture_name(struct text *out, const struct level *level, size_t above)
{
    bool is_id = looks_like_id(level);
    if (above == 1)
        text_append_string(out, is_id ? "job_id" : "directory");
    else if (above == 2)
        text_append_string(out, is_id ? "run_id" : "project");
    else
        text_printf(out, "level_%zu", above);
}

/* Directories of one depth, with their slashes. */
static void append_directories(struct text *out, const struct level *levels, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        if (is_captured(&levels[i])) {
            text_append_char(out, '{');
            append_capture_name(out, &levels[i], depth - i);
            text_append_char(out, '}');
        } else {
            text_append(out, levels[i].name, levels[i].length);
        }
        text_append_char(out, '/');
    }
}

/* "events-1.jsonl.gz" -> "*.jsonl*"; a name without such an ending stands for itself. */
static void append_name(struct text *out, const char *name)
{
    size_t start;
    size_t ending = infer_files_ending(name, &start);
    if (ending > 0) {
        text_append_char(out, '*');
        text_append(out, name + start, ending);
        if (name[start + ending])
            text_append_char(out, '*');
        return;
    }
    for (; *name; name++) {
        if (strchr("*?[]{}\\", *name))
            text_append_char(out, '\\');
        text_append_char(out, *name);
    }
}

/* Takes over `pattern`. "*.jsonl*" makes "*.jsonl" needless. */
static void add_pattern(struct patterns *patterns, char *pattern)
{
    size_t length = strlen(pattern);
    for (size_t i = 0; i < patterns->count; i++) {
        char *known = patterns->items[i];
        size_t known_length = strlen(known);
        size_t shared = length < known_length ? length : known_length;
        bool is_same = strncmp(known, pattern, shared) == 0 &&
                       strspn(known + shared, "*") == known_length - shared &&
                       strspn(pattern + shared, "*") == length - shared;
        if (!is_same)
            continue;
        patterns->items[i] = length > known_length ? pattern : known;
        free(length > known_length ? known : pattern);
        return;
    }
    if (patterns->count < PATTERNS_MOST) {
        patterns->items[patterns->count++] = pattern;
        return;
    }
    patterns->overflowed = true;
    free(pattern);
}

static void add_depth(struct patterns *patterns, const struct infer_files *files, size_t depth,
                      const struct level *levels)
{
    for (size_t i = 0; i < files->count; i++) {
        const char *relative = files->items[i].relative;
        const char *slash = strrchr(relative, '/');
        struct text pattern;
        if (depth_of(relative) != depth)
            continue;
        text_init(&pattern, TEXT_UNLIMITED);
        append_directories(&pattern, levels, depth);
        append_name(&pattern, slash ? slash + 1 : relative);
        add_pattern(patterns, text_take(&pattern));
    }
}

static void comment_levels(struct text *out, const struct level *levels, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        if (levels[i].files == 0 || !is_captured(&levels[i]))
            continue;
        text_append_string(out, "    # {");
        append_capture_name(out, &levels[i], depth - i);
        text_append_string(out, "}: ");
        infer_append_values(out, &levels[i].values);
        text_append_string(out, looks_like_id(&levels[i])
                                    ? ", which look like ids: more will come\n"
                                    : "; it may be a label of any metric\n");
    }
}

static void write_patterns(const struct patterns *patterns, struct text *out)
{
    text_append_string(out, "    files: ");
    if (patterns->count > 1 && !patterns->overflowed)
        text_append_char(out, '[');
    for (size_t i = 0; i < patterns->count && !patterns->overflowed; i++) {
        if (i)
            text_append_string(out, ", ");
        infer_append_quoted(out, patterns->items[i]);
    }
    if (patterns->count > 1 && !patterns->overflowed)
        text_append_char(out, ']');
    if (patterns->overflowed)
        text_append_string(out, "\"**/*\"  # files of too many shapes for a pattern of each");
    text_append_char(out, '\n');
}

void infer_pattern_write(const struct infer_files *files, struct text *out)
{
    struct patterns patterns = {.count = 0};
    for (size_t depth = 0; depth <= LEVELS_MOST; depth++) {
        struct level levels[LEVELS_MOST + 1] = {{.name = NULL}};
        find_levels(files, depth, levels);
        add_depth(&patterns, files, depth, levels);
        comment_levels(out, levels, depth);
        for (size_t i = 0; i <= LEVELS_MOST; i++)
            distinct_clear(&levels[i].values);
    }
    for (size_t i = 0; i < files->count; i++)
        patterns.overflowed =
            patterns.overflowed || depth_of(files->items[i].relative) > LEVELS_MOST;
    write_patterns(&patterns, out);
    for (size_t i = 0; i < patterns.count; i++)
        free(patterns.items[i]);
}
