/* Amounts: what a row adds, sets or observes.
 *
 *   value: 3 · path · {count: list} · {sum: [paths]} · {since: time} · {between: [a, b]} ·
 *   {elapsed: timer, most: 5m} · {increase: path, key: path or list} · {growth: memories}
 *   then   scale: number or table(s) */
#ifndef RULES_AMOUNT_H
#define RULES_AMOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/named_memory.h"
#include "rules/operand.h"
#include "rules/rule_set.h"

struct lookup_table;

enum amount_kind {
    AMOUNT_CONSTANT,
    AMOUNT_QUANTITIES, /* the sum of paths, most often one */
    AMOUNT_COUNT,
    AMOUNT_SINCE,
    AMOUNT_BETWEEN,
    AMOUNT_ELAPSED,
    AMOUNT_INCREASE,
    AMOUNT_GROWTH /* what memories of rows above grew by with this event */
};

struct scale {
    double factor;
    const struct lookup_table *table; /* NULL: the factor alone */
    struct key key;
};

struct amount {
    enum amount_kind kind;
    double constant;
    struct quantity *quantities;
    size_t quantity_count;
    struct operand operands[2]; /* COUNT: the list; SINCE, BETWEEN: times */
    struct memory *memory;      /* ELAPSED: the timer; INCREASE */
    int64_t most;               /* ELAPSED: ns; 0: any time */
    struct key key;             /* ELAPSED (none: no key), INCREASE */
    struct memory **grown;      /* GROWTH */
    size_t grown_count;
    struct scale *scales;
    size_t scale_count;
};

/* `value` may be NULL: the constant 1. `row_key` is the row's own key, for `elapsed`. False with
 * errors reported. */
bool amount_compile(const struct binding *binding, const struct tree *row, const char *metric,
                    struct amount *ret_amount);
void amount_free(struct amount *amount);

/* ROW_APPLIED and *ret_value, else why not. An `increase` is taken note of here. */
enum row_outcome amount_value(struct scene *scene, const struct amount *amount, double *ret_value);

/* The text that names an amount in the default name of memories: its path, or "". */
const char *amount_path(const struct tree *row);

#endif
