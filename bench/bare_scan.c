/* bare_scan FILE: the machine's limit for any reader of lines: read(2) and memchr, nothing else.
 * Prints {"lines": N, "bytes": N, "wall": seconds, "cpu": seconds}. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "stopwatch.h"

static char buffer[1 << 18];

static long count_lines(const char *bytes, size_t length)
{
    long lines = 0;
    const char *end = bytes + length;
    for (const char *at = bytes; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        lines++;
    return lines;
}

int main(int argc, char **argv)
{
    int descriptor = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    if (descriptor < 0) {
        perror("bare_scan FILE");
        return 1;
    }
    struct stopwatch watch = stopwatch_start();
    long lines = 0, bytes = 0;
    ssize_t length;
    while ((length = read(descriptor, buffer, sizeof(buffer))) > 0) {
        lines += count_lines(buffer, (size_t)length);
        bytes += length;
    }
    stopwatch_print(&watch, lines, bytes);
    return length < 0;
}
