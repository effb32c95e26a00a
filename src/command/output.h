/* Where a command prints: on stdout, which may be a full disk or a closed pipe, or into a file. */
#ifndef COMMAND_OUTPUT_H
#define COMMAND_OUTPUT_H

#include "base/text.h"

/* Writes all of `text`. The exit status to return: 0, or 1 after a line on stderr with the cause
 * (none for a pipe that its reader closed). */
int output_text(const struct text *text);
/* As above, into the file `path` (NULL: stdout), which gets its whole content or stays as it was:
 * it is written beside it and renamed, with the rights of the file that was there; a link leads to
 * it still. What is no regular file (a pipe, a device), or stdout itself, is written to. */
int output_file(const char *path, const struct text *text);

#endif
