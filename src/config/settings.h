/* Everything a user can set, from the command line, the environment and the config file; what is
 * said first in this order holds, and else the default. The rows are in setting_table.c. */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "config/setting.h"

struct command;
struct diagnostics;
struct tree;

struct settings_list {
    char **items;
    size_t count;
};

/* In ascending strength. */
enum settings_origin { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_OPTION };

enum help_format { HELP_TEXT, HELP_MAN, HELP_BASH, HELP_MARKDOWN };

struct settings {
    const struct command *command;  /* never NULL */
    struct settings_list arguments; /* those behind the command's name */
    size_t given_count;             /* of settings_load, to load again; not owned */
    char *const *given;

    /* What is followed, and by which rules. */
    char *events_dir;             /* absolute, normal: no "//", no "/" at the end */
    struct settings_list rules;   /* names of built-in packs, "auto", paths of files */
    struct settings_list sources; /* "NAME=DIRECTORY", the directory as events_dir */
    char *config_file;            /* or NULL */
    struct tree *config_tree;     /* of config_file, or NULL: holds the pack sections */

    /* Watching and reading. */
    bool no_inotify;
    int64_t max_directories;
    int64_t max_open_files;
    int64_t max_held_files;
    int64_t held_file_timeout; /* ns */
    int64_t resource_interval; /* ns; 0: none */

    /* What survives a restart. */
    char *state_dir; /* absolute */
    bool no_state;
    int64_t state_interval;  /* ns */
    int64_t state_retention; /* ns */
    int64_t total_retention; /* ns */
    bool recount;
    bool count_archives;

    /* Serving. */
    bool no_metrics;
    struct settings_list listen_addresses; /* HOST:PORT, metrics_port already in */
    int64_t metrics_port;                  /* -1: not given */
    char *telemetry_path;
    bool expose_ui;
    bool enable_lifecycle;
    int64_t max_connections;
    int64_t max_requests; /* 0: no limit */
    int64_t web_timeout;  /* ns */
    bool no_zero_first;

    /* Bounds. */
    int64_t max_line_bytes;
    int64_t max_document_bytes;
    int64_t max_documents;
    int64_t max_samples;
    int64_t max_event_types;
    int64_t max_memory_keys;
    int64_t id_memory;      /* bytes */
    int64_t decode_workers; /* -1: as many as suit the machine */

    char *output; /* NULL: standard output */

    int log_level;   /* enum log_level */
    int log_format;  /* enum log_format */
    int help_format; /* enum help_format */
    bool show_help;
    bool show_version;

    /* Where each row of setting_table took its value from. */
    unsigned char origins[SETTING_MAXIMUM]; /* enum settings_origin */
};

/* Fills `settings` from `arguments` (`count`, without the program's name) and `environment` (as
 * environ). `--help` becomes the command `help` about the command that was named, `--version` the
 * command `version`. All mistakes, not only the first, go to `diagnostics`; 0 when there is none,
 * else -EINVAL. In both cases settings_free is due. */
int settings_load(struct settings *settings, size_t count, char *const *arguments,
                  char *const *environment, struct diagnostics *diagnostics) MUST_CHECK;
void settings_free(struct settings *settings);

/* Was events_dir set by the user, not left at its default? (Then `~` roots of packs are off.) */
bool settings_events_dir_given(const struct settings *settings);
/* The directory that --source gives to the source `name`, or NULL. */
const char *settings_source_directory(const struct settings *settings, const char *name);

/* Walks the settings that only a restart can change and that differ in `now` from those at start:
 * the next one's name; *position = 0 first, NULL at the end. */
const char *settings_next_unchanged(const struct settings *start, const struct settings *now,
                                    size_t *position);

/* Checks the settings in the tree of a config file, as settings_load does; pack sections are left
 * to whoever compiles them. For `check`. */
void settings_check_tree(const struct tree *tree, struct diagnostics *diagnostics);
/* The top keys of a config file that are sections of a pack: sources, rules, ... Ends with NULL. */
extern const char *const settings_pack_sections[];

#endif
