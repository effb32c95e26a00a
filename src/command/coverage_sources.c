/* What `coverage` says of each source: events that no rule names, fields that no rule uses. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "command/coverage.h"
#include "command/coverage_columns.h"
#include "daemon/rulebook.h"
#include "decode/plan.h"
#include "decode/value.h"
#include "infer/infer_text.h"
#include "rules/rule_set.h"
#include "survey/seen.h"

/* --- Events ------------------------------------------------------------------------------------
 */

static int compare_events(const void *a, const void *b)
{
    const struct covered_event *left = *(struct covered_event *const *)a;
    const struct covered_event *right = *(struct covered_event *const *)b;
    if (left->source != right->source)
        return left->source < right->source ? -1 : 1;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return strcmp(left->name, right->name);
}

static uint64_t count_events(const struct coverage *coverage, size_t source)
{
    uint64_t count = 0;
    for (size_t i = 0; i < coverage->event_count; i++)
        count += coverage->events[i]->source == source ? coverage->events[i]->count : 0;
    return count;
}

static void print_unnamed(const struct coverage *coverage, size_t source, struct text *out)
{
    size_t told = 0;
    for (size_t i = 0; i < coverage->event_count; i++) {
        const struct covered_event *event = coverage->events[i];
        if (event->source != source || event->is_named)
            continue;
        if (told++ == 0)
            text_append_string(out, "  events that no rule names:\n");
        columns_count(out, event->count);
        columns_end(out, event->name, strlen(event->name));
    }
    if (told == 0)
        text_append_string(out, "  every event is named by some rule\n");
}

static bool is_named(const struct coverage *coverage, size_t source, const char *name)
{
    for (size_t i = 0; i < coverage->event_count; i++)
        if (coverage->events[i]->source == source && strcmp(coverage->events[i]->name, name) == 0)
            return coverage->events[i]->is_named;
    return true; /* a document as a whole */
}

/* --- Fields ------------------------------------------------------------------------------------
 */

static bool is_wanted(const struct rule_source *source, const struct seen_path *path)
{
    const char *keys[DECODE_DEPTH];
    size_t count = path->depth;
    for (const struct seen_path *at = path; at->parent; at = at->parent)
        keys[at->depth - 1] = at->key;
    return decode_plan_wants(rule_source_plan(source), keys, count);
}

/* Of a list or an object that nobody wants it is enough to tell that. */
static bool is_told_above(const struct rule_source *source, const struct seen_path *path)
{
    const struct seen_path *parent = path->parent;
    return parent && parent->parent && (!path->key || !is_wanted(source, parent));
}

struct unused {
    char *path;
    const struct seen_field *field;
};

static int compare_unused(const void *a, const void *b)
{
    return strcmp(((const struct unused *)a)->path, ((const struct unused *)b)->path);
}

static const char *kind_text(const struct seen_field *field)
{
    static const char *const names[SEEN_KINDS] = {[VALUE_BOOLEAN] = "boolean",
                                                  [VALUE_NUMBER] = "number",
                                                  [VALUE_STRING] = "text",
                                                  [VALUE_ARRAY] = "list",
                                                  [VALUE_OBJECT] = "object"};
    for (int kind = VALUE_BOOLEAN; kind < SEEN_KINDS; kind++)
        if (seen_field_is(field, (enum value_type)kind))
            return names[kind];
    return seen_field_values(field) ? "mixed" : "null";
}

static char *path_text(const struct seen_path *path)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    seen_path_text(path, NULL, &text);
    return text_take(&text);
}

/* The caller frees the list and its paths. */
static size_t find_unused(const struct rule_source *source, const struct seen_type *type,
                          struct unused **ret_list)
{
    struct unused *list = NULL;
    size_t count = 0;
    for (uint32_t i = 1; i < type->capacity; i++) {
        const struct seen_field *field = type->fields[i];
        if (!field || is_wanted(source, field->path) || is_told_above(source, field->path))
            continue;
        list = memory_resize(list, count + 1, sizeof(*list));
        list[count++] = (struct unused){.path = path_text(field->path), .field = field};
    }
    if (count > 0)
        qsort(list, count, sizeof(*list), compare_unused);
    *ret_list = list;
    return count;
}

static void print_field(const struct unused *unused, struct text *out)
{
    const struct seen_field *field = unused->field;
    struct text values;
    columns_count(out, seen_field_values(field) + field->kinds[VALUE_NULL]);
    columns_word(out, kind_text(field), 8);
    text_init(&values, TEXT_UNLIMITED);
    if (distinct_count(&field->distinct) > 0)
        infer_append_values(&values, &field->distinct);
    columns_word(out, values.data ? values.data : "", 20);
    text_free(&values);
    columns_end(out, unused->path, strlen(unused->path));
}

static size_t print_type(const struct rule_source *source, const struct seen_type *type,
                         bool is_first, struct text *out)
{
    struct unused *list;
    size_t count = find_unused(source, type, &list);
    if (count > 0) {
        if (is_first)
            text_append_string(out,
                               "  fields that no rule uses, of events that some rule names:\n");
        text_append_string(out, "    ");
        if (type->length == 0)
            text_append_string(out, "(the document)");
        else
            text_append_json(out, type->name, type->length);
        text_append_char(out, '\n');
    }
    for (size_t i = 0; i < count; i++) {
        print_field(&list[i], out);
        free(list[i].path);
    }
    free(list);
    return count;
}

static void print_fields(const struct coverage *coverage, size_t index, struct text *out)
{
    const struct rule_source *source = rule_set_source(coverage->reading.rulebook->rules, index);
    size_t count = 0;
    size_t told = 0;
    if (!coverage->seen[index])
        return;
    struct seen_type *const *types = seen_types(coverage->seen[index], &count);
    for (size_t i = 0; i < count; i++)
        if (is_named(coverage, index, types[i]->name))
            told += print_type(source, types[i], told == 0, out);
    if (told == 0)
        text_append_string(out, "  every field of them is used by some rule\n");
}

/* --- Sources -----------------------------------------------------------------------------------
 */

static void print_source(const struct coverage *coverage, size_t index, struct text *out)
{
    struct rule_source_facts facts;
    rule_source_facts(rule_set_source(coverage->reading.rulebook->rules, index), &facts);
    uint64_t events = count_events(coverage, index);
    if (facts.internal || (events == 0 && !coverage->seen[index]))
        return;
    text_printf(out, "source %s of %s: ", facts.name, facts.pack);
    infer_append_count(out, events);
    text_append_string(out, events == 1 ? " event\n" : " events\n");
    print_unnamed(coverage, index, out);
    print_fields(coverage, index, out);
    text_append_char(out, '\n');
}

static void print_silent_sources(const struct coverage *coverage, struct text *out)
{
    size_t told = 0;
    for (size_t i = 0; i < coverage->source_count; i++) {
        struct rule_source_facts facts;
        rule_source_facts(rule_set_source(coverage->reading.rulebook->rules, i), &facts);
        if (facts.internal || coverage->seen[i] || count_events(coverage, i) > 0)
            continue;
        if (told++ == 0)
            text_append_string(out, "sources of which nothing was seen:\n");
        text_printf(out, "    %s of %s\n", facts.name, facts.pack);
    }
    if (told > 0)
        text_append_char(out, '\n');
}

void coverage_print_sources(const struct coverage *coverage, struct text *out)
{
    if (coverage->event_count > 0)
        qsort(coverage->events, coverage->event_count, sizeof(struct covered_event *),
              compare_events);
    for (size_t i = 0; i < coverage->source_count; i++)
        print_source(coverage, i, out);
    print_silent_sources(coverage, out);
}
