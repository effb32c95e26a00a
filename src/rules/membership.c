/* See membership.h. A clear costs nothing by member: it begins a new epoch of the group, and
 * entries of older epochs count as outside. A member that falls out or is forgotten is no event of
 * its series: it does not bring one back that its ttl has hidden. */
#include "rules/membership.h"

#include <stdlib.h>

#include "base/fields.h"
#include "base/hash.h"
#include "base/memory.h"
#include "registry/registry.h"
#include "rules/lapse.h"
#include "rules/scene.h"

#define MEMBERS_FIRST_CAPACITY 16
#define NO_EVENT               (INT64_MIN + 1) /* as event time: brings nothing back into sight */

static bool group_is_of(const void *item, const void *key)
{
    const struct set_group *group = item;
    return group->series == key;
}

static uint64_t series_hash(const struct series *series)
{
    return hash_bytes(&series, sizeof(series));
}

/* The file that the event stands in. Its lines are in order, also those of one moment. */
static uint32_t file_of(const struct scene *scene)
{
    return (uint32_t)scene->file->scope_ids[SCOPE_FILE];
}

void set_groups_init(struct set_groups *groups)
{
    *groups = (struct set_groups){0};
    map_init(&groups->by_series, group_is_of);
    text_init(&groups->removed, TEXT_UNLIMITED);
}

void set_groups_free(struct set_groups *groups)
{
    size_t position = 0;
    struct set_group *group;
    while ((group = map_next(&groups->by_series, &position)))
        free(group);
    map_free(&groups->by_series);
    text_free(&groups->removed);
    lapse_free(groups->lapse);
}

struct set_group *set_group_find(const struct set_groups *groups, const struct series *series)
{
    return map_find(&groups->by_series, series_hash(series), series);
}

struct set_group *set_group_new(struct set_groups *groups, struct registry *registry,
                                struct series *series)
{
    struct set_group *group = memory_zero(1, sizeof(*group));
    *group = (struct set_group){
        .groups = groups, .registry = registry, .series = series, .cleared_at = INT64_MIN};
    series_pin(series);
    map_insert(&groups->by_series, series_hash(series), group);
    return group;
}

void set_group_note(struct set_group *group)
{
    group->is_unsaved = group->is_unsaved || group->groups->tracks;
    group->groups->is_unsaved = group->groups->is_unsaved || group->groups->tracks;
}

static struct set_group *need_group(struct set_groups *groups, struct registry *registry,
                                    struct series *series)
{
    struct set_group *group = set_group_find(groups, series);
    if (group)
        return group;
    group = set_group_new(groups, registry, series);
    set_group_note(group);
    return group;
}

static void note_removed(struct set_group *group)
{
    struct set_groups *groups = group->groups;
    struct text key;
    if (!group->has_record || !groups->tracks)
        return;
    text_init(&key, TEXT_UNLIMITED);
    series_write_key(group->series, &key);
    fields_put_bytes(&groups->removed, key.data, key.length);
    text_free(&key);
    groups->is_unsaved = true;
}

static void group_free(struct set_group *group)
{
    note_removed(group);
    map_remove(&group->groups->by_series, series_hash(group->series), group->series);
    series_unpin(group->series);
    free(group);
}

/* The gauge shows how many are inside, whatever became of its value meanwhile. An age is shown by
 * set_show_ages, but that nobody is inside at once. */
static void show(const struct set_group *group, const struct moment *when)
{
    if (group->groups->shows_oldest && group->inside > 0)
        return;
    double change = (double)group->inside - series_value(group->series);
    registry_adjust(group->registry, group->series, change, when);
}

static void members_add(struct memory *memory, struct memory_entry *entry)
{
    if (memory->member_count == memory->member_capacity) {
        memory->member_capacity += memory->member_capacity / 2 + MEMBERS_FIRST_CAPACITY;
        memory->members =
            memory_resize(memory->members, memory->member_capacity, sizeof(struct memory_entry *));
    }
    memory->members[memory->member_count++] = entry;
    entry->place = memory->member_count;
}

