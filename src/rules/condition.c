/* See condition.h. What a quantity is made of ([secs, nanos]) is looked for only where numbers are
 * compared: a list that is also an `each` is then decoded once. */
#include "rules/condition.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/tree.h"
#include "decode/value.h"
#include "rules/compiler.h"
#include "rules/filter.h"
#include "rules/schema.h"

static const char *const bound_words[BOUNDS] = {"gt", "ge", "lt", "le"};

static struct candidate candidate_of(const struct tree *node)
{
    struct candidate candidate = {.text = memory_copy(node->text, node->length),
                                  .length = node->length,
                                  .is_null = tree_is_null(node)};
    candidate.is_number =
        !node->quoted && number_parse(node->text, node->length, &candidate.number);
    return candidate;
}

static void add_candidate(void *context, const struct tree *node)
{
    struct condition *condition = context;
    condition->candidates = memory_resize(condition->candidates, condition->candidate_count + 1,
                                          sizeof(*condition->candidates));
    condition->candidates[condition->candidate_count++] = candidate_of(node);
}

static bool read_exists(struct diagnostics *diagnostics, const struct tree *node,
                        struct condition *condition)
{
    static const char *const words[] = {"false", "true"};
    size_t index;
    if (!schema_choice(diagnostics, node, "'exists'", words, 2, &index))
        return false;
    condition->has_exists = true;
    condition->exists = index == 1;
    return true;
}

static bool read_match(struct diagnostics *diagnostics, const struct tree *node,
                       struct condition *condition)
{
    if (!schema_scalar(diagnostics, node, "'match'"))
        return false;
    const char *text = node->text;
    size_t length = node->length;
    if (length >= 2 && text[0] == '/' && text[length - 1] == '/') {
        text++;
        length -= 2;
    }
    char *error = NULL;
    condition->pattern = pattern_new(text, length, &error);
    if (condition->pattern)
        return true;
    diagnostics_error(diagnostics, node, "%s", error);
    free(error);
    return false;
}

static bool read_unequal(struct diagnostics *diagnostics, const struct tree *node,
                         struct condition *condition)
{
    if (!schema_scalar(diagnostics, node, "'ne'"))
        return false;
    condition->unequal = memory_alloc(sizeof(*condition->unequal));
    *condition->unequal = candidate_of(node);
    return true;
}

static bool read_operators(struct diagnostics *diagnostics, const struct tree *node,
                           struct condition *condition)
{
    static const char *const words[] = {"ge", "gt", "le", "lt", "ne", "exists", "match"};
    bool done = true;
    schema_keys(diagnostics, node, "operator", words, ARRAY_LENGTH(words));
    for (size_t i = 0; i < node->count; i++) {
        const char *word = node->keys[i]->text;
        const struct tree *operand = node->items[i];
        if (strcmp(word, "exists") == 0)
            done = read_exists(diagnostics, operand, condition) && done;
        else if (strcmp(word, "match") == 0)
            done = read_match(diagnostics, operand, condition) && done;
        else if (strcmp(word, "ne") == 0)
            done = read_unequal(diagnostics, operand, condition) && done;
        for (size_t bound = 0; bound < BOUNDS; bound++)
            if (strcmp(word, bound_words[bound]) == 0)
                condition->has_bound[bound] =
                    schema_number(diagnostics, operand, word, &condition->bounds[bound]);
    }
    return done;
}

static bool add_term(const struct binding *binding, const struct tree *where, const char *text,
                     size_t length, struct condition *condition)
{
    struct quantity term = {.has_parts = false};
    while (length && *text == ' ') {
        text++;
        length--;
    }
    while (length && text[length - 1] == ' ')
        length--;
    if (condition->is_numeric ? !quantity_compile(binding, where, text, length, &term)
                              : !operand_compile(binding, where, text, length, &term.whole))
        return false;
    condition->terms =
        memory_resize(condition->terms, condition->term_count + 1, sizeof(*condition->terms));
    condition->terms[condition->term_count++] = term;
    return true;
}

/* "path", or "sum(a, b)". */
static bool read_terms(const struct binding *binding, const struct tree *key,
                       struct condition *condition)
{
    size_t length = key->length;
    if (length < 6 || memcmp(key->text, "sum(", 4) != 0 || key->text[length - 1] != ')')
        return add_term(binding, key, key->text, length, condition);
    condition->is_numeric = true;
    const char *at = key->text + 4;
    const char *end = key->text + length - 1;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma ? comma : end;
        if (!add_term(binding, key, at, (size_t)(stop - at), condition))
            return false;
        at = stop + 1;
    }
    return true;
}

static void condition_free(struct condition *condition)
{
    for (size_t i = 0; i < condition->term_count; i++)
        quantity_free(&condition->terms[i]);
    for (size_t i = 0; i < condition->candidate_count; i++)
        free(condition->candidates[i].text);
    if (condition->unequal)
        free(condition->unequal->text);
    free(condition->unequal);
    free(condition->terms);
    free(condition->candidates);
    free(condition->text);
    pattern_free(condition->pattern);
}

