/* See path_pattern.h; here patterns are read, in path_pattern_match.c they are matched. */
#include "base/path_pattern_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define PATTERN_MAXIMUM ((size_t)4096) /* bytes */

/* A pattern being read: the rest of the text, and what is wrong with it. */
struct reading {
    struct path_pattern *pattern;
    const char *start;
    const char *at;
    const char *error;
};

static struct token *add_token(struct path_pattern *pattern, enum token_kind kind)
{
    pattern->tokens = memory_resize(pattern->tokens, pattern->count + 1, sizeof(*pattern->tokens));
    struct token *token = &pattern->tokens[pattern->count++];
    *token = (struct token){.kind = kind, .capture = NO_CAPTURE};
    if (kind == TOKEN_STAR || kind == TOKEN_ANY_SEGMENTS)
        token->wildcard = (uint16_t)pattern->wildcards++;
    return token;
}

static struct token *last_token(struct path_pattern *pattern)
{
    return &pattern->tokens[pattern->count - 1];
}

static void add_literal(struct path_pattern *pattern, char byte)
{
    char *place = pattern->bytes + pattern->bytes_used++;
    *place = byte;
    struct token *token = last_token(pattern);
    if (token->kind != TOKEN_LITERAL) {
        token = add_token(pattern, TOKEN_LITERAL);
        token->literal = place;
    }
    token->length++;
}

/* "a**b" is as "a*b", and one star after another adds nothing. */
static void add_star(struct path_pattern *pattern)
{
    struct token *token = last_token(pattern);
    if (token->kind != TOKEN_STAR || token->capture != NO_CAPTURE)
        add_token(pattern, TOKEN_STAR);
}

static bool is_name_byte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

static bool has_name(const struct path_pattern *pattern, const char *name, size_t length)
{
    for (size_t i = 0; i < pattern->capture_count; i++)
        if (strlen(pattern->names[i]) == length && memcmp(pattern->names[i], name, length) == 0)
            return true;
    return false;
}

static const char *read_capture(struct reading *reading)
{
    struct path_pattern *pattern = reading->pattern;
    const char *name = reading->at + 1;
    size_t length = 0;
    while (is_name_byte(name[length], length == 0))
        length++;
    if (length == 0 || name[length] != '}')
        return "a capture is a name in braces, like {job_id}";
    if (has_name(pattern, name, length))
        return "two captures have the same name";
    if (pattern->capture_count == PATH_PATTERN_CAPTURES)
        return "more than 16 captures";
    uint16_t capture = (uint16_t)pattern->capture_count;
    pattern->names[pattern->capture_count++] = memory_copy(name, length);
    add_token(pattern, TOKEN_FIRST)->capture = capture;
    add_token(pattern, TOKEN_STAR)->capture = capture;
    reading->at = name + length + 1;
    return NULL;
}

/* One byte of a set, perhaps escaped; false at the end of the text. */
static bool read_set_byte(const char **at, unsigned char *ret_byte)
{
    if (**at == '\\')
        (*at)++;
    if (!**at)
        return false;
    *ret_byte = (unsigned char)*(*at)++;
    return true;
}

static void set_fill(uint8_t *set, unsigned char low, unsigned char high)
{
    for (unsigned byte = low; byte <= high; byte++)
        set[byte / 8] |= (uint8_t)(1u << byte % 8);
}

/* "a-z]" behind the bracket, up to and with the closing one. */
static const char *read_set_ranges(const char **at, uint8_t *set)
{
    const char *first = *at;
    while (**at != ']' || *at == first) {
        unsigned char low;
        unsigned char high;
        if (!read_set_byte(at, &low))
            return "a set without its ']'";
        high = low;
        if ((*at)[0] == '-' && (*at)[1] && (*at)[1] != ']') {
            (*at)++;
            if (!read_set_byte(at, &high))
                return "a set without its ']'";
        }
        if (high < low)
            return "a range of a set goes backwards";
        set_fill(set, low, high);
    }
    (*at)++;
    return NULL;
}

static const char *read_set(struct reading *reading)
{
    uint8_t set[32] = {0};
    const char *at = reading->at + 1;
    bool inverted = *at == '!' || *at == '^';
    if (inverted)
        at++;
    const char *error = read_set_ranges(&at, set);
    if (error)
        return error;
    for (size_t i = 0; inverted && i < sizeof(set); i++)
        set[i] = (uint8_t)~set[i];
    set['/' / 8] &= (uint8_t) ~(1u << '/' % 8);
    struct token *token = add_token(reading->pattern, TOKEN_SET);
    token->set = memory_alloc(sizeof(set));
    memcpy(token->set, set, sizeof(set));
    reading->at = at;
    return NULL;
}

