/* See seen.h. The values of a record are gathered first, since its type may come last. */
#include "survey/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "decode/survey.h"
#include "decode/value.h"
#include "survey/plain_name.h"
#include "survey/uniques.h"

#define ARENA_KEPT ((size_t)1 << 20) /* bytes */

struct gathered {
    struct seen_path *path;
    struct value value;
};

struct seen {
    seen_normal normal;
    struct survey *survey;
    struct seen_paths paths;
    struct seen_path *type_paths[SEEN_TYPE_PATHS_MOST];
    size_t type_path_count;
    struct seen_path *passed_over[SEEN_TYPE_PATHS_MOST];
    size_t passed_over_count;

    /* What was seen. */
    struct seen_totals totals;
    struct seen_type **types;
    size_t type_count;
    struct map by_name;       /* by normal form */
    struct seen_type *recent; /* the last one */
    size_t field_count;

    struct seen_path *id_path; /* NULL: no ids are watched */
    struct uniques ids;

    /* The record under way. */
    struct arena arena;
    struct gathered *values;
    size_t value_count;
    size_t value_capacity;
    struct seen_path *before[DECODE_DEPTH + 1]; /* by depth: the key that came last there */
};

struct type_key {
    const char *normal;
    size_t length;
};

static bool type_is(const void *item, const void *key)
{
    const struct seen_type *type = item;
    const struct type_key *wanted = key;
    return type->normal_length == wanted->length &&
           memcmp(type->normal, wanted->normal, wanted->length) == 0;
}

/* --- A record's values -------------------------------------------------------------------------
 */

static void *on_step(void *context, void *parent, const char *key, size_t length)
{
    struct seen *seen = context;
    struct seen_path *above = parent ? parent : seen_paths_record(&seen->paths);
    struct seen_path **before = &seen->before[above->depth];
    bool is_next = *before && (*before)->parent == above;
    struct seen_path *path =
        seen_paths_step(&seen->paths, above, is_next ? *before : NULL, key, length);
    if (path)
        *before = path;
    return path;
}

static void on_value(void *context, void *place, const struct value *value)
{
    struct seen *seen = context;
    if (seen->value_count == SEEN_VALUES_MOST) {
        seen->totals.values_left_out++;
        return;
    }
    if (seen->value_count == seen->value_capacity) {
        seen->value_capacity = seen->value_capacity ? seen->value_capacity * 2 : 64;
        seen->values = memory_resize(seen->values, seen->value_capacity, sizeof(*seen->values));
    }
    seen->values[seen->value_count++] = (struct gathered){place, *value};
}

static const struct value *value_at(const struct seen *seen, const struct seen_path *path)
{
    const struct value *found = NULL;
    for (size_t i = 0; i < seen->value_count; i++)
        if (seen->values[i].path == path)
            found = &seen->values[i].value; /* of a key that stands twice the last one counts */
    return found;
}

static bool first_text(const struct seen *seen, struct seen_path *const *paths, size_t count,
                       const char **ret_text, size_t *ret_length)
{
    for (size_t i = 0; i < count; i++) {
        const struct value *value = value_at(seen, paths[i]);
        if (value && value_text(value, ret_text, ret_length) && *ret_length > 0)
            return true;
    }
    return false;
}

/* --- Types and fields --------------------------------------------------------------------------
 */

static struct seen_type *add_type(struct seen *seen, const char *name, size_t length,
                                  const struct type_key *key)
{
    struct seen_type *type = memory_zero(1, sizeof(*type) + key->length);
    type->name = memory_copy(name, length);
    type->length = length;
    type->is_plain = plain_name(name, length);
    type->normal_length = key->length;
    memcpy(type->normal, key->normal, key->length);
    seen->types = memory_resize(seen->types, seen->type_count + 1, sizeof(struct seen_type *));
    seen->types[seen->type_count++] = type;
    map_insert(&seen->by_name, hash_bytes(key->normal, key->length), type);
    return type;
}

/* NULL past the bound. */
static struct seen_type *need_type(struct seen *seen, const char *name, size_t length)
{
    char normal[SEEN_TYPE_LONGEST];
    if (length > SEEN_TYPE_LONGEST)
        length = SEEN_TYPE_LONGEST;
    if (seen->recent && seen->recent->length == length &&
        memcmp(seen->recent->name, name, length) == 0)
        return seen->recent;
    const struct type_key key = {normal, seen->normal(name, length, normal)};
    struct seen_type *type = map_find(&seen->by_name, hash_bytes(normal, key.length), &key);
    if (!type && seen->type_count >= SEEN_TYPES_MOST)
        return NULL;
    if (!type)
        type = add_type(seen, name, length, &key);
    seen->recent = type;
    return type;
}

/* NULL past the bound. */
static struct seen_field *need_field(struct seen *seen, struct seen_type *type,
                                     const struct seen_path *path)
{
    if (path->index >= type->capacity) {
        uint32_t capacity = seen->paths.count + seen->paths.count / 2 + 16;
        type->fields = memory_resize(type->fields, capacity, sizeof(struct seen_field *));
        for (uint32_t i = type->capacity; i < capacity; i++)
            type->fields[i] = NULL;
        type->capacity = capacity;
    }
    struct seen_field *field = type->fields[path->index];
    if (field || seen->field_count >= SEEN_FIELDS_MOST)
        return field;
    seen->field_count++;
    field = memory_alloc(sizeof(*field));
    seen_field_init(field, path);
    type->fields[path->index] = field;
    return field;
}

