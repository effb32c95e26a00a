/* See config_file.h. */
#include "config/config_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "config/setting_value.h"

const char *const settings_pack_sections[] = {"sources", "defaults",  "metrics", "tables",
                                              "rules",   "overrides", NULL};

struct reader {
    struct settings *settings;
    const struct setting_place *place;
    struct diagnostics *diagnostics;
};

static bool is_pack_section(const char *key)
{
    for (size_t i = 0; settings_pack_sections[i]; i++)
        if (strcmp(settings_pack_sections[i], key) == 0)
            return true;
    return false;
}

/* Do settings lie below this key? "web" for "web.timeout". */
static bool is_parent(const char *key)
{
    size_t length = strlen(key);
    for (size_t i = 0; i < setting_count; i++) {
        const char *other = setting_table[i].key;
        if (other && strncmp(other, key, length) == 0 && other[length] == '.')
            return true;
    }
    return false;
}

/* Also among the keys' first parts, which are no rows of their own. */
static const char *nearest_key(const char *key, char *ret_parents[SETTING_MAXIMUM])
{
    const char *words[3 * SETTING_MAXIMUM];
    size_t count = 0;
    for (size_t i = 0; settings_pack_sections[i]; i++)
        words[count++] = settings_pack_sections[i];
    for (size_t i = 0; i < setting_count; i++) {
        const char *name = setting_table[i].key;
        words[count++] = name;
        ret_parents[i] = name && strchr(name, '.') ? memory_copy(name, strcspn(name, ".")) : NULL;
        words[count++] = ret_parents[i];
    }
    return nearest_word(key, words, count);
}

static void report_unknown(const struct reader *reader, const struct tree *at, const char *key)
{
    char *parents[SETTING_MAXIMUM];
    const char *nearest = nearest_key(key, parents);
    if (nearest)
        diagnostics_error(reader->diagnostics, at, "unknown key '%s' (did you mean '%s'?)", key,
                          nearest);
    else
        diagnostics_error(reader->diagnostics, at, "unknown key '%s'", key);
    for (size_t i = 0; i < setting_count; i++)
        free(parents[i]);
}

static void assign(const struct reader *reader, const struct setting *setting,
                   const struct tree *at, const char *value)
{
    struct text error;
    text_init(&error, TEXT_UNLIMITED);
    if (!setting_assign(setting, reader->settings, reader->place, value, &error))
        diagnostics_error(reader->diagnostics, at, "%s: %s", setting->key, error.data);
    text_free(&error);
}

static void read_scalar(const struct reader *reader, const struct setting *setting,
                        const struct tree *value)
{
    if (value->kind != TREE_SCALAR)
        diagnostics_error(reader->diagnostics, value, "%s: one value is wanted here, not a %s",
                          setting->key, value->kind == TREE_MAP ? "map" : "list");
    else if (tree_is_null(value))
        diagnostics_error(reader->diagnostics, value, "%s: has no value", setting->key);
    else
        assign(reader, setting, value, value->text);
}

static void read_pairs(const struct reader *reader, const struct setting *setting,
                       const struct tree *map)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *text = tree_text(map->items[i]);
        if (!text) {
            read_scalar(reader, setting, map->items[i]);
            continue;
        }
        AUTO_FREE char *pair = memory_format("%s=%s", map->keys[i]->text, text);
        assign(reader, setting, map->items[i], pair);
    }
}

static void read_value(const struct reader *reader, const struct setting *setting,
                       const struct tree *value)
{
    if (setting->kind == SETTING_PAIRS && value->kind == TREE_MAP)
        read_pairs(reader, setting, value);
    else if (!setting_is_list(setting) || value->kind != TREE_LIST)
        read_scalar(reader, setting, value);
    else
        for (size_t i = 0; i < value->count; i++)
            read_scalar(reader, setting, value->items[i]);
}

/* The entries of one map; `parent` is its key, "" at the top. */
static void read_map(const struct reader *reader, const struct tree *map, const char *parent)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct tree *value = map->items[i];
        AUTO_FREE char *key =
            memory_format("%s%s%s", parent, *parent ? "." : "", map->keys[i]->text);
        const struct setting *setting = setting_find_key(key);
        if (setting)
            read_value(reader, setting, value);
        else if (is_parent(key) && value->kind == TREE_MAP)
            read_map(reader, value, key);
        else if (is_parent(key) && !tree_is_null(value))
            diagnostics_error(reader->diagnostics, value, "%s: a map is wanted here", key);
        else if (!is_parent(key) && !is_pack_section(key))
            report_unknown(reader, map->keys[i], key);
    }
}

void config_file_apply(const struct tree *root, struct settings *settings,
                       const struct setting_place *place, struct diagnostics *diagnostics)
{
    struct reader reader = {.settings = settings, .place = place, .diagnostics = diagnostics};
    if (root->kind == TREE_MAP)
        read_map(&reader, root, "");
    else if (!tree_is_null(root))
        diagnostics_error(diagnostics, root, "a config file is a map of settings");
}
