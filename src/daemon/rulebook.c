/* See rulebook.h. */
#include "daemon/rulebook.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "config/place.h"
#include "config/settings.h"
#include "config/yaml.h"
#include "daemon/auto_packs.h"
#include "registry/registry.h"
#include "rules/builtin.h"
#include "rules/rule_set.h"

/* The packs while they are read: trees that are owned, and views of a part of one. */
struct shelf {
    struct rule_pack *packs;
    char **names;
    size_t count;
    struct tree **trees;
    size_t tree_count;
    struct tree *view; /* the pack sections of a config file; its children are not owned */
};

static void shelf_add(struct shelf *shelf, const char *name, const struct tree *tree)
{
    shelf->names = memory_resize(shelf->names, shelf->count + 1, sizeof(char *));
    shelf->packs = memory_resize(shelf->packs, shelf->count + 1, sizeof(*shelf->packs));
    shelf->names[shelf->count] = memory_copy_text(name);
    shelf->packs[shelf->count] =
        (struct rule_pack){.name = shelf->names[shelf->count], .tree = tree};
    shelf->count++;
}

static void shelf_own(struct shelf *shelf, struct tree *tree)
{
    if (!tree)
        return;
    shelf->trees = memory_resize(shelf->trees, shelf->tree_count + 1, sizeof(*shelf->trees));
    shelf->trees[shelf->tree_count++] = tree;
}

static void shelf_free(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->tree_count; i++)
        tree_free(shelf->trees[i]);
    free(shelf->trees);
    if (shelf->view) {
        free(shelf->view->items);
        free(shelf->view->keys);
        free(shelf->view);
    }
    free(shelf->packs);
}

