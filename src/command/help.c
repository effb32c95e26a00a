/* `help`, and what --help shows. */
#include <stdio.h>

#include "base/text.h"
#include "command/command.h"
#include "command/help_formats.h"
#include "command/output.h"
#include "config/commands.h"
#include "config/settings.h"

static void append_help(const struct settings *settings, const struct command *about,
                        struct text *out)
{
    switch ((enum help_format)settings->help_format) {
    case HELP_MAN:
        help_as_man(out);
        break;
    case HELP_BASH:
        help_as_bash(out);
        break;
    case HELP_MARKDOWN:
        help_as_markdown(out);
        break;
    case HELP_TEXT:
    default:
        help_as_text(about, out);
    }
}

int command_help(const struct settings *settings)
{
    const char *name = settings->arguments.count ? settings->arguments.items[0] : NULL;
    const struct command *about = name ? command_find(name) : NULL;
    if (name && !about) {
        const char *nearest = command_nearest(name);
        fprintf(stderr, "error: unknown command '%s'%s%s%s\n", name,
                nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
        return 2;
    }
    struct text out;
    text_init(&out, TEXT_UNLIMITED);
    append_help(settings, about, &out);
    int status = output_text(&out);
    text_free(&out);
    return status;
}
