/* See operand.h. A bare path is bound to every place where it may be found at once; evaluation
 * tries them in the language's order: element, body (or record), captures, memories. */
#include "rules/operand.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/tree.h"
#include "decode/plan.h"
#include "decode/value.h"
#include "rules/compiler.h"
#include "rules/emit.h"
#include "rules/kept.h"
#include "rules/path.h"
#include "rules/schema.h"

static void operand_init(struct operand *operand, const char *text)
{
    *operand = (struct operand){.capture = -1, .text = memory_copy_text(text)};
    for (int start = 0; start < STARTS; start++)
        operand->slots[start] = operand->element[start] = OPERAND_NO_SLOT;
}

static const char *const *path_names(const struct path *path)
{
    return (const char *const *)path->segments;
}

/* What a removed document is asked for is kept while it is there. */
static void keep(const struct binding *binding, const struct path *path, bool in_body,
                 uint32_t slot)
{
    const struct emit *emit = binding->compiler->emit;
    if (emit && emit->cause == EMIT_REMOVED)
        kept_add(binding->compiler->source, path_names(path), path->count, in_body, slot);
}

static void bind_record(const struct binding *binding, const struct path *path,
                        struct operand *operand)
{
    struct rule_source *source = binding->compiler->source;
    uint32_t slot = decode_plan_want(source->plan, path_names(path), path->count);
    operand->slots[START_RECORD] = slot;
    keep(binding, path, false, slot);
    if (path->scope == PATH_RECORD) {
        operand->slots[START_BODY] = slot;
    } else if (source->body) {
        slot = source_want_in_body(source, path_names(path), path->count);
        operand->slots[START_BODY] = slot;
        keep(binding, path, true, slot);
    }
}

static void bind_element(const struct binding *binding, const struct path *path,
                         struct operand *operand)
{
    for (int start = 0; start < STARTS; start++)
        if (binding->elements[start])
            operand->element[start] =
                decode_plan_want(binding->elements[start], path_names(path), path->count);
}

/* Where one source of several captures no such name there is nothing; but some must. */
static bool is_captured(const struct compiler *compiler, const char *name, const char **ret_near)
{
    const struct rule_set *set = compiler->set;
    const char *names[SCHEMA_WORDS];
    size_t count = 0;
    for (size_t i = 0; i < set->source_count; i++) {
        const struct rule_source *source = set->sources[i];
        if (source->facts.pack_index != compiler->source->facts.pack_index)
            continue;
        if (source_capture(source, name) >= 0)
            return true;
        for (size_t j = 0; j < source->capture_count && count < SCHEMA_WORDS; j++)
            names[count++] = source->captures[j];
    }
    *ret_near = nearest_word(name, names, count);
    return false;
}

static bool bind_file(const struct binding *binding, const struct tree *where,
                      const struct path *path, struct operand *operand)
{
    const struct rule_source *source = binding->compiler->source;
    const char *name = path->segments[0];
    if (path->count == 1 && strcmp(name, "name") == 0)
        operand->fact = FACT_NAME;
    else if (path->count == 1 && strcmp(name, "dir") == 0)
        operand->fact = FACT_DIRECTORY;
    else if (path->count == 1)
        operand->capture = source_capture(source, name);
    if (operand->fact != FACT_NONE || operand->capture >= 0)
        return true;
    if (source->facts.internal || !binding->compiler->pack->has_sources)
        return true; /* rules that meet several sources: nothing where one captures no such name */
    const char *near = NULL;
    if (path->count == 1 && is_captured(binding->compiler, name, &near))
        return true;
    diagnostics_error(binding->compiler->diagnostics, where,
                      "'%s': source '%s' captures no '%s'%s%s%s", path->text, source->facts.name,
                      name, near ? " (did you mean 'file." : "", near ? near : "",
                      near ? "'?)" : "");
    return false;
}

static bool bind_memory(const struct binding *binding, const struct tree *where,
                        const struct path *path, struct operand *operand)
{
    operand->memory = compiler_find_memory(binding->compiler, path->segments[0]);
    if (!operand->memory || operand->memory->kind != MEMORY_REMEMBER) {
        diagnostics_error(binding->compiler->diagnostics, where,
                          "'%s': no rule of this pack remembers '%s'", path->text,
                          path->segments[0]);
        return false;
    }
    operand->memory_key = memory_zero(1, sizeof(*operand->memory_key));
    operand->memory_key->parts = memory_zero(1, sizeof(struct operand));
    if (!operand_compile(binding, where, path->key->text, strlen(path->key->text),
                         operand->memory_key->parts))
        return false;
    operand->memory_key->count = 1;
    return true;
}

