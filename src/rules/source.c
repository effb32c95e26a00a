/* See source.h. */
#include "rules/source.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/path_pattern.h"
#include "base/tree.h"
#include "decode/plan.h"
#include "decode/value.h"
#include "rules/compiler.h"
#include "rules/emit.h"
#include "rules/event_name.h"
#include "rules/path.h"
#include "rules/root_shape.h"
#include "rules/row_binding.h"
#include "rules/schema.h"

/* What the callbacks of schema_each_text need. */
struct source_reading {
    struct compiler *compiler;
    struct rule_source *source;
    struct source_paths *paths;
    struct path_pattern ***patterns;
    size_t *pattern_count;
};

int source_capture(const struct rule_source *source, const char *name)
{
    for (size_t i = 0; i < source->capture_count; i++)
        if (strcmp(source->captures[i], name) == 0)
            return (int)i;
    return -1;
}

static void add_capture(struct rule_source *source, const char *name, size_t length)
{
    char *copy = memory_copy(name, length);
    if (source_capture(source, copy) >= 0) {
        free(copy);
        return;
    }
    source->captures = memory_resize(source->captures, source->capture_count + 1, sizeof(char *));
    source->captures[source->capture_count++] = copy;
}

static void add_captures(struct rule_source *source, const struct path_pattern *pattern)
{
    for (size_t i = 0; i < path_pattern_capture_count(pattern); i++) {
        const char *name = path_pattern_capture_name(pattern, i);
        add_capture(source, name, strlen(name));
    }
}

static void on_root(void *context, const struct tree *text)
{
    struct source_reading *reading = context;
    struct rule_source *source = reading->source;
    const char *error = NULL;
    struct path_pattern *shape = root_shape_new(text->text, &error);
    if (!shape) {
        diagnostics_error(reading->compiler->diagnostics, text, "bad root '%s': %s", text->text,
                          error);
        return;
    }
    add_captures(source, shape);
    path_pattern_free(shape);
    size_t count = source->facts.root_count;
    char **roots = memory_resize((void *)(uintptr_t)source->facts.roots, count + 1, sizeof(char *));
    roots[count] = memory_copy_text(text->text);
    source->facts.roots = (const char *const *)roots;
    source->facts.root_count = count + 1;
}

static void on_pattern(void *context, const struct tree *text)
{
    struct source_reading *reading = context;
    const char *error = NULL;
    struct path_pattern *pattern = path_pattern_new(text->text, &error);
    if (!pattern) {
        diagnostics_error(reading->compiler->diagnostics, text, "bad pattern '%s': %s", text->text,
                          error);
        return;
    }
    add_captures(reading->source, pattern);
    size_t count = *reading->pattern_count;
    *reading->patterns = memory_resize(*reading->patterns, count + 1, sizeof(**reading->patterns));
    (*reading->patterns)[count] = pattern;
    *reading->pattern_count = count + 1;
}

static struct path *read_path(struct compiler *compiler, const struct tree *text)
{
    const char *error = NULL;
    struct path *path = path_parse(text->text, text->length, &error);
    if (!path) {
        diagnostics_error(compiler->diagnostics, text, "bad path '%s': %s", text->text, error);
        return NULL;
    }
    if (path->scope != PATH_BARE && path->scope != PATH_RECORD) {
        diagnostics_error(compiler->diagnostics, text,
                          "'%s' must be a path from the record, like event.event_type", text->text);
        path_free(path);
        return NULL;
    }
    return path;
}

static void add_source_path(struct rule_source *source, struct source_paths *paths,
                            const char *const *segments, size_t count)
{
    paths->slots = memory_resize(paths->slots, paths->count + 1, sizeof(*paths->slots));
    paths->slots[paths->count++] = decode_plan_want(source->plan, segments, count);
}

static void on_source_path(void *context, const struct tree *text)
{
    struct source_reading *reading = context;
    struct path *path = read_path(reading->compiler, text);
    if (!path)
        return;
    add_source_path(reading->source, reading->paths, (const char *const *)path->segments,
                    path->count);
    path_free(path);
}

static void read_paths(struct source_reading *reading, const struct tree *node, const char *key,
                       struct source_paths *paths)
{
    reading->paths = paths;
    schema_some_texts(reading->compiler->diagnostics, tree_get(node, key), key, on_source_path,
                      reading);
}

