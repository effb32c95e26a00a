/* One event: which it is, when it was, and what rows it meets. See rule_set_apply. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "decode/value.h"
#include "rules/apply.h"
#include "rules/compiler.h"
#include "rules/event_name.h"
#include "rules/row_binding.h"

/* What an event of a name that was not met in this source before is: rows of "*" alone. */
static struct source_event *meet_event(struct rule_set *set, struct rule_source *source,
                                       const struct label_value *normal, const char *shown,
                                       size_t length)
{
    struct event_name *name = event_name_need(set, normal, shown, length, false);
    if (name == set->other_event) {
        if (source->other)
            return source->other;
        source->other = memory_zero(1, sizeof(*source->other));
        source->other->name = name;
    }
    struct source_event *event =
        name == set->other_event ? source->other : source_event_new(source, name, normal);
    for (size_t i = 0; i < source->row_count; i++)
        if (source->rows[i]->is_star)
            source_event_add_row(event, source->rows[i]);
    return event;
}

static bool first_text(const struct source_paths *paths, const struct value *slots,
                       const char **ret_text, size_t *ret_length)
{
    for (size_t i = 0; i < paths->count; i++)
        if (value_text(&slots[paths->slots[i]], ret_text, ret_length) && *ret_length > 0)
            return true;
    return false;
}

int64_t rule_source_time(struct rule_source *source, const struct value *slots)
{
    int64_t time = TIME_NONE;
    for (size_t i = 0; i < source->time.count; i++) {
        const struct value *value = &slots[source->time.slots[i]];
        if (LIKELY(value->type == VALUE_STRING &&
                   clock_parse_rfc3339_near(&source->minute, value->text, value->length, &time)))
            break;
        if (value_time(value, &time))
            break;
    }
    return time;
}

static struct recent_name *recent_place(struct rule_source *source, const char *name, size_t length)
{
    unsigned mix = (unsigned)length * 7 + (unsigned char)name[0] * 3 +
                   (unsigned char)name[length / 2] * 5 + (unsigned char)name[length - 1];
    return &source->recent[mix % RECENT_NAMES];
}

static struct source_event *event_of(struct rule_set *set, struct rule_source *source,
                                     const struct value *slots)
{
    const char *type;
    size_t length;
    char bytes[EVENT_NAME_LONGEST];
    if (!first_text(&source->type, slots, &type, &length))
        return NULL;
    struct recent_name *recent = recent_place(source, type, length);
    if (LIKELY(recent->event && recent->length == length &&
               memcmp(recent->bytes, type, length) == 0))
        return recent->event;
    struct label_value normal = {bytes, event_name_normal(type, length, bytes)};
    struct source_event *event = source_event_find(source, &normal);
    if (!event)
        event = meet_event(set, source, &normal, type, length);
    if (length <= RECENT_NAME_LONGEST) {
        *recent = (struct recent_name){.event = event, .length = (uint8_t)length};
        memcpy(recent->bytes, type, length);
    }
    return event;
}

void apply_rows(const struct row_stage *stage, const struct source_event *known, bool guests,
                struct scene *scene)
{
    scene->serial = ++stage->set->serial;
    for (size_t i = 0; i < known->row_count; i++) {
        struct row *row = known->rows[i];
        if (row->guest && !guests)
            continue;
        scene->pack_id = row->facts->pack;
        row_run(stage, row, scene);
    }
}

enum start apply_start(const struct rule_source *source, const struct value *slots)
{
    bool has_body = source->body && slots[source->body_slot].type == VALUE_OBJECT;
    return has_body ? START_BODY : START_RECORD;
}

/* A line that several sources read is one event, and unmatched if it is so for all of them. */
static void count_event(struct rule_set *set, const struct source_event *known,
                        enum rule_match match)
{
    if (!set->is_counted) {
        set->is_counted = true;
        known->name->seen++;
        set->unnamed = match == RULE_UNMATCHED ? known->name : NULL;
        known->name->unmatched += match == RULE_UNMATCHED;
    } else if (match == RULE_MATCHED && set->unnamed) {
        set->unnamed->unmatched--;
        set->unnamed = NULL;
    }
}

enum rule_match rule_set_apply(struct rule_set *set, struct rule_source *source,
                               const struct rule_event *event, int64_t *ret_time)
{
    struct row_stage stage = {.set = set, .trace = event->trace};
    struct scene scene = {.file = event->file, .slots = event->slots, .arena = event->arena};
    scene.start = apply_start(source, event->slots);
    scene.when.now = set->now = event->now;
    scene.when.event_time = rule_source_time(source, event->slots);
    if (ret_time)
        *ret_time = scene.when.event_time;
    if (event->guests) { /* a new line */
        set->is_counted = false;
        set->unnamed = NULL;
    }
    struct source_event *known = event_of(set, source, event->slots);
    enum rule_match match = !known ? RULE_NO_TYPE : known->is_named ? RULE_MATCHED : RULE_UNMATCHED;
    if (event->trace)
        event->trace->on_event(event->trace->context, known ? known->name->shown : "", match);
    if (!known)
        return match;
    if (!source->facts.internal)
        count_event(set, known, match);
    apply_rows(&stage, known, event->guests, &scene);
    return match;
}

void apply_note_trouble(struct rule_set *set, const struct rule_trouble *trouble)
{
    if (set->trouble_count < RULE_TROUBLES)
        set->troubles[set->trouble_count++] = *trouble;
}

const struct rule_trouble *rule_set_take_trouble(struct rule_set *set)
{
    if (LIKELY(set->trouble_count == 0))
        return NULL;
    if (set->troubles_told < set->trouble_count)
        return &set->troubles[set->troubles_told++];
    set->trouble_count = set->troubles_told = 0;
    return NULL;
}