static void bind_bare(const struct binding *binding, const struct path *path,
                      struct operand *operand)
{
    bind_element(binding, path, operand);
    bind_record(binding, path, operand);
    if (path->count != 1)
        return;
    operand->capture = source_capture(binding->compiler->source, path->segments[0]);
    if (operand->capture < 0 && strcmp(path->segments[0], "late") == 0)
        operand->fact = FACT_LATE;
    struct memory *memory = compiler_find_memory(binding->compiler, path->segments[0]);
    if (memory && memory->kind == MEMORY_REMEMBER)
        operand->memory = memory;
}

static bool bind(const struct binding *binding, const struct tree *where, const struct path *path,
                 struct operand *operand)
{
    switch (path->scope) {
    case PATH_BARE:
        bind_bare(binding, path, operand);
        return true;
    case PATH_RECORD:
        bind_record(binding, path, operand);
        return true;
    case PATH_FILE:
        return bind_file(binding, where, path, operand);
    case PATH_MEMORY:
        return bind_memory(binding, where, path, operand);
    case PATH_ELEMENT:
        break;
    }
    if (!binding->inside_each) {
        diagnostics_error(binding->compiler->diagnostics, where,
                          "'%s' is of the element, but this row has no 'each'", path->text);
        return false;
    }
    bind_element(binding, path, operand);
    return true;
}

bool operand_compile(const struct binding *binding, const struct tree *where, const char *text,
                     size_t length, struct operand *ret_operand)
{
    const char *error = NULL;
    struct path *path = path_parse(text, length, &error);
    if (!path) {
        diagnostics_error(binding->compiler->diagnostics, where, "bad path '%.*s': %s", (int)length,
                          text, error);
        return false;
    }
    struct operand operand;
    operand_init(&operand, path->text);
    bool bound = bind(binding, where, path, &operand);
    path_free(path);
    if (bound)
        *ret_operand = operand;
    else
        operand_free(&operand);
    return bound;
}

/* `text` and one more name behind it; false if a path cannot be that long. */
static bool compile_part(const struct binding *binding, const struct tree *where, const char *text,
                         const char *name, struct operand *ret_operand)
{
    bool is_scope = strcmp(text, ".") == 0 || strcmp(text, "/") == 0;
    AUTO_FREE char *longer = memory_format(is_scope ? "%s%s" : "%s.%s", text, name);
    const char *error;
    struct path *path = path_parse(longer, strlen(longer), &error);
    path_free(path);
    return path && operand_compile(binding, where, longer, strlen(longer), ret_operand);
}

/* Cuts "|default 0" off the end of a quantity. False with an error if something else is there. */
static bool cut_default(const struct binding *binding, const struct tree *where, const char *text,
                        size_t *length, struct quantity *quantity)
{
    static const char word[] = "default ";
    size_t skip = sizeof(word) - 1;
    bool is_quoted = false;
    size_t bar = 0;
    while (bar < *length && (is_quoted || text[bar] != '|'))
        is_quoted ^= text[bar++] == '"';
    if (bar == *length)
        return true;
    const char *filter = text + bar + 1;
    size_t rest = *length - bar - 1;
    quantity->has_otherwise = true;
    *length = bar;
    if (rest > skip && memcmp(filter, word, skip) == 0 &&
        number_parse(filter + skip, rest - skip, &quantity->otherwise))
        return true;
    diagnostics_error(binding->compiler->diagnostics, where,
                      "'%s': behind the path of a number only '|default NUMBER' may stand", text);
    return false;
}

bool quantity_compile(const struct binding *binding, const struct tree *where, const char *text,
                      size_t length, struct quantity *ret_quantity)
{
    static const char *const names[] = {"0", "1", "secs", "nanos"};
    struct quantity quantity = {.has_parts = false};
    if (!cut_default(binding, where, text, &length, &quantity))
        return false;
    if (!operand_compile(binding, where, text, length, &quantity.whole))
        return false;
    const struct operand *whole = &quantity.whole;
    bool in_record = whole->slots[START_RECORD] != OPERAND_NO_SLOT;
    bool in_element = whole->element[START_BODY] != OPERAND_NO_SLOT ||
                      whole->element[START_RECORD] != OPERAND_NO_SLOT;
    if (in_record || in_element) {
        quantity.has_parts = true;
        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
            if (!compile_part(binding, where, whole->text, names[i], &quantity.parts[i]))
                quantity.has_parts = false;
    }
    *ret_quantity = quantity;
    return true;
}

void operand_free(struct operand *operand)
{
    free(operand->text);
    if (operand->memory_key) {
        key_free(operand->memory_key);
        free(operand->memory_key);
    }
    *operand = (struct operand){.capture = -1};
}

void quantity_free(struct quantity *quantity)
{
    operand_free(&quantity->whole);
    for (size_t i = 0; i < ARRAY_LENGTH(quantity->parts); i++)
        operand_free(&quantity->parts[i]);
}

