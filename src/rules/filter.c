/* See filter.h. */
#include "rules/filter.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/number.h"

struct pattern {
    regex_t regex;
};

struct mapping {
    char *from; /* NULL: else */
    char *to;
};

struct filter {
    bool (*run)(const struct filter *filter, struct arena *arena, struct label_value *value);
    char *text;
    size_t length;
    size_t amount;
    struct pattern *pattern;
    struct mapping *mappings;
    size_t mapping_count;
    struct filter *next;
};

/* Is there a "\1" outside brackets? */
static bool refers_back(const char *text)
{
    bool in_brackets = false;
    for (; *text; text++) {
        if (in_brackets || *text == '[')
            in_brackets = *text != ']';
        else if (*text == '\\' && text[1] && isdigit((unsigned char)*++text))
            return true;
    }
    return false;
}

struct pattern *pattern_new(const char *text, size_t length, char **ret_error)
{
    if (length > PATTERN_LONGEST) {
        *ret_error =
            memory_format("a regular expression may have %zu bytes at most", PATTERN_LONGEST);
        return NULL;
    }
    AUTO_FREE char *copy = memory_copy(text, length);
    if (refers_back(copy)) {
        *ret_error = memory_format("bad regular expression '%s': no back-references here", copy);
        return NULL;
    }
    struct pattern *pattern = memory_zero(1, sizeof(*pattern));
    int code = regcomp(&pattern->regex, copy, REG_EXTENDED);
    if (code == 0)
        return pattern;
    char cause[128];
    regerror(code, &pattern->regex, cause, sizeof(cause));
    *ret_error = memory_format("bad regular expression '%s': %s", copy, cause);
    free(pattern);
    return NULL;
}

void pattern_free(struct pattern *pattern)
{
    if (!pattern)
        return;
    regfree(&pattern->regex);
    free(pattern);
}

bool pattern_match(const struct pattern *pattern, const char *text, size_t length,
                   struct label_value *ret_found)
{
    if (length > FILTER_MATCH_LONGEST)
        length = FILTER_MATCH_LONGEST;
    regmatch_t groups[2] = {{.rm_so = 0, .rm_eo = (regoff_t)length}};
    if (regexec(&pattern->regex, text, 2, groups, REG_STARTEND) != 0)
        return false;
    const regmatch_t *found =
        groups[1].rm_so >= 0 && pattern->regex.re_nsub > 0 ? &groups[1] : &groups[0];
    if (ret_found)
        *ret_found =
            (struct label_value){text + found->rm_so, (size_t)(found->rm_eo - found->rm_so)};
    return true;
}

