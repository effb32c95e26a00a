/* Compiles rows: see row.h. What a row does with an event is in row_run.c. */
#include "rules/row.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "rules/compiler.h"
#include "rules/emit.h"
#include "rules/event_name.h"
#include "rules/schema.h"

const char *const verb_names[VERBS] = {"inc",  "dec",     "add",  "sub",     "set",   "max",
                                       "min",  "observe", "rate", "enter",   "leave", "clear",
                                       "drop", "start",   "stop", "remember"};

#define TYPE(t) (1u << (t))

/* What each verb may be used on, and which of a row's words it needs or may have. */
static const struct verb_facts {
    unsigned types; /* of metrics; 0: names a memory, no metric */
    bool needs_value;
    bool may_have_value;
    bool needs_key;
} verbs[VERBS] = {
    [VERB_INC] = {TYPE(METRIC_COUNTER) | TYPE(METRIC_GAUGE), false, false, false},
    [VERB_DEC] = {TYPE(METRIC_GAUGE), false, false, false},
    [VERB_ADD] = {TYPE(METRIC_COUNTER) | TYPE(METRIC_GAUGE), true, true, false},
    [VERB_SUB] = {TYPE(METRIC_GAUGE), true, true, false},
    [VERB_SET] = {TYPE(METRIC_GAUGE) | TYPE(METRIC_INFO), false, true, false},
    [VERB_MAX] = {TYPE(METRIC_GAUGE), true, true, false},
    [VERB_MIN] = {TYPE(METRIC_GAUGE), true, true, false},
    [VERB_OBSERVE] = {TYPE(METRIC_HISTOGRAM) | TYPE(METRIC_SUMMARY), true, true, false},
    [VERB_RATE] = {TYPE(METRIC_GAUGE), false, true, false},
    [VERB_ENTER] = {TYPE(METRIC_GAUGE), false, false, true},
    [VERB_LEAVE] = {TYPE(METRIC_GAUGE), false, false, true},
    [VERB_CLEAR] = {TYPE(METRIC_GAUGE), false, false, false},
    [VERB_DROP] = {~0u, false, false, false},
    [VERB_START] = {0, false, false, false},
    [VERB_STOP] = {0, false, false, false},
    [VERB_REMEMBER] = {0, true, true, false},
};

enum verb row_verb(struct diagnostics *diagnostics, const struct tree *row)
{
    enum verb found = VERBS;
    for (int verb = 0; verb < VERBS; verb++) {
        const struct tree *named = tree_get(row, verb_names[verb]);
        if (!named)
            continue;
        if (found != VERBS && diagnostics)
            diagnostics_error(diagnostics, named, "a row makes one update, not '%s' and '%s'",
                              verb_names[found], verb_names[verb]);
        if (found != VERBS)
            return VERBS;
        found = (enum verb)verb;
    }
    return found;
}

/* Is it a `clear` of all keys of a scope, not of a series? With `once` the scope is that of it. */
static bool clears_scope(const struct tree *row, enum verb verb)
{
    return verb == VERB_CLEAR && tree_get(row, "scope") && !tree_get(row, "once");
}

static void check_words(struct diagnostics *diagnostics, const struct tree *row)
{
    static const char *const others[] = {"value", "scale", "labels", "when",   "each", "once",
                                         "key",   "scope", "keep",   "memory", "for",  "window"};
    const char *words[VERBS + ARRAY_LENGTH(others)];
    memcpy(words, verb_names, sizeof(verb_names));
    memcpy(words + VERBS, others, sizeof(others));
    schema_keys(diagnostics, row, "word of a row", words, ARRAY_LENGTH(words));
}