/* The last one takes its place. */
static void members_remove(struct memory *memory, struct memory_entry *entry)
{
    struct memory_entry *last = memory->members[--memory->member_count];
    memory->members[entry->place - 1] = last;
    last->place = entry->place;
    entry->place = 0;
}

static bool is_inside(const struct memory_entry *entry)
{
    return entry->group && entry->epoch == entry->group->epoch;
}

/* The entry counts no more in its group; the last one frees the group. */
static void detach(struct memory *memory, struct memory_entry *entry, const struct moment *when)
{
    struct set_group *group = entry->group;
    if (!group)
        return;
    members_remove(memory, entry);
    if (is_inside(entry)) {
        group->inside--;
        show(group, when);
    }
    entry->group = NULL;
    entry->left_in = 0;
    if (--group->entries == 0)
        group_free(group);
}

static void attach(struct memory *memory, struct memory_entry *entry, struct set_group *group,
                   const struct moment *when)
{
    members_add(memory, entry);
    entry->group = group;
    entry->epoch = group->epoch;
    group->entries++;
    group->inside++;
    show(group, when);
}

/* Since when a member is inside: its last event, or its arrival where a clock runs ahead. */
static int64_t inside_since(const struct memory_entry *entry)
{
    return entry->time < entry->touched ? entry->time : entry->touched;
}

static void note_since(struct memory *memory, const struct memory_entry *entry)
{
    if (inside_since(entry) < memory->earliest)
        memory->earliest = inside_since(entry);
}

/* Is an event of this time and file behind what happened at `then` in the file `there`? */
static bool is_later(int64_t time, uint32_t file, int64_t then, uint32_t there)
{
    return time > then || (time == then && file == there);
}

/* Did the key leave, or was it cleared out, after this? */
static bool has_left(const struct memory_entry *entry, int64_t time, uint32_t file)
{
    const struct set_group *group = entry->group;
    if (is_inside(entry))
        return false;
    if (!group)
        return !is_later(time, file, entry->time, entry->left_in);
    return time < entry->time ||
           (time == entry->time && (time != group->cleared_at || file != group->cleared_in));
}

enum row_outcome set_enter(struct memory *memory, struct set_groups *groups,
                           const struct memory_key *key, struct registry *registry,
                           struct series *series, const struct scene *scene)
{
    int64_t time = scene_time(scene);
    uint32_t file = file_of(scene);
    struct memory_entry *entry = memory_get(memory, key);
    struct set_group *group = set_group_find(groups, series);
    if ((entry && has_left(entry, time, file)) ||
        (group && !is_later(time, file, group->cleared_at, group->cleared_in)))
        return ROW_NO_GROWTH;
    bool is_there = entry && is_inside(entry) && entry->group == group;
    if (!entry)
        entry = memory_put(memory, key, NULL, 0, scene->when.now);
    else
        memory_touch(memory, entry, scene->when.now);
    if (!is_there) {
        group = need_group(groups, registry, series); /* first: detach may free the old one */
        group->entries++;
        detach(memory, entry, &scene->when);
        group->entries--;
        attach(memory, entry, group, &scene->when);
    }
    if (!is_there || time > entry->time) {
        entry->time = time;
        note_since(memory, entry);
        memory_note(memory, entry);
    }
    return ROW_APPLIED;
}

/* Someone inside leaves with this event. */
static void take_out(struct memory *memory, struct memory_entry *entry, const struct scene *scene)
{
    detach(memory, entry, &scene->when);
    entry->time = scene_time(scene);
    entry->left_in = file_of(scene);
    memory_note(memory, entry);
}

enum row_outcome set_leave(struct memory *memory, const struct memory_key *key,
                           const struct scene *scene)
{
    int64_t time = scene_time(scene);
    struct memory_entry *entry = memory_get(memory, key);
    if (!entry) {
        entry = memory_put(memory, key, NULL, 0, scene->when.now);
        entry->time = time;
        entry->left_in = file_of(scene);
        return ROW_NO_GROWTH;
    }
    bool was_inside = is_inside(entry);
    memory_touch(memory, entry, scene->when.now);
    if (was_inside) {
        take_out(memory, entry, scene);
    } else if (entry->time < time) {
        entry->time = time;
        if (!entry->group)
            entry->left_in = file_of(scene);
        memory_note(memory, entry);
    }
    return was_inside ? ROW_APPLIED : ROW_NO_GROWTH;
}