static void read_patterns(const struct source_reading *source, const struct tree *node,
                          const char *key, struct path_pattern *const **list, size_t *count)
{
    struct path_pattern **patterns = NULL;
    struct source_reading reading = *source;
    reading.patterns = &patterns;
    reading.pattern_count = count;
    schema_each_text(reading.compiler->diagnostics, tree_get(node, key), key, on_pattern, &reading);
    *list = patterns;
}

/* Documents are no records: they have no name, no id, and no copies of lines. */
static void refuse_record_words(struct compiler *compiler, const struct tree *node)
{
    static const char *const words[] = {"type", "id", "archives"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (tree_get(node, words[i]))
            diagnostics_error(compiler->diagnostics, tree_get(node, words[i]),
                              "'%s' is for records: the events of a document are those of 'emit'",
                              words[i]);
}

static bool read_format(struct compiler *compiler, struct rule_source *source,
                        const struct tree *node)
{
    static const char *const words[] = {"lines", "document"};
    const struct tree *format = tree_get(node, "format");
    size_t index = 0;
    if (format && !schema_choice(compiler->diagnostics, format, "format", words, 2, &index))
        return false;
    source->facts.is_document = index == 1;
    if (source->facts.is_document)
        refuse_record_words(compiler, node);
    return true;
}

static void read_body(struct compiler *compiler, struct rule_source *source,
                      const struct tree *node)
{
    source->body_slot = UINT32_MAX;
    if (!node || !schema_scalar(compiler->diagnostics, node, "'body'"))
        return;
    source->body = read_path(compiler, node);
    if (source->body && source->body->count == 0) { /* "/": the record, as without */
        path_free(source->body);
        source->body = NULL;
    }
    if (source->body)
        source->body_slot = decode_plan_want(
            source->plan, (const char *const *)source->body->segments, source->body->count);
}

static bool source_event_is(const void *item, const void *key);

static struct rule_source *source_new(struct compiler *compiler, const char *name)
{
    struct rule_set *set = compiler->set;
    struct rule_source *source = memory_zero(1, sizeof(*source));
    source->facts.name = memory_copy_text(name);
    source->facts.pack = compiler->pack ? compiler->pack->name : "";
    source->facts.pack_index = compiler->pack ? compiler->pack->index : SIZE_MAX;
    source->index = set->source_count;
    source->plan = decode_plan_new();
    source->body_slot = UINT32_MAX;
    map_init(&source->events, source_event_is);
    set->sources = memory_resize(set->sources, set->source_count + 1, sizeof(*set->sources));
    set->sources[set->source_count++] = source;
    return source;
}

static void read_source(struct compiler *compiler, const struct tree *key, const struct tree *node)
{
    static const char *const words[] = {"root", "files", "exclude", "archives", "type",
                                        "body", "time",  "id",      "format",   "emit"};
    if (!schema_map(compiler->diagnostics, node, "a source"))
        return;
    schema_keys(compiler->diagnostics, node, "key of a source", words, ARRAY_LENGTH(words));
    struct rule_source *source = source_new(compiler, key->text);
    bool has_format = read_format(compiler, source, node);
    struct source_reading reading = {.compiler = compiler, .source = source};
    schema_each_text(compiler->diagnostics, tree_get(node, "root"), "'root'", on_root, &reading);
    read_patterns(&reading, node, "files", &source->facts.files, &source->facts.file_count);
    read_patterns(&reading, node, "exclude", &source->facts.excludes, &source->facts.exclude_count);
    read_patterns(&reading, node, "archives", &source->facts.archives,
                  &source->facts.archive_count);
    read_body(compiler, source, tree_get(node, "body"));
    read_paths(&reading, node, "type", &source->type);
    read_paths(&reading, node, "time", &source->time);
    read_paths(&reading, node, "id", &source->id);
    const struct tree *files = tree_get(node, "files");
    if (!files || (files->kind == TREE_LIST && files->count == 0))
        diagnostics_error(compiler->diagnostics, key, "source '%s' needs 'files'", key->text);
    if (!has_format)
        return;
    if (!tree_get(node, "type") && !source->facts.is_document)
        diagnostics_error(compiler->diagnostics, key,
                          "source '%s' needs 'type': the path of the event's name", key->text);
    compiler->source = source;
    emits_compile(compiler, key, tree_get(node, "emit"));
}

void sources_compile(struct compiler *compiler, const struct tree *node)
{
    if (!schema_map(compiler->diagnostics, node, "'sources'"))
        return;
    for (size_t i = 0; i < node->count; i++) {
        if (compiler->set->source_count == SOURCES_MOST) {
            diagnostics_error(compiler->diagnostics, node->keys[i],
                              "too many sources: %zu at most, over all packs", SOURCES_MOST);
            return;
        }
        read_source(compiler, node->keys[i], node->items[i]);
    }
}

void source_add_internal(struct compiler *compiler)
{
    static const char *const type[] = {"event_type"};
    compiler->pack = NULL;
    struct rule_source *source = source_new(compiler, "resources");
    source->facts.internal = true;
    add_source_path(source, &source->type, type, 1);
}

/* The body's path and these names behind it; ret_whole has room for both. */
static size_t path_in_body(const struct rule_source *source, const char *const *segments,
                           size_t count, const char **ret_whole)
{
    size_t start = source->body->count;
    for (size_t i = 0; i < start; i++)
        ret_whole[i] = source->body->segments[i];
    for (size_t i = 0; i < count; i++)
        ret_whole[start + i] = segments[i];
    return start + count;
}

uint32_t source_want_in_body(struct rule_source *source, const char *const *segments, size_t count)
{
    const char *whole[2 * PATH_SEGMENTS];
    size_t length = path_in_body(source, segments, count, whole);
    return decode_plan_want(source->plan, whole, length);
}

struct decode_plan *source_list_in_body(struct rule_source *source, const char *const *segments,
                                        size_t count)
{
    const char *whole[2 * PATH_SEGMENTS];
    size_t length = path_in_body(source, segments, count, whole);
    return decode_plan_list(source->plan, whole, length);
}

static void free_patterns(struct path_pattern *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        path_pattern_free(patterns[i]);
    free((void *)(uintptr_t)patterns);
}

static void free_texts(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)texts[i]);
    free((void *)(uintptr_t)texts);
}

