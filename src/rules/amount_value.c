/* What an amount is for one event: see amount.h. Compiling them is in amount.c. */
#include <math.h>
#include <stddef.h>

#include "decode/value.h"
#include "rules/amount.h"
#include "rules/lookup_table.h"
#include "rules/memory.h"

static enum row_outcome outcome_of(enum quantity_result result)
{
    return result == QUANTITY_OK        ? ROW_APPLIED
           : result == QUANTITY_MISSING ? ROW_MISSING
                                        : ROW_NO_NUMBER;
}

static enum row_outcome sum_value(struct scene *scene, const struct amount *amount,
                                  double *ret_value)
{
    double sum = 0;
    for (size_t i = 0; i < amount->quantity_count; i++) {
        double part;
        enum quantity_result result = quantity_seconds(scene, &amount->quantities[i], &part);
        if (result != QUANTITY_OK)
            return outcome_of(result);
        sum += part;
    }
    *ret_value = sum;
    return ROW_APPLIED;
}

static enum row_outcome count_value(struct scene *scene, const struct amount *amount,
                                    double *ret_value)
{
    struct value value;
    if (!operand_value(scene, &amount->operands[0], &value))
        return ROW_MISSING;
    if (value.type == VALUE_NULL) {
        *ret_value = 0;
        return ROW_APPLIED;
    }
    if (value.type != VALUE_ARRAY && value.type != VALUE_OBJECT) {
        scene->missing = amount->operands[0].text;
        return ROW_NO_NUMBER;
    }
    *ret_value = value.length;
    return ROW_APPLIED;
}

/* From one time to another in seconds. Their difference may be more than 64 bits hold. */
static double seconds_between(int64_t from, int64_t to)
{
    int64_t nanoseconds;
    if (__builtin_sub_overflow(to, from, &nanoseconds))
        return ((double)to - (double)from) / 1e9;
    return (double)nanoseconds / 1e9;
}

static enum row_outcome times_value(struct scene *scene, const struct amount *amount,
                                    double *ret_value)
{
    int64_t from;
    int64_t to = scene_time(scene);
    enum quantity_result result = operand_time(scene, &amount->operands[0], &from);
    if (result == QUANTITY_OK && amount->kind == AMOUNT_BETWEEN)
        result = operand_time(scene, &amount->operands[1], &to);
    if (result == QUANTITY_OK)
        *ret_value = seconds_between(from, to);
    return outcome_of(result);
}

static enum row_outcome elapsed_value(struct scene *scene, const struct amount *amount,
                                      double *ret_value)
{
    struct memory_key key = {.scope_id = scene_scope_id(scene, amount->memory->scope), .bytes = ""};
    if (amount->key.count && !key_text(scene, &amount->key, &key.bytes, &key.length))
        return ROW_MISSING;
    const struct memory_entry *entry = memory_get(amount->memory, &key);
    if (!entry) {
        scene->missing = amount->memory->name;
        return amount->most ? ROW_NO_GROWTH : ROW_MISSING;
    }
    *ret_value = seconds_between(entry->time, scene_time(scene));
    bool is_within = *ret_value >= 0 && *ret_value <= (double)amount->most / 1e9;
    return amount->most && !is_within ? ROW_NO_GROWTH : ROW_APPLIED;
}

static enum row_outcome growth_value(const struct scene *scene, const struct amount *amount,
                                     double *ret_value)
{
    double sum = 0;
    bool has_grown = false;
    for (size_t i = 0; i < amount->grown_count; i++) {
        const struct memory *memory = amount->grown[i];
        if (memory->grown_in != scene->serial)
            continue;
        sum += memory->growth;
        has_grown = true;
    }
    *ret_value = sum;
    return has_grown ? ROW_APPLIED : ROW_NO_GROWTH;
}

static enum row_outcome scaled(struct scene *scene, const struct amount *amount, double *value)
{
    for (size_t i = 0; i < amount->scale_count; i++) {
        const struct scale *scale = &amount->scales[i];
        double factor = scale->factor;
        const char *key;
        size_t length;
        if (scale->table && !key_text(scene, &scale->key, &key, &length))
            return ROW_MISSING;
        if (scale->table &&
            !lookup_table_value(scale->table, key, length, scene_time(scene), &factor)) {
            scene->missing = scale->table->name;
            return ROW_NOT_IN_TABLE;
        }
        *value *= factor;
    }
    return ROW_APPLIED;
}

/* How far the value is beyond the largest seen for its key; then it is the largest. */
static enum row_outcome increase_value(struct scene *scene, const struct amount *amount,
                                       double *ret_value)
{
    double value;
    struct memory_key key = {.scope_id = scene_scope_id(scene, amount->memory->scope)};
    enum row_outcome outcome = sum_value(scene, amount, &value);
    if (outcome != ROW_APPLIED)
        return outcome;
    if (!isfinite(value))
        return ROW_INVALID; /* as the largest seen it would end all growth */
    if (!key_text(scene, &amount->key, &key.bytes, &key.length))
        return ROW_MISSING;
    struct memory_entry *entry = memory_get(amount->memory, &key);
    if (!entry && scene_time(scene) < scene->when.now - amount->memory->keep)
        return ROW_TOO_OLD;
    if (entry)
        memory_touch(amount->memory, entry, scene->when.now);
    double growth = entry ? value - entry->largest : value;
    if (entry && !(growth > 0))
        return ROW_NO_GROWTH;
    *ret_value = growth;
    outcome = scaled(scene, amount, ret_value);
    if (outcome != ROW_APPLIED)
        return outcome;
    scene_note_growth(scene, amount->memory, growth);
    if (!entry && value == 0)
        return ROW_APPLIED; /* as good as unknown */
    if (!entry)
        entry = memory_put(amount->memory, &key, NULL, 0, scene->when.now);
    entry->largest = value;
    memory_note(amount->memory, entry);
    return ROW_APPLIED;
}

static bool spans_time(const struct amount *amount)
{
    return amount->kind == AMOUNT_SINCE || amount->kind == AMOUNT_BETWEEN ||
           amount->kind == AMOUNT_ELAPSED;
}

enum row_outcome amount_value(struct scene *scene, const struct amount *amount, double *ret_value)
{
    enum row_outcome outcome = ROW_APPLIED;
    double value = amount->constant;
    if (UNLIKELY(scene->late) && spans_time(amount))
        return ROW_LATE;
    switch (amount->kind) {
    case AMOUNT_CONSTANT:
        break;
    case AMOUNT_QUANTITIES:
        outcome = sum_value(scene, amount, &value);
        break;
    case AMOUNT_COUNT:
        outcome = count_value(scene, amount, &value);
        break;
    case AMOUNT_SINCE:
    case AMOUNT_BETWEEN:
        outcome = times_value(scene, amount, &value);
        break;
    case AMOUNT_ELAPSED:
        outcome = elapsed_value(scene, amount, &value);
        break;
    case AMOUNT_INCREASE:
        return increase_value(scene, amount, ret_value);
    case AMOUNT_GROWTH:
        outcome = growth_value(scene, amount, &value);
        break;
    }
    if (outcome == ROW_APPLIED)
        outcome = scaled(scene, amount, &value);
    if (outcome == ROW_APPLIED)
        *ret_value = value;
    return outcome;
}
