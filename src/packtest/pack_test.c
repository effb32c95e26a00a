/* See pack_test.h. Reads a test file: the rules first, since steps are checked against them. */
#include "packtest/pack_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "config/place.h"
#include "config/yaml.h"
#include "daemon/rulebook.h"
#include "rules/builtin.h"

#define DEFAULT_START (INT64_C(1767225600) * NANOSECONDS_PER_SECOND) /* 2026-01-01T00:00:00Z */

/* --- Rules ------------------------------------------------------------------------------------ */

static void add_rule(struct settings_list *rules, char *name)
{
    rules->items = memory_resize(rules->items, rules->count + 1, sizeof(char *));
    rules->items[rules->count++] = name;
}

static void complain_of_pack(struct diagnostics *diagnostics, const struct tree *node)
{
    const char **names = memory_zero(builtin_pack_count + 1, sizeof(*names));
    for (size_t i = 0; i < builtin_pack_count; i++)
        names[i] = builtin_packs[i].name;
    const char *near = nearest_word(node->text, names, builtin_pack_count);
    diagnostics_error(diagnostics, node,
                      "there is no built-in pack '%s'%s%s%s; a file is named by its path, like "
                      "./%s.yaml",
                      node->text, near ? " (did you mean '" : "", near ? near : "",
                      near ? "'?)" : "", node->text);
    free(names);
}

static void read_rule(struct pack_test *test, const struct tree *node,
                      struct diagnostics *diagnostics)
{
    const char *name = tree_text(node);
    if (!name || tree_is_null(node))
        diagnostics_error(diagnostics, node, "'rules' is a list of names of packs and of paths");
    else if (place_is_pack_file(name))
        add_rule(&test->settings.rules, pack_test_path(test->path, name));
    else if (builtin_pack_find(name))
        add_rule(&test->settings.rules, memory_copy_text(name));
    else
        complain_of_pack(diagnostics, node);
}

/* What --rules says, where `auto` is the pack prodigy, wherever the test is run. */
static void use_given_rules(struct pack_test *test, const struct settings_list *given)
{
    for (size_t i = 0; i < given->count; i++)
        add_rule(
            &test->settings.rules,
            memory_copy_text(strcmp(given->items[i], "auto") == 0 ? "prodigy" : given->items[i]));
}

/* The rules of the test, and nothing of this machine's own configuration. */
static void read_rules(struct pack_test *test, const struct settings *settings,
                       const struct tree *node, struct diagnostics *diagnostics)
{
    size_t errors = diagnostics->errors;
    test->settings = *settings;
    test->settings.rules = (struct settings_list){.count = 0};
    test->settings.sources = (struct settings_list){.count = 0};
    test->settings.config_tree = NULL;
    if (!node)
        use_given_rules(test, &settings->rules);
    else if (node->kind == TREE_SCALAR)
        read_rule(test, node, diagnostics);
    else if (node->kind == TREE_MAP || node->count == 0)
        diagnostics_error(diagnostics, node, "'rules' is a list of names of packs and of paths");
    else
        for (size_t i = 0; i < node->count; i++)
            read_rule(test, node->items[i], diagnostics);
    test->rulebook = rulebook_load(&test->settings, diagnostics);
    if (diagnostics->errors > errors) { /* steps cannot be checked against a part of the rules */
        rulebook_free(test->rulebook);
        test->rulebook = NULL;
    }
}

/* --- Cases ------------------------------------------------------------------------------------ */

static bool is_expectation(const struct pack_test_step *step)
{
    return step->kind == STEP_EXPECT;
}

static void read_steps(const struct pack_test_reader *reader, const struct tree *node,
                       struct pack_test_case *one)
{
    bool expects = false;
    bool happens = false;
    if (!node || node->kind != TREE_LIST || node->count == 0) {
        diagnostics_error(reader->diagnostics, node ? node : one->where,
                          "a case has 'steps', a list of what happens and what is expected");
        return;
    }
    one->steps = memory_zero(node->count, sizeof(*one->steps));
    for (size_t i = 0; i < node->count; i++) {
        pack_test_step_read(reader, node->items[i], &one->steps[one->step_count]);
        expects = is_expectation(&one->steps[one->step_count++]);
        happens = happens || !expects;
    }
    if (!happens)
        diagnostics_error(reader->diagnostics, node, "nothing happens in this case");
    if (!expects)
        diagnostics_error(reader->diagnostics, node,
                          "a case ends with what is expected: else it cannot fail");
}