static bool source_event_is(const void *item, const void *key)
{
    const struct source_event *event = item;
    const struct label_value *normal = key;
    return event->name->length == normal->length &&
           memcmp(event->name->normal, normal->text, normal->length) == 0;
}

static void free_events(struct map *events)
{
    size_t position = 0;
    struct source_event *event;
    while ((event = map_next(events, &position))) {
        free(event->rows);
        free(event);
    }
    map_free(events);
}

void source_free(struct rule_source *source)
{
    if (!source)
        return;
    free_events(&source->events);
    if (source->other)
        free(source->other->rows);
    free(source->other);
    for (size_t i = 0; i < source->row_count; i++)
        row_free(source->rows[i]);
    free(source->rows);
    emits_free(source);
    free_texts(source->facts.roots, source->facts.root_count);
    free_patterns(source->facts.files, source->facts.file_count);
    free_patterns(source->facts.excludes, source->facts.exclude_count);
    free_patterns(source->facts.archives, source->facts.archive_count);
    free_texts((const char *const *)source->captures, source->capture_count);
    free(source->type.slots);
    free(source->time.slots);
    free(source->id.slots);
    path_free(source->body);
    decode_plan_free(source->plan);
    free((void *)(uintptr_t)source->facts.name);
    free(source);
}

size_t rule_set_source_count(const struct rule_set *set)
{
    return set->source_count;
}

struct rule_source *rule_set_source(const struct rule_set *set, size_t index)
{
    return set->sources[index];
}

void rule_source_facts(const struct rule_source *source, struct rule_source_facts *ret_facts)
{
    *ret_facts = source->facts;
}

const struct decode_plan *rule_source_plan(const struct rule_source *source)
{
    return source->plan;
}

bool rule_source_id(const struct rule_source *source, const struct value *slots,
                    const char **ret_text, size_t *ret_length)
{
    for (size_t i = 0; i < source->id.count; i++)
        if (value_text(&slots[source->id.slots[i]], ret_text, ret_length) && *ret_length > 0)
            return true;
    return false;
}
