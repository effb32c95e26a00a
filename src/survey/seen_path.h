/* Where values stand in records: a tree of keys, made as they are met.
 *
 *   {"event": {"type": "a"}, "items": [{"n": 1}]}
 *   -> event, event.type, items, items[], items[].n
 *
 * Bounds: SEEN_PATHS_MOST in all, SEEN_KEYS_MOST keys of one object: one that has more is a map
 * from values to values (`wide`), whose further keys are passed over. */
#ifndef SURVEY_SEEN_PATH_H
#define SURVEY_SEEN_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

#define SEEN_PATHS_MOST  ((uint32_t)4096)
#define SEEN_KEYS_MOST   ((uint32_t)128)
#define SEEN_KEY_LONGEST ((size_t)256)

struct text;

struct seen_path {
    struct seen_path *parent; /* NULL: the record itself */
    uint32_t index;           /* among all; the record has 0 */
    uint32_t depth;           /* keys on the way; the record has 0 */
    uint32_t children;        /* keys, that is without elements */
    bool wide;                /* had keys beyond SEEN_KEYS_MOST */
    bool in_list;             /* some list is on the way */
    bool is_plain;            /* all keys on the way are names (plain_name.h) */

    /* What came after this the last time, and what began this object: keys come in the same order
     * most of the time. */
    struct seen_path *next;
    struct seen_path *first;

    struct seen_path *newest_child; /* and those before it, by `sibling` */
    struct seen_path *sibling;

    size_t length; /* of the key; 0 with key NULL: an element of the list `parent` */
    char *key;     /* NUL-terminated; NULL: the record, an element */
};

struct seen_paths {
    struct seen_path **items; /* by index */
    uint32_t count;
    uint64_t left_out; /* keys past the bounds, each time that one was met */
    struct map by_key;
};

void seen_paths_init(struct seen_paths *paths);
void seen_paths_free(struct seen_paths *paths);
struct seen_path *seen_paths_record(const struct seen_paths *paths);
/* The child of this key (NULL: of elements), made if it is new; NULL past a bound. `before`: the
 * child of `parent` that came before it, NULL if it is the first; a hint. */
struct seen_path *seen_paths_step(struct seen_paths *paths, struct seen_path *parent,
                                  struct seen_path *before, const char *key, size_t length);
/* The path of these keys from the record, or NULL. */
struct seen_path *seen_paths_find(const struct seen_paths *paths, const char *const *keys,
                                  size_t count);
/* The child of this key that is there already, or NULL. */
const struct seen_path *seen_path_child(const struct seen_path *path, const char *key);
/* Is `path` below `ancestor` (or it)? */
bool seen_path_is_in(const struct seen_path *path, const struct seen_path *ancestor);
/* Appends it as the rule language has it, from `start` (an ancestor; NULL: the record): "a.b",
 * elements as "a[].b", keys with other characters than a path may have in quotes. */
void seen_path_text(const struct seen_path *path, const struct seen_path *start, struct text *out);

#endif
