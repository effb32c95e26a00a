/* Compiles amounts: see amount.h. What they are for an event is in amount_value.c. */
#include "rules/amount.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/tree.h"
#include "rules/compiler.h"
#include "rules/schema.h"

static const char *const forms[] = {"count",   "sum",      "since", "between",
                                    "elapsed", "increase", "growth"};

/* Words beside a form, and the one they belong to. */
static const struct {
    const char *word;
    const char *form;
} extras[] = {{"key", "increase"},
              {"scope", "increase"},
              {"memory", "increase"},
              {"keep", "increase"},
              {"most", "elapsed"}};

/* The one form that a map of `value` names, as an index into `forms`; -1 with an error. */
static int value_form(struct diagnostics *diagnostics, const struct tree *value)
{
    const char *words[ARRAY_LENGTH(forms) + ARRAY_LENGTH(extras)];
    int found = -1;
    memcpy(words, forms, sizeof(forms));
    for (size_t i = 0; i < ARRAY_LENGTH(extras); i++)
        words[ARRAY_LENGTH(forms) + i] = extras[i].word;
    schema_keys(diagnostics, value, "amount", words, ARRAY_LENGTH(words));
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        if (tree_get(value, forms[i]))
            found = found < 0 ? (int)i : -2;
    if (found < 0)
        diagnostics_error(diagnostics, value,
                          "'value' needs one of count, sum, since, between, elapsed, increase, "
                          "growth");
    for (size_t i = 0; found >= 0 && i < ARRAY_LENGTH(extras); i++)
        if (tree_get(value, extras[i].word) && strcmp(forms[found], extras[i].form) != 0)
            diagnostics_error(diagnostics, tree_get(value, extras[i].word), "'%s' belongs to '%s'",
                              extras[i].word, extras[i].form);
    return found < 0 ? -1 : found;
}

const char *amount_path(const struct tree *row)
{
    const struct tree *value = tree_get(row, "value");
    if (!value)
        return "";
    if (tree_text(value))
        return value->text;
    const char *path = tree_text(tree_get(value, "increase"));
    return path ? path : "";
}

struct quantities_building {
    const struct binding *binding;
    struct amount *amount;
    bool failed;
};

static void add_quantity(void *context, const struct tree *text)
{
    struct quantities_building *building = context;
    struct amount *amount = building->amount;
    struct quantity quantity;
    if (!quantity_compile(building->binding, text, text->text, text->length, &quantity)) {
        building->failed = true;
        return;
    }
    amount->quantities =
        memory_resize(amount->quantities, amount->quantity_count + 1, sizeof(*amount->quantities));
    amount->quantities[amount->quantity_count++] = quantity;
}

static bool compile_quantities(const struct binding *binding, const struct tree *node,
                               const char *what, struct amount *amount)
{
    struct quantities_building building = {.binding = binding, .amount = amount};
    schema_some_texts(binding->compiler->diagnostics, node, what, add_quantity, &building);
    return !building.failed && amount->quantity_count > 0;
}

static bool compile_operand(const struct binding *binding, const struct tree *node,
                            const char *what, struct operand *ret_operand)
{
    return schema_scalar(binding->compiler->diagnostics, node, what) &&
           operand_compile(binding, node, node->text, node->length, ret_operand);
}

static bool compile_between(const struct binding *binding, const struct tree *node,
                            struct amount *amount)
{
    if (node->kind != TREE_LIST || node->count != 2) {
        diagnostics_error(binding->compiler->diagnostics, node,
                          "'between' needs a list of two paths of times");
        return false;
    }
    return compile_operand(binding, node->items[0], "'between'", &amount->operands[0]) &&
           compile_operand(binding, node->items[1], "'between'", &amount->operands[1]);
}

static bool compile_elapsed(const struct binding *binding, const struct tree *value,
                            const struct tree *row, struct amount *amount)
{
    struct diagnostics *diagnostics = binding->compiler->diagnostics;
    const struct tree *node = tree_get(value, "elapsed");
    const struct tree *most = tree_get(value, "most");
    if (!schema_scalar(diagnostics, node, "'elapsed'"))
        return false;
    amount->memory = compiler_find_memory(binding->compiler, node->text);
    if (!amount->memory || amount->memory->kind != MEMORY_TIMER) {
        diagnostics_error(diagnostics, node, "no rule of this pack starts a timer '%s'",
                          node->text);
        return false;
    }
    if (most && !schema_duration(diagnostics, most, "'most'", false, &amount->most))
        return false;
    return !tree_get(row, "key") ||
           key_compile(binding, tree_get(row, "key"), "'key'", &amount->key);
}

struct growth_building {
    const struct binding *binding;
    struct amount *amount;
    bool failed;
};

static void add_grown(void *context, const struct tree *name)
{
    struct growth_building *building = context;
    struct amount *amount = building->amount;
    struct memory *memory = compiler_find_memory(building->binding->compiler, name->text);
    if (!memory || (memory->kind != MEMORY_INCREASE && memory->kind != MEMORY_ONCE)) {
        diagnostics_error(building->binding->compiler->diagnostics, name,
                          "no row above has 'memory: %s' with its once or increase", name->text);
        building->failed = true;
        return;
    }
    amount->grown = memory_resize(amount->grown, amount->grown_count + 1, sizeof(struct memory *));
    amount->grown[amount->grown_count++] = memory;
}

/* Inside `each` the rows above have seen all elements already. */
static bool compile_growth(const struct binding *binding, const struct tree *node,
                           struct amount *amount)
{
    struct growth_building building = {.binding = binding, .amount = amount};
    if (binding->inside_each) {
        diagnostics_error(binding->compiler->diagnostics, node,
                          "'growth' is of the whole event, so this row can have no 'each'");
        return false;
    }
    schema_some_texts(binding->compiler->diagnostics, node, "'growth'", add_grown, &building);
    return !building.failed && amount->grown_count > 0;
}

