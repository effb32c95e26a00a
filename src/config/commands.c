/* See commands.h. */
#include "config/commands.h"

#include <stdint.h>
#include <string.h>

#include "base/attributes.h"
#include "base/diagnostics.h"

#define BIT(group) (1U << (group))
#define READING                                                                                    \
    (BIT(GROUP_INPUT) | BIT(GROUP_WATCH) | BIT(GROUP_LIMITS) | BIT(GROUP_LOG) | BIT(GROUP_GENERAL))
#define RULES (BIT(GROUP_INPUT) | BIT(GROUP_LIMITS) | BIT(GROUP_LOG) | BIT(GROUP_GENERAL))

const struct command command_table[] = {
    {.name = "run",
     .arguments = "",
     .groups = READING | BIT(GROUP_STATE) | BIT(GROUP_WEB),
     .follows = true,
     .summary = "Follow the event files and serve their metrics (the default).",
     .description =
         "Reads every event file below the events directory, follows what is appended, created, "
         "renamed and deleted there, and serves the metrics that the rules make of the events: "
         "/metrics (for Prometheus), /metrics/json, /metrics/self, /health, /ready, /-/healthy, "
         "/-/ready, /api/v1/status and a page at /. A directory that does not exist yet is waited "
         "for. What was counted is saved, so that a restart goes on where it ended.\n"
         "\n"
         "SIGHUP reads the config file and the rules anew; mistakes in them change nothing. "
         "SIGTERM and SIGINT end it, with status 0."},
    {.name = "once",
     .arguments = "[PATH...]",
     .most_arguments = SIZE_MAX,
     .groups = READING,
     .summary = "Read to the end, print the metrics and exit.",
     .description =
         "Reads each PATH to its end and prints its own and the packs' metrics as text. A "
         "directory is taken as the events directory; a file goes to the first source of the packs "
         "whose pattern fits the end of its path; - is the standard input. Without PATH everything "
         "is read that run would follow.\n"
         "\n"
         "Nothing expires, and counters show their values at once. The status is 0, or 1 when a "
         "file could not be read."},
    {.name = "check",
     .arguments = "FILE...",
     .least_arguments = 1,
     .most_arguments = SIZE_MAX,
     .groups = RULES,
     .summary = "Check rule packs and config files.",
     .description =
         "Prints every error and warning of each FILE, a rule pack or a config file, with its line "
         "and column, the text in question and, for a misspelt word, the nearest right one. The "
         "status is 0, or 1 when there is an error."},
    {.name = "explain",
     .arguments = "[FILE|-]",
     .most_arguments = 1,
     .groups = RULES,
     .summary = "Show what the rules do with each event line.",
     .description =
         "Prints for each line of FILE, or of the standard input, which rows of the rules match "
         "it and why the others for its event do not, with the labels, the values and the updates "
         "that follow. Nothing is served."},
    {.name = "test",
     .arguments = "FILE...",
     .least_arguments = 1,
     .most_arguments = SIZE_MAX,
     .groups = RULES,
     .summary = "Run the tests of rule packs.",
     .description =
         "Reads each FILE, a YAML file of cases: events that come in, time that passes, and the "
         "samples that must be seen then. Prints what differs. The status is 0, or 1 when a case "
         "fails or cannot be read."},
    {.name = "docs",
     .arguments = "",
     .groups = RULES | BIT(GROUP_OUTPUT),
     .summary = "Print the reference of the metrics that the rules make.",
     .description =
         "Prints a page in Markdown: each metric of the packs with its type, unit, labels and "
         "buckets, the events and rule lines that feed it, and an example of a query."},
    {.name = "infer",
     .arguments = "PATH...",
     .least_arguments = 1,
     .most_arguments = SIZE_MAX,
     .groups = READING | BIT(GROUP_OUTPUT),
     .summary = "Propose a rule file for event files.",
     .description =
         "Reads each PATH, a file or a directory of event files, and prints a rule file for what "
         "it saw: the kinds of events, their fields, and which of them look like counts, durations "
         "and labels, with how many values each label would have."},
    {.name = "coverage",
     .arguments = "[PATH...]",
     .most_arguments = SIZE_MAX,
     .groups = READING | BIT(GROUP_OUTPUT),
     .summary = "Show which events and fields no rule uses.",
     .description =
         "Reads what once would read, and lists events that no rule names, fields that no rule "
         "uses, and how many series each metric has."},
    {.name = "version",
     .arguments = "",
     .groups = BIT(GROUP_GENERAL),
     .summary = "Print the version and how it was built.",
     .description = "Prints version, branch and revision, who built it when, compiler and "
                    "platform."},
    {.name = "help",
     .arguments = "[COMMAND]",
     .most_arguments = 1,
     .groups = BIT(GROUP_HELP) | BIT(GROUP_GENERAL),
     .summary = "Explain all commands and options, or one command.",
     .description =
         "Prints this help. With --format the same as a manual page, as a completion for bash or "
         "as a page in Markdown:\n"
         "\n"
         "    jsonl-exporter help --format=man > jsonl-exporter.1"},
};

const size_t command_count = ARRAY_LENGTH(command_table);

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(command_table[i].name, name) == 0)
            return &command_table[i];
    return NULL;
}

const char *command_nearest(const char *name)
{
    const char *names[ARRAY_LENGTH(command_table)];
    for (size_t i = 0; i < command_count; i++)
        names[i] = command_table[i].name;
    return nearest_word(name, names, command_count);
}

bool command_takes(const struct command *command, const struct setting *setting)
{
    return (command->groups & BIT(setting->group)) != 0;
}
