/* See named_memory.h. */
#include "rules/named_memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "rules/compiler.h"
#include "rules/memory_record.h"
#include "rules/operand.h"
#include "rules/schema.h"

/* What a row says of its memory. */
struct wishes {
    enum memory_kind kind;
    enum memory_scope scope;
    int64_t keep;
    int64_t stay;
    bool has_scope;
    bool has_keep;
    bool has_stay;
};

static struct memory *find(const struct rule_set *set, size_t pack, const char *name)
{
    for (size_t i = 0; i < set->named_count; i++)
        if (set->named[i].pack == pack && strcmp(set->named[i].memory->name, name) == 0)
            return set->named[i].memory;
    return NULL;
}

struct memory *compiler_find_memory(const struct compiler *compiler, const char *name)
{
    return find(compiler->set, compiler->pack->index, name);
}

static bool read_wishes(struct diagnostics *diagnostics, const struct tree *settings,
                        struct wishes *wishes)
{
    static const char *const scopes[] = {"file", "directory", "source", "pack"};
    const struct tree *scope = tree_get(settings, "scope");
    const struct tree *keep = tree_get(settings, "keep");
    const struct tree *stay = tree_get(settings, "for");
    size_t index;
    if (scope && !schema_choice(diagnostics, scope, "scope", scopes, 4, &index))
        return false;
    if (scope)
        wishes->scope = (enum memory_scope)index;
    wishes->has_scope = scope != NULL;
    if (keep && !schema_duration(diagnostics, keep, "'keep'", false, &wishes->keep))
        return false;
    wishes->has_keep = keep != NULL;
    if (stay && !schema_duration(diagnostics, stay, "'for'", false, &wishes->stay))
        return false;
    wishes->has_stay = stay != NULL;
    return true;
}

static struct wishes default_wishes(enum memory_kind kind)
{
    bool counts = kind == MEMORY_ONCE || kind == MEMORY_INCREASE;
    return (struct wishes){.kind = kind,
                           .scope = counts ? SCOPE_SOURCE : SCOPE_DIRECTORY,
                           .keep = MEMORY_KEEP_DEFAULT};
}

/* A row that says nothing takes what the first said. */
static bool fits(const struct memory *memory, const struct wishes *wishes)
{
    return memory->kind == wishes->kind && (!wishes->has_scope || memory->scope == wishes->scope) &&
           (!wishes->has_keep || memory->keep == wishes->keep) &&
           (!wishes->has_stay || memory->stay == wishes->stay);
}

static struct memory *need(struct compiler *compiler, const struct tree *where, size_t pack,
                           const char *name, const struct wishes *wishes)
{
    struct rule_set *set = compiler->set;
    struct memory *memory = find(set, pack, name);
    if (memory && fits(memory, wishes))
        return memory;
    if (memory) {
        diagnostics_error(compiler->diagnostics, where,
                          "memory '%s' has another kind, scope, keep or for elsewhere", name);
        return NULL;
    }
    memory = memory_add(&set->memories, name, wishes->kind, wishes->scope, wishes->keep);
    memory->stay = wishes->stay;
    memory->pack = pack == SIZE_MAX ? "" : set->packs[pack].identity;
    memory->id = memory_definition_hash(memory);
    set->named = memory_resize(set->named, set->named_count + 1, sizeof(*set->named));
    set->named[set->named_count++] = (struct named_memory){.pack = pack, .memory = memory};
    return memory;
}

void declare_memories(struct compiler *compiler, const struct tree *row)
{
    static const struct {
        const char *verb;
        enum memory_kind kind;
    } declaring[] = {{"remember", MEMORY_REMEMBER}, {"start", MEMORY_TIMER}};
    for (size_t i = 0; i < ARRAY_LENGTH(declaring); i++) {
        const char *name = tree_text(tree_get(row, declaring[i].verb));
        struct wishes wishes = default_wishes(declaring[i].kind);
        if (name && read_wishes(compiler->diagnostics, row, &wishes))
            need(compiler, row, compiler->pack->index, name, &wishes);
    }
}

struct memory *row_memory(const struct binding *binding, const struct tree *settings,
                          const char *metric, const char *path, enum memory_kind kind)
{
    struct compiler *compiler = binding->compiler;
    struct wishes wishes = default_wishes(kind);
    const struct tree *own = tree_get(settings, "memory");
    if (!read_wishes(compiler->diagnostics, settings, &wishes) ||
        (own && !schema_scalar(compiler->diagnostics, own, "'memory'")))
        return NULL;
    AUTO_FREE char *name =
        own ? memory_copy_text(own->text)
            : memory_format("%s %s %s", kind == MEMORY_ONCE ? "once" : "increase", metric, path);
    return need(compiler, settings, compiler->pack->index, name, &wishes);
}

struct memory *set_memory(const struct binding *binding, const struct tree *row, const char *metric)
{
    struct wishes wishes = default_wishes(MEMORY_SET);
    AUTO_FREE char *name = memory_format("set %s", metric);
    if (!read_wishes(binding->compiler->diagnostics, row, &wishes))
        return NULL;
    struct memory *memory = need(binding->compiler, row, SIZE_MAX, name, &wishes);
    if (memory)
        memory->metric = metric_find(binding->compiler->set, metric);
    return memory;
}
