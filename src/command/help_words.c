/* The sentences that more than one format of the help says. */
#include "base/attributes.h"
#include "command/help_formats.h"
#include "config/setting.h"

const char *const help_intro =
    "Follows JSONL event files, makes metrics of their events by a table of rules, and serves them "
    "to Prometheus, each event counted once.";

const char *const help_precedence =
    "A setting is taken from the command line, else from its environment variable, else from the "
    "config file, else it has its default. A list that may be repeated is written with commas in "
    "its variable and as a list in the config file; a stronger place replaces it whole. Options "
    "are written --name value or --name=value, those without a value also turned round: "
    "--no-web.expose-ui, --inotify. Sizes take K, M, G (powers of 1024), KiB, KB and so on; "
    "durations ms, s, m, h, d.";

const char *const help_config =
    "The config file is YAML. Keys are nested at their dots, as in web: {listen_address: "
    "\":9090\"}. The sections of a rule pack (sources, defaults, metrics, tables, rules) may stand "
    "beside the settings. An unknown key is an error.";

const struct help_status help_statuses[] = {
    {"0", "It went well, or was ended by a signal that asks for it."},
    {"1", "It failed; the log or the last line says why."},
    {"2", "It was called wrongly: an unknown command or option, or a value out of bounds."},
};
const size_t help_status_count = ARRAY_LENGTH(help_statuses);

void help_append_range(const struct setting *setting, struct text *out)
{
    if (setting->minimum && setting->maximum)
        text_printf(out, "%s to %s", setting->minimum, setting->maximum);
    for (size_t i = 0; setting->choices && setting->choices[i]; i++)
        text_printf(out, "%s%s", i ? ", " : "", setting->choices[i]);
}
