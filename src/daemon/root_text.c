/* See root_text.h. What variables hold is escaped when it is put in, so that a directory named
 * "{x}" or "[1]" stays that. */
#include "daemon/root_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/* A text being read. */
struct expansion {
    struct text out; /* as patterns are written */
    roots_variable variable;
    void *context;
    bool is_in_home;
    bool is_void;       /* something it needs has no value */
    bool keeps_parents; /* ".." is what the file system says, not the text */
};

bool root_text_has_captures(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' && text[1])
            text++;
        else if (strchr("{*?[", *text))
            return true;
    }
    return false;
}

void root_text_unescape(char *text)
{
    char *to = text;
    for (; *text; text++) {
        if (*text == '\\' && text[1])
            text++;
        *to++ = *text;
    }
    *to = '\0';
}

static void append_literally(struct expansion *expansion, const char *value)
{
    for (; *value; value++) {
        if (strchr("{}*?[]\\", *value))
            text_append_char(&expansion->out, '\\');
        text_append_char(&expansion->out, *value);
    }
}

static void append_value(struct expansion *expansion, const char *name)
{
    const char *value = expansion->variable(expansion->context, name);
    if (value && *value)
        append_literally(expansion, value);
    else
        expansion->is_void = true;
}

/* "~" or "~/..." at the start of the whole: returns what is behind the '~'. */
static const char *append_home(struct expansion *expansion, const char *text)
{
    if (expansion->out.length > 0 || text[0] != '~' || (text[1] != '/' && text[1] != '\0'))
        return text;
    expansion->is_in_home = true;
    append_value(expansion, "HOME");
    return text + 1;
}

/* What stands between the braces of "${...}". */
static void append_variable(struct expansion *expansion, char *inside)
{
    char *fallback = strstr(inside, ":-");
    if (fallback) {
        *fallback = '\0';
        fallback += 2;
    }
    const char *value = expansion->variable(expansion->context, inside);
    if (fallback && !(value && *value))
        append_literally(expansion, append_home(expansion, fallback));
    else
        append_value(expansion, inside);
}

static void expand(struct expansion *expansion, const char *text)
{
    text = append_home(expansion, text);
    while (*text) {
        const char *end = strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;
        if (!end) {
            text_append_char(&expansion->out, *text++);
            continue;
        }
        AUTO_FREE char *inside = memory_copy(text + 2, (size_t)(end - text - 2));
        append_variable(expansion, inside);
        text = end + 1;
    }
}

static bool is_segment(const char *segment, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(segment, name, length) == 0;
}

/* Takes out "//" and "/.", in place; and "/x/.." unless it is to stay: as text, which is what the
 * writer of a rule file means by "../logs". */
static void make_normal(char *path, bool keeps_parents)
{
    char *to = path;
    for (const char *at = path; *at;) {
        const char *segment = at + strspn(at, "/");
        size_t length = strcspn(segment, "/");
        at = segment + length;
        if (length == 0 || is_segment(segment, length, "."))
            continue;
        if (is_segment(segment, length, "..") && !keeps_parents) {
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

/* Of an absolute path as patterns are written, which it takes over. */
static bool finish(char *path, const struct expansion *expansion, struct root_text *ret_text)
{
    struct path_pattern *pattern = NULL;
    const char *error;
    make_normal(path, expansion->keeps_parents);
    if (root_text_has_captures(path)) {
        pattern = path_pattern_new(path + 1, &error);
        if (!pattern) {
            free(path);
            return false;
        }
    } else {
        root_text_unescape(path);
    }
    *ret_text =
        (struct root_text){.path = path, .pattern = pattern, .is_in_home = expansion->is_in_home};
    return true;
}

static bool finish_expansion(struct expansion *expansion, struct root_text *ret_text)
{
    char *path = text_take(&expansion->out);
    if (!expansion->is_void && path[0] == '/')
        return finish(path, expansion, ret_text);
    free(path);
    return false;
}

bool root_text_read(const char *text, roots_variable variable, void *context,
                    struct root_text *ret_text)
{
    struct expansion expansion = {.variable = variable, .context = context};
    text_init(&expansion.out, TEXT_UNLIMITED);
    expand(&expansion, text);
    return finish_expansion(&expansion, ret_text);
}

bool root_text_of_directory(const char *directory, roots_variable variable, void *context,
                            struct root_text *ret_text)
{
    struct expansion expansion = {.variable = variable, .context = context, .keeps_parents = true};
    text_init(&expansion.out, TEXT_UNLIMITED);
    const char *rest = append_home(&expansion, directory);
    if (rest == directory && directory[0] != '/') {
        AUTO_FREE char *here = getcwd(NULL, 0);
        if (!here)
            expansion.is_void = true;
        else
            append_literally(&expansion, here);
        text_append_char(&expansion.out, '/');
    }
    append_literally(&expansion, rest);
    return finish_expansion(&expansion, ret_text);
}

void root_text_free(struct root_text *text)
{
    free(text->path);
    path_pattern_free(text->pattern);
    *text = (struct root_text){.path = NULL};
}