static void read_start(const struct pack_test_reader *reader, const struct tree *node,
                       struct pack_test_case *one)
{
    one->start = DEFAULT_START;
    if (node &&
        (node->kind != TREE_SCALAR || !clock_parse_rfc3339(node->text, node->length, &one->start)))
        diagnostics_error(reader->diagnostics, node, "'start' is a time like 2026-01-01T00:00:00Z");
}

static void read_case(const struct pack_test_reader *reader, const struct tree *node,
                      struct pack_test_case *one)
{
    static const char *const words[] = {"name", "start", "steps"};
    const struct tree *name = tree_get(node, "name");
    one->where = node;
    if (node->kind != TREE_MAP) {
        diagnostics_error(reader->diagnostics, node, "a case is a map with 'name' and 'steps'");
        return;
    }
    pack_test_check_words(reader->diagnostics, node, words, ARRAY_LENGTH(words));
    one->name = tree_text(name);
    if (!one->name || !*one->name)
        diagnostics_error(reader->diagnostics, name ? name : node, "a case has a 'name'");
    read_start(reader, tree_get(node, "start"), one);
    read_steps(reader, tree_get(node, "steps"), one);
}

static void check_names(const struct pack_test_reader *reader, const struct pack_test *test)
{
    for (size_t i = 0; i < test->case_count; i++)
        for (size_t j = 0; j < i; j++)
            if (test->cases[i].name && test->cases[j].name &&
                strcmp(test->cases[i].name, test->cases[j].name) == 0) {
                diagnostics_error(reader->diagnostics, test->cases[i].where,
                                  "there is another case '%s', in line %d", test->cases[i].name,
                                  test->cases[j].where->line);
                break;
            }
}

static void read_cases(const struct pack_test_reader *reader, const struct tree *node,
                       struct pack_test *test)
{
    if (!node || node->kind != TREE_LIST || node->count == 0) {
        diagnostics_error(reader->diagnostics, node ? node : test->tree,
                          "a test has 'cases', a list of at least one");
        return;
    }
    test->cases = memory_zero(node->count, sizeof(*test->cases));
    for (size_t i = 0; i < node->count; i++)
        read_case(reader, node->items[i], &test->cases[test->case_count++]);
    check_names(reader, test);
}

/* --- The file --------------------------------------------------------------------------------- */

static void read_complete(struct pack_test *test, struct diagnostics *diagnostics)
{
    const struct tree *node = tree_get(test->tree, "complete");
    const char *text = tree_text(node);
    if (node && (!text || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)))
        diagnostics_error(diagnostics, node, "'complete' is true or false");
    test->complete = text && strcmp(text, "true") == 0 ? node : NULL;
}

static void read_tree(struct pack_test *test, const struct settings *settings,
                      struct diagnostics *diagnostics)
{
    static const char *const words[] = {"rules", "complete", "cases"};
    if (test->tree->kind != TREE_MAP) {
        diagnostics_error(diagnostics, test->tree, "a test is a map with 'rules' and 'cases'");
        return;
    }
    pack_test_check_words(diagnostics, test->tree, words, ARRAY_LENGTH(words));
    read_complete(test, diagnostics);
    read_rules(test, settings, tree_get(test->tree, "rules"), diagnostics);
    const struct pack_test_reader reader = {
        .diagnostics = diagnostics, .rulebook = test->rulebook, .path = test->path};
    read_cases(&reader, tree_get(test->tree, "cases"), test);
}

struct pack_test *pack_test_read(const char *path, const struct settings *settings,
                                 struct diagnostics *diagnostics)
{
    size_t errors = diagnostics->errors;
    struct pack_test *test = memory_zero(1, sizeof(*test));
    test->path = path;
    test->tree = yaml_read_file(path, diagnostics);
    if (test->tree)
        read_tree(test, settings, diagnostics);
    if (test->tree && diagnostics->errors == errors)
        return test;
    pack_test_free(test);
    return NULL;
}

void pack_test_free(struct pack_test *test)
{
    if (!test)
        return;
    for (size_t i = 0; i < test->case_count; i++) {
        for (size_t j = 0; j < test->cases[i].step_count; j++)
            pack_test_step_free(&test->cases[i].steps[j]);
        free(test->cases[i].steps);
    }
    free(test->cases);
    rulebook_free(test->rulebook);
    for (size_t i = 0; i < test->settings.rules.count; i++)
        free(test->settings.rules.items[i]);
    free(test->settings.rules.items);
    tree_free(test->tree);
    free(test);
}
