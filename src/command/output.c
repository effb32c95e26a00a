/* See output.h. */
#include "command/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int output_text(const struct text *text)
{
    size_t done = 0;
    while (done < text->length) {
        ssize_t written = write(STDOUT_FILENO, text->data + done, text->length - done);
        if (written >= 0)
            done += (size_t)written;
        else if (errno != EINTR)
            break;
    }
    if (done == text->length)
        return 0;
    if (errno != EPIPE)
        fprintf(stderr, "error: cannot write to stdout: %s\n", strerror(errno));
    return 1;
}