static bool condition_compile(const struct binding *binding, const struct tree *key,
                              const struct tree *node, struct condition *ret_condition)
{
    struct condition condition = {.text = memory_copy_text(key->text)};
    struct diagnostics *diagnostics = binding->compiler->diagnostics;
    for (size_t i = 0; i < BOUNDS; i++)
        condition.is_numeric = condition.is_numeric || tree_get(node, bound_words[i]);
    bool done = read_terms(binding, key, &condition);
    if (node->kind == TREE_MAP)
        done = read_operators(diagnostics, node, &condition) && done;
    else
        schema_some_texts(diagnostics, node, "a condition's value", add_candidate, &condition);
    if (done)
        *ret_condition = condition;
    else
        condition_free(&condition);
    return done;
}

bool conditions_compile(const struct binding *binding, const struct tree *node,
                        struct condition **ret_conditions, size_t *ret_count)
{
    if (!schema_map(binding->compiler->diagnostics, node, "'when'"))
        return false;
    struct condition *conditions = memory_zero(node->count, sizeof(*conditions));
    size_t count = 0;
    bool done = true;
    for (size_t i = 0; i < node->count; i++) {
        if (condition_compile(binding, node->keys[i], node->items[i], &conditions[count]))
            count++;
        else
            done = false;
    }
    if (!done) {
        conditions_free(conditions, count);
        return false;
    }
    *ret_conditions = conditions;
    *ret_count = count;
    return true;
}

void conditions_free(struct condition *conditions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        condition_free(&conditions[i]);
    free(conditions);
}

static bool equals(const struct candidate *candidate, const struct value *value)
{
    const char *text;
    size_t length;
    double number;
    if (candidate->is_null)
        return value->type == VALUE_NULL || value->type == VALUE_ABSENT;
    if (!value_text(value, &text, &length))
        return false;
    if (length == candidate->length && memcmp(text, candidate->text, length) == 0)
        return true;
    return candidate->is_number && value_number(value, &number) && number == candidate->number;
}

static bool within(const struct condition *condition, double number)
{
    const double *bounds = condition->bounds;
    const bool *has = condition->has_bound;
    return (!has[BOUND_GT] || number > bounds[BOUND_GT]) &&
           (!has[BOUND_GE] || number >= bounds[BOUND_GE]) &&
           (!has[BOUND_LT] || number < bounds[BOUND_LT]) &&
           (!has[BOUND_LE] || number <= bounds[BOUND_LE]);
}

static bool has_bounds(const struct condition *condition)
{
    for (int i = 0; i < BOUNDS; i++)
        if (condition->has_bound[i])
            return true;
    return false;
}

static bool is_candidate(const struct condition *condition, const struct value *value)
{
    for (size_t i = 0; i < condition->candidate_count; i++)
        if (equals(&condition->candidates[i], value))
            return true;
    return condition->candidate_count == 0;
}

/* The number that bounds look at: of one path or the sum. */
static bool bounded_number(struct scene *scene, const struct condition *condition,
                           double *ret_number)
{
    double sum = 0;
    for (size_t i = 0; i < condition->term_count; i++) {
        double term;
        if (quantity_seconds(scene, &condition->terms[i], &term) != QUANTITY_OK)
            return false;
        sum += term;
    }
    *ret_number = sum;
    return true;
}

static bool sum_holds(struct scene *scene, const struct condition *condition)
{
    double sum;
    if (!bounded_number(scene, condition, &sum))
        return condition->has_exists && !condition->exists;
    for (size_t i = 0; i < condition->candidate_count; i++)
        if (condition->candidates[i].is_number && condition->candidates[i].number == sum)
            return true;
    bool unequal =
        !condition->unequal || !condition->unequal->is_number || condition->unequal->number != sum;
    return condition->candidate_count == 0 && unequal && within(condition, sum) &&
           (!condition->has_exists || condition->exists);
}

bool condition_holds(struct scene *scene, const struct condition *condition)
{
    struct value value = {.type = VALUE_ABSENT};
    double number;
    if (condition->term_count > 1 || condition->terms[0].has_otherwise)
        return sum_holds(scene, condition);
    bool is_there =
        operand_value(scene, &condition->terms[0].whole, &value) && value.type != VALUE_NULL;
    if (condition->has_exists && condition->exists != is_there)
        return false;
    if (!is_there)
        return condition->candidate_count ? is_candidate(condition, &value) : condition->has_exists;
    if (!is_candidate(condition, &value))
        return false;
    if (condition->unequal && equals(condition->unequal, &value))
        return false;
    if (has_bounds(condition) &&
        (!bounded_number(scene, condition, &number) || !within(condition, number)))
        return false;
    if (!condition->pattern)
        return true;
    const char *text;
    size_t length;
    return value_text(&value, &text, &length) &&
           pattern_match(condition->pattern, text, length, NULL);
}