static bool run_default(const struct filter *filter, UNUSED struct arena *arena,
                        struct label_value *value)
{
    if (!value->text || value->length == 0)
        *value = (struct label_value){filter->text, filter->length};
    return true;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static bool run_first(const struct filter *filter, UNUSED struct arena *arena,
                      struct label_value *value)
{
    size_t characters = 0;
    for (size_t i = 0; i < value->length; i++) {
        if (is_continuation(value->text[i]))
            continue;
        if (characters++ == filter->amount) {
            value->length = i;
            break;
        }
    }
    return true;
}

static bool run_last(const struct filter *filter, UNUSED struct arena *arena,
                     struct label_value *value)
{
    size_t characters = 0;
    for (size_t i = value->length; i > 0; i--) {
        if (is_continuation(value->text[i - 1]))
            continue;
        if (++characters == filter->amount) {
            value->text += i - 1;
            value->length -= i - 1;
            break;
        }
    }
    return true;
}

static bool run_case(struct arena *arena, struct label_value *value, int (*change)(int))
{
    char *changed = arena_alloc(arena, value->length + 1);
    for (size_t i = 0; i < value->length; i++) {
        unsigned char c = (unsigned char)value->text[i];
        changed[i] = (char)(c < 0x80 ? change(c) : c);
    }
    value->text = changed;
    return true;
}

static bool run_lower(UNUSED const struct filter *filter, struct arena *arena,
                      struct label_value *value)
{
    return run_case(arena, value, tolower);
}

static bool run_upper(UNUSED const struct filter *filter, struct arena *arena,
                      struct label_value *value)
{
    return run_case(arena, value, toupper);
}

static void drop_end_slashes(struct label_value *value)
{
    while (value->length > 1 && value->text[value->length - 1] == '/')
        value->length--;
}

static bool run_basename(UNUSED const struct filter *filter, UNUSED struct arena *arena,
                         struct label_value *value)
{
    drop_end_slashes(value);
    const char *slash = memrchr(value->text, '/', value->length);
    if (slash && value->length > 1) {
        value->length -= (size_t)(slash + 1 - value->text);
        value->text = slash + 1;
    }
    return true;
}

static bool run_dirname(UNUSED const struct filter *filter, UNUSED struct arena *arena,
                        struct label_value *value)
{
    drop_end_slashes(value);
    const char *slash = memrchr(value->text, '/', value->length);
    if (!slash)
        *value = (struct label_value){".", 1};
    else
        value->length = slash == value->text ? 1 : (size_t)(slash - value->text);
    drop_end_slashes(value); /* of "a//b" */
    return true;
}

static bool run_match(const struct filter *filter, UNUSED struct arena *arena,
                      struct label_value *value)
{
    return pattern_match(filter->pattern, value->text, value->length, value);
}

static bool run_map(const struct filter *filter, UNUSED struct arena *arena,
                    struct label_value *value)
{
    for (size_t i = 0; i < filter->mapping_count; i++) {
        const struct mapping *mapping = &filter->mappings[i];
        bool fits = !mapping->from || (strlen(mapping->from) == value->length &&
                                       memcmp(mapping->from, value->text, value->length) == 0);
        if (fits) {
            *value = (struct label_value){mapping->to, strlen(mapping->to)};
            return true;
        }
    }
    return true; /* without `else` the text stays as it is */
}

static struct label_value trimmed(const char *text, size_t length)
{
    while (length && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    return (struct label_value){text, length};
}

/* Takes quotes off. */
static char *word_copy(struct label_value word)
{
    bool is_quoted = word.length >= 2 && (word.text[0] == '"' || word.text[0] == '\'') &&
                     word.text[word.length - 1] == word.text[0];
    return is_quoted ? memory_copy(word.text + 1, word.length - 2)
                     : memory_copy(word.text, word.length);
}

static void add_mapping(struct filter *filter, struct label_value from, struct label_value to)
{
    bool is_else = from.length == 4 && memcmp(from.text, "else", 4) == 0;
    filter->mappings =
        memory_resize(filter->mappings, filter->mapping_count + 1, sizeof(*filter->mappings));
    filter->mappings[filter->mapping_count++] =
        (struct mapping){is_else ? NULL : word_copy(from), word_copy(to)};
}

/* The first `wanted` behind a word, which may stand in quotes; `end` if there is none. */
static const char *find_behind_word(const char *at, const char *end, char wanted)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    bool is_quoted = at < end && (*at == '"' || *at == '\'');
    const char *close = is_quoted ? memchr(at + 1, *at, (size_t)(end - at - 1)) : NULL;
    at = close ? close : at;
    const char *found = memchr(at, wanted, (size_t)(end - at));
    return found ? found : end;
}

/* "{a: b, c: d, else: e}"; else is kept last. */
static bool parse_map(struct filter *filter, struct label_value rest)
{
    if (rest.length < 2 || rest.text[0] != '{' || rest.text[rest.length - 1] != '}')
        return false;
    const char *at = rest.text + 1;
    const char *end = rest.text + rest.length - 1;
    while (at < end) {
        const char *colon = find_behind_word(at, end, ':');
        if (colon == end || find_behind_word(at, end, ',') < colon)
            return false;
        const char *stop = find_behind_word(colon + 1, end, ',');
        add_mapping(filter, trimmed(at, (size_t)(colon - at)),
                    trimmed(colon + 1, (size_t)(stop - colon - 1)));
        at = stop + 1;
    }
    size_t last = filter->mapping_count;
    for (size_t i = 0; i + 1 < last; i++) {
        if (!filter->mappings[i].from) {
            struct mapping otherwise = filter->mappings[i];
            filter->mappings[i] = filter->mappings[last - 1];
            filter->mappings[last - 1] = otherwise;
        }
    }
    return filter->mapping_count > 0;
}

static bool parse_argument(struct filter *filter, const char *name, struct label_value rest,
                           char **ret_error)
{
    if (strcmp(name, "first") == 0 || strcmp(name, "last") == 0) {
        int64_t amount;
        if (!number_parse_int(rest.text, rest.length, &amount) || amount < 1 || amount > 4096) {
            *ret_error = memory_format("filter '%s' needs a number from 1 to 4096", name);
            return false;
        }
        filter->amount = (size_t)amount;
    } else if (strcmp(name, "match") == 0) {
        if (rest.length < 2 || rest.text[0] != '/' || rest.text[rest.length - 1] != '/') {
            *ret_error = memory_copy_text("filter 'match' needs /a regular expression/");
            return false;
        }
        filter->pattern = pattern_new(rest.text + 1, rest.length - 2, ret_error);
        return filter->pattern != NULL;
    } else if (strcmp(name, "map") == 0) {
        if (!parse_map(filter, rest)) {
            *ret_error = memory_copy_text("filter 'map' needs {from: to, else: other}");
            return false;
        }
    } else if (strcmp(name, "default") == 0) {
        filter->text = word_copy(rest);
        filter->length = strlen(filter->text);
    } else if (rest.length) {
        *ret_error = memory_format("filter '%s' takes nothing, not '%.*s'", name, (int)rest.length,
                                   rest.text);
        return false;
    }
    return true;
}

static const struct {
    const char *name;
    bool (*run)(const struct filter *filter, struct arena *arena, struct label_value *value);
} kinds[] = {
    {"default", run_default}, {"first", run_first}, {"last", run_last},
    {"lower", run_lower},     {"upper", run_upper}, {"basename", run_basename},
    {"dirname", run_dirname}, {"match", run_match}, {"map", run_map},
};

static char *unknown_filter(const char *name)
{
    const char *names[ARRAY_LENGTH(kinds)];
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        names[i] = kinds[i].name;
    const char *near = nearest_word(name, names, ARRAY_LENGTH(kinds));
    return near ? memory_format("unknown filter '%s' (did you mean '%s'?)", name, near)
                : memory_format("unknown filter '%s'", name);
}

struct filter *filter_parse(const char *text, size_t length, char **ret_error)
{
    struct label_value whole = trimmed(text, length);
    size_t word = 0;
    while (word < whole.length && isalpha((unsigned char)whole.text[word]))
        word++;
    AUTO_FREE char *name = memory_copy(whole.text, word);
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        if (strcmp(kinds[i].name, name) != 0)
            continue;
        struct filter *filter = memory_zero(1, sizeof(*filter));
        filter->run = kinds[i].run;
        if (parse_argument(filter, name, trimmed(whole.text + word, whole.length - word),
                           ret_error))
            return filter;
        filter_free(filter);
        return NULL;
    }
    *ret_error = unknown_filter(name);
    return NULL;
}

void filter_append(struct filter **chain, struct filter *filter)
{
    while (*chain)
        chain = &(*chain)->next;
    *chain = filter;
}

void filter_free(struct filter *filter)
{
    while (filter) {
        struct filter *next = filter->next;
        for (size_t i = 0; i < filter->mapping_count; i++) {
            free(filter->mappings[i].from);
            free(filter->mappings[i].to);
        }
        free(filter->mappings);
        pattern_free(filter->pattern);
        free(filter->text);
        free(filter);
        filter = next;
    }
}

bool filter_run(const struct filter *chain, struct arena *arena, struct label_value *value)
{
    for (const struct filter *filter = chain; filter; filter = filter->next) {
        bool is_default = filter->run == run_default;
        if (!value->text && !is_default)
            continue; /* nothing stays nothing until a default */
        if (!filter->run(filter, arena, value))
            *value = (struct label_value){NULL, 0};
    }
    return value->text != NULL;
}
