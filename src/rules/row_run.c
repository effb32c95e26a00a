/* What a row does with one event: conditions, once, amount, labels, update; counted by outcome.
 * Nothing is parsed here, and nothing allocated beyond the event's arena (a series or key that is
 * new aside). */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "decode/value.h"
#include "rules/apply.h"
#include "rules/compiler.h"
#include "rules/row.h"

/* One application of a row: its series and amount. */
struct result {
    struct label_value values[REGISTRY_LABELS]; /* of a born series, and for the trace */
    bool is_traced;
    double amount;
    const char *detail;
    bool born; /* the series is new, or was hidden until now */
};

static void touch_combination(const struct rule_set *set, const struct metric_init *birth,
                              const struct label_value *values, size_t combination,
                              const struct moment *when)
{
    const struct metric *metric = birth->metric;
    struct label_value own[REGISTRY_LABELS];
    for (size_t i = 0; i < metric->spec.label_count; i++) {
        const struct label_init *init = &metric->init[i];
        if (birth->from[i] >= 0) {
            own[i] = values[birth->from[i]];
            continue;
        }
        const char *text = init->values[combination % init->count];
        combination /= init->count;
        own[i] = (struct label_value){text, strlen(text)};
    }
    registry_update(set->registry, metric->family, UPDATE_TOUCH, own, 0, when, NULL, NULL);
}

/* A series was born: those that `init` names exist with it, at zero. */
static void touch_births(const struct rule_set *set, const struct metric *metric,
                         const struct label_value *values, const struct moment *when)
{
    for (size_t i = 0; i < metric->birth_count; i++) {
        const struct metric_init *birth = &metric->births[i];
        size_t combinations = 1;
        for (size_t j = 0; j < birth->metric->spec.label_count; j++)
            if (birth->from[j] < 0)
                combinations *= birth->metric->init[j].count;
        for (size_t j = 0; j < combinations; j++)
            touch_combination(set, birth, values, j, when);
    }
}

static enum row_outcome update_outcome(enum update_result result)
{
    switch (result) {
    case UPDATE_FOLDED:
        return ROW_FOLDED;
    case UPDATE_DROPPED:
        return ROW_LIMIT;
    case UPDATE_OLDER:
        return ROW_OLDER;
    case UPDATE_INVALID:
        return ROW_INVALID;
    default:
        return ROW_APPLIED;
    }
}

static enum row_outcome update_series(struct rule_set *set, struct row *row, struct scene *scene,
                                      enum update_kind kind, struct result *result,
                                      struct series **ret_series)
{
    struct registry *registry = set->registry;
    const uint64_t generation = registry_generation(registry);
    struct label_value inputs[ROW_INPUTS];
    struct series_cache_key key;
    enum update_result updated;
    series_cache_key(&key, inputs, row_labels_inputs(&row->labels, scene, inputs));
    struct series *series = series_cache_find(row->recent, &key, generation);
    bool is_recent = LIKELY(series != NULL);
    if (is_recent)
        updated = registry_update_series(registry, series, kind, result->amount, &scene->when,
                                         &result->born);
    if (!is_recent || UNLIKELY(result->born || result->is_traced))
        row_labels_values(&row->labels, scene, result->values);
    if (!is_recent) {
        updated = registry_update(registry, row->metric->family, kind, result->values,
                                  result->amount, &scene->when, &series, &result->born);
        if (updated == UPDATE_APPLIED)
            series_cache_keep(&row->recent, &key, registry_generation(registry), series);
    }
    if (ret_series)
        *ret_series = series;
    return update_outcome(updated);
}

