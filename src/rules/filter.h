/* Filters of label texts: each turns a text (or nothing) into a text or nothing. */
#ifndef RULES_FILTER_H
#define RULES_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "registry/registry.h"

/* Bytes of a text that `match` looks at: an expression like ".*x" takes time by their square. */
#define FILTER_MATCH_LONGEST ((size_t)4096)
#define PATTERN_LONGEST      ((size_t)1024) /* bytes of a regular expression */

struct arena;
struct filter;

/* Parses one filter, "first 8"; NULL with *ret_error a text the caller frees. */
struct filter *filter_parse(const char *text, size_t length, char **ret_error);
void filter_append(struct filter **chain, struct filter *filter);
/* Frees the whole chain. */
void filter_free(struct filter *filter);

/* Runs the chain on *value (text NULL: nothing). False: nothing came out. */
bool filter_run(const struct filter *chain, struct arena *arena, struct label_value *value);

/* A POSIX extended regular expression, without back-references (whose time has no bound), on bytes
 * that need no NUL; for `match` of conditions too. */
struct pattern;
struct pattern *pattern_new(const char *text, size_t length, char **ret_error);
void pattern_free(struct pattern *pattern);
/* ret_found (may be NULL): group 1, else the whole match. */
bool pattern_match(const struct pattern *pattern, const char *text, size_t length,
                   struct label_value *ret_found);

#endif
