/* See infer_shape.h. */
#include "infer/infer_shape.h"

#include "base/attributes.h"
#include "infer/infer_words.h"
#include "survey/plain_name.h"

#define DEPTH_MOST     3   /* keys on the way to what names, dates or identifies a record */
#define DEPTH_PENALTY  1.2 /* for each key on the way but one */
#define TYPES_LIKELY   200 /* names of events; more are values */
#define MESSAGE_WEIGHT 3   /* of what is a name only where a log is written that way */
#define SURE_WEIGHT    7.5 /* of names that hardly mean anything else */

struct weight {
    const char *names; /* as words_are_in wants them */
    double weight;
};

static const struct weight type_weights[] = {
    {" event_type event_name eventtype eventname ", 10},
    {" type event ", 9},
    {" message_type msg_type record_type ", 8},
    {" kind log_type ", 7.5},
    {" action ", 6.5},
    {" op operation ", 6},
    {" category name ", 4},
    {" msg message ", MESSAGE_WEIGHT},
};

static const struct weight time_weights[] = {
    {" timestamp ", 10},
    {" time ts event_time datetime occurred_at ", 9},
    {" received_at sent_at emitted_at recorded_at published_at ", 8},
    {" created_at date created logged_at at t ", 7},
    {" event_timestamp stage_timestamp log_time time_iso8601 asctime unix_time epoch ", 6},
    {" ts_ms ts_us ts_ns timestamp_ms timestamp_us timestamp_ns time_ms time_ns epoch_ms ", 6},
    {" updated_at ", 4},
};

static const struct weight id_weights[] = {
    {" event_id record_id log_id ", 10},
    {" id uuid guid ", 9},
    {" message_id delivery_id ", 6},
};

/* How good a place for something is `field`, by these names? 0: it is none. */
static double weigh(const struct seen_field *field, const struct weight *weights, size_t count)
{
    const struct seen_path *path = field->path;
    struct words words;
    if (!path->key || path->in_list || !path->is_plain || path->depth > DEPTH_MOST)
        return 0;
    words_read(&words, path->key, path->length);
    for (size_t i = 0; i < count; i++)
        if (words_are_in(&words, weights[i].names))
            return weights[i].weight - DEPTH_PENALTY * (path->depth - 1);
    return 0;
}

/* The share of records that have a value there that is not null. */
static double presence(const struct seen_field *field, const struct seen_type *all)
{
    double share = (double)seen_field_values(field) / (double)all->records;
    return share < 1 ? share : 1;
}

typedef double (*judge)(const struct seen_field *field, const struct seen_type *all);

/* Are the messages of a log names, all of them, that come again and again? */
static bool is_said_often(const struct seen_field *field, uint64_t values)
{
    return field->names == field->looked_at && field->blank == 0 &&
           field->longest <= PLAIN_NAME_LONGEST && values * 5 <= seen_field_values(field);
}

static double judge_type(const struct seen_field *field, const struct seen_type *all)
{
    double weight = weigh(field, type_weights, ARRAY_LENGTH(type_weights));
    uint64_t values = distinct_count(&field->distinct);
    double share = presence(field, all);
    if (weight <= 0 || share < 0.5 || !seen_field_is(field, VALUE_STRING))
        return 0;
    bool is_repeated = values <= 10 || values * 2 <= seen_field_values(field);
    if (field->names * 10 < field->looked_at * 9 || values > TYPES_LIKELY ||
        (weight < SURE_WEIGHT && !is_repeated))
        return 0;
    if (weight <= MESSAGE_WEIGHT && !is_said_often(field, values))
        return 0;
    return weight * share * (values == 1 ? 0.3 : 1);
}

static double judge_time(const struct seen_field *field, const struct seen_type *all)
{
    double weight = weigh(field, time_weights, ARRAY_LENGTH(time_weights));
    double share = presence(field, all);
    if (weight <= 0 || share < 0.5)
        return 0;
    bool is_text = seen_field_is(field, VALUE_STRING) && seen_field_mostly(field, field->times);
    bool is_number =
        seen_field_is(field, VALUE_NUMBER) && field->epochs * 100 >= field->numbers * 98;
    return is_text || is_number ? weight * share : 0;
}

