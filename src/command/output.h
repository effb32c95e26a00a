/* What a command prints on stdout, which may be a full disk or a closed pipe. */
#ifndef COMMAND_OUTPUT_H
#define COMMAND_OUTPUT_H

#include "base/text.h"

/* Writes all of `text`. The exit status to return: 0, or 1 after a line on stderr with the cause
 * (none for a pipe that its reader closed). */
int output_text(const struct text *text);

#endif