static bool at_segment_start(const struct reading *reading)
{
    return reading->at == reading->start || reading->at[-1] == '/';
}

/* "**" as a whole segment. The '/' around it is its own, since it may stand for no segment. */
static void read_any_segments(struct reading *reading)
{
    struct path_pattern *pattern = reading->pattern;
    while (strncmp(reading->at, "**/**", 5) == 0 && (!reading->at[5] || reading->at[5] == '/'))
        reading->at += 3;
    reading->at += 2;
    struct token *token = last_token(pattern);
    if (*reading->at == '/') {
        add_token(pattern, TOKEN_ANY_SEGMENTS);
        reading->at++;
    } else if (token->kind != TOKEN_LITERAL) { /* the pattern's start */
        add_token(pattern, TOKEN_ANYTHING);
    } else {
        pattern->bytes_used--;
        if (--token->length == 0)
            pattern->count--;
        add_token(pattern, TOKEN_ANYTHING_BELOW);
    }
}

/* A segment must not be empty, "." or "..": no path that is matched has those. */
static const char *check_segment(const char *at)
{
    size_t length = strcspn(at, "/");
    if (length == 0)
        return "an empty segment ('/' at the start, at the end or doubled)";
    if ((length == 1 && at[0] == '.') || (length == 2 && at[0] == '.' && at[1] == '.'))
        return "'.' and '..' never match";
    return NULL;
}

static const char *read_token(struct reading *reading)
{
    const char *at = reading->at;
    if (at_segment_start(reading)) {
        const char *error = check_segment(at);
        if (error)
            return error;
        if (at[0] == '*' && at[1] == '*' && (!at[2] || at[2] == '/')) {
            read_any_segments(reading);
            return NULL;
        }
    }
    switch (*at) {
    case '{':
        return read_capture(reading);
    case '[':
        return read_set(reading);
    case '}':
        return "a '}' without its '{' (a plain one is written \\})";
    case '*':
        add_star(reading->pattern);
        break;
    case '?':
        add_token(reading->pattern, TOKEN_ONE);
        break;
    case '\\':
        if (!at[1])
            return "a '\\' at the end";
        add_literal(reading->pattern, at[1]);
        reading->at++;
        break;
    default:
        add_literal(reading->pattern, *at);
    }
    reading->at++;
    return NULL;
}

static const char *read_pattern(struct reading *reading)
{
    size_t length = strlen(reading->start);
    if (length == 0)
        return "an empty pattern";
    if (length > PATTERN_MAXIMUM)
        return "a pattern of more than 4096 bytes";
    while (*reading->at) {
        const char *error = read_token(reading);
        if (error)
            return error;
    }
    return reading->at[-1] == '/' ? check_segment(reading->at) : NULL;
}

struct path_pattern *path_pattern_new(const char *text, const char **ret_error)
{
    struct path_pattern *pattern = memory_zero(1, sizeof(*pattern));
    pattern->text = memory_copy_text(text);
    pattern->bytes = memory_alloc(strlen(text) + 1);
    add_token(pattern, TOKEN_ANY_SEGMENTS);
    struct reading reading = {.pattern = pattern, .start = text, .at = text};
    const char *error = read_pattern(&reading);
    if (error) {
        path_pattern_free(pattern);
        *ret_error = error;
        return NULL;
    }
    return pattern;
}

void path_pattern_free(struct path_pattern *pattern)
{
    if (!pattern)
        return;
    for (size_t i = 0; i < pattern->count; i++)
        if (pattern->tokens[i].kind == TOKEN_SET)
            free(pattern->tokens[i].set);
    for (size_t i = 0; i < pattern->capture_count; i++)
        free(pattern->names[i]);
    free(pattern->tokens);
    free(pattern->bytes);
    free(pattern->text);
    free(pattern);
}

const char *path_pattern_text(const struct path_pattern *pattern)
{
    return pattern->text;
}

size_t path_pattern_capture_count(const struct path_pattern *pattern)
{
    return pattern->capture_count;
}

const char *path_pattern_capture_name(const struct path_pattern *pattern, size_t index)
{
    return pattern->names[index];
}