/* "event.id" names the record; "req.id" or "order.id" something that it is about. */
static bool is_of_record(const struct seen_path *path)
{
    struct words words;
    if (path->depth == 1)
        return true;
    words_read(&words, path->parent->key, path->parent->length);
    return path->depth == 2 &&
           words_are_in(&words, " event record log meta metadata header headers ");
}

static double judge_id(const struct seen_field *field, const struct seen_type *all)
{
    double weight = weigh(field, id_weights, ARRAY_LENGTH(id_weights));
    uint64_t values = seen_field_values(field);
    if (weight <= 0 || !is_of_record(field->path) || presence(field, all) < 0.98)
        return 0;
    bool is_scalar = seen_field_is(field, VALUE_STRING) || seen_field_is(field, VALUE_NUMBER);
    return is_scalar && distinct_count(&field->distinct) * 10 >= values * 9 ? weight : 0;
}

static double judge_body(const struct seen_field *field, const struct seen_type *all)
{
    static const struct weight weights[] = {
        {" payload data event body attributes properties fields detail details params ", 1}};
    const struct seen_path *path = field->path;
    if (weigh(field, weights, ARRAY_LENGTH(weights)) <= 0 || path->depth != 1 || path->wide)
        return 0;
    bool is_object = field->kinds[VALUE_OBJECT] * 10 >= seen_field_values(field) * 9;
    return is_object && field->longest_list > 0 && presence(field, all) >= 0.5
               ? presence(field, all) * path->children
               : 0;
}

static double judge_any(const struct seen_field *field, const struct seen_type *all)
{
    const struct seen_path *path = field->path;
    uint64_t scalars =
        field->kinds[VALUE_STRING] + field->kinds[VALUE_NUMBER] + field->kinds[VALUE_BOOLEAN];
    if (!path->key || path->in_list || !path->is_plain || path->depth > DEPTH_MOST || scalars == 0)
        return 0;
    return (double)scalars / (double)all->records +
           0.1 / (1 + (double)distinct_count(&field->distinct));
}

/* The type that all records have who have none. */
static const struct seen_type *all_records(struct seen *seen)
{
    size_t count;
    struct seen_type *const *types = seen_types(seen, &count);
    return count > 0 ? types[0] : NULL;
}

static struct seen_path *best(struct seen *seen, judge how)
{
    const struct seen_paths *paths = seen_paths_of(seen);
    const struct seen_type *all = all_records(seen);
    struct seen_path *found = NULL;
    double highest = 0;
    for (uint32_t i = 1; all && i < paths->count; i++) {
        const struct seen_field *field = seen_type_field(all, paths->items[i]);
        double score = field && seen_field_values(field) > 0 ? how(field, all) : 0;
        if (score > highest) {
            highest = score;
            found = paths->items[i];
        }
    }
    return found;
}

void infer_shape_find(struct infer_shape *shape, struct seen *seen)
{
    shape->time = best(seen, judge_time);
    shape->id = best(seen, judge_id);
    shape->body = best(seen, judge_body);
}

bool infer_shape_add_type(struct infer_shape *shape, struct seen *seen)
{
    struct seen_path *path = best(seen, judge_type);
    if (!path || shape->type_count == SEEN_TYPE_PATHS_MOST)
        return false;
    struct words words;
    words_read(&words, path->key, path->length);
    shape->is_message = shape->is_message || words_any_in(&words, " msg message ");
    if (shape->type_count == 0 && path->depth > 1)
        shape->body = path->parent;
    shape->types[shape->type_count++] = path;
    return true;
}

bool infer_shape_without_type(struct infer_shape *shape, struct seen *seen)
{
    shape->types[0] = best(seen, judge_any);
    shape->type_count = shape->types[0] ? 1 : 0;
    shape->is_unnamed = true;
    return shape->types[0] != NULL;
}