static void value_of_text(struct value *value, const char *text, size_t length)
{
    *value = (struct value){.type = VALUE_STRING, .length = (uint32_t)length, .text = text};
}

static bool file_value(const struct scene *scene, const struct operand *operand,
                       struct value *ret_value)
{
    const char *text = NULL;
    if (operand->fact == FACT_LATE && scene->late)
        *ret_value = (struct value){.type = VALUE_BOOLEAN, .length = 1};
    if (operand->fact == FACT_LATE)
        return scene->late;
    if (operand->fact == FACT_NAME)
        text = scene->file->name;
    else if (operand->fact == FACT_DIRECTORY)
        text = scene->file->directory;
    if (text) {
        value_of_text(ret_value, text, strlen(text));
        return true;
    }
    if (operand->capture < 0 || (size_t)operand->capture >= scene->file->capture_count)
        return false;
    const struct label_value *capture = &scene->file->captures[operand->capture];
    if (!capture->text)
        return false;
    value_of_text(ret_value, capture->text, capture->length);
    return true;
}

static bool memory_value(struct scene *scene, const struct operand *operand,
                         struct value *ret_value)
{
    struct memory_key key = {.scope_id = scene_scope_id(scene, operand->memory->scope),
                             .bytes = ""};
    if (operand->memory_key && !key_text(scene, operand->memory_key, &key.bytes, &key.length))
        return false;
    struct memory_entry *entry = memory_get(operand->memory, &key);
    if (!entry)
        return false;
    memory_touch(operand->memory, entry, scene->when.now);
    /* Copied, since the entry may go before the value does: to make room for another key. */
    value_of_text(ret_value,
                  arena_copy(scene->arena, entry->bytes + entry->key_length, entry->text_length),
                  entry->text_length);
    return true;
}

bool operand_value(struct scene *scene, const struct operand *operand, struct value *ret_value)
{
    enum start start = scene->start;
    uint32_t slot = operand->element[start];
    if (slot != OPERAND_NO_SLOT && scene->element && scene->element[slot].type != VALUE_ABSENT) {
        *ret_value = scene->element[slot];
        return true;
    }
    slot = operand->slots[start];
    if (slot != OPERAND_NO_SLOT && scene->slots[slot].type != VALUE_ABSENT) {
        *ret_value = scene->slots[slot];
        return true;
    }
    if ((operand->capture >= 0 || operand->fact != FACT_NONE) &&
        file_value(scene, operand, ret_value))
        return true;
    if (operand->memory && memory_value(scene, operand, ret_value))
        return true;
    scene->missing = operand->text;
    return false;
}

/* [secs, nanos] or {secs, nanos}, nanos may be left out. */
static enum quantity_result two_parts(struct scene *scene, const struct operand *seconds,
                                      const struct operand *nanoseconds, double *ret_number)
{
    struct value value;
    double whole;
    double rest = 0;
    if (!operand_value(scene, seconds, &value) || !value_number(&value, &whole))
        return QUANTITY_NO_NUMBER;
    if (operand_value(scene, nanoseconds, &value) && !value_number(&value, &rest))
        return QUANTITY_NO_NUMBER;
    *ret_number = whole + rest / 1e9;
    return QUANTITY_OK;
}

enum quantity_result quantity_seconds(struct scene *scene, const struct quantity *quantity,
                                      double *ret_number)
{
    struct value value;
    bool is_there = operand_value(scene, &quantity->whole, &value);
    if (quantity->has_otherwise && (!is_there || value.type == VALUE_NULL)) {
        *ret_number = quantity->otherwise;
        return QUANTITY_OK;
    }
    if (!is_there)
        return QUANTITY_MISSING;
    enum quantity_result result = QUANTITY_NO_NUMBER;
    if (value_seconds(&value, ret_number))
        return QUANTITY_OK;
    if (value.type == VALUE_NULL)
        result = QUANTITY_MISSING;
    else if (quantity->has_parts && value.type == VALUE_ARRAY && value.length <= 2)
        result = two_parts(scene, &quantity->parts[0], &quantity->parts[1], ret_number);
    else if (quantity->has_parts && value.type == VALUE_OBJECT)
        result = two_parts(scene, &quantity->parts[2], &quantity->parts[3], ret_number);
    if (result != QUANTITY_OK)
        scene->missing = quantity->whole.text;
    return result;
}

enum quantity_result operand_time(struct scene *scene, const struct operand *operand,
                                  int64_t *ret_time)
{
    struct value value;
    if (!operand_value(scene, operand, &value))
        return QUANTITY_MISSING;
    if (value_time(&value, ret_time))
        return QUANTITY_OK;
    scene->missing = operand->text;
    return value.type == VALUE_NULL ? QUANTITY_MISSING : QUANTITY_NO_NUMBER;
}
