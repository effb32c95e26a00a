/* One text of a source's roots: what is written -> an absolute path, perhaps with captures.
 *
 *   "${EVENTS_DIR}/../logs"            /home/u/.prodigy/logs
 *   "/home/{user}/.claude/projects"    the same, with a pattern over "home/{user}/.claude/projects"
 */
#ifndef DAEMON_ROOT_TEXT_H
#define DAEMON_ROOT_TEXT_H

#include <stdbool.h>

#include "daemon/roots.h"

struct root_text {
    char *path;                   /* absolute, normal; with a pattern: as patterns are written */
    struct path_pattern *pattern; /* over the path without its first '/'; NULL: no captures */
    bool is_in_home;              /* it starts with ~, or with a default that does */
};

/* False, *ret_text untouched, when it means nothing: a variable without value, no absolute path,
 * or a pattern that is none. root_text_free releases the result. */
bool root_text_read(const char *text, roots_variable variable, void *context,
                    struct root_text *ret_text) MUST_CHECK;
/* As above for a plain directory: only `~` is looked up; a relative one lies below the current
 * directory; a ".." stays, since behind a symbolic link it does not mean the name before it. */
bool root_text_of_directory(const char *directory, roots_variable variable, void *context,
                            struct root_text *ret_text) MUST_CHECK;
void root_text_free(struct root_text *text);

/* Is there a capture or wildcard in what is written as patterns are? */
bool root_text_has_captures(const char *text);
/* Takes the '\' away, in place. */
void root_text_unescape(char *text);

#endif
