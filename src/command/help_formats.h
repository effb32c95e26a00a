/* The tables of commands and settings as a page, for people and for programs. Pure: each appends
 * to `out`. Internal to help. */
#ifndef COMMAND_HELP_FORMATS_H
#define COMMAND_HELP_FORMATS_H

#include "base/text.h"

struct command;
struct setting;

/* For a terminal of HELP_WIDTH columns. `command` NULL: all commands, and the options of the first.
 */
#define HELP_WIDTH ((size_t)96)
void help_as_text(const struct command *command, struct text *out);
/* A manual page (roff, man macros). */
void help_as_man(struct text *out);
/* A completion script for bash. */
void help_as_bash(struct text *out);
/* The docs page of all commands and options. */
void help_as_markdown(struct text *out);

/* The sentences that more than one format says. */
extern const char *const help_intro;
extern const char *const help_precedence; /* where values come from, and which holds */
extern const char *const help_config;     /* the config file beside its keys */
struct help_status {
    const char *status;
    const char *meaning;
};
extern const struct help_status help_statuses[];
extern const size_t help_status_count;

/* "1KiB to 1GiB" or "debug, info", or nothing: what a value may be. */
void help_append_range(const struct setting *setting, struct text *out);

#endif