static enum row_outcome run_amount(struct rule_set *set, struct row *row, struct scene *scene,
                                   struct result *result)
{
    static const enum update_kind kinds[] = {
        [VERB_INC] = UPDATE_ADD, [VERB_DEC] = UPDATE_ADD,         [VERB_ADD] = UPDATE_ADD,
        [VERB_SUB] = UPDATE_ADD, [VERB_SET] = UPDATE_SET,         [VERB_MAX] = UPDATE_MAX,
        [VERB_MIN] = UPDATE_MIN, [VERB_OBSERVE] = UPDATE_OBSERVE, [VERB_RATE] = UPDATE_RATE};
    enum update_kind kind = kinds[row->verb];
    enum row_outcome outcome = amount_value(scene, &row->amount, &result->amount);
    if (outcome != ROW_APPLIED)
        return outcome;
    if (row->verb == VERB_DEC || row->verb == VERB_SUB)
        result->amount = -result->amount;
    if (row->metric->spec.type == METRIC_INFO)
        kind = UPDATE_TOUCH;
    return update_series(set, row, scene, kind, result, NULL);
}

/* The row's key within its memory's scope. */
static enum row_outcome find_key(struct row *row, struct scene *scene, struct memory_key *key)
{
    *key = (struct memory_key){.scope_id = scene_scope_id(scene, row->memory->scope), .bytes = ""};
    if (row->key.count && !key_text(scene, &row->key, &key->bytes, &key->length))
        return ROW_MISSING;
    return ROW_APPLIED;
}

static enum row_outcome run_enter(struct rule_set *set, struct row *row, struct scene *scene,
                                  struct result *result)
{
    struct memory_key key;
    struct series *series = NULL;
    enum row_outcome outcome = find_key(row, scene, &key);
    if (outcome != ROW_APPLIED)
        return outcome;
    outcome = update_series(set, row, scene, UPDATE_TOUCH, result, &series);
    if (!series)
        return outcome;
    enum row_outcome entered =
        set_enter(row->memory, &row->metric->groups, &key, set->registry, series, scene);
    return entered == ROW_APPLIED ? outcome : entered;
}

static enum row_outcome run_leave(struct row *row, struct scene *scene)
{
    struct memory_key key;
    enum row_outcome outcome = find_key(row, scene, &key);
    return outcome == ROW_APPLIED ? set_leave(row->memory, &key, scene) : outcome;
}

/* Does the series hold what others brought, since an override dropped the label that told them
 * apart? A gauge that is set holds the last one's alone. */
static bool is_of_others(const struct metric *metric, const struct series *series)
{
    bool adds_up = metric->spec.type != METRIC_GAUGE && metric->spec.type != METRIC_INFO;
    return metric->dropped_count > 0 && (adds_up || set_group_find(&metric->groups, series));
}

/* clear, drop: the series that the labels name, if it is there; or clear: the row's scope. */
static enum row_outcome run_clear(struct rule_set *set, struct row *row, struct scene *scene,
                                  struct result *result)
{
    if (row->memory) /* a scope, not a series */
        return set_leave_all(row->memory, scene_scope_id(scene, row->memory->scope), scene);
    row_labels_values(&row->labels, scene, result->values);
    struct family *family = row->metric->family;
    struct series *series = registry_series(set->registry, family, result->values);
    if (!series || (row->verb == VERB_DROP && is_of_others(row->metric, series)))
        return ROW_NO_GROWTH;
    if (row->metric->spec.type == METRIC_GAUGE)
        set_clear(&row->metric->groups, set->registry, series, scene);
    if (row->verb == VERB_DROP)
        registry_drop(set->registry, family, result->values);
    return ROW_APPLIED;
}

static enum row_outcome run_timer(struct row *row, struct scene *scene)
{
    struct memory_key key;
    enum row_outcome outcome = find_key(row, scene, &key);
    if (outcome != ROW_APPLIED)
        return outcome;
    struct memory_entry *entry = memory_get(row->memory, &key);
    if (row->verb == VERB_STOP) {
        if (!entry)
            return ROW_NO_GROWTH;
        memory_remove(row->memory, entry);
        return ROW_APPLIED;
    }
    if (!entry)
        entry = memory_put(row->memory, &key, NULL, 0, scene->when.now);
    memory_touch(row->memory, entry, scene->when.now);
    entry->time = scene_time(scene);
    return ROW_APPLIED;
}

