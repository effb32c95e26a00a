/* Tables of constants to look up by key: the key itself, else its longest prefix, else `else`.
 * A value may change over event time.
 *
 *   dollars: {claude-opus-4-5: 5, claude-sonnet: [{value: 2}, {from: 2027-01-01, value: 3}], else:
 * 1} "claude-opus-4-5-20251101" -> 5 */
#ifndef RULES_LOOKUP_TABLE_H
#define RULES_LOOKUP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diagnostics;
struct tree;

struct table_step {
    int64_t from; /* ns; the first has INT64_MIN */
    double value;
};

struct table_entry {
    char *key;
    size_t length;
    struct table_step *steps; /* by time */
    size_t count;
};

struct lookup_table {
    char *name;
    struct table_entry *entries; /* longest key first, so that the first prefix is the longest */
    size_t count;
    struct table_entry otherwise; /* count 0: none */
};

/* Reads one table. Errors are reported; the result is never NULL, but may lack what was wrong. */
struct lookup_table *lookup_table_new(struct diagnostics *diagnostics, const char *name,
                                      const struct tree *node);
void lookup_table_free(struct lookup_table *table);
/* The value for this key at this event time; false: none. */
bool lookup_table_value(const struct lookup_table *table, const char *key, size_t length,
                        int64_t time, double *ret_value);

#endif
