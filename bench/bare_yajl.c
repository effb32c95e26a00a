/* bare_yajl FILE: the limit for any program that parses with yajl: one handle over the whole file,
 * callbacks that do nothing but count the lines (objects at the top).
 * Prints {"lines": N, "bytes": N, "wall": seconds, "cpu": seconds}. */
#include <stdio.h>
#include <yajl/yajl_parse.h>

#include "stopwatch.h"

static unsigned char buffer[1 << 18];

struct nesting {
    long depth;
    long objects; /* whole ones, at the top */
};

static int on_nothing(void *context)
{
    (void)context;
    return 1;
}

static int on_boolean(void *context, int value)
{
    (void)context, (void)value;
    return 1;
}

static int on_number(void *context, const char *text, size_t length)
{
    (void)context, (void)text, (void)length;
    return 1;
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
    (void)context, (void)text, (void)length;
    return 1;
}

static int on_start(void *context)
{
    ((struct nesting *)context)->depth++;
    return 1;
}

static int on_end(void *context)
{
    struct nesting *nesting = context;
    if (--nesting->depth == 0)
        nesting->objects++;
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_nothing,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_map_key = on_string,
    .yajl_start_map = on_start,
    .yajl_end_map = on_end,
    .yajl_start_array = on_start,
    .yajl_end_array = on_end,
};

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file) {
        perror("bare_yajl FILE");
        return 1;
    }
    struct stopwatch watch = stopwatch_start();
    struct nesting nesting = {0, 0};
    yajl_handle handle = yajl_alloc(&callbacks, NULL, &nesting);
    yajl_config(handle, yajl_allow_multiple_values, 1);
    long bytes = 0;
    size_t length;
    while ((length = fread(buffer, 1, sizeof(buffer), file)) > 0) {
        if (yajl_parse(handle, buffer, length) != yajl_status_ok) {
            fprintf(stderr, "bare_yajl: malformed JSON before byte %ld\n", bytes + (long)length);
            return 1;
        }
        bytes += (long)length;
    }
    stopwatch_print(&watch, nesting.objects, bytes);
    yajl_free(handle);
    fclose(file);
    return 0;
}
