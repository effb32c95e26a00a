/* A source's roots: texts of a rule file -> directories, with what their captures say.
 *
 *   ["${EVENTS_DIR}/../logs", "~/.prodigy/logs"]       the first that exists
 *   /home/{user}/.claude/projects                      every one that exists, user = its name
 *
 * `~` at the start is the home, ${VAR} and ${VAR:-default} are looked up; a variable that is unset
 * or empty and has no default makes its text mean nothing. "a/.." goes away as text, whatever link
 * `a` may be; but not in the events directory or an override by themselves. What variables and the
 * home hold is never a capture. With a given events directory, texts that start with ~ (also by a
 * default) are off. No text: the events directory. An override replaces them all.
 *
 * Of a list the first text that has an existing directory is chosen, again at each refresh while
 * none has; then it stays. When none exists, those without captures are kept as what to wait
 * for: candidates, of which one will be chosen. */
#ifndef DAEMON_ROOTS_H
#define DAEMON_ROOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/path_pattern.h"

struct roots;

struct roots_spec {
    const char *const *texts;
    size_t count;
    const char *events_dir; /* absolute */
    bool events_dir_given;
    const char *override_dir; /* NULL: none; `~` is the home, the rest is taken as it stands */
};

struct root {
    char *path;                                          /* absolute, normal */
    struct path_capture captures[PATH_PATTERN_CAPTURES]; /* within `path` */
    size_t capture_count;
    int error;         /* errno: why there is no directory; 0: there is one */
    bool is_candidate; /* of several, none of which is there */
    bool is_changed;   /* since the refresh before: the root itself, or its error */
};

/* The value of a variable, or NULL. HOME is asked for `~`. */
typedef const char *(*roots_variable)(void *context, const char *name);

/* All of `spec` is copied. There are no roots before the first refresh. */
struct roots *roots_new(const struct roots_spec *spec, roots_variable variable, void *context);
void roots_free(struct roots *roots);

/* Looks again at what exists. True when some root changed, came or went; those got before are
 * invalid. */
bool roots_refresh(struct roots *roots);
/* Sorted by path when captures found them, else in the order of the texts. */
size_t roots_count(const struct roots *roots);
const struct root *roots_get(const struct roots *roots, size_t index);
/* Directories that captures met at the last refresh but that may not be read. */
size_t roots_unreadable(const struct roots *roots);

#endif