static bool remembers_already(const struct memory_entry *entry, const char *text, size_t length)
{
    return entry->text_length == length &&
           memcmp(entry->bytes + entry->key_length, text, length) == 0;
}

/* A text that yields nothing has nothing to be remembered; a path that is not there is missing. */
static enum row_outcome find_remembered(const struct row *row, struct scene *scene,
                                        const char **ret_text, size_t *ret_length)
{
    struct label_value text;
    struct value value;
    if (row->remembered_text.count == 0)
        return operand_value(scene, &row->remembered, &value) &&
                       value_text(&value, ret_text, ret_length)
                   ? ROW_APPLIED
                   : ROW_MISSING;
    if (!label_text_value(scene, &row->remembered_text, &text) || text.length == 0)
        return ROW_CONDITION;
    *ret_text = text.text;
    *ret_length = text.length;
    return ROW_APPLIED;
}

static enum row_outcome run_remember(struct row *row, struct scene *scene)
{
    struct memory_key key;
    const char *text;
    size_t length;
    enum row_outcome outcome = find_remembered(row, scene, &text, &length);
    if (outcome == ROW_APPLIED)
        outcome = find_key(row, scene, &key);
    if (outcome != ROW_APPLIED)
        return outcome;
    struct memory_entry *entry = memory_get(row->memory, &key);
    if (length > MEMORY_TEXT_LONGEST)
        length = MEMORY_TEXT_LONGEST;
    if (entry && remembers_already(entry, text, length)) {
        memory_touch(row->memory, entry, scene->when.now);
        return ROW_APPLIED;
    }
    if (entry)
        memory_remove(row->memory, entry);
    memory_put(row->memory, &key, text, length, scene->when.now);
    return ROW_APPLIED;
}

/* Of a metric that an override disabled: what memories learn from the row they learn still, since
 * other rows may share them. */
static enum row_outcome run_disabled(const struct row *row, struct scene *scene,
                                     struct result *result)
{
    bool has_amount = row->verb != VERB_ENTER && row->verb != VERB_LEAVE &&
                      row->verb != VERB_CLEAR && row->verb != VERB_DROP;
    return has_amount ? amount_value(scene, &row->amount, &result->amount) : ROW_APPLIED;
}

static enum row_outcome run_verb(struct rule_set *set, struct row *row, struct scene *scene,
                                 struct result *result)
{
    if (UNLIKELY(row->metric && row->metric->disabled))
        return run_disabled(row, scene, result);
    switch (row->verb) {
    case VERB_ENTER:
        return run_enter(set, row, scene, result);
    case VERB_LEAVE:
        return run_leave(row, scene);
    case VERB_CLEAR:
    case VERB_DROP:
        return run_clear(set, row, scene, result);
    case VERB_START:
    case VERB_STOP:
        return run_timer(row, scene);
    case VERB_REMEMBER:
        return run_remember(row, scene);
    default:
        return run_amount(set, row, scene, result);
    }
}

/* Was the row applied for this key before? An unknown key may be noted with `once_note`. */
static enum row_outcome once_check(struct row *row, struct scene *scene, struct memory_key *key)
{
    *key = (struct memory_key){.scope_id = scene_scope_id(scene, row->once->scope)};
    if (!key_text(scene, &row->once_key, &key->bytes, &key->length))
        return ROW_MISSING;
    struct memory_entry *entry = memory_get(row->once, key);
    if (entry) {
        memory_touch(row->once, entry, scene->when.now);
        return ROW_SEEN;
    }
    return scene_time(scene) < scene->when.now - row->once->keep ? ROW_TOO_OLD : ROW_APPLIED;
}

