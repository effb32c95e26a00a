/* The command line taken apart: options with their rows and values, and what stands between. */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stddef.h>

struct diagnostics;
struct setting;

struct option {
    const struct setting *setting;
    const char *value; /* "true" or "false" for a bool without one */
};

struct options {
    struct option *items; /* in the order given */
    size_t count;
    const char **positional;
    size_t positional_count;
};

/* Knows --name value, --name=value, --bool, --no-bool (for a bool no-NAME also --NAME), -h; behind
 * "--" everything is positional, and so is "-". Unknown options, missing and unwanted values go to
 * `diagnostics` and are left out. Texts belong to `arguments`. options_free is always due. */
void options_scan(struct options *options, size_t count, char *const *arguments,
                  struct diagnostics *diagnostics);
void options_free(struct options *options);

#endif
