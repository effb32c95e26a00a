/* The help for a terminal: names on the left, what they mean wrapped on the right. */
#include <stdbool.h>

#include "base/memory.h"
#include "command/help_formats.h"
#include "config/commands.h"
#include "config/setting.h"

#define INDENT       ((size_t)2)
#define MEANING      ((size_t)30) /* column in which meanings start */
#define GAP          ((size_t)2)  /* at least, between a name and its meaning */
#define PROGRAM_NAME "jsonl-exporter"

static size_t column_of(const struct text *out)
{
    size_t column = 0;
    while (column < out->length && out->data[out->length - column - 1] != '\n')
        column++;
    return column;
}

static void pad(struct text *out, size_t column)
{
    while (column_of(out) < column)
        text_append_char(out, ' ');
}

/* Appends one word, which stays whole: on this line behind a blank, or at `indent` of the next. */
static void append_word(struct text *out, const char *word, size_t length, size_t indent)
{
    size_t column = column_of(out);
    if (column > indent && column + 1 + length > HELP_WIDTH) {
        text_append_char(out, '\n');
        pad(out, indent);
    } else if (column > indent) {
        text_append_char(out, ' ');
    }
    text_append(out, word, length);
}

static void append_wrapped(struct text *out, const char *words, size_t length, size_t indent)
{
    const char *end = words + length;
    while (words < end) {
        const char *space = memchr(words, ' ', (size_t)(end - words));
        const char *stop = space ? space : end;
        append_word(out, words, (size_t)(stop - words), indent);
        words = stop + 1;
    }
}

/* A line that starts with blanks stays as it is; the others are paragraphs. */
static void append_description(struct text *out, const char *description)
{
    while (*description) {
        size_t length = strcspn(description, "\n");
        if (*description == ' ')
            text_append(out, description, length);
        else
            append_wrapped(out, description, length, 0);
        text_append_char(out, '\n');
        description += length + (description[length] == '\n');
    }
}

/* Goes to the column of meanings, on the next line if the name is too long. */
static void append_gap(struct text *out)
{
    if (column_of(out) + GAP > MEANING)
        text_append_char(out, '\n');
    pad(out, MEANING);
}

static void append_name(const struct setting *setting, struct text *out)
{
    pad(out, INDENT);
    if (setting->letter)
        text_printf(out, "-%c, ", setting->letter);
    text_printf(out, "--%s", setting->name);
    if (setting->placeholder)
        text_printf(out, " %s", setting->placeholder);
}

static void append_fact(struct text *out, const char *what, const char *value)
{
    if (!value || !*value)
        return;
    AUTO_FREE char *fact = memory_format("[%s%s]", what, value);
    append_word(out, fact, strlen(fact), MEANING);
}

/* In brackets: the default, the bounds, the environment variable. Choices are in the sentences. */
static void append_facts(const struct setting *setting, struct text *out)
{
    struct text range;
    text_init(&range, TEXT_UNLIMITED);
    if (!setting->choices)
        help_append_range(setting, &range);
    if (setting_shown_default(setting) || range.length || setting->environment) {
        text_append_char(out, '\n');
        pad(out, MEANING);
    }
    append_fact(out, "default: ", setting_shown_default(setting));
    append_fact(out, "", range.data);
    append_fact(out, "", setting_is_list(setting) ? "repeatable" : NULL);
    append_fact(out, "env: ", setting->environment);
    text_free(&range);
}

static void append_setting(const struct setting *setting, struct text *out)
{
    append_name(setting, out);
    append_gap(out);
    append_wrapped(out, setting->help, strlen(setting->help), MEANING);
    append_facts(setting, out);
    text_append_char(out, '\n');
}

static void append_group(const struct command *command, enum setting_group group, struct text *out)
{
    bool first = true;
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        if (setting->group != group || !command_takes(command, setting))
            continue;
        if (first)
            text_printf(out, "\n%s:\n", setting_group_title(group));
        first = false;
        append_setting(setting, out);
    }
}

static void append_commands(struct text *out)
{
    text_append_string(out, "\nCommands:\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &command_table[i];
        pad(out, INDENT);
        text_printf(out, "%s %s", command->name, command->arguments);
        append_gap(out);
        append_wrapped(out, command->summary, strlen(command->summary), MEANING);
        text_append_char(out, '\n');
    }
}

void help_as_text(const struct command *command, struct text *out)
{
    const struct command *shown = command ? command : &command_table[0];
    if (command) {
        text_printf(out, "Usage: %s %s [OPTION...]%s%s\n\n", PROGRAM_NAME, command->name,
                    *command->arguments ? " " : "", command->arguments);
        append_description(out, command->description);
    } else {
        text_printf(out, "Usage: %s [COMMAND] [OPTION...] [ARGUMENT...]\n\n", PROGRAM_NAME);
        append_wrapped(out, help_intro, strlen(help_intro), 0);
        text_append_char(out, '\n');
        append_commands(out);
    }
    for (enum setting_group group = 0; group < GROUP_COUNT; group++)
        append_group(shown, group, out);
    if (!command)
        text_printf(out,
                    "\nThese are the options of run; docs, infer and coverage have --output, too. "
                    "'%s help\nCOMMAND' explains a command.\n",
                    PROGRAM_NAME);
}
