/* The manual page, in the man macros that every roff knows. */
#include <ctype.h>
#include <stdbool.h>

#include "base/build_info.h"
#include "command/help_formats.h"
#include "config/commands.h"
#include "config/setting.h"

/* Plain text as roff: a '-' is one that can be copied, and no line starts a request. */
static void append_roff(struct text *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool line_start = out->length == 0 || out->data[out->length - 1] == '\n';
        if (line_start && (text[i] == '.' || text[i] == '\''))
            text_append_string(out, "\\&");
        if (text[i] == '\\')
            text_append_string(out, "\\e");
        else if (text[i] == '-')
            text_append_string(out, "\\-");
        else if (text[i] == '~')
            text_append_string(out, "\\(ti");
        else
            text_append_char(out, text[i]);
    }
}

static void append_text(struct text *out, const char *text)
{
    append_roff(out, text, strlen(text));
}

/* A sentence a line, as roff wants it to space them. */
static void append_sentences(struct text *out, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        const char *stop = text;
        while (stop < end && !(*stop == '.' && stop + 2 < end && stop[1] == ' ' &&
                               isupper((unsigned char)stop[2])))
            stop++;
        size_t size = (size_t)(stop - text) + (stop < end);
        append_roff(out, text, size);
        text_append_char(out, '\n');
        text += size + 1;
    }
}

static void append_description(struct text *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        if (length == 0) {
            text_append_string(out, ".PP\n");
        } else if (*text == ' ') {
            text_append_string(out, ".nf\n");
            append_roff(out, text, length);
            text_append_string(out, "\n.fi\n");
        } else {
            append_sentences(out, text, length);
        }
        text += length + (text[length] == '\n');
    }
}

static void append_option(struct text *out, const struct setting *setting)
{
    text_append_string(out, ".TP\n");
    if (setting->letter)
        text_printf(out, "\\fB\\-%c\\fR, ", setting->letter);
    text_append_string(out, "\\fB");
    append_text(out, "--");
    append_text(out, setting->name);
    text_append_string(out, "\\fR");
    if (setting->placeholder)
        text_printf(out, " \\fI%s\\fR", setting->placeholder);
    text_append_char(out, '\n');
    append_sentences(out, setting->help, strlen(setting->help));
}

static void append_fact(struct text *out, const char *what, const char *value)
{
    if (!value || !*value)
        return;
    text_printf(out, ".br\n%s: ", what);
    append_text(out, value);
    text_append_char(out, '\n');
}

static void append_facts(struct text *out, const struct setting *setting)
{
    struct text range;
    text_init(&range, TEXT_UNLIMITED);
    help_append_range(setting, &range);
    if (setting_is_list(setting))
        text_append_string(out, "May be repeated.\n");
    append_fact(out, "Default", setting_shown_default(setting));
    append_fact(out, "Values", range.data);
    append_fact(out, "Environment", setting->environment);
    append_fact(out, "Config key", setting->key);
    text_free(&range);
}

static void append_commands(struct text *out)
{
    text_append_string(out, ".SH COMMANDS\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &command_table[i];
        text_printf(out, ".SS \"%s", command->name);
        text_append_string(out, *command->arguments ? " " : "");
        append_text(out, command->arguments);
        text_append_string(out, "\"\n");
        append_description(out, command->description);
    }
}

static void append_options(struct text *out)
{
    text_append_string(out, ".SH OPTIONS\n");
    append_sentences(out, help_precedence, strlen(help_precedence));
    for (enum setting_group group = 0; group < GROUP_COUNT; group++) {
        text_printf(out, ".SS \"%s\"\n", setting_group_title(group));
        for (size_t i = 0; i < setting_count; i++) {
            if (setting_table[i].group != group)
                continue;
            append_option(out, &setting_table[i]);
            append_facts(out, &setting_table[i]);
        }
    }
}

static void append_statuses(struct text *out)
{
    text_append_string(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < help_status_count; i++) {
        text_printf(out, ".TP\n.B %s\n", help_statuses[i].status);
        append_sentences(out, help_statuses[i].meaning, strlen(help_statuses[i].meaning));
    }
}

static const char examples[] =
    ".SH EXAMPLES\n"
    "Follow the events of this user's Prodigy and serve metrics on port 9090:\n"
    ".PP\n.nf\n.RS\njsonl\\-exporter\n.RE\n.fi\n.PP\n"
    "Follow another directory, with the built-in rules and some of your own:\n"
    ".PP\n.nf\n.RS\n"
    "jsonl\\-exporter \\-\\-events\\-dir /srv/events \\-\\-rules prodigy \\-\\-rules mine.yaml\n"
    ".RE\n.fi\n.PP\n"
    "Print what a file holds, without serving it:\n"
    ".PP\n.nf\n.RS\njsonl\\-exporter once events\\-20261121.jsonl\n.RE\n.fi\n"
    ".SH SEE ALSO\n"
    ".BR prometheus (1),\n"
    ".BR promtool (1)\n";

void help_as_man(struct text *out)
{
    text_printf(out, ".TH JSONL\\-EXPORTER 1 \"\" \"jsonl\\-exporter %s\" \"User Commands\"\n",
                BUILD_VERSION);
    text_append_string(out, ".SH NAME\n"
                            "jsonl\\-exporter \\- metrics for Prometheus from JSONL event files\n"
                            ".SH SYNOPSIS\n"
                            ".B jsonl\\-exporter\n"
                            "[\\fICOMMAND\\fR] [\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n"
                            ".SH DESCRIPTION\n");
    append_sentences(out, help_intro, strlen(help_intro));
    append_commands(out);
    append_options(out);
    text_append_string(out, ".SH CONFIG FILE\n");
    append_sentences(out, help_config, strlen(help_config));
    append_statuses(out);
    text_append_string(out, examples);
}
