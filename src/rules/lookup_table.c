/* See lookup_table.h. Tables are price lists of a few dozen keys: a walk is quick enough. */
#include "rules/lookup_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "rules/schema.h"

static bool read_from(struct diagnostics *diagnostics, const struct tree *node, int64_t *ret_time)
{
    if (!schema_scalar(diagnostics, node, "'from'"))
        return false;
    char whole[40];
    size_t length = node->length;
    if (length == 10) { /* a date: its first moment in UTC */
        memcpy(whole, node->text, length);
        memcpy(whole + length, "T00:00:00Z", 10);
        if (clock_parse_rfc3339(whole, 20, ret_time))
            return true;
    }
    if (clock_parse_rfc3339(node->text, length, ret_time))
        return true;
    diagnostics_error(diagnostics, node, "'from' must be a date or RFC 3339 time, not '%s'",
                      node->text);
    return false;
}

static void add_step(struct table_entry *entry, int64_t from, double value)
{
    entry->steps = memory_resize(entry->steps, entry->count + 1, sizeof(*entry->steps));
    entry->steps[entry->count++] = (struct table_step){.from = from, .value = value};
}

static void read_step(struct diagnostics *diagnostics, const struct tree *node,
                      struct table_entry *entry)
{
    static const char *const words[] = {"value", "from"};
    double value;
    int64_t from = INT64_MIN;
    if (!schema_map(diagnostics, node, "a table's step"))
        return;
    schema_keys(diagnostics, node, "key of a table's step", words, 2);
    const struct tree *number = tree_get(node, "value");
    if (!number)
        diagnostics_error(diagnostics, node, "a table's step needs 'value'");
    if (!number || !schema_number(diagnostics, number, "'value'", &value))
        return;
    if (tree_get(node, "from") && !read_from(diagnostics, tree_get(node, "from"), &from))
        return;
    if (entry->count && from <= entry->steps[entry->count - 1].from) {
        diagnostics_error(diagnostics, node, "a table's steps must follow in time");
        return;
    }
    add_step(entry, from, value);
}

static void read_entry(struct diagnostics *diagnostics, const struct tree *node,
                       struct table_entry *entry)
{
    double value;
    if (node->kind == TREE_LIST) {
        if (node->count == 0)
            diagnostics_error(diagnostics, node, "a table's value must not be an empty list");
        for (size_t i = 0; i < node->count; i++)
            read_step(diagnostics, node->items[i], entry);
    } else if (schema_number(diagnostics, node, "a table's value", &value)) {
        add_step(entry, INT64_MIN, value);
    }
}

static int longer_first(const void *left, const void *right)
{
    const struct table_entry *a = left;
    const struct table_entry *b = right;
    return (a->length < b->length) - (a->length > b->length);
}

struct lookup_table *lookup_table_new(struct diagnostics *diagnostics, const char *name,
                                      const struct tree *node)
{
    struct lookup_table *table = memory_zero(1, sizeof(*table));
    table->name = memory_copy_text(name);
    if (!schema_map(diagnostics, node, "a table"))
        return table;
    table->entries = memory_zero(node->count, sizeof(*table->entries));
    for (size_t i = 0; i < node->count; i++) {
        const char *key = node->keys[i]->text;
        bool is_else = strcmp(key, "else") == 0 && !node->keys[i]->quoted;
        struct table_entry *entry = is_else ? &table->otherwise : &table->entries[table->count++];
        entry->key = memory_copy_text(key);
        entry->length = strlen(key);
        read_entry(diagnostics, node->items[i], entry);
    }
    qsort(table->entries, table->count, sizeof(*table->entries), longer_first);
    return table;
}

static void entry_free(struct table_entry *entry)
{
    free(entry->key);
    free(entry->steps);
}

void lookup_table_free(struct lookup_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++)
        entry_free(&table->entries[i]);
    entry_free(&table->otherwise);
    free(table->entries);
    free(table->name);
    free(table);
}

static bool value_at(const struct table_entry *entry, int64_t time, double *ret_value)
{
    bool found = false;
    for (size_t i = 0; i < entry->count && entry->steps[i].from <= time; i++) {
        *ret_value = entry->steps[i].value;
        found = true;
    }
    return found;
}

bool lookup_table_value(const struct lookup_table *table, const char *key, size_t length,
                        int64_t time, double *ret_value)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct table_entry *entry = &table->entries[i];
        if (entry->length <= length && memcmp(entry->key, key, entry->length) == 0)
            return value_at(entry, time, ret_value);
    }
    return value_at(&table->otherwise, time, ret_value);
}