static enum row_outcome run_once(struct rule_set *set, struct row *row, struct scene *scene,
                                 struct result *result)
{
    struct memory_key key;
    for (size_t i = 0; i < row->condition_count; i++) {
        if (!condition_holds(scene, &row->conditions[i])) {
            result->detail = row->conditions[i].text;
            return ROW_CONDITION;
        }
    }
    if (!row->once)
        return run_verb(set, row, scene, result);
    enum row_outcome outcome = once_check(row, scene, &key);
    if (outcome != ROW_APPLIED)
        return outcome;
    outcome = run_verb(set, row, scene, result);
    if (outcome != ROW_APPLIED && outcome != ROW_FOLDED)
        return outcome;
    memory_put(row->once, &key, NULL, 0, scene->when.now);
    scene_note_growth(scene, row->once, 1);
    return outcome;
}

static const char *trace_labels(const struct row *row, struct scene *scene,
                                const struct result *result)
{
    struct text text;
    text_init(&text, 65536);
    for (size_t i = 0; row->metric && i < row->metric->spec.label_count; i++) {
        if (!result->values[i].text || result->values[i].length == 0)
            continue;
        text_printf(&text, "%s%s=\"", text.length ? "," : "", row->metric->labels[i]);
        text_append_json(&text, result->values[i].text, result->values[i].length);
        text_append_char(&text, '"');
    }
    const char *copy = arena_copy(scene->arena, text.data ? text.data : "", text.length);
    text_free(&text);
    return copy;
}

static bool is_trouble(enum row_outcome outcome)
{
    return outcome == ROW_MISSING || outcome == ROW_NO_NUMBER || outcome == ROW_NOT_IN_TABLE ||
           outcome == ROW_TOO_OLD || outcome == ROW_LIMIT || outcome == ROW_INVALID ||
           outcome == ROW_FOLDED;
}

static void count_outcome(const struct row_stage *stage, struct row *row, struct scene *scene,
                          enum row_outcome outcome, const struct result *result)
{
    bool about_field =
        outcome == ROW_MISSING || outcome == ROW_NO_NUMBER || outcome == ROW_NOT_IN_TABLE;
    row->facts->outcomes[outcome]++;
    if (outcome == ROW_MISSING && !row->facts->field && scene->missing)
        row->facts->field = memory_copy_text(scene->missing);
    if (UNLIKELY(row->facts->outcomes[outcome] == 1) && is_trouble(outcome))
        apply_note_trouble(stage->set, &(struct rule_trouble){
                                           row->facts->rule, row->facts->update, outcome,
                                           about_field && scene->missing ? scene->missing : ""});
    if (!stage->trace)
        return;
    const char *detail = about_field ? scene->missing : result->detail;
    stage->trace->on_row(stage->trace->context, row->facts->rule, row->facts->update, outcome,
                         detail ? detail : "", trace_labels(row, scene, result), result->amount);
}

static void run_and_count(const struct row_stage *stage, struct row *row, struct scene *scene)
{
    struct result result;
    result.amount = 0;
    result.detail = NULL;
    result.born = false;
    result.is_traced = stage->trace != NULL;
    if (UNLIKELY(result.is_traced))
        memset(result.values, 0, sizeof(result.values));
    scene->missing = NULL;
    enum row_outcome outcome = run_once(stage->set, row, scene, &result);
    if (UNLIKELY(row->metric && row->metric->disabled) && outcome == ROW_APPLIED)
        outcome = ROW_DISABLED;
    if (UNLIKELY(result.born) && row->metric->birth_count)
        touch_births(stage->set, row->metric, result.values, &scene->when);
    count_outcome(stage, row, scene, outcome, &result);
}

void row_run(const struct row_stage *stage, struct row *row, struct scene *scene)
{
    if (LIKELY(!row->has_each)) {
        run_and_count(stage, row, scene);
        return;
    }
    const struct value *list = &scene->slots[row->each.slots[scene->start]];
    bool is_list = (list->type == VALUE_ARRAY || list->type == VALUE_OBJECT);
    if (!is_list) {
        struct result result = {.detail = row->each.text};
        count_outcome(stage, row, scene, ROW_NO_LIST, &result);
        return;
    }
    for (uint32_t i = 0; list->elements && i < list->length; i++) {
        scene->element = list->elements[i];
        run_and_count(stage, row, scene);
    }
    scene->element = NULL;
}
