/* See settings.h. Values are put in from the weakest origin to the strongest, each replacing what
 * is there; so every one of them is checked, whether it holds in the end or not. */
#include "config/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "config/commands.h"
#include "config/config_file.h"
#include "config/listen_address.h"
#include "config/options.h"
#include "config/place.h"
#include "config/setting_value.h"
#include "config/yaml.h"

#define CONFIG_FILE "config.file"

struct loader {
    struct settings *settings;
    char *const *environment;
    struct diagnostics *diagnostics;
    struct options options;
    char *home;
    char *working;
};

static void put_defaults(struct settings *settings, struct diagnostics *diagnostics)
{
    const struct setting_place nowhere = {.origin = FROM_DEFAULT, .home = "/", .directory = "/"};
    struct text error;
    text_init(&error, TEXT_UNLIMITED);
    settings->metrics_port = -1;
    settings->decode_workers = -1;
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        if (setting->fallback &&
            !setting_assign_text(setting, settings, &nowhere, setting->fallback, &error))
            diagnostics_error(diagnostics, NULL, "default of %s: %s", setting->name, error.data);
        text_clear(&error);
    }
    text_free(&error);
}

static bool is_asked(const struct options *options, const char *name)
{
    for (size_t i = options->count; i > 0; i--)
        if (strcmp(options->items[i - 1].setting->name, name) == 0)
            return strcmp(options->items[i - 1].value, "true") == 0;
    return false;
}

static void report_unknown_command(const struct loader *loader, const char *name)
{
    const char *nearest = command_nearest(name);
    if (nearest)
        diagnostics_error(loader->diagnostics, NULL, "unknown command '%s' (did you mean '%s'?)",
                          name, nearest);
    else
        diagnostics_error(loader->diagnostics, NULL, "unknown command '%s'", name);
}

static void check_arguments(const struct loader *loader)
{
    const struct command *command = loader->settings->command;
    const struct settings_list *arguments = &loader->settings->arguments;
    if (arguments->count < command->least_arguments)
        diagnostics_error(loader->diagnostics, NULL, "'%s' needs an argument: %s %s", command->name,
                          command->name, command->arguments);
    if (arguments->count > command->most_arguments)
        diagnostics_error(loader->diagnostics, NULL, "'%s' takes no %sargument '%s'", command->name,
                          command->most_arguments ? "further " : "",
                          arguments->items[command->most_arguments]);
    for (size_t i = 0; i < loader->options.count; i++) {
        const struct setting *setting = loader->options.items[i].setting;
        if (!command_takes(command, setting))
            diagnostics_error(loader->diagnostics, NULL, "'%s' knows no option --%s", command->name,
                              setting->name);
    }
}

/* `--help` and `--version` stand for the commands of these names, whatever else is said. */
static bool divert_command(struct loader *loader)
{
    struct settings *settings = loader->settings;
    bool help = is_asked(&loader->options, "help");
    if (!help && !is_asked(&loader->options, "version"))
        return false;
    settings_list_free(&settings->arguments);
    if (help && loader->options.positional_count > 0)
        settings_list_add(&settings->arguments, memory_copy_text(settings->command->name));
    settings->command = command_find(help ? "help" : "version");
    return true;
}

/* The command is the first argument that is no option; the others are its own. */
static void choose_command(struct loader *loader)
{
    const struct options *options = &loader->options;
    struct settings *settings = loader->settings;
    const char *name = options->positional_count ? options->positional[0] : command_table[0].name;
    settings->command = command_find(name);
    if (!settings->command) {
        settings->command = &command_table[0];
        report_unknown_command(loader, name);
        return;
    }
    for (size_t i = 1; i < options->positional_count; i++)
        settings_list_add(&settings->arguments, memory_copy_text(options->positional[i]));
    if (!divert_command(loader))
        check_arguments(loader);
}

static void assign(struct loader *loader, const struct setting *setting, const char *value,
                   enum settings_origin origin)
{
    const struct setting_place place = {
        .origin = origin, .home = loader->home, .directory = loader->working};
    bool is_option = origin == FROM_OPTION;
    struct text error;
    text_init(&error, TEXT_UNLIMITED);
    bool assigned = is_option
                        ? setting_assign(setting, loader->settings, &place, value, &error)
                        : setting_assign_text(setting, loader->settings, &place, value, &error);
    if (!assigned)
        diagnostics_error(loader->diagnostics, NULL, "%s%s: %s", is_option ? "--" : "",
                          is_option ? setting->name : setting->environment, error.data);
    text_free(&error);
}

