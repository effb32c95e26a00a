/* What must survive a restart of a rule set: see rule_set.h. */
#include <errno.h>

#include "base/record.h"
#include "rules/compiler.h"
#include "rules/memory_record.h"
#include "rules/set_record.h"

void rule_set_track(struct rule_set *set)
{
    memory_store_track(&set->memories);
    for (size_t i = 0; i < set->metric_count; i++)
        set_groups_track(&set->metrics[i]->groups);
}

void rule_set_save(struct rule_set *set, const struct record_sink *sink)
{
    for (size_t i = 0; i < set->metric_count; i++)
        set_groups_save(&set->metrics[i]->groups, sink);
    for (struct memory *memory = set->memories.first; memory; memory = memory->next)
        memory_save(memory, set, sink);
}

void rule_set_save_all(struct rule_set *set, const struct record_sink *sink)
{
    for (size_t i = 0; i < set->metric_count; i++)
        set_groups_save_all(&set->metrics[i]->groups, sink);
    for (struct memory *memory = set->memories.first; memory; memory = memory->next)
        memory_save_all(memory, set, sink);
}

size_t rule_set_unsaved(const struct rule_set *set)
{
    return set->memories.unsaved;
}

int rule_set_restore(struct rule_set *set, const struct record *record)
{
    set->is_restored = true;
    switch (record->kind) {
    case RECORD_MEMORY:
        return memory_record_read(record);
    case RECORD_SET:
        return set_record_read(set, record);
    case RECORD_MEMORY_KEY:
        return memory_key_read(set, record);
    default:
        return -EINVAL;
    }
}
