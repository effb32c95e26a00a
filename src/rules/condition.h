/* Conditions of `when`: {path: value | [values] | {gt ge lt le ne exists match: x}}; all must hold.
 * A path that is not there (or null) holds for `exists: false` and a value of null alone. */
#ifndef RULES_CONDITION_H
#define RULES_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/operand.h"

struct pattern;

struct candidate {
    char *text;
    size_t length;
    bool is_number;
    bool is_null;
    double number;
};

enum bound_kind { BOUND_GT, BOUND_GE, BOUND_LT, BOUND_LE, BOUNDS };

struct condition {
    struct quantity *terms; /* one path, or those of sum(a, b) */
    size_t term_count;
    bool is_numeric;              /* a sum, or compared by gt, ge, lt, le: terms are quantities */
    struct candidate *candidates; /* equal to one of them; none: any */
    size_t candidate_count;
    struct candidate *unequal; /* NULL: none */
    double bounds[BOUNDS];
    bool has_bound[BOUNDS];
    bool has_exists;
    bool exists;
    struct pattern *pattern;
    char *text; /* as written, for explanations */
};

/* A map of conditions; false with errors reported. */
bool conditions_compile(const struct binding *binding, const struct tree *node,
                        struct condition **ret_conditions, size_t *ret_count);
void conditions_free(struct condition *conditions, size_t count);
bool condition_holds(struct scene *scene, const struct condition *condition);

#endif
