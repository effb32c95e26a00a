/* PATTERN NUL PATH: captures lie within the path, and a file that matches lies below a directory
 * of which the pattern says that it may hold such files. */
#include <string.h>

#include "base/memory.h"
#include "base/path_pattern.h"
#include "fuzz.h"

static void check_captures(const struct path_pattern *pattern, const char *path,
                           const struct path_capture *captures)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < path_pattern_capture_count(pattern); i++) {
        const struct path_capture *capture = &captures[i];
        MUST_HOLD(strcmp(capture->name, path_pattern_capture_name(pattern, i)) == 0);
        MUST_HOLD(capture->length > 0 && capture->start <= length);
        MUST_HOLD(capture->length <= length - capture->start);
        MUST_HOLD(!memchr(path + capture->start, '/', capture->length));
    }
}

static void match(const struct path_pattern *pattern, char *path)
{
    struct path_capture captures[PATH_PATTERN_CAPTURES];
    if (path_pattern_match_end(pattern, path, captures))
        check_captures(pattern, path, captures);
    if (!path_pattern_match(pattern, path, captures))
        return;
    check_captures(pattern, path, captures);
    for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
        *slash = '\0';
        MUST_HOLD(path_pattern_may_match_below(pattern, path));
    }
    MUST_HOLD(path_pattern_may_match_below(pattern, ""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_FREE char *text = memory_copy((const char *)data, size);
    size_t pattern_length = strlen(text);
    char *path = pattern_length < size ? text + pattern_length + 1 : text + size;

    const char *error = NULL;
    struct path_pattern *pattern = path_pattern_new(text, &error);
    MUST_HOLD(pattern || error);
    if (pattern)
        match(pattern, path);
    path_pattern_free(pattern);
    return 0;
}