/* A word where it means nothing is a mistake too: the row would do something else than it says. */
static void check_places(struct diagnostics *diagnostics, const struct tree *row, enum verb verb)
{
    const struct tree *value = tree_get(row, "value");
    bool is_set = verb == VERB_ENTER || verb == VERB_LEAVE;
    bool has_memory = is_set || !verbs[verb].types;
    bool has_once = tree_get(row, "once") != NULL;
    bool has_amount = verbs[verb].types && !is_set && verb != VERB_CLEAR && verb != VERB_DROP;
    const struct {
        const char *word;
        bool fits;
        const char *belongs;
    } places[] = {
        {"key", has_memory || tree_get(value, "elapsed"),
         "enter, leave, start, stop, remember and 'elapsed' (that of 'increase' is inside "
         "'value')"},
        {"scope", has_memory || has_once || verb == VERB_CLEAR,
         "enter, leave, clear, start, remember and 'once' (that of 'increase' is inside 'value')"},
        {"keep", has_memory || has_once,
         "enter, leave, start, remember and 'once' (that of 'increase' is inside 'value')"},
        {"memory", has_once, "'once' (that of 'increase' is inside 'value')"},
        {"for", is_set, "enter and leave"},
        {"scale", has_amount, "updates that take an amount"},
        {"labels", verbs[verb].types && !clears_scope(row, verb),
         "updates of a metric (a 'clear' with 'scope' is of no series)"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        const struct tree *node = tree_get(row, places[i].word);
        if (node && !places[i].fits)
            diagnostics_error(diagnostics, node, "'%s' belongs to %s, not to '%s'", places[i].word,
                              places[i].belongs, verb_names[verb]);
    }
}

/* An event that is of an entry itself has no list of its own; of a removed document single values
 * alone are kept. */
static bool bind_each(struct compiler *compiler, const struct tree *node, struct row *row,
                      struct binding *binding)
{
    const struct emit *emit = compiler->emit;
    if (emit) {
        diagnostics_error(compiler->diagnostics, node,
                          emit->cause == EMIT_EACH
                              ? "'each' in a row of '%s', which is of each entry itself"
                              : "'each' in a row of '%s': of a removed document no lists are kept",
                          emit->event.name->shown);
        return false;
    }
    if (!each_list_compile(compiler, node, &row->each))
        return false;
    row->has_each = true;
    each_list_enter(&row->each, binding);
    return true;
}

static struct metric *find_metric(struct compiler *compiler, const struct tree *name,
                                  enum verb verb)
{
    const struct rule_set *set = compiler->set;
    struct metric *metric = metric_find(set, name->text);
    if (!metric) {
        const char **names = memory_zero(set->metric_count, sizeof(*names));
        for (size_t i = 0; i < set->metric_count; i++)
            names[i] = set->metrics[i]->name;
        schema_unknown(compiler->diagnostics, name, "metric", names, set->metric_count);
        free(names);
        return NULL;
    }
    if (verbs[verb].types & TYPE(metric->spec.type))
        return metric;
    static const char *const types[] = {"counter", "gauge", "histogram", "summary", "info"};
    diagnostics_error(compiler->diagnostics, name, "'%s' does not fit '%s', which is a %s",
                      verb_names[verb], metric->name, types[metric->spec.type]);
    return NULL;
}

static void add_label_text(struct row_label *label, const struct label_text *text)
{
    label->texts[label->count++] = *text;
}

/* The row's text; else the default, else the path of the label's own name. */
static bool compile_label(const struct binding *binding, const struct tree *own, const char *name,
                          const struct tree *where, struct row_label *label)
{
    struct label_text text;
    struct diagnostics *diagnostics = binding->compiler->diagnostics;
    if (own) {
        if (!schema_scalar(diagnostics, own, "a label") ||
            !label_text_compile(binding, own, own->text, own->length, &text))
            return false;
        add_label_text(label, &text);
        return true;
    }
    const struct tree *fallback = tree_get(binding->compiler->pack->defaults, name);
    if (fallback && schema_scalar(diagnostics, fallback, "a default label")) {
        if (!label_text_compile(binding, fallback, fallback->text, fallback->length, &text))
            return false;
        add_label_text(label, &text);
    }
    AUTO_FREE char *path = memory_format("\"%s\"", name); /* never a scope or a number */
    if (!label_text_of_path(binding, where, path, &text))
        return false;
    add_label_text(label, &text);
    return true;
}

static bool compile_labels(const struct binding *binding, const struct tree *map, struct row *row)
{
    struct diagnostics *diagnostics = binding->compiler->diagnostics;
    struct metric *metric = row->metric;
    const struct tree *labels = tree_get(map, "labels");
    bool done = !labels || schema_map(diagnostics, labels, "'labels'");
    const char *words[2 * REGISTRY_LABELS];
    if (labels && done)
        schema_keys(diagnostics, labels, "label", words, metric_label_words(metric, words));
    row->labels.count = metric->spec.label_count;
    row->labels.items = memory_zero(row->labels.count, sizeof(*row->labels.items));
    for (size_t i = 0; i < row->labels.count; i++)
        done = compile_label(binding, tree_get(labels, metric->labels[i]), metric->labels[i], map,
                             &row->labels.items[i]) &&
               done;
    row_labels_bind(&row->labels);
    return done;
}

static bool compile_once(const struct binding *binding, const struct tree *map, struct row *row)
{
    const struct tree *once = tree_get(map, "once");
    if (!once)
        return true;
    if (!key_compile(binding, once, "'once'", &row->once_key))
        return false;
    const char *metric = row->metric ? row->metric->name : verb_names[row->verb];
    row->once = row_memory(binding, map, metric, amount_path(map), MEMORY_ONCE);
    return row->once != NULL;
}

static bool compile_key(const struct binding *binding, const struct tree *map, struct row *row)
{
    const struct tree *key = tree_get(map, "key");
    if (!key && verbs[row->verb].needs_key) {
        diagnostics_error(binding->compiler->diagnostics, map, "'%s' needs 'key'",
                          verb_names[row->verb]);
        return false;
    }
    return !key || key_compile(binding, key, "'key'", &row->key);
}

static bool compile_memory(const struct binding *binding, const struct tree *map, struct row *row)
{
    struct compiler *compiler = binding->compiler;
    const struct tree *name = tree_get(map, verb_names[row->verb]);
    if (row->verb == VERB_ENTER || row->verb == VERB_LEAVE || clears_scope(map, row->verb)) {
        row->memory = set_memory(binding, map, row->metric->name);
        return row->memory != NULL;
    }
    if (row->metric)
        return true;
    row->memory = compiler_find_memory(compiler, name->text);
    enum memory_kind kind = row->verb == VERB_REMEMBER ? MEMORY_REMEMBER : MEMORY_TIMER;
    if (row->memory && row->memory->kind == kind)
        return true;
    diagnostics_error(compiler->diagnostics, name, "no rule of this pack starts a timer '%s'",
                      name->text);
    return false;
}

/* A path, or a text with paths in braces. */
static bool compile_remembered(const struct binding *binding, const struct tree *value,
                               struct row *row)
{
    if (!value || !schema_scalar(binding->compiler->diagnostics, value, "'value'"))
        return false;
    if (memchr(value->text, '{', value->length))
        return label_text_compile(binding, value, value->text, value->length,
                                  &row->remembered_text);
    return operand_compile(binding, value, value->text, value->length, &row->remembered);
}

static bool compile_amount(const struct binding *binding, const struct tree *map, struct row *row)
{
    struct diagnostics *diagnostics = binding->compiler->diagnostics;
    const struct tree *value = tree_get(map, "value");
    const char *verb = verb_names[row->verb];
    bool is_info = row->metric && row->metric->spec.type == METRIC_INFO;
    bool needs = verbs[row->verb].needs_value || (row->verb == VERB_SET && !is_info);
    if (!value && needs) {
        diagnostics_error(diagnostics, map, "'%s' needs 'value'", verb);
        return false;
    }
    if (value && !verbs[row->verb].may_have_value) {
        diagnostics_error(diagnostics, value, "'%s' takes no 'value'%s", verb,
                          row->verb == VERB_INC ? " (use 'add')" : "");
        return false;
    }
    if (row->verb == VERB_REMEMBER)
        return compile_remembered(binding, value, row);
    return !row->metric || amount_compile(binding, map, row->metric->name, &row->amount);
}

static bool compile_window(struct compiler *compiler, const struct tree *map, struct row *row)
{
    const struct tree *window = tree_get(map, "window");
    int64_t length = INT64_C(60) * 1000000000;
    if (window && row->verb != VERB_RATE) {
        diagnostics_error(compiler->diagnostics, window, "'window' belongs to 'rate'");
        return false;
    }
    if (row->verb != VERB_RATE)
        return true;
    if (window && !schema_duration(compiler->diagnostics, window, "'window'", false, &length))
        return false;
    int64_t *known = &row->metric->spec.rate_window;
    if (*known && *known != length) {
        diagnostics_error(compiler->diagnostics, window ? window : map,
                          "'%s' has another window elsewhere", row->metric->name);
        return false;
    }
    *known = length;
    return true;
}

static bool compile_row(struct compiler *compiler, const struct tree *map, struct row *row)
{
    struct diagnostics *diagnostics = compiler->diagnostics;
    struct binding binding = {.compiler = compiler};
    const struct tree *name = tree_get(map, verb_names[row->verb]);
    const struct tree *each = tree_get(map, "each");
    if (!schema_scalar(diagnostics, name, verb_names[row->verb]))
        return false;
    if (verbs[row->verb].types && !(row->metric = find_metric(compiler, name, row->verb)))
        return false;
    if (compiler->emit && compiler->emit->cause == EMIT_EACH)
        each_list_enter(&compiler->emit->each, &binding);
    bool done = !each || bind_each(compiler, each, row, &binding);
    if (tree_get(map, "when"))
        done = conditions_compile(&binding, tree_get(map, "when"), &row->conditions,
                                  &row->condition_count) &&
               done;
    done = compile_key(&binding, map, row) && done;
    done = compile_memory(&binding, map, row) && done;
    done = compile_once(&binding, map, row) && done;
    done = compile_amount(&binding, map, row) && done;
    done = compile_window(compiler, map, row) && done;
    if (row->metric)
        done = compile_labels(&binding, map, row) && done;
    return done;
}

struct row *row_compile(struct compiler *compiler, struct row_facts *facts)
{
    const struct tree *map = facts->where;
    size_t errors = compiler->diagnostics->errors;
    check_words(compiler->diagnostics, map);
    enum verb verb = row_verb(compiler->diagnostics, map);
    if (verb == VERBS) {
        bool none = true;
        for (int i = 0; i < VERBS; i++)
            none = none && !tree_get(map, verb_names[i]);
        if (none)
            diagnostics_error(compiler->diagnostics, map,
                              "a row needs an update: inc, add, set, observe, enter, ...");
        return NULL;
    }
    check_places(compiler->diagnostics, map, verb);
    struct row *row = memory_zero(1, sizeof(*row));
    row->facts = facts;
    row->emit = compiler->emit;
    row->verb = verb;
    if (compile_row(compiler, map, row) && compiler->diagnostics->errors == errors)
        return row;
    row_free(row);
    return NULL;
}

void row_free(struct row *row)
{
    if (!row)
        return;
    row_labels_free(&row->labels);
    series_cache_free(row->recent);
    conditions_free(row->conditions, row->condition_count);
    key_free(&row->once_key);
    key_free(&row->key);
    amount_free(&row->amount);
    operand_free(&row->remembered);
    label_text_free(&row->remembered_text);
    each_list_free(&row->each);
    free(row);
}
