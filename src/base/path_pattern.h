/* A pattern over file paths with named captures, as `files:` and `exclude:` of a source have it.
 *
 *   "{repo}/{job_id}/events-*.jsonl*"  on  "demo/job-1/events-2026.jsonl.bak"
 *   -> repo = "demo", job_id = "job-1"
 *
 * `*` any run of bytes but '/', `?` one byte but '/', `**` as a whole segment any number of
 * segments (also none), `[a-z]` one byte of a set, `{name}` a capture: a non-empty run of bytes
 * but '/' (shortest first, with backtracking), `\` takes the next byte literally. Names of
 * captures are [A-Za-z_][A-Za-z0-9_]*, unique within a pattern. Bytes are bytes: no locale, no
 * UTF-8. Matching is bounded: time O(pattern x path) by memo, no recursion on input depth over
 * the number of wildcards. */
#ifndef BASE_PATH_PATTERN_H
#define BASE_PATH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

#define PATH_PATTERN_CAPTURES 16

struct path_pattern;

struct path_capture {
    const char *name; /* belongs to the pattern */
    size_t start;     /* within the matched path */
    size_t length;
};

/* NULL with *ret_error a static text when `text` is malformed. The caller frees the result. */
struct path_pattern *path_pattern_new(const char *text, const char **ret_error) MUST_CHECK;
void path_pattern_free(struct path_pattern *pattern);
/* As it was written. */
const char *path_pattern_text(const struct path_pattern *pattern);

size_t path_pattern_capture_count(const struct path_pattern *pattern);
const char *path_pattern_capture_name(const struct path_pattern *pattern, size_t index);

/* Does the whole relative `path` match? Then ret_captures (room for PATH_PATTERN_CAPTURES) holds
 * path_pattern_capture_count entries. ret_captures may be NULL. */
bool path_pattern_match(const struct path_pattern *pattern, const char *path,
                        struct path_capture *ret_captures);
/* Does some suffix of `path` that starts at a segment match ("/a/b/repo/job/x.jsonl")? The longest.
 */
bool path_pattern_match_end(const struct path_pattern *pattern, const char *path,
                            struct path_capture *ret_captures);
/* Could a file somewhere below directory `path` (relative, "" = the root) still match? */
bool path_pattern_may_match_below(const struct path_pattern *pattern, const char *path);

#endif
