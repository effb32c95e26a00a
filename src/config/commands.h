/* The subcommands: what they are called, take and do. What they run stands in main.c. */
#ifndef CONFIG_COMMANDS_H
#define CONFIG_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/setting.h"

struct command {
    const char *name;
    const char *arguments; /* behind the options, as the help shows them; may be empty */
    size_t least_arguments;
    size_t most_arguments;
    unsigned groups; /* of settings that apply, one bit each: 1 << GROUP_INPUT */
    bool follows;    /* does it watch directories? */
    const char *summary;
    const char *description; /* paragraphs, an empty line between */
};

extern const struct command command_table[]; /* the first is meant when none is named */
extern const size_t command_count;

/* NULL when there is none. */
const struct command *command_find(const char *name);
/* The name that is meant by a misspelt one, or NULL. */
const char *command_nearest(const char *name);
bool command_takes(const struct command *command, const struct setting *setting);

#endif