static void free_types(struct seen *seen)
{
    for (size_t i = 0; i < seen->type_count; i++) {
        struct seen_type *type = seen->types[i];
        for (uint32_t k = 0; k < type->capacity; k++) {
            if (type->fields[k])
                seen_field_clear(type->fields[k]);
            free(type->fields[k]);
        }
        free(type->fields);
        free(type->name);
        free(type);
    }
    free(seen->types);
    map_free(&seen->by_name);
    seen->types = NULL;
    seen->recent = NULL;
    seen->type_count = seen->field_count = 0;
}

static void note_id(struct seen *seen)
{
    const char *text;
    size_t length;
    if (!first_text(seen, &seen->id_path, 1, &text, &length))
        return;
    seen->totals.ids++;
    seen->totals.repeated_ids += !uniques_add(&seen->ids, hash_stable(text, length));
}

static void forget_ids(struct seen *seen)
{
    uniques_clear(&seen->ids);
    seen->id_path = NULL;
}

/* --- Records -----------------------------------------------------------------------------------
 */

struct seen *seen_new(seen_normal normal)
{
    struct seen *seen = memory_zero(1, sizeof(*seen));
    const struct survey_listener listener = {.context = seen, .step = on_step, .value = on_value};
    seen->normal = normal;
    seen->survey = survey_new(&listener);
    seen_paths_init(&seen->paths);
    map_init(&seen->by_name, type_is);
    arena_init(&seen->arena, ARENA_KEPT);
    return seen;
}

void seen_free(struct seen *seen)
{
    if (!seen)
        return;
    free_types(seen);
    forget_ids(seen);
    survey_free(seen->survey);
    seen_paths_free(&seen->paths);
    arena_free(&seen->arena);
    free(seen->values);
    free(seen);
}

void seen_begin(struct seen *seen, struct seen_path *const *type_paths, size_t count)
{
    free_types(seen);
    forget_ids(seen);
    seen->totals = (struct seen_totals){.records = 0};
    seen->type_path_count = count;
    for (size_t i = 0; i < count; i++)
        seen->type_paths[i] = type_paths[i];
    seen->passed_over_count = 0;
}

void seen_pass_over(struct seen *seen, struct seen_path *const *paths, size_t count)
{
    seen->passed_over_count = count;
    for (size_t i = 0; i < count; i++)
        seen->passed_over[i] = paths[i];
}

void seen_watch_id(struct seen *seen, struct seen_path *path)
{
    forget_ids(seen);
    seen->id_path = path;
}

static void note_failure(struct seen *seen, enum decode_result result)
{
    if (result == DECODE_TOO_DEEP)
        seen->totals.too_deep++;
    else if (result == DECODE_NOT_OBJECT)
        seen->totals.not_objects++;
    else
        seen->totals.malformed++;
}

static void note_record(struct seen *seen, const char *type_name, size_t type_length)
{
    const char *name = type_name;
    size_t length = type_length;
    seen->totals.records++;
    if (!name && !first_text(seen, seen->type_paths, seen->type_path_count, &name, &length)) {
        seen->totals.untyped++;
        name = "";
        length = 0;
    }
    if (seen->id_path)
        note_id(seen);
    struct seen_type *type = need_type(seen, name, length);
    if (!type) {
        seen->totals.types_left_out++;
        return;
    }
    type->records++;
    for (size_t i = 0; i < seen->value_count; i++) {
        struct seen_field *field = need_field(seen, type, seen->values[i].path);
        if (field)
            seen_field_add(field, &seen->values[i].value);
        else
            seen->totals.values_left_out++;
    }
}

enum decode_result seen_take(struct seen *seen, const char *line, size_t length, const char *type,
                             size_t type_length)
{
    const char *text;
    size_t text_length;
    arena_reset(&seen->arena);
    seen->value_count = 0;
    enum decode_result result = survey_line(seen->survey, line, length, &seen->arena);
    if (result != DECODE_OK)
        note_failure(seen, result);
    else if (seen->passed_over_count == 0 ||
             !first_text(seen, seen->passed_over, seen->passed_over_count, &text, &text_length))
        note_record(seen, type, type_length);
    return result;
}

/* --- Answers -----------------------------------------------------------------------------------
 */

const struct seen_totals *seen_totals(const struct seen *seen)
{
    return &seen->totals;
}

const struct seen_paths *seen_paths_of(const struct seen *seen)
{
    return &seen->paths;
}

static int compare_types(const void *a, const void *b)
{
    const struct seen_type *left = *(struct seen_type *const *)a;
    const struct seen_type *right = *(struct seen_type *const *)b;
    if (left->records != right->records)
        return left->records > right->records ? -1 : 1;
    return strcmp(left->name, right->name);
}

struct seen_type *const *seen_types(struct seen *seen, size_t *ret_count)
{
    if (seen->type_count > 0)
        qsort(seen->types, seen->type_count, sizeof(struct seen_type *), compare_types);
    *ret_count = seen->type_count;
    return seen->types;
}

const struct seen_field *seen_type_field(const struct seen_type *type, const struct seen_path *path)
{
    return path->index < type->capacity ? type->fields[path->index] : NULL;
}
