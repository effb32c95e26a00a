/* Picks the subcommand. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/diagnostics.h"
#include "base/log.h"
#include "command/command.h"
#include "config/commands.h"
#include "config/settings.h"
#include "watch/watch.h"

static const struct {
    const char *name;
    int (*start)(const struct settings *settings);
} functions[] = {
    {"run", command_run},         {"once", command_once},         {"check", command_check},
    {"explain", command_explain}, {"test", command_test},         {"docs", command_docs},
    {"infer", command_infer},     {"coverage", command_coverage}, {"version", command_version},
    {"help", command_help},
};

static int start(const struct settings *settings)
{
    log_setup((enum log_level)settings->log_level, (enum log_format)settings->log_format);
    /* Wants to come before other descriptors are opened; where it fails, files are polled. */
    if (settings->command->follows && !settings->no_inotify)
        (void)!watch_library_start();
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++)
        if (strcmp(functions[i].name, settings->command->name) == 0)
            return functions[i].start(settings);
    return 2;
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct diagnostics diagnostics;
    signal(SIGPIPE, SIG_IGN);
    diagnostics_init(&diagnostics);
    int result =
        settings_load(&settings, argc > 0 ? (size_t)argc - 1 : 0, argv + 1, environ, &diagnostics);
    diagnostics_show(&diagnostics);
    diagnostics_free(&diagnostics);
    int status = result < 0 ? 2 : start(&settings);
    settings_free(&settings);
    return status;
}
