/* See pack.h. */
#include "rules/pack.h"

#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "rules/compiler.h"
#include "rules/schema.h"

static void read_defaults(struct compiler *compiler, const struct tree *node)
{
    static const char *const words[] = {"ttl", "max_series", "labels"};
    struct pack *pack = compiler->pack;
    int64_t integer;
    pack->default_max_series = METRIC_MAX_SERIES_DEFAULT;
    if (!node || !schema_map(compiler->diagnostics, node, "'defaults'"))
        return;
    schema_keys(compiler->diagnostics, node, "key of 'defaults'", words, ARRAY_LENGTH(words));
    if (tree_get(node, "ttl"))
        schema_duration(compiler->diagnostics, tree_get(node, "ttl"), "'ttl'", true,
                        &pack->default_ttl);
    if (tree_get(node, "max_series") &&
        schema_integer(compiler->diagnostics, tree_get(node, "max_series"), "'max_series'", 1,
                       100000000, &integer))
        pack->default_max_series = (size_t)integer;
    if (tree_get(node, "labels") &&
        schema_map(compiler->diagnostics, tree_get(node, "labels"), "'labels'"))
        pack->defaults = tree_get(node, "labels");
}

/* A later pack may replace a table by name. */
static void add_table(struct rule_set *set, struct lookup_table *table)
{
    for (size_t i = 0; i < set->table_count; i++) {
        if (strcmp(set->tables[i]->name, table->name) == 0) {
            lookup_table_free(set->tables[i]);
            set->tables[i] = table;
            return;
        }
    }
    set->tables = memory_resize(set->tables, set->table_count + 1, sizeof(*set->tables));
    set->tables[set->table_count++] = table;
}

static void read_tables(struct compiler *compiler, const struct tree *node)
{
    if (!node || !schema_map(compiler->diagnostics, node, "'tables'"))
        return;
    for (size_t i = 0; i < node->count; i++)
        add_table(compiler->set,
                  lookup_table_new(compiler->diagnostics, node->keys[i]->text, node->items[i]));
}

/* NULL also when it is there without content: all of it may be commented out. */
static const struct tree *section(const struct tree *pack, const char *name)
{
    const struct tree *node = tree_get(pack, name);
    return tree_is_null(node) ? NULL : node;
}

void pack_read(struct compiler *compiler)
{
    static const char *const words[] = {"sources", "defaults", "metrics",
                                        "tables",  "rules",    "overrides"};
    const struct tree *tree = compiler->pack->tree;
    if (!schema_map(compiler->diagnostics, tree, "a rule file"))
        return;
    schema_keys(compiler->diagnostics, tree, "section", words, ARRAY_LENGTH(words));
    read_defaults(compiler, section(tree, "defaults"));
    read_tables(compiler, section(tree, "tables"));
    compiler->pack->has_sources = section(tree, "sources") != NULL;
    if (compiler->pack->has_sources)
        sources_compile(compiler, section(tree, "sources"));
    if (section(tree, "metrics"))
        metrics_compile(compiler, section(tree, "metrics"));
}
