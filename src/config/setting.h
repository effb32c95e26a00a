/* What a setting is: one row says how it is called on the command line, in the environment and in
 * the config file, what it may be, and what the help, the man page, the completion and the docs
 * page say of it. A new row in setting_table.c and a field in settings.h are the whole change. */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The field of struct settings that a kind fills. */
enum setting_kind {
    SETTING_TEXT,     /* char * */
    SETTING_LIST,     /* struct settings_list; repeated on the command line */
    SETTING_PAIRS,    /* struct settings_list of "NAME=VALUE"; a map in the config file */
    SETTING_BOOL,     /* bool */
    SETTING_INTEGER,  /* int64_t */
    SETTING_SIZE,     /* int64_t, bytes: 4096, 16MiB */
    SETTING_DURATION, /* int64_t, nanoseconds: 90, 1m30s */
    SETTING_CHOICE    /* int: position in choices */
};

/* What is done to a value that names a place in the file system; "~/" is the home in each. */
enum setting_path {
    SETTING_NO_PATH,
    SETTING_DIRECTORY, /* made absolute */
    SETTING_FILE,      /* from the config file's directory if it stands there */
    SETTING_PACK       /* as a file if it has a '/' or ends in .yaml or .yml */
};

enum setting_group {
    GROUP_INPUT,
    GROUP_WATCH,
    GROUP_STATE,
    GROUP_WEB,
    GROUP_LIMITS,
    GROUP_LOG,
    GROUP_OUTPUT,
    GROUP_HELP,
    GROUP_GENERAL,
    GROUP_COUNT
};

struct setting {
    const char *name;        /* behind "--" */
    const char *environment; /* or NULL */
    const char *key;         /* of the config file, maps joined by dots; or NULL */
    enum setting_kind kind;
    enum setting_group group;
    size_t offset; /* in struct settings */

    /* As a user would write them. A list's default is separated by commas; without a default a
     * text is NULL, a list empty, a bool false and an integer -1. */
    const char *fallback;
    const char *fallback_shown; /* instead of `fallback`, where it is worked out */
    const char *minimum;
    const char *maximum;
    const char *const *choices;              /* ends with NULL */
    const char *(*check)(const char *value); /* NULL, or what is wrong with the value */
    enum setting_path path;
    bool reloads; /* a reload changes it; else only a restart */

    char letter;             /* behind "-" for short, or '\0' */
    const char *placeholder; /* for its value in the help */
    const char *help;        /* sentences */
};

extern const struct setting setting_table[];
extern const size_t setting_count;
#define SETTING_MAXIMUM ((size_t)64) /* rows */

/* NULL when there is none. */
const struct setting *setting_find_name(const char *name, size_t length);
const struct setting *setting_find_letter(char letter);
const struct setting *setting_find_key(const char *key);

const char *setting_group_title(enum setting_group group);
/* What the help shows as default, or NULL when there is none to show. */
const char *setting_shown_default(const struct setting *setting);
/* May it be given several times? */
bool setting_is_list(const struct setting *setting);

#endif
