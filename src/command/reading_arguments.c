/* reading_arguments: what `once` and `coverage` are told to read. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/reading.h"
#include "config/settings.h"

static void read_path(struct reading *reading, const char *path)
{
    struct stat facts;
    if (strcmp(path, "-") == 0)
        reading_stream(reading, STDIN_FILENO, "stdin");
    else if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
        reading_directory(reading, path, true);
    else
        reading_file(reading, path, false);
}

void reading_arguments(struct reading *reading)
{
    const struct settings *settings = reading->settings;
    for (size_t i = 0; i < settings->arguments.count; i++)
        read_path(reading, settings->arguments.items[i]);
    if (settings->arguments.count == 0)
        reading_directory(reading, settings->events_dir, settings_events_dir_given(settings));
}
