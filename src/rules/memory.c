/* See memory.h. Each memory lists its entries by last touch, so sweeps and evictions look only at
 * the oldest. */
#include "rules/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/hash.h"
#include "base/memory.h"

#define UNSAVED_FIRST_CAPACITY 16

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

static struct memory_key key_of(const struct memory_entry *entry)
{
    return (struct memory_key){entry->scope_id, entry->bytes, entry->key_length};
}

static uint32_t touch_unit(int64_t time)
{
    return (uint32_t)((uint64_t)time >> 30);
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

static int compare_touched(const void *left, const void *right)
{
    const struct memory_entry *const *a = left;
    const struct memory_entry *const *b = right;
    if ((*a)->touched != (*b)->touched)
        return (*a)->touched < (*b)->touched ? -1 : 1;
    struct memory_key one = key_of(*a);
    struct memory_key other = key_of(*b);
    uint64_t hash = key_hash(&one);
    uint64_t other_hash = key_hash(&other);
    return hash < other_hash ? -1 : hash > other_hash;
}

static void sort_entries(struct memory *memory)
{
    size_t count = 0;
    struct memory_entry **sorted =
        memory_zero(memory->entries.count, sizeof(struct memory_entry *));
    for (struct memory_entry *entry = memory->oldest; entry; entry = entry->newer)
        sorted[count++] = entry;
    qsort(sorted, count, sizeof(struct memory_entry *), compare_touched);
    memory->oldest = memory->newest = NULL;
    for (size_t i = 0; i < count; i++)
        list_append(memory, sorted[i]);
    memory->is_mixed = false;
    free(sorted);
}

static struct memory_entry *oldest_of(struct memory *memory)
{
    if (UNLIKELY(memory->is_mixed))
        sort_entries(memory);
    return memory->oldest;
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
    free(memory->unsaved);
    free(memory->members);
    text_free(&memory->removed);
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
    int64_t step = keep / MEMORY_TOUCH_SHARE;
    memory->name = memory_copy_text(name);
    memory->kind = kind;
    memory->scope = scope;
    memory->keep = keep;
    memory->earliest = INT64_MAX;
    memory->store = store;
    memory->pack = "";
    memory->is_unsaved = true;
    memory->touch_step = touch_unit(step < MEMORY_TOUCH_LONGEST ? step : MEMORY_TOUCH_LONGEST);
    text_init(&memory->removed, TEXT_UNLIMITED);
    map_init(&memory->entries, entry_has_key);
    memory->next = store->first;
    store->first = memory;
    return memory;
}

void memory_store_track(struct memory_store *store)
{
    store->tracks = true;
    for (struct memory *memory = store->first; memory; memory = memory->next) {
        for (struct memory_entry *entry = memory->oldest; entry; entry = entry->newer) {
            if (entry->unsaved == MEMORY_UNTRACKED)
                entry->unsaved = 0;
            memory_note(memory, entry);
        }
    }
}

struct memory_entry *memory_get(const struct memory *memory, const struct memory_key *key)
{
    if (memory->entries.count == 0)
        return NULL;
    return map_find(&memory->entries, key_hash(key), key);
}

/* The store is full: the entry longest untouched of all memories goes. False: there is none. */
static bool evict_oldest(struct memory_store *store)
{
    struct memory *victim = NULL;
    for (struct memory *memory = store->first; memory; memory = memory->next)
        if (oldest_of(memory) && (!victim || memory->oldest->touched < victim->oldest->touched))
            victim = memory;
    if (!victim)
        return false;
    memory_remove(victim, victim->oldest);
    store->evictions++;
    return true;
}

static void keep_within(struct memory_store *store, size_t most)
{
    while (store->keys > most && evict_oldest(store))
        continue;
}

static struct memory_entry *entry_new(const struct memory *memory, const struct memory_key *key,
                                      const char *text, size_t text_length)
{
    struct memory_entry *entry =
        memory_alloc(sizeof(*entry) + key->length + (text ? text_length : 0));
    *entry = (struct memory_entry){.scope_id = key->scope_id,
                                   .key_length = (uint32_t)key->length,
                                   .text_length = text ? (uint32_t)text_length & INT32_MAX : 0,
                                   .unsaved = memory->store->tracks ? 0 : MEMORY_UNTRACKED};
    if (key->length)
        memcpy(entry->bytes, key->bytes, key->length);
    if (text && text_length)
        memcpy(entry->bytes + key->length, text, text_length);
    return entry;
}

static void add_entry(struct memory *memory, struct memory_entry *entry, int64_t touched)
{
    struct memory_key key = key_of(entry);
    entry->touched = touched;
    map_insert(&memory->entries, key_hash(&key), entry);
    list_append(memory, entry);
    memory->store->keys++;
}

struct memory_entry *memory_put(struct memory *memory, const struct memory_key *key,
                                const char *text, size_t text_length, int64_t now)
{
    struct memory_entry *entry = entry_new(memory, key, text, text_length);
    if (memory->store->keys >= memory->store->max_keys)
        keep_within(memory->store, memory->store->max_keys - 1);
    add_entry(memory, entry, now);
    memory_note(memory, entry);
    return entry;
}

void memory_touch(struct memory *memory, struct memory_entry *entry, int64_t now)
{
    if (now > entry->touched)
        entry->touched = now;
    if (UNLIKELY(entry->unsaved == 0) &&
        (memory->kind == MEMORY_TIMER ||
         touch_unit(entry->touched) - entry->saved_touched > memory->touch_step))
        memory_note_entry(memory, entry);
    if (memory->newest == entry)
        return;
    list_remove(memory, entry);
    list_append(memory, entry);
}

static bool is_noted(const struct memory_entry *entry)
{
    return entry->unsaved != 0 && entry->unsaved != MEMORY_UNTRACKED;
}

/* The last one takes its place. */
static void forget_note(struct memory *memory, const struct memory_entry *entry)
{
    if (!is_noted(entry))
        return;
    struct memory_entry *last = memory->unsaved[--memory->unsaved_count];
    memory->unsaved[entry->unsaved - 1] = last;
    last->unsaved = entry->unsaved;
    memory->store->unsaved--;
}

void memory_remove(struct memory *memory, struct memory_entry *entry)
{
    if (memory->kind == MEMORY_SET && memory->store->forget_member)
        memory->store->forget_member(memory->store->context, memory, entry);
    struct memory_key key = key_of(entry);
    map_remove(&memory->entries, key_hash(&key), &key);
    list_remove(memory, entry);
    forget_note(memory, entry);
    if (entry->has_record)
        memory_note_removed(memory, &key);
    free(entry);
    memory->store->keys--;
}

void memory_store_sweep(struct memory_store *store, int64_t now)
{
    for (struct memory *memory = store->first; memory; memory = memory->next)
        while (oldest_of(memory) && memory->oldest->touched < now - memory->keep)
            memory_remove(memory, memory->oldest);
}

void memory_store_settle(struct memory_store *store)
{
    keep_within(store, store->max_keys);
}

void memory_note_entry(struct memory *memory, struct memory_entry *entry)
{
    if (memory->unsaved_count == memory->unsaved_capacity) {
        memory->unsaved_capacity += memory->unsaved_capacity / 2 + UNSAVED_FIRST_CAPACITY;
        memory->unsaved =
            memory_resize(memory->unsaved, memory->unsaved_capacity, sizeof(struct memory_entry *));
    }
    memory->unsaved[memory->unsaved_count++] = entry;
    entry->unsaved = memory->unsaved_count;
    memory->store->unsaved++;
}

void memory_mark_saved(struct memory *memory)
{
    for (uint32_t i = 0; i < memory->unsaved_count; i++) {
        struct memory_entry *entry = memory->unsaved[i];
        entry->unsaved = 0;
        entry->saved_touched = touch_unit(entry->touched);
        entry->has_record = 1;
    }
    memory->store->unsaved -= memory->unsaved_count + memory->removed_count;
    memory->unsaved_count = memory->removed_count = 0;
    text_clear(&memory->removed);
}

struct memory_entry *memory_restore(struct memory *memory, const struct memory_key *key,
                                    const char *text, size_t text_length, int64_t touched)
{
    struct memory_entry *entry = memory_get(memory, key);
    if (entry)
        memory_remove(memory, entry);
    entry = entry_new(memory, key, text, text_length);
    add_entry(memory, entry, touched);
    entry->saved_touched = touch_unit(touched);
    entry->has_record = 1;
    memory->is_mixed = true;
    return entry;
}

void memory_note_removed(struct memory *memory, const struct memory_key *key)
{
    if (!memory->store->tracks)
        return;
    fields_put_64(&memory->removed, key->scope_id);
    fields_put_bytes(&memory->removed, key->bytes, key->length);
    memory->removed_count++;
    memory->store->unsaved++;
}
