/* Where a path that a user wrote leads to. Nothing is looked up in the file system: what is named
 * need not exist, and symbolic links stay as they are. */
#ifndef CONFIG_PLACE_H
#define CONFIG_PLACE_H

#include <stdbool.h>

/* The value of a variable in `environment` (as environ); NULL when it is not set, or empty. */
const char *place_variable(char *const *environment, const char *name);

/* $HOME, else the home that the system's list of users says, else "/". The caller frees. */
char *place_home(char *const *environment);
/* $PRODIGY_HOME/events, else ~/.prodigy/events, made absolute. The caller frees. */
char *place_default_events(char *const *environment, const char *home, const char *working);
/* $XDG_STATE_HOME/jsonl-exporter (if that is absolute), else ~/.local/state/jsonl-exporter, as the
 * XDG Base Directory Specification says. The caller frees. */
char *place_default_state(char *const *environment, const char *home, const char *working);

/* `path` with "~" or "~/" at its start replaced by `home`; a relative one is put behind
 * `directory` unless that is NULL; "//", "/./" and a "/" at the end are taken out. The caller
 * frees. */
char *place_resolve(const char *path, const char *home, const char *directory);
/* The directory that the file `path` lies in, made absolute from `working`. The caller frees. */
char *place_directory_of(const char *path, const char *working);
/* The working directory, or "/" when it is gone. The caller frees. */
char *place_working(void);

/* Is this a file of a pack, not the name of a built-in one? It has a '/' or ends in .yaml, .yml. */
bool place_is_pack_file(const char *name);

#endif
