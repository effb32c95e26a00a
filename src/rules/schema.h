/* Checks of a pack's shape, with the messages of a linter: what kind a node must be, which keys a
 * map may have. Every function reports through diagnostics and goes on. */
#ifndef RULES_SCHEMA_H
#define RULES_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diagnostics;
struct tree;

#define SCHEMA_WORDS 48
#define SCHEMA_HINTS                                                                               \
    100 /* errors after which no nearest word is sought any more: it takes time                    \
         */

struct schema_words {
    const char *words[SCHEMA_WORDS];
    size_t count;
};

/* False (and an error, unless `node` is NULL) when it is no map, list or scalar. `what` names it.
 */
bool schema_map(struct diagnostics *diagnostics, const struct tree *node, const char *what);
bool schema_scalar(struct diagnostics *diagnostics, const struct tree *node, const char *what);
/* Errors for keys that are not in `words`, each with the nearest that is. */
void schema_keys(struct diagnostics *diagnostics, const struct tree *map, const char *what,
                 const char *const *words, size_t count);
/* "unknown WHAT 'x' (did you mean 'y'?)" at `where`. */
void schema_unknown(struct diagnostics *diagnostics, const struct tree *where, const char *what,
                    const char *const *words, size_t count);

/* A scalar or a list of scalars, as texts: calls `each` for every one; errors for others. */
void schema_each_text(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                      void (*each)(void *context, const struct tree *text), void *context);
/* As above, but an empty list is an error too. */
void schema_some_texts(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                       void (*each)(void *context, const struct tree *text), void *context);

/* Scalars with a meaning. False with an error when they are none; *ret untouched. */
bool schema_number(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                   double *ret_number);
bool schema_integer(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                    int64_t lowest, int64_t highest, int64_t *ret_integer);
/* A duration in ns; "never" is 0 where `never` is true. */
bool schema_duration(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                     bool never, int64_t *ret_time);
bool schema_choice(struct diagnostics *diagnostics, const struct tree *node, const char *what,
                   const char *const *words, size_t count, size_t *ret_index);

#endif
