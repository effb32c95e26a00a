/* What reading.c and reading_stream.c share. */
#ifndef COMMAND_READING_INTERNAL_H
#define COMMAND_READING_INTERNAL_H

#include <stddef.h>

#include "command/reading.h"

/* Lines go through the pipeline, with those around who listen. */
void reading_take_lines(struct reading *reading, const struct followed *file,
                        struct tail_directory *directory, const struct tail_line *lines,
                        size_t count);
/* It cannot be read: logged, and remembered. `error`: an errno. */
void reading_fail(struct reading *reading, const char *path, int error);

#endif