/* Values of one row from the environment, then from the command line. */
static void put_given(struct loader *loader, const struct setting *setting)
{
    if (!command_takes(loader->settings->command, setting))
        return;
    const char *value = NULL;
    if (setting->environment)
        value = place_variable(loader->environment, setting->environment);
    if (value)
        assign(loader, setting, value, FROM_ENVIRONMENT);
    for (size_t i = 0; i < loader->options.count; i++)
        if (loader->options.items[i].setting == setting)
            assign(loader, setting, loader->options.items[i].value, FROM_OPTION);
}

static void put_config_file(struct loader *loader)
{
    struct settings *settings = loader->settings;
    if (!settings->config_file)
        return;
    settings->config_tree = yaml_read_file(settings->config_file, loader->diagnostics);
    if (!settings->config_tree)
        return;
    AUTO_FREE char *directory = place_directory_of(settings->config_file, loader->working);
    const struct setting_place place = {
        .origin = FROM_FILE, .home = loader->home, .directory = directory};
    config_file_apply(settings->config_tree, settings, &place, loader->diagnostics);
}

static void put_values(struct loader *loader)
{
    const struct setting *config_file = setting_find_name(CONFIG_FILE, strlen(CONFIG_FILE));
    put_given(loader, config_file);
    put_config_file(loader);
    for (size_t i = 0; i < setting_count; i++)
        if (&setting_table[i] != config_file)
            put_given(loader, &setting_table[i]);
}

static enum settings_origin origin_of(const struct settings *settings, const char *name)
{
    return setting_origin(setting_find_name(name, strlen(name)), settings);
}

/* A port given in a weaker place than the address does not change it. */
static void put_port(struct settings *settings)
{
    if (settings->metrics_port < 0 ||
        origin_of(settings, "metrics-port") < origin_of(settings, "web.listen-address"))
        return;
    for (size_t i = 0; i < settings->listen_addresses.count; i++) {
        char **address = &settings->listen_addresses.items[i];
        AUTO_FREE char *old = *address;
        *address = listen_address_with_port(old, (int)settings->metrics_port);
    }
}

int settings_load(struct settings *settings, size_t count, char *const *arguments,
                  char *const *environment, struct diagnostics *diagnostics)
{
    size_t errors = diagnostics->errors;
    struct loader loader = {
        .settings = settings, .environment = environment, .diagnostics = diagnostics};
    *settings = (struct settings){.given_count = count, .given = arguments};
    options_scan(&loader.options, count, arguments, diagnostics);
    loader.home = place_home(environment);
    loader.working = place_working();
    put_defaults(settings, diagnostics);
    choose_command(&loader);
    put_values(&loader);
    put_port(settings);
    if (!settings->events_dir)
        settings->events_dir = place_default_events(environment, loader.home, loader.working);
    if (!settings->state_dir)
        settings->state_dir = place_default_state(environment, loader.home, loader.working);
    free(loader.home);
    free(loader.working);
    options_free(&loader.options);
    return diagnostics->errors > errors ? -EINVAL : 0;
}

void settings_free(struct settings *settings)
{
    for (size_t i = 0; i < setting_count; i++)
        setting_free(&setting_table[i], settings);
    settings_list_free(&settings->arguments);
    tree_free(settings->config_tree);
    *settings = (struct settings){0};
}

bool settings_events_dir_given(const struct settings *settings)
{
    return origin_of(settings, "events-dir") != FROM_DEFAULT;
}

const char *settings_source_directory(const struct settings *settings, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = settings->sources.count; i > 0; i--) {
        const char *pair = settings->sources.items[i - 1];
        if (strncmp(pair, name, length) == 0 && pair[length] == '=')
            return pair + length + 1;
    }
    return NULL;
}

const char *settings_next_unchanged(const struct settings *start, const struct settings *now,
                                    size_t *position)
{
    while (*position < setting_count) {
        const struct setting *setting = &setting_table[(*position)++];
        if (!setting->reloads && !setting_equal(setting, start, now))
            return setting->name;
    }
    return NULL;
}

void settings_check_tree(const struct tree *tree, struct diagnostics *diagnostics)
{
    const struct setting_place place = {.origin = FROM_FILE, .home = "/", .directory = "/"};
    struct settings scratch = {0};
    config_file_apply(tree, &scratch, &place, diagnostics);
    settings_free(&scratch);
}
