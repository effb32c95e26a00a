/* check FILE...: everything that is wrong with rule and config files, nothing started. */
#include <stdio.h>

#include "base/diagnostics.h"
#include "base/text.h"
#include "command/command.h"
#include "config/settings.h"
#include "daemon/rulebook.h"

static bool check_file(const struct settings *settings, const char *path)
{
    struct diagnostics diagnostics;
    struct text text;
    diagnostics_init(&diagnostics);
    text_init(&text, TEXT_UNLIMITED);
    struct rulebook *rulebook = rulebook_check(settings, path, &diagnostics);
    diagnostics_print(&diagnostics, &text);
    fputs(text.data ? text.data : "", stderr);
    bool passes = rulebook && diagnostics.errors == 0;
    printf("%s: %s (%zu errors, %zu warnings)\n", path, passes ? "ok" : "failed",
           diagnostics.errors, diagnostics.count - diagnostics.errors);
    rulebook_free(rulebook);
    text_free(&text);
    diagnostics_free(&diagnostics);
    return passes;
}

int command_check(const struct settings *settings)
{
    bool passes = true;
    for (size_t i = 0; i < settings->arguments.count; i++)
        passes = check_file(settings, settings->arguments.items[i]) && passes;
    return passes ? 0 : 1;
}
