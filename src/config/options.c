/* See options.h. */
#include "config/options.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "config/commands.h"
#include "config/setting.h"

struct scan {
    struct options *options;
    char *const *arguments;
    size_t count;
    size_t next; /* argument to look at */
    struct diagnostics *diagnostics;
};

static void add_option(struct options *options, const struct setting *setting, const char *value)
{
    options->items = memory_resize(options->items, options->count + 1, sizeof(*options->items));
    options->items[options->count++] = (struct option){.setting = setting, .value = value};
}

static void add_positional(struct options *options, const char *text)
{
    size_t count = options->positional_count + 1;
    options->positional = memory_resize(options->positional, count, sizeof(*options->positional));
    options->positional[options->positional_count++] = text;
}

/* The row that a misspelt option most likely means, or NULL. */
static const struct setting *nearest_setting(const char *name)
{
    const char *names[SETTING_MAXIMUM];
    for (size_t i = 0; i < setting_count; i++)
        names[i] = setting_table[i].name;
    const char *nearest = nearest_word(name, names, setting_count);
    return nearest ? setting_find_name(nearest, strlen(nearest)) : NULL;
}

/* What looks like its value goes with it, and is not taken for a command. */
static void report_unknown(struct scan *scan, const char *option)
{
    const char *bare = option + strspn(option, "-");
    bool has_value = strchr(bare, '=') != NULL;
    AUTO_FREE char *name = memory_copy(bare, strcspn(bare, "="));
    const struct setting *nearest = nearest_setting(name);
    int shown = (int)(strlen(option) - strlen(bare) + strlen(name));
    if (!nearest) {
        diagnostics_error(scan->diagnostics, NULL, "unknown option '%.*s'", shown, option);
        return;
    }
    diagnostics_error(scan->diagnostics, NULL, "unknown option '%.*s' (did you mean '--%s'?)",
                      shown, option, nearest->name);
    const char *next = scan->next < scan->count ? scan->arguments[scan->next] : "-";
    if (nearest->kind != SETTING_BOOL && !has_value && *next != '-' && !command_find(next))
        scan->next++;
}

/* The bool that this name turns off: --no-x for x, --x for no-x. */
static const struct setting *find_opposite(const char *name, size_t length)
{
    static const char no[] = "no-";
    const struct setting *setting;
    if (length > strlen(no) && strncmp(name, no, strlen(no)) == 0) {
        setting = setting_find_name(name + strlen(no), length - strlen(no));
    } else {
        AUTO_FREE char *opposite = memory_format("%s%.*s", no, (int)length, name);
        setting = setting_find_name(opposite, strlen(opposite));
    }
    return setting && setting->kind == SETTING_BOOL ? setting : NULL;
}

/* The value may be the next argument, unless that is clearly an option itself. */
static void take_value(struct scan *scan, const struct setting *setting)
{
    const char *next = scan->next < scan->count ? scan->arguments[scan->next] : NULL;
    if (!next || strncmp(next, "--", 2) == 0) {
        diagnostics_error(scan->diagnostics, NULL, "--%s needs a value: --%s %s", setting->name,
                          setting->name, setting->placeholder);
        return;
    }
    scan->next++;
    add_option(scan->options, setting, next);
}

static void take_opposite(struct scan *scan, const char *argument, bool has_value)
{
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    const struct setting *setting = find_opposite(name, length);
    if (!setting)
        report_unknown(scan, argument);
    else if (has_value)
        diagnostics_error(scan->diagnostics, NULL, "--%.*s takes no value: '%s'", (int)length, name,
                          name + length + 1);
    else
        add_option(scan->options, setting, "false");
}

static void take_long(struct scan *scan, const char *argument)
{
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    bool has_value = name[length] == '=';
    const struct setting *setting = setting_find_name(name, length);
    if (!setting)
        take_opposite(scan, argument, has_value);
    else if (has_value)
        add_option(scan->options, setting, name + length + 1);
    else if (setting->kind == SETTING_BOOL)
        add_option(scan->options, setting, "true");
    else
        take_value(scan, setting);
}

/* Letters are bools; only one stands behind a '-', so that -log.level is told as a misspelling. */
static void take_letter(struct scan *scan, const char *argument)
{
    const struct setting *setting = argument[2] ? NULL : setting_find_letter(argument[1]);
    if (setting)
        add_option(scan->options, setting, "true");
    else
        report_unknown(scan, argument);
}

void options_scan(struct options *options, size_t count, char *const *arguments,
                  struct diagnostics *diagnostics)
{
    *options = (struct options){0};
    struct scan scan = {
        .options = options, .arguments = arguments, .count = count, .diagnostics = diagnostics};
    bool only_positional = false;
    while (scan.next < count) {
        const char *argument = arguments[scan.next++];
        if (only_positional || argument[0] != '-' || !argument[1])
            add_positional(options, argument);
        else if (strcmp(argument, "--") == 0)
            only_positional = true;
        else if (argument[1] == '-')
            take_long(&scan, argument);
        else
            take_letter(&scan, argument);
    }
}

void options_free(struct options *options)
{
    free(options->items);
    free(options->positional);
    *options = (struct options){0};
}
