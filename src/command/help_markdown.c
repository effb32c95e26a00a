/* The docs page of all commands and options. It says nothing of versions, so that the page in the
 * tree stays equal to what the program prints. */
#include <stdbool.h>

#include "command/help_formats.h"
#include "config/commands.h"
#include "config/setting.h"

/* A cell of a table ends at a '|', also within a code span. */
static void append_cell(struct text *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            text_append_char(out, '\\');
        text_append_char(out, *text);
    }
}

static void append_code_cell(struct text *out, const char *text)
{
    if (!text)
        return;
    text_append_char(out, '`');
    append_cell(out, text);
    text_append_char(out, '`');
}

static void append_option_cell(struct text *out, const struct setting *setting)
{
    if (setting->letter)
        text_printf(out, "`-%c`, ", setting->letter);
    text_printf(out, "`--%s", setting->name);
    if (setting->placeholder)
        text_printf(out, " %s", setting->placeholder);
    text_append_string(out, setting_is_list(setting) ? "`, repeatable" : "`");
}

static void append_row(struct text *out, const struct setting *setting)
{
    text_append_string(out, "| ");
    append_option_cell(out, setting);
    text_append_string(out, " | ");
    append_code_cell(out, setting->environment);
    text_append_string(out, " | ");
    append_code_cell(out, setting->key);
    text_append_string(out, " | ");
    append_code_cell(out, setting_shown_default(setting));
    text_append_string(out, " | ");
    help_append_range(setting, out);
    text_append_string(out, " | ");
    append_cell(out, setting->help);
    text_append_string(out, " |\n");
}

static void append_group(struct text *out, enum setting_group group)
{
    text_printf(out,
                "\n### %s\n\n| Option | Environment | Config key | Default | Values | Meaning |\n"
                "|---|---|---|---|---|---|\n",
                setting_group_title(group));
    for (size_t i = 0; i < setting_count; i++)
        if (setting_table[i].group == group)
            append_row(out, &setting_table[i]);
}

static void append_groups_of(struct text *out, const struct command *command)
{
    bool first = true;
    text_append_string(out, "\nOptions: ");
    for (enum setting_group group = 0; group < GROUP_COUNT; group++) {
        if (!(command->groups & 1U << group))
            continue;
        text_printf(out, "%s%s", first ? "" : ", ", setting_group_title(group));
        first = false;
    }
    text_append_string(out, ".\n");
}

static void append_command(struct text *out, const struct command *command)
{
    bool takes = *command->arguments != '\0';
    text_printf(out, "\n### `%s%s%s`\n\n%s\n", command->name, takes ? " " : "", command->arguments,
                command->description);
    append_groups_of(out, command);
}

void help_as_markdown(struct text *out)
{
    text_printf(out,
                "# Commands and options\n\n"
                "<!-- Made by `jsonl-exporter help --format=markdown`; a test compares. -->\n\n"
                "    jsonl-exporter [COMMAND] [OPTION...] [ARGUMENT...]\n\n%s\n\n## Commands\n",
                help_intro);
    for (size_t i = 0; i < command_count; i++)
        append_command(out, &command_table[i]);
    text_printf(out, "\n## Settings\n\n%s\n\n%s\n", help_precedence, help_config);
    for (enum setting_group group = 0; group < GROUP_COUNT; group++)
        append_group(out, group);
    text_append_string(out, "\n## Exit status\n\n| Status | Meaning |\n|---|---|\n");
    for (size_t i = 0; i < help_status_count; i++)
        text_printf(out, "| %s | %s |\n", help_statuses[i].status, help_statuses[i].meaning);
}