enum row_outcome set_leave_all(struct memory *memory, uint64_t scope_id, const struct scene *scene)
{
    enum row_outcome outcome = ROW_NO_GROWTH;
    for (uint32_t i = memory->member_count; i-- > 0;) { /* who goes is replaced by the last */
        struct memory_entry *entry = memory->members[i];
        if (entry->scope_id != scope_id || !is_inside(entry))
            continue;
        lapse_count(entry->group->groups->lapse, entry->group->series, 1, &scene->when);
        memory_touch(memory, entry, scene->when.now);
        take_out(memory, entry, scene);
        outcome = ROW_APPLIED;
    }
    return outcome;
}

enum row_outcome set_clear(struct set_groups *groups, struct registry *registry,
                           struct series *series, const struct scene *scene)
{
    struct set_group *group = set_group_find(groups, series);
    if (!group) {
        registry_adjust(registry, series, -series_value(series), &scene->when);
        return ROW_APPLIED;
    }
    lapse_count(groups->lapse, series, group->inside, &scene->when);
    group->epoch++;
    group->inside = 0;
    if (scene_time(scene) > group->cleared_at) {
        group->cleared_at = scene_time(scene);
        group->cleared_in = file_of(scene);
    }
    set_group_note(group);
    show(group, &scene->when);
    return ROW_APPLIED;
}

void set_expire(struct memory *memory, int64_t now)
{
    if (memory->stay == 0 || memory->earliest >= now - memory->stay)
        return;
    memory->earliest = INT64_MAX;
    for (uint32_t i = memory->member_count; i-- > 0;) { /* who goes is replaced by the last */
        struct memory_entry *entry = memory->members[i];
        if (!is_inside(entry))
            continue;
        struct moment when = {.event_time = inside_since(entry), .now = now};
        if (when.event_time < now - memory->stay) {
            lapse_count(entry->group->groups->lapse, entry->group->series, 1, &when);
            detach(memory, entry, &when);
            memory_note(memory, entry);
        } else {
            note_since(memory, entry);
        }
    }
}

void set_show_ages(const struct memory *memory, struct set_groups *groups, int64_t now)
{
    const struct moment when = {.event_time = NO_EVENT, .now = now};
    struct set_group *group;
    for (size_t position = 0; (group = map_next(&groups->by_series, &position));)
        group->oldest = INT64_MAX;
    for (uint32_t i = 0; i < memory->member_count; i++) {
        const struct memory_entry *entry = memory->members[i];
        if (is_inside(entry) && inside_since(entry) < entry->group->oldest)
            entry->group->oldest = inside_since(entry);
    }
    for (size_t position = 0; (group = map_next(&groups->by_series, &position));) {
        double age = group->oldest < now ? (double)(now - group->oldest) / 1e9 : 0;
        if (age < series_value(group->series) || age > series_value(group->series))
            registry_adjust(group->registry, group->series, age - series_value(group->series),
                            &when);
    }
}

void set_forget(void *context, struct memory *memory, struct memory_entry *entry)
{
    const int64_t *now = context;
    struct moment when = {.event_time = inside_since(entry), .now = *now};
    detach(memory, entry, &when);
}

void set_rejoin(struct memory *memory, struct memory_entry *entry, struct set_group *group,
                uint32_t epoch)
{
    entry->group = group;
    entry->epoch = epoch;
    group->entries++;
    members_add(memory, entry);
    if (!is_inside(entry))
        return;
    group->inside++;
    note_since(memory, entry);
}

void set_groups_settle(struct set_groups *groups, int64_t now)
{
    const struct moment when = {.event_time = NO_EVENT, .now = now};
    struct set_group *group;
    for (size_t position = 0; (group = map_next(&groups->by_series, &position));) {
        double inside = group->inside;
        if (series_value(group->series) < inside || series_value(group->series) > inside)
            show(group, &when);
        if (group->entries == 0)
            group_free(group);
    }
}
