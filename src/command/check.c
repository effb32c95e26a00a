/* check FILE...: everything that is wrong with rule and config files, nothing started. */
#include <stdio.h>

#include "base/diagnostics.h"
#include "command/command.h"
#include "config/settings.h"
#include "daemon/rulebook.h"

/* "rules.yaml: failed, 2 errors, 1 warning" */
static void print_verdict(const char *path, bool passes, size_t errors, size_t warnings)
{
    printf("%s: %s", path, passes ? "ok" : "failed");
    if (errors)
        printf(", %zu error%s", errors, errors == 1 ? "" : "s");
    if (warnings)
        printf(", %zu warning%s", warnings, warnings == 1 ? "" : "s");
    printf("\n");
}

static bool check_file(const struct settings *settings, const char *path)
{
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    struct rulebook *rulebook = rulebook_check(settings, path, &diagnostics);
    diagnostics_show(&diagnostics);
    bool passes = rulebook && diagnostics.errors == 0;
    print_verdict(path, passes, diagnostics.errors,
                  diagnostics.count + diagnostics.left_out - diagnostics.errors);
    rulebook_free(rulebook);
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
