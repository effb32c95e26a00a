/* The bytes of a YAML file, before anything understands them: loading, what may not be in them at
 * all, and which line and column an offset is. Internal to yaml. */
#ifndef CONFIG_YAML_SOURCE_H
#define CONFIG_YAML_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct diagnostics;

struct yaml_source {
    const char *file; /* borrowed, like text */
    const char *text;
    size_t length;
    uint32_t *line_starts; /* offsets, ascending; at least one */
    size_t line_count;
};

/* The whole content of `path`, at most YAML_FILE_MAXIMUM bytes; the caller frees. NULL when that
 * cannot be read, and the reason is in `diagnostics`. */
char *yaml_source_load(const char *path, size_t *ret_length,
                       struct diagnostics *diagnostics) MUST_CHECK;

/* `length` is at most YAML_FILE_MAXIMUM. */
void yaml_source_open(struct yaml_source *source, const char *file, const char *text,
                      size_t length);
void yaml_source_close(struct yaml_source *source);
/* From 1; the column in bytes, a byte order mark not counted. */
void yaml_source_position(const struct yaml_source *source, size_t offset, int *ret_line,
                          int *ret_column);
/* Is it UTF-8 without control characters? Else one error says what is where. */
bool yaml_source_check(const struct yaml_source *source, struct diagnostics *diagnostics);

#endif
