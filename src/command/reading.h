/* What `once` and `explain` share: the rules, a pipeline, and files read to their ends. */
#ifndef COMMAND_READING_H
#define COMMAND_READING_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/record.h"

struct followed;
struct pipeline;
struct rulebook;
struct documents;
struct sightings;
struct settings;
struct sources;
struct tail;
struct tail_directory;
struct tail_line;

struct reading {
    const struct settings *settings;
    struct rulebook *rulebook;
    struct pipeline *pipeline;
    struct sources *sources; /* of the directory under way */
    struct tail *tail;
    struct documents *documents;
    struct sightings *sightings;
    bool alone;  /* files are named by themselves: patterns fit the end of a path */
    bool forced; /* to the first source of lines, if no pattern fits */
    /* Around each line that is decoded, for `explain`; NULL: nobody listens. */
    void (*before_line)(void *context, const struct followed *file, const struct tail_line *line);
    void (*after_line)(void *context, const struct followed *file, const struct tail_line *line);
    /* Before the content of a document is taken, for `coverage`; NULL: nobody listens. */
    void (*on_document)(void *context, const struct followed *file, struct bytes content);
    void *context;
    bool failed; /* something could not be read; the log says what */
};

/* Loads the rules; false with the errors on stderr. */
bool reading_start(struct reading *reading, const struct settings *settings) MUST_CHECK;
void reading_end(struct reading *reading);

/* Reads what `once` reads: the paths that the settings name, else all that `run` would follow. */
void reading_arguments(struct reading *reading);
/* Reads everything below a directory that is taken as the events directory. */
void reading_directory(struct reading *reading, const char *path, bool is_given);
/* Reads one file, for the first source whose pattern fits the end of its path; `force`: for the
 * first source of lines if none fits. */
void reading_file(struct reading *reading, const char *path, bool force);
/* Reads a stream of lines that is no file: standard input. */
void reading_stream(struct reading *reading, int descriptor, const char *name);

#endif
