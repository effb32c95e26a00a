/* See place.h. */
#include "config/place.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

const char *place_variable(char *const *environment, const char *name)
{
    size_t length = strlen(name);
    for (; *environment; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return (*environment)[length + 1] ? *environment + length + 1 : NULL;
    return NULL;
}

char *place_home(char *const *environment)
{
    const char *home = place_variable(environment, "HOME");
    if (!home) { /* as under systemd without User= */
        const struct passwd *user = getpwuid(getuid());
        home = user && user->pw_dir && *user->pw_dir == '/' ? user->pw_dir : "/";
    }
    return memory_copy_text(home);
}

char *place_default_events(char *const *environment, const char *home, const char *working)
{
    const char *prodigy = place_variable(environment, "PRODIGY_HOME");
    AUTO_FREE char *events = memory_format("%s/events", prodigy ? prodigy : "~/.prodigy");
    return place_resolve(events, home, working);
}

char *place_default_state(char *const *environment, const char *home, const char *working)
{
    const char *base = place_variable(environment, "XDG_STATE_HOME");
    bool is_absolute = base && *base == '/';
    AUTO_FREE char *state =
        memory_format("%s/jsonl-exporter", is_absolute ? base : "~/.local/state");
    return place_resolve(state, home, working);
}

/* In place. A ".." stays: behind a symbolic link it does not mean the name before it. */
static void normalize(char *path)
{
    char *to = path;
    const char *from = path;
    while (*from) {
        bool at_segment = to > path && to[-1] == '/';
        bool is_dot = from[0] == '.' && (from[1] == '/' || !from[1]);
        if (at_segment && (*from == '/' || is_dot))
            from++;
        else
            *to++ = *from++;
    }
    if (to > path + 1 && to[-1] == '/')
        to--;
    *to = '\0';
}

char *place_resolve(const char *path, const char *home, const char *directory)
{
    char *resolved;
    if (path[0] == '~' && (path[1] == '/' || !path[1]))
        resolved = memory_format("%s/%s", home, path + 1);
    else if (*path != '/' && directory)
        resolved = memory_format("%s/%s", directory, path);
    else
        resolved = memory_copy_text(path);
    normalize(resolved);
    return resolved;
}

char *place_directory_of(const char *path, const char *working)
{
    const char *slash = strrchr(path, '/');
    AUTO_FREE char *parent =
        slash ? memory_copy(path, (size_t)(slash - path) + 1) : memory_copy_text(".");
    return place_resolve(parent, "/", working);
}

char *place_working(void)
{
    char *working = get_current_dir_name();
    return working ? working : memory_copy_text("/");
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length > strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

bool place_is_pack_file(const char *name)
{
    return strchr(name, '/') || ends_with(name, ".yaml") || ends_with(name, ".yml");
}
