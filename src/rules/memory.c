/* See memory.h. Each memory lists its entries by last touch, so sweeps and evictions look only at
 * the oldest. */
#include "rules/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

static bool entry_has_key(const void *item, const void *key)
{
    const struct memory_entry *entry = item;
    const struct memory_key *wanted = key;
    return entry->scope_id == wanted->scope_id && entry->key_length == wanted->length &&
           memcmp(entry->bytes, wanted->bytes, wanted->length) == 0;
}

static uint64_t key_hash(const struct memory_key *key)
{
    return hash_bytes(key->bytes, key->length) ^ (key->scope_id * 0x9E3779B97F4A7C15u);
}

static void list_append(struct memory *memory, struct memory_entry *entry)
{
    entry->older = memory->newest;
    entry->newer = NULL;
    if (memory->newest)
        memory->newest->newer = entry;
    else
        memory->oldest = entry;
    memory->newest = entry;
}

static void list_remove(struct memory *memory, struct memory_entry *entry)
{
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        memory->oldest = entry->newer;
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        memory->newest = entry->older;
}

void memory_store_init(struct memory_store *store, size_t max_keys)
{
    *store = (struct memory_store){.max_keys = max_keys};
}

static void memory_delete(struct memory *memory)
{
    while (memory->oldest) {
        struct memory_entry *entry = memory->oldest;
        memory->oldest = entry->newer;
        free(entry);
    }
    map_free(&memory->entries);
    free(memory->name);
    free(memory);
}

void memory_store_free(struct memory_store *store)
{
    while (store->first) {
        struct memory *memory = store->first;
        store->first = memory->next;
        memory_delete(memory);
    }
}

struct memory *memory_add(struct memory_store *store, const char *name, enum memory_kind kind,
                          enum memory_scope scope, int64_t keep)
{
    struct memory *memory = memory_zero(1, sizeof(*memory));
    memory->name = memory_copy_text(name);
    memory->kind = kind;
    memory->scope = scope;
    memory->keep = keep;
    memory->earliest = INT64_MAX;
    memory->store = store;
    map_init(&memory->entries, entry_has_key);
    memory->next = store->first;
    store->first = memory;
    return memory;
}

struct memory_entry *memory_get(const struct memory *memory, const struct memory_key *key)
{
    if (memory->entries.count == 0)
        return NULL;
    return map_find(&memory->entries, key_hash(key), key);
}

/* The store is full: the entry longest untouched of all memories goes. */
static void evict_oldest(struct memory_store *store)
{
    struct memory *victim = NULL;
    for (struct memory *memory = store->first; memory; memory = memory->next)
        if (memory->oldest && (!victim || memory->oldest->touched < victim->oldest->touched))
            victim = memory;
    if (!victim)
        return;
    memory_remove(victim, victim->oldest);
    store->evictions++;
}

struct memory_entry *memory_put(struct memory *memory, const struct memory_key *key,
                                const char *text, size_t text_length, int64_t now)
{
    struct memory_entry *entry =
        memory_alloc(sizeof(*entry) + key->length + (text ? text_length : 0));
    *entry = (struct memory_entry){.hash = key_hash(key),
                                   .scope_id = key->scope_id,
                                   .touched = now,
                                   .key_length = (uint32_t)key->length,
                                   .text_length = text ? (uint32_t)text_length : 0};
    if (key->length)
        memcpy(entry->bytes, key->bytes, key->length);
    if (text && text_length)
        memcpy(entry->bytes + key->length, text, text_length);
    if (memory->store->keys >= memory->store->max_keys)
        evict_oldest(memory->store);
    map_insert(&memory->entries, entry->hash, entry);
    list_append(memory, entry);
    memory->store->keys++;
    return entry;
}

void memory_touch(struct memory *memory, struct memory_entry *entry, int64_t now)
{
    if (now > entry->touched)
        entry->touched = now;
    if (memory->newest == entry)
        return;
    list_remove(memory, entry);
    list_append(memory, entry);
}

void memory_remove(struct memory *memory, struct memory_entry *entry)
{
    if (memory->kind == MEMORY_SET && memory->store->forget_member)
        memory->store->forget_member(memory->store->context, entry);
    struct memory_key key = {entry->scope_id, entry->bytes, entry->key_length};
    map_remove(&memory->entries, entry->hash, &key);
    list_remove(memory, entry);
    free(entry);
    memory->store->keys--;
}

void memory_store_sweep(struct memory_store *store, int64_t now)
{
    for (struct memory *memory = store->first; memory; memory = memory->next)
        while (memory->oldest && memory->oldest->touched < now - memory->keep)
            memory_remove(memory, memory->oldest);
}
