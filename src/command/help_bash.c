/* A completion for bash: options of the command that is typed, and what their values may be. Needs
 * nothing but bash 4.4; works with --name value and --name=value, which bash takes apart. */
#include <stdbool.h>

#include "command/help_formats.h"
#include "config/commands.h"
#include "config/setting.h"
#include "rules/builtin.h"

static const char head[] =
    "# Completion of jsonl-exporter for bash, made by `jsonl-exporter help --format=bash`.\n"
    "\n"
    "_jsonl_exporter_words()\n"
    "{\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$current\")\n"
    "}\n"
    "\n"
    "_jsonl_exporter_paths()\n"
    "{\n"
    "    local IFS=$'\\n'\n"
    "    compopt -o filenames\n"
    "    mapfile -t COMPREPLY < <(compgen ${2:+-W} ${2:+\"$2\"} \"$1\" -- \"$current\")\n"
    "}\n"
    "\n";

/* `command` is the first name of one; words of other kinds are options and their values. */
static const char find_command_head[] = "_jsonl_exporter_command()\n"
                                        "{\n"
                                        "    local i\n"
                                        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                                        "        case ${COMP_WORDS[i]} in\n"
                                        "        =) ((i++)) ;;\n"
                                        "        ";
static const char find_command_tail[] =
    ")\n"
    "            command=${COMP_WORDS[i]}\n"
    "            return\n"
    "            ;;\n"
    "        -*)\n"
    "            [[ \" $with_value \" == *\" ${COMP_WORDS[i]} \"* && ${COMP_WORDS[i+1]} != = ]] && "
    "((i++))\n"
    "            ;;\n"
    "        esac\n"
    "    done\n"
    "}\n"
    "\n";

static const char look_at_words[] =
    "    local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]} command=\n"
    "    if [[ $current == = ]]; then\n"
    "        current=\n"
    "    elif [[ $option == = ]] && ((COMP_CWORD > 2)); then\n"
    "        option=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    fi\n"
    "    COMPREPLY=()\n"
    "    _jsonl_exporter_command\n"
    "\n"
    "    case $option in\n";

static const char tail[] = "}\n"
                           "\n"
                           "complete -F _jsonl_exporter jsonl-exporter\n";

static void append_command_names(struct text *out, const char *between)
{
    for (size_t i = 0; i < command_count; i++)
        text_printf(out, "%s%s", i ? between : "", command_table[i].name);
}

static void append_values_list(struct text *out)
{
    bool first = true;
    text_append_string(out, "    local with_value=\"");
    for (size_t i = 0; i < setting_count; i++) {
        if (setting_table[i].kind == SETTING_BOOL)
            continue;
        text_printf(out, "%s--%s", first ? "" : " ", setting_table[i].name);
        first = false;
    }
    text_append_string(out, "\"\n");
}

/* The names of the built-in packs, a word each. */
static void append_packs(struct text *out)
{
    text_append_string(out, "auto");
    for (size_t i = 0; i < builtin_pack_count; i++)
        text_printf(out, "\\n%s", builtin_packs[i].name);
}

static void append_choices(struct text *out, const struct setting *setting)
{
    text_printf(out, "    --%s) _jsonl_exporter_words \"", setting->name);
    for (size_t i = 0; setting->choices[i]; i++)
        text_printf(out, "%s%s", i ? " " : "", setting->choices[i]);
    text_append_string(out, "\"; return ;;\n");
}

/* What completes the value of an option; of some nothing does. */
static void append_value(struct text *out, const struct setting *setting)
{
    if (setting->choices) {
        append_choices(out, setting);
    } else if (setting->path == SETTING_PACK) {
        text_printf(out, "    --%s) _jsonl_exporter_paths -f $'", setting->name);
        append_packs(out);
        text_append_string(out, "'; return ;;\n");
    } else if (setting->path == SETTING_FILE) {
        text_printf(out, "    --%s) _jsonl_exporter_paths -f; return ;;\n", setting->name);
    } else if (setting->path == SETTING_DIRECTORY && setting->kind != SETTING_PAIRS) {
        text_printf(out, "    --%s) _jsonl_exporter_paths -d; return ;;\n", setting->name);
    }
}

/* NAME=DIR: bash shows the '=' between, and the name where the option was looked for. */
static void append_pairs(struct text *out)
{
    text_append_string(out, "    *) [[ \" $with_value \" == *\" $option \"* ]] && return ;;\n    "
                            "esac\n    if [[ ${COMP_WORDS[COMP_CWORD-1]} == = || "
                            "${COMP_WORDS[COMP_CWORD]} == = ]] && [[ $option != -* ]]; then\n"
                            "        _jsonl_exporter_paths -d\n"
                            "        return\n"
                            "    fi\n\n");
}

static void append_options_of(struct text *out, const struct command *command, bool is_default)
{
    text_printf(out, "        %s%s) _jsonl_exporter_words \"", command->name,
                is_default ? " | \"\"" : "");
    bool first = true;
    for (size_t i = 0; i < setting_count; i++) {
        if (!command_takes(command, &setting_table[i]))
            continue;
        text_printf(out, "%s--%s", first ? "" : " ", setting_table[i].name);
        first = false;
    }
    text_append_string(out, "\" ;;\n");
}

static void append_options(struct text *out)
{
    text_append_string(out, "    if [[ $current == -* ]]; then\n        case $command in\n");
    for (size_t i = 0; i < command_count; i++)
        append_options_of(out, &command_table[i], i == 0);
    text_append_string(out, "        esac\n        return\n    fi\n\n");
}

static void append_arguments(struct text *out)
{
    text_append_string(out, "    case $command in\n    \"\" | help) _jsonl_exporter_words \"");
    append_command_names(out, " ");
    text_append_string(out, "\" ;;\n");
    for (size_t i = 0; i < command_count; i++)
        if (strstr(command_table[i].arguments, "FILE") ||
            strstr(command_table[i].arguments, "PATH"))
            text_printf(out, "    %s) _jsonl_exporter_paths -f ;;\n", command_table[i].name);
    text_append_string(out, "    esac\n");
}

void help_as_bash(struct text *out)
{
    text_append_string(out, head);
    text_append_string(out, find_command_head);
    append_command_names(out, " | ");
    text_append_string(out, find_command_tail);
    text_append_string(out, "_jsonl_exporter()\n{\n");
    append_values_list(out);
    text_append_string(out, look_at_words);
    for (size_t i = 0; i < setting_count; i++)
        if (setting_table[i].kind != SETTING_BOOL)
            append_value(out, &setting_table[i]);
    append_pairs(out);
    append_options(out);
    append_arguments(out);
    text_append_string(out, tail);
}