static void add_builtin(struct shelf *shelf, const struct builtin_pack *pack,
                        struct diagnostics *diagnostics)
{
    struct tree *tree = yaml_read_text(pack->file, pack->text, pack->length, diagnostics);
    shelf_own(shelf, tree);
    if (tree)
        shelf_add(shelf, pack->name, tree);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static char *name_of_file(const char *path)
{
    const char *name = file_name(path);
    const char *dot = strrchr(name, '.');
    return memory_copy(name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

static void add_file(struct shelf *shelf, const char *path, struct diagnostics *diagnostics)
{
    struct tree *tree = yaml_read_file(path, diagnostics);
    AUTO_FREE char *name = name_of_file(path);
    shelf_own(shelf, tree);
    if (tree)
        shelf_add(shelf, name, tree);
}

static bool is_named(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->rules.count; i++)
        if (strcmp(settings->rules.items[i], name) == 0)
            return true;
    return false;
}

/* Packs that the user also names come where they are named, and not twice. */
static void add_auto(struct shelf *shelf, const struct settings *settings,
                     struct diagnostics *diagnostics)
{
    const struct builtin_pack *prodigy = builtin_pack_find("prodigy");
    if (prodigy && !is_named(settings, "prodigy"))
        add_builtin(shelf, prodigy, diagnostics);
    for (const struct builtin_pack *pack = builtin_packs; pack->name; pack++) {
        if (pack == prodigy || is_named(settings, pack->name))
            continue;
        struct tree *tree = yaml_read_text(pack->file, pack->text, pack->length, diagnostics);
        shelf_own(shelf, tree);
        if (tree && auto_packs_take(settings, tree))
            shelf_add(shelf, pack->name, tree);
    }
}

static void add_unknown(const char *name, struct diagnostics *diagnostics)
{
    const char **names = memory_zero(builtin_pack_count + 1, sizeof(*names));
    for (size_t i = 0; i < builtin_pack_count; i++)
        names[i] = builtin_packs[i].name;
    const char *near = nearest_word(name, names, builtin_pack_count);
    diagnostics_error_at(diagnostics, "", 0, 0,
                         "--rules: there is no built-in pack '%s'%s%s%s; a file is named by its "
                         "path, like ./%s.yaml",
                         name, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "",
                         name);
    free(names);
}

static void add_named(struct shelf *shelf, const struct settings *settings, const char *name,
                      struct diagnostics *diagnostics)
{
    const struct builtin_pack *pack = builtin_pack_find(name);
    if (strcmp(name, "auto") == 0)
        add_auto(shelf, settings, diagnostics);
    else if (pack)
        add_builtin(shelf, pack, diagnostics);
    else if (place_is_pack_file(name))
        add_file(shelf, name, diagnostics);
    else
        add_unknown(name, diagnostics);
}

/* The pack sections of a config file as a pack of their own. */
static bool is_pack_section(const char *key)
{
    for (const char *const *section = settings_pack_sections; *section; section++)
        if (strcmp(*section, key) == 0)
            return true;
    return false;
}

static void add_config_sections(struct shelf *shelf, const struct tree *config)
{
    if (!config || config->kind != TREE_MAP || shelf->view)
        return;
    struct tree *view = memory_zero(1, sizeof(*view));
    *view = *config;
    view->items = memory_zero(config->count, sizeof(*view->items));
    view->keys = memory_zero(config->count, sizeof(*view->keys));
    view->count = 0;
    for (size_t i = 0; i < config->count; i++) {
        if (!is_pack_section(config->keys[i]->text))
            continue;
        view->items[view->count] = config->items[i];
        view->keys[view->count++] = config->keys[i];
    }
    shelf->view = view;
    AUTO_FREE char *name = name_of_file(config->file);
    if (view->count > 0)
        shelf_add(shelf, name, view);
}

static struct rulebook *compile(const struct settings *settings, struct shelf *shelf,
                                struct diagnostics *diagnostics)
{
    struct rule_limits limits = {.max_memory_keys = (size_t)settings->max_memory_keys,
                                 .max_event_types = (size_t)settings->max_event_types};
    struct rulebook *rulebook = memory_zero(1, sizeof(*rulebook));
    rulebook->registry = registry_new((size_t)settings->max_samples);
    rulebook->rules =
        rule_set_new(shelf->packs, shelf->count, rulebook->registry, &limits, diagnostics);
    rulebook->packs = shelf->names;
    rulebook->pack_count = shelf->count;
    shelf_free(shelf);
    if (rulebook->rules)
        return rulebook;
    rulebook_free(rulebook);
    return NULL;
}

/* Each --source must be about a source that some pack has. */
static bool check_source(const char *pair, const struct rule_set *rules,
                         struct diagnostics *diagnostics)
{
    const char **names = memory_zero(rule_set_source_count(rules) + 1, sizeof(*names));
    AUTO_FREE char *name = memory_copy(pair, strcspn(pair, "="));
    bool is_known = false;
    for (size_t i = 0; i < rule_set_source_count(rules); i++) {
        struct rule_source_facts facts;
        rule_source_facts(rule_set_source(rules, i), &facts);
        names[i] = facts.internal ? NULL : facts.name;
        is_known = is_known || (names[i] && strcmp(names[i], name) == 0);
    }
    if (!is_known) {
        const char *near = nearest_word(name, names, rule_set_source_count(rules));
        diagnostics_error_at(diagnostics, "", 0, 0, "--source: no pack has a source '%s'%s%s%s",
                             name, near ? " (did you mean '" : "", near ? near : "",
                             near ? "'?)" : "");
    }
    free(names);
    return is_known;
}

static struct rulebook *check_sources(const struct settings *settings, struct rulebook *rulebook,
                                      struct diagnostics *diagnostics)
{
    bool is_good = true;
    for (size_t i = 0; rulebook && i < settings->sources.count; i++)
        is_good = check_source(settings->sources.items[i], rulebook->rules, diagnostics) && is_good;
    if (is_good)
        return rulebook;
    rulebook_free(rulebook);
    return NULL;
}

struct rulebook *rulebook_load(const struct settings *settings, struct diagnostics *diagnostics)
{
    struct shelf shelf = {.count = 0};
    for (size_t i = 0; i < settings->rules.count; i++)
        add_named(&shelf, settings, settings->rules.items[i], diagnostics);
    add_config_sections(&shelf, settings->config_tree);
    return check_sources(settings, compile(settings, &shelf, diagnostics), diagnostics);
}

struct rulebook *rulebook_check(const struct settings *settings, const char *path,
                                struct diagnostics *diagnostics)
{
    struct shelf shelf = {.count = 0};
    struct tree *tree = yaml_read_file(path, diagnostics);
    shelf_own(&shelf, tree);
    if (tree) {
        AUTO_FREE char *name = name_of_file(path);
        bool is_pack = true;
        for (size_t i = 0; tree->kind == TREE_MAP && i < tree->count; i++)
            is_pack = is_pack && is_pack_section(tree->keys[i]->text);
        if (!tree_get(tree, "sources"))
            for (size_t i = 0; i < settings->rules.count; i++)
                add_named(&shelf, settings, settings->rules.items[i], diagnostics);
        if (is_pack) {
            shelf_add(&shelf, name, tree);
        } else {
            settings_check_tree(tree, diagnostics);
            add_config_sections(&shelf, tree);
        }
    }
    return compile(settings, &shelf, diagnostics);
}

void rulebook_free(struct rulebook *rulebook)
{
    if (!rulebook)
        return;
    rule_set_free(rulebook->rules);
    registry_free(rulebook->registry);
    for (size_t i = 0; i < rulebook->pack_count; i++)
        free(rulebook->packs[i]);
    free(rulebook->packs);
    free(rulebook);
}

char *rulebook_pack_names(const struct rulebook *rulebook)
{
    struct text names;
    text_init(&names, TEXT_UNLIMITED);
    for (size_t i = 0; i < rulebook->pack_count; i++)
        text_printf(&names, "%s%s", i ? "," : "", rulebook->packs[i]);
    return text_take(&names);
}
