/* Label texts: literal text in which `{path|filter|...}` is looked up.
 *
 *   "{agent_model|default unknown}"   "{command|match /^[a-z]+/|lower}"   "fixed"
 *
 * Filters: default X, first N, last N (characters), lower, upper (ASCII), basename, dirname,
 * match /re/ (POSIX extended: group 1, else the whole match, else nothing), map {a: b, else: c}. */
#ifndef RULES_LABEL_TEXT_H
#define RULES_LABEL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/operand.h"

struct filter;

struct text_part {
    char *literal; /* NULL: the operand's */
    size_t length;
    struct operand operand;
    struct filter *filters; /* chain */
};

struct label_text {
    struct text_part *parts;
    size_t count;
};

/* False with an error at `where`; *ret_text untouched. */
bool label_text_compile(const struct binding *binding, const struct tree *where, const char *text,
                        size_t length, struct label_text *ret_text);
/* "{name}" as label texts have it when nothing else is said. */
bool label_text_of_path(const struct binding *binding, const struct tree *where, const char *path,
                        struct label_text *ret_text);
void label_text_free(struct label_text *text);
/* Evaluates; false when it yields nothing (a single part without value). */
bool label_text_value(struct scene *scene, const struct label_text *text,
                      struct label_value *ret_value);

#endif
