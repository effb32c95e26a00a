/* See path_pattern.h; here patterns are matched.
 *
 * Matching goes forward, wildcards taking as little as they can. A wildcard that was passed leaves
 * one mark: where to go on should the rest fail. The marks are a stack with at most one for each
 * wildcard, since a later one's is used up before an earlier one's is taken. So a wildcard that
 * comes to the same place a second time can only fail again, and a bit for each (wildcard, place)
 * remembers that: time is bounded by tokens x bytes, whatever the pattern. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/path_pattern_internal.h"

/* Up to these no memory is taken. */
#define LOCAL_WILDCARDS   ((size_t)16)
#define LOCAL_TRIED_WORDS ((size_t)128)

struct place {
    size_t token;
    size_t position;
};

struct matching {
    const struct path_pattern *pattern;
    const char *path;
    size_t length;
    bool is_prefix; /* the path is of a directory, with '/', and what is below may complete it */

    struct place here;
    struct place *marks;
    size_t mark_count;
    uint64_t *tried; /* a row of length + 1 bits for each wildcard */

    struct path_capture captures[PATH_PATTERN_CAPTURES];
};

static bool in_segment(const struct matching *matching)
{
    size_t position = matching->here.position;
    return position < matching->length && matching->path[position] != '/';
}

/* Is this the first time that the wildcard is here? */
static bool first_try(struct matching *matching, const struct token *token)
{
    size_t bit = token->wildcard * (matching->length + 1) + matching->here.position;
    uint64_t mask = UINT64_C(1) << bit % 64;
    if (matching->tried[bit / 64] & mask)
        return false;
    matching->tried[bit / 64] |= mask;
    return true;
}

static void mark(struct matching *matching, size_t position)
{
    matching->marks[matching->mark_count++] = (struct place){matching->here.token, position};
}

static bool step_literal(struct matching *matching, const struct token *token)
{
    size_t left = matching->length - matching->here.position;
    size_t length = token->length;
    if (length > left && matching->is_prefix)
        length = left;
    if (length > left ||
        memcmp(matching->path + matching->here.position, token->literal, length) != 0)
        return false;
    matching->here.position += length;
    return true;
}

static bool step_one(struct matching *matching, const struct token *token)
{
    if (!in_segment(matching))
        return false;
    unsigned char byte = (unsigned char)matching->path[matching->here.position];
    if (token->kind == TOKEN_SET && !(token->set[byte / 8] & 1u << byte % 8))
        return false;
    if (token->kind == TOKEN_FIRST)
        matching->captures[token->capture].start = matching->here.position;
    matching->here.position++;
    return true;
}

static bool step_star(struct matching *matching, const struct token *token)
{
    if (!first_try(matching, token))
        return false;
    if (token->capture != NO_CAPTURE) {
        struct path_capture *capture = &matching->captures[token->capture];
        capture->length = matching->here.position - capture->start;
    }
    if (in_segment(matching))
        mark(matching, matching->here.position + 1);
    return true;
}

static bool step_any_segments(struct matching *matching, const struct token *token)
{
    if (!first_try(matching, token))
        return false;
    const char *slash = strchr(matching->path + matching->here.position, '/');
    if (slash)
        mark(matching, (size_t)(slash - matching->path) + 1);
    return true;
}

/* Takes what the token at this place must take; false: it does not fit. */
static bool step(struct matching *matching)
{
    const struct token *token = &matching->pattern->tokens[matching->here.token];
    switch (token->kind) {
    case TOKEN_LITERAL:
        return step_literal(matching, token);
    case TOKEN_ONE:
    case TOKEN_SET:
    case TOKEN_FIRST:
        return step_one(matching, token);
    case TOKEN_STAR:
        return step_star(matching, token);
    case TOKEN_ANY_SEGMENTS:
        return step_any_segments(matching, token);
    case TOKEN_ANYTHING_BELOW:
        if (in_segment(matching))
            return false;
        break;
    case TOKEN_ANYTHING:
        break;
    }
    matching->here.position = matching->length;
    return true;
}

/* A prefix has fitted when it is used up: what the pattern has left, some file below can give. */
static bool is_done(const struct matching *matching)
{
    return matching->here.position == matching->length &&
           (matching->is_prefix || matching->here.token == matching->pattern->count);
}

static bool run(struct matching *matching)
{
    for (;;) {
        if (is_done(matching))
            return true;
        if (matching->here.token < matching->pattern->count && step(matching)) {
            matching->here.token++;
        } else if (matching->mark_count > 0) {
            matching->here = matching->marks[--matching->mark_count];
        } else {
            return false;
        }
    }
}

static bool match_from(struct matching *matching, size_t first_token)
{
    uint64_t local_tried[LOCAL_TRIED_WORDS];
    struct place local_marks[LOCAL_WILDCARDS];
    size_t wildcards = matching->pattern->wildcards;
    size_t words = (wildcards * (matching->length + 1) + 63) / 64;
    AUTO_FREE void *tried = words > LOCAL_TRIED_WORDS ? memory_zero(words, 8) : NULL;
    AUTO_FREE void *marks =
        wildcards > LOCAL_WILDCARDS ? memory_zero(wildcards, sizeof(struct place)) : NULL;
    if (!tried)
        memset(local_tried, 0, words * sizeof(*local_tried));
    matching->tried = tried ? tried : local_tried;
    matching->marks = marks ? marks : local_marks;
    matching->here.token = first_token;
    bool matches = run(matching);
    matching->tried = NULL;
    matching->marks = NULL;
    return matches;
}

static bool match_path(const struct path_pattern *pattern, const char *path, size_t first_token,
                       struct path_capture *ret_captures)
{
    struct matching matching = {.pattern = pattern, .path = path, .length = strlen(path)};
    if (!match_from(&matching, first_token))
        return false;
    for (size_t i = 0; ret_captures && i < pattern->capture_count; i++) {
        ret_captures[i] = matching.captures[i];
        ret_captures[i].name = pattern->names[i];
    }
    return true;
}

bool path_pattern_match(const struct path_pattern *pattern, const char *path,
                        struct path_capture *ret_captures)
{
    return match_path(pattern, path, 1, ret_captures);
}

bool path_pattern_match_end(const struct path_pattern *pattern, const char *path,
                            struct path_capture *ret_captures)
{
    return match_path(pattern, path, 0, ret_captures);
}

bool path_pattern_may_match_below(const struct path_pattern *pattern, const char *path)
{
    if (!*path)
        return true;
    AUTO_FREE char *prefix = memory_format("%s/", path);
    struct matching matching = {
        .pattern = pattern, .path = prefix, .length = strlen(prefix), .is_prefix = true};
    return match_from(&matching, 1);
}
