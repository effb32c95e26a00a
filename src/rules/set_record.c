/* See set_record.h. */
#include "rules/set_record.h"

#include <errno.h>

#include "base/fields.h"
#include "base/record.h"
#include "registry/registry.h"
#include "rules/compiler.h"

/* Flags, from rule_set_save_all only. */
#define IS_UNSAVED 1u /* no commit holds it yet */
#define IS_REMOVED 2u /* its record is still to go */

static struct bytes bytes_of(const struct text *text)
{
    return (struct bytes){text->data, text->length};
}

static void put_group(const struct set_group *group, const struct record_sink *sink, unsigned flags)
{
    struct text key;
    struct text value;
    text_init(&key, TEXT_UNLIMITED);
    text_init(&value, TEXT_UNLIMITED);
    series_write_key(group->series, &key);
    fields_put_8(&value, (uint8_t)flags);
    fields_put_32(&value, group->epoch);
    fields_put_time(&value, group->cleared_at);
    fields_put_32(&value, group->cleared_in);
    sink->put(sink->context, RECORD_SET, bytes_of(&key), bytes_of(&value), 0);
    text_free(&key);
    text_free(&value);
}

static void put_removed(const struct record_sink *sink, struct bytes key)
{
    const char flags = IS_REMOVED;
    sink->put(sink->context, RECORD_SET, key, (struct bytes){&flags, 1}, 0);
}

void set_groups_track(struct set_groups *groups)
{
    struct set_group *group;
    groups->tracks = true;
    for (size_t position = 0; (group = map_next(&groups->by_series, &position));)
        set_group_note(group);
}

/* A group that is there again is put after this: what comes last counts. */
void set_groups_save(struct set_groups *groups, const struct record_sink *sink)
{
    struct fields removed = fields_of(bytes_of(&groups->removed));
    struct set_group *group;
    if (!groups->is_unsaved)
        return;
    groups->is_unsaved = false;
    while (fields_left(&removed))
        sink->remove(sink->context, RECORD_SET, fields_bytes(&removed));
    text_clear(&groups->removed);
    for (size_t position = 0; (group = map_next(&groups->by_series, &position));) {
        if (!group->is_unsaved)
            continue;
        put_group(group, sink, 0);
        group->is_unsaved = false;
        group->has_record = true;
    }
}

void set_groups_save_all(const struct set_groups *groups, const struct record_sink *sink)
{
    struct fields removed = fields_of(bytes_of(&groups->removed));
    const struct set_group *group;
    while (fields_left(&removed))
        put_removed(sink, fields_bytes(&removed));
    for (size_t position = 0; (group = map_next(&groups->by_series, &position));)
        put_group(group, sink, group->is_unsaved ? IS_UNSAVED : 0);
}

static struct metric *metric_of(const struct rule_set *set, const struct family *family)
{
    for (size_t i = 0; i < set->metric_count; i++)
        if (set->metrics[i]->family == family)
            return set->metrics[i];
    return NULL;
}

/* Also one whose record is to go: then it is removed with the next save, unless it is used. */
static void restore(struct rule_set *set, struct set_groups *groups, struct series *series,
                    const struct set_group *read)
{
    struct set_group *group = set_group_find(groups, series);
    if (!group)
        group = set_group_new(groups, set->registry, series);
    group->epoch = read->epoch;
    group->cleared_at = read->cleared_at;
    group->cleared_in = read->cleared_in;
    group->has_record = true;
    if (read->is_unsaved)
        set_group_note(group);
}

int set_record_read(struct rule_set *set, const struct record *record)
{
    struct fields value = fields_of(record->value);
    struct set_group read = {0};
    uint8_t flags = fields_8(&value);
    read.is_unsaved = flags != 0;
    if (flags != IS_REMOVED) {
        read.epoch = fields_32(&value);
        read.cleared_at = fields_time(&value);
        read.cleared_in = fields_32(&value);
    }
    if (value.failed || flags > IS_REMOVED || record->key.length < sizeof(uint64_t))
        return -EINVAL;
    struct series *series =
        registry_series_of_key(set->registry, record->key.data, record->key.length);
    if (!series)
        return 0;
    series_pin(series); /* for a moment: it may have been made */
    struct metric *metric = metric_of(set, series_family(series));
    bool is_gauge = metric && metric->spec.type == METRIC_GAUGE;
    if (is_gauge)
        restore(set, &metric->groups, series, &read);
    series_unpin(series);
    return is_gauge ? 0 : -EINVAL;
}
