/* Builds and frees a set, and tells what it counted: see rule_set.h. */
#include "rules/rule_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/hash.h"
#include "base/memory.h"
#include "rules/compiler.h"
#include "rules/event_name.h"
#include "rules/override.h"
#include "rules/row_binding.h"

#define MEMORY_KEYS_DEFAULT ((size_t)1000000)
#define EVENT_TYPES_DEFAULT ((size_t)1000)

static void compile_packs(struct compiler *compiler)
{
    struct rule_set *set = compiler->set;
    for (size_t i = 0; i < set->pack_count; i++) {
        compiler->pack = &set->packs[i];
        pack_read(compiler);
    }
    overrides_apply(compiler);
    source_add_internal(compiler);
    for (int declare = 1; declare >= 0; declare--) {
        for (size_t i = 0; i < set->pack_count; i++) {
            compiler->pack = &set->packs[i];
            rows_compile(compiler, declare == 1);
        }
    }
    for (size_t i = 0; i < set->source_count; i++)
        rows_order(set->sources[i]);
    overrides_bind_clears(compiler);
    metrics_define(set, compiler->diagnostics);
}

static void forget_trees(struct rule_set *set)
{
    for (size_t i = 0; i < set->row_count; i++)
        set->rows[i]->where = NULL;
    for (size_t i = 0; i < set->pack_count; i++)
        set->packs[i].tree = set->packs[i].defaults = NULL;
}

/* The caller frees. */
static char *pack_identity(const struct rule_pack *packs, size_t index)
{
    size_t same = 0;
    for (size_t i = 0; i < index; i++)
        same += strcmp(packs[i].name, packs[index].name) == 0;
    return same ? memory_format("%s#%zu", packs[index].name, same + 1)
                : memory_copy_text(packs[index].name);
}

struct rule_set *rule_set_new(const struct rule_pack *packs, size_t count,
                              struct registry *registry, const struct rule_limits *limits,
                              struct diagnostics *diagnostics)
{
    struct rule_set *set = memory_zero(1, sizeof(*set));
    set->registry = registry;
    set->limits.max_memory_keys =
        limits && limits->max_memory_keys ? limits->max_memory_keys : MEMORY_KEYS_DEFAULT;
    set->limits.max_event_types =
        limits && limits->max_event_types ? limits->max_event_types : EVENT_TYPES_DEFAULT;
    memory_store_init(&set->memories, set->limits.max_memory_keys);
    set->memories.forget_member = set_forget;
    set->memories.context = &set->now;
    map_init(&set->event_names, event_name_is);
    set->packs = memory_zero(count, sizeof(*set->packs));
    set->pack_count = count;
    for (size_t i = 0; i < count; i++) {
        char *identity = pack_identity(packs, i);
        set->packs[i] = (struct pack){.name = memory_copy_text(packs[i].name),
                                      .identity = identity,
                                      .scope_id = hash_stable(identity, strlen(identity)),
                                      .index = i,
                                      .tree = packs[i].tree};
    }
    struct compiler compiler = {.set = set, .diagnostics = diagnostics};
    compile_packs(&compiler);
    if (diagnostics->errors == 0) {
        forget_trees(set);
        return set;
    }
    rule_set_free(set);
    return NULL;
}

static void free_rows(struct rule_set *set)
{
    for (size_t i = 0; i < set->row_count; i++) {
        free(set->rows[i]->rule);
        free(set->rows[i]->update);
        free(set->rows[i]->field);
        free(set->rows[i]->events);
        free(set->rows[i]);
    }
    free(set->rows);
}

void rule_set_free(struct rule_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->source_count; i++)
        source_free(set->sources[i]);
    free(set->sources);
    memory_store_free(&set->memories);
    free(set->named);
    for (size_t i = 0; i < set->metric_count; i++)
        metric_free(set->metrics[i]);
    free(set->metrics);
    for (size_t i = 0; i < set->table_count; i++)
        lookup_table_free(set->tables[i]);
    free(set->tables);
    free_rows(set);
    event_names_free(set);
    for (size_t i = 0; i < set->pack_count; i++) {
        free(set->packs[i].name);
        free(set->packs[i].identity);
    }
    free(set->packs);
    free(set);
}

/* What was restored is whole now. */
static void settle(struct rule_set *set, int64_t now)
{
    set->is_restored = false;
    memory_store_settle(&set->memories);
    for (size_t i = 0; i < set->metric_count; i++)
        set_groups_settle(&set->metrics[i]->groups, now);
}

void rule_set_tick(struct rule_set *set, int64_t now, bool keep_all)
{
    set->now = now;
    if (UNLIKELY(set->is_restored))
        settle(set, now);
    if (keep_all)
        return;
    for (struct memory *memory = set->memories.first; memory; memory = memory->next)
        if (memory->kind == MEMORY_SET)
            set_expire(memory, now);
    memory_store_sweep(&set->memories, now);
    for (struct memory *memory = set->memories.first; memory; memory = memory->next)
        if (memory->metric && memory->metric->groups.shows_oldest)
            set_show_ages(memory, &memory->metric->groups, now);
}

bool rule_set_event_count(const struct rule_set *set, size_t index,
                          struct rule_event_count *ret_count)
{
    if (index >= set->event_count)
        return false;
    const struct event_name *name = set->event_list[index];
    *ret_count = (struct rule_event_count){name->shown, name->seen, name->unmatched};
    return true;
}

bool rule_set_row_count(const struct rule_set *set, size_t index, struct rule_row_count *ret_count)
{
    if (index >= set->row_count)
        return false;
    const struct row_facts *facts = set->rows[index];
    *ret_count =
        (struct rule_row_count){facts->rule, facts->field ? facts->field : "", facts->outcomes};
    return true;
}

size_t rule_set_memory_keys(const struct rule_set *set)
{
    return set->memories.keys;
}

uint64_t rule_set_memory_evictions(const struct rule_set *set)
{
    return set->memories.evictions;
}

const char *row_outcome_name(enum row_outcome outcome)
{
    static const char *const names[ROW_OUTCOMES] = {
        "applied",   "folded",  "condition",    "no_list",      "seen",
        "no_growth", "missing", "not_a_number", "not_in_table", "too_old",
        "older",     "limit",   "invalid",      "disabled",     "late"};
    return names[outcome];
}
