/* See event_name.h. */
#include "rules/event_name.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "rules/compiler.h"

size_t event_name_normal(const char *name, size_t length, char *ret_normal)
{
    size_t count = 0;
    for (size_t i = 0; i < length && count < EVENT_NAME_LONGEST; i++) {
        char c = name[i];
        if (c == '_' || c == '-')
            continue;
        ret_normal[count++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    return count;
}

bool event_name_is(const void *item, const void *key)
{
    const struct event_name *name = item;
    const struct label_value *normal = key;
    return name->length == normal->length &&
           memcmp(name->normal, normal->text, normal->length) == 0;
}

static struct event_name *event_name_new(struct rule_set *set, const struct label_value *normal,
                                         const char *shown, size_t shown_length)
{
    struct event_name *name = memory_alloc(sizeof(*name) + normal->length);
    *name =
        (struct event_name){.shown = memory_copy(shown, shown_length), .length = normal->length};
    memcpy(name->normal, normal->text, normal->length);
    set->event_list =
        memory_resize(set->event_list, set->event_count + 1, sizeof(*set->event_list));
    set->event_list[set->event_count++] = name;
    return name;
}

struct event_name *event_name_need(struct rule_set *set, const struct label_value *normal,
                                   const char *shown, size_t length, bool from_rule)
{
    uint64_t hash = hash_bytes(normal->text, normal->length);
    struct event_name *name = map_find(&set->event_names, hash, normal);
    if (name)
        return name;
    if (!from_rule && set->event_count >= set->limits.max_event_types) {
        static const struct label_value nothing = {"", 0};
        if (!set->other_event)
            set->other_event = event_name_new(set, &nothing, "_other", 6);
        return set->other_event;
    }
    name = event_name_new(set, normal, shown,
                          length < EVENT_NAME_LONGEST ? length : EVENT_NAME_LONGEST);
    map_insert(&set->event_names, hash, name);
    return name;
}

void event_names_free(struct rule_set *set)
{
    for (size_t i = 0; i < set->event_count; i++) {
        free(set->event_list[i]->shown);
        free(set->event_list[i]);
    }
    free(set->event_list);
    map_free(&set->event_names);
}