static bool compile_increase(const struct binding *binding, const struct tree *value,
                             const char *metric, struct amount *amount)
{
    const struct tree *path = tree_get(value, "increase");
    const struct tree *key = tree_get(value, "key");
    if (!key) {
        diagnostics_error(binding->compiler->diagnostics, value, "'increase' needs 'key'");
        return false;
    }
    if (!schema_scalar(binding->compiler->diagnostics, path, "'increase'") ||
        !compile_quantities(binding, path, "'increase'", amount) ||
        !key_compile(binding, key, "'key'", &amount->key))
        return false;
    amount->memory = row_memory(binding, value, metric, path->text, MEMORY_INCREASE);
    return amount->memory != NULL;
}

static bool compile_form(const struct binding *binding, const struct tree *row,
                         const struct tree *value, const char *metric, struct amount *amount)
{
    static const enum amount_kind kinds[] = {AMOUNT_COUNT,   AMOUNT_QUANTITIES, AMOUNT_SINCE,
                                             AMOUNT_BETWEEN, AMOUNT_ELAPSED,    AMOUNT_INCREASE,
                                             AMOUNT_GROWTH};
    int form = value_form(binding->compiler->diagnostics, value);
    if (form < 0)
        return false;
    const struct tree *node = tree_get(value, forms[form]);
    amount->kind = kinds[form];
    switch (amount->kind) {
    case AMOUNT_COUNT:
        return compile_operand(binding, node, "'count'", &amount->operands[0]);
    case AMOUNT_SINCE:
        return compile_operand(binding, node, "'since'", &amount->operands[0]);
    case AMOUNT_BETWEEN:
        return compile_between(binding, node, amount);
    case AMOUNT_ELAPSED:
        return compile_elapsed(binding, value, row, amount);
    case AMOUNT_INCREASE:
        return compile_increase(binding, value, metric, amount);
    case AMOUNT_GROWTH:
        return compile_growth(binding, node, amount);
    default:
        return compile_quantities(binding, node, "'sum'", amount);
    }
}

static bool compile_value(const struct binding *binding, const struct tree *row, const char *metric,
                          struct amount *amount)
{
    const struct tree *value = tree_get(row, "value");
    amount->constant = 1;
    if (!value)
        return true;
    if (value->kind == TREE_MAP)
        return compile_form(binding, row, value, metric, amount);
    if (!schema_scalar(binding->compiler->diagnostics, value, "'value'"))
        return false;
    if (number_parse(value->text, value->length, &amount->constant))
        return true;
    amount->kind = AMOUNT_QUANTITIES;
    return compile_quantities(binding, value, "'value'", amount);
}

static const struct lookup_table *find_table(const struct binding *binding, const struct tree *name)
{
    const struct rule_set *set = binding->compiler->set;
    const char *names[SCHEMA_WORDS] = {NULL};
    for (size_t i = 0; i < set->table_count; i++) {
        if (strcmp(set->tables[i]->name, name->text) == 0)
            return set->tables[i];
        if (i < SCHEMA_WORDS)
            names[i] = set->tables[i]->name;
    }
    schema_unknown(binding->compiler->diagnostics, name, "table", names, SCHEMA_WORDS);
    return NULL;
}

static bool compile_scale(const struct binding *binding, const struct tree *node,
                          struct amount *amount)
{
    static const char *const words[] = {"table", "key"};
    struct diagnostics *diagnostics = binding->compiler->diagnostics;
    struct scale scale = {.factor = 1};
    if (node->kind == TREE_MAP) {
        const struct tree *table = tree_get(node, "table");
        schema_keys(diagnostics, node, "key of 'scale'", words, 2);
        if (!table || !tree_get(node, "key")) {
            diagnostics_error(diagnostics, node, "'scale' needs 'table' and 'key'");
            return false;
        }
        if (!schema_scalar(diagnostics, table, "'table'") ||
            !(scale.table = find_table(binding, table)) ||
            !key_compile(binding, tree_get(node, "key"), "'key'", &scale.key))
            return false;
    } else if (!schema_number(diagnostics, node, "'scale'", &scale.factor)) {
        return false;
    }
    amount->scales =
        memory_resize(amount->scales, amount->scale_count + 1, sizeof(*amount->scales));
    amount->scales[amount->scale_count++] = scale;
    return true;
}

static bool compile_scales(const struct binding *binding, const struct tree *node,
                           struct amount *amount)
{
    if (!node)
        return true;
    if (node->kind != TREE_LIST)
        return compile_scale(binding, node, amount);
    bool done = true;
    for (size_t i = 0; i < node->count; i++)
        done = compile_scale(binding, node->items[i], amount) && done;
    return done;
}

bool amount_compile(const struct binding *binding, const struct tree *row, const char *metric,
                    struct amount *ret_amount)
{
    struct amount amount = {.kind = AMOUNT_CONSTANT};
    bool done = compile_value(binding, row, metric, &amount);
    done = compile_scales(binding, tree_get(row, "scale"), &amount) && done;
    if (done)
        *ret_amount = amount;
    else
        amount_free(&amount);
    return done;
}

void amount_free(struct amount *amount)
{
    for (size_t i = 0; i < amount->quantity_count; i++)
        quantity_free(&amount->quantities[i]);
    free(amount->quantities);
    operand_free(&amount->operands[0]);
    operand_free(&amount->operands[1]);
    key_free(&amount->key);
    free(amount->grown);
    for (size_t i = 0; i < amount->scale_count; i++)
        key_free(&amount->scales[i].key);
    free(amount->scales);
}
