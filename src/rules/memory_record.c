/* See memory_record.h. A record is read whole before anything is done with it. */
#include "rules/memory_record.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/fields.h"
#include "base/hash.h"
#include "base/record.h"
#include "registry/registry.h"
#include "rules/compiler.h"

/* Flags of a key, from rule_set_save_all only. */
#define IS_UNSAVED 1u /* no commit holds it yet */
#define IS_REMOVED 2u /* its record is still to go */

/* A save under way. */
struct saving {
    const struct memory *memory;
    const struct rule_set *set;
    const struct record_sink *sink;
    struct text key;
    struct text value;
    struct text series; /* a member's: its key */
};

/* What a key's record tells. */
struct key_record {
    struct memory *memory;
    struct memory_key key;
    uint8_t flags;
    int64_t touched;
    double largest;
    int64_t time;
    struct bytes text;
    uint32_t epoch;
    struct bytes series; /* its key */
};

static struct bytes bytes_of(const struct text *text)
{
    return (struct bytes){text->data, text->length};
}

/* --- Definitions -------------------------------------------------------------------------------
 */

static void write_definition(const struct memory *memory, struct text *out)
{
    fields_put_bytes(out, memory->pack, strlen(memory->pack));
    fields_put_bytes(out, memory->name, strlen(memory->name));
    fields_put_8(out, (uint8_t)memory->kind);
    fields_put_8(out, (uint8_t)memory->scope);
}

uint64_t memory_definition_hash(const struct memory *memory)
{
    struct text definition;
    text_init(&definition, TEXT_UNLIMITED);
    write_definition(memory, &definition);
    uint64_t hash = hash_stable(definition.data, definition.length);
    text_free(&definition);
    return hash;
}

static void put_definition(struct saving *saving)
{
    struct text definition;
    text_init(&definition, TEXT_UNLIMITED);
    write_definition(saving->memory, &definition);
    text_clear(&saving->key);
    text_clear(&saving->value);
    fields_put_64_sorted(&saving->key, saving->memory->id);
    fields_put_bytes(&saving->value, definition.data, definition.length);
    saving->sink->put(saving->sink->context, RECORD_MEMORY, bytes_of(&saving->key),
                      bytes_of(&saving->value), 0);
    text_free(&definition);
}

int memory_record_read(const struct record *record)
{
    struct fields key = fields_of(record->key);
    struct fields value = fields_of(record->value);
    uint64_t id = fields_64_sorted(&key);
    struct bytes definition = fields_bytes(&value);
    bool is_sound = !key.failed && !fields_left(&key) && !value.failed &&
                    hash_stable(definition.data, definition.length) == id;
    return is_sound ? 0 : -EINVAL;
}

/* --- Keys out ----------------------------------------------------------------------------------
 */

/* In a process a pack's scope is its number. */
static uint64_t stable_scope(const struct saving *saving, uint64_t scope_id)
{
    return saving->memory->scope == SCOPE_PACK && scope_id < saving->set->pack_count
               ? saving->set->packs[scope_id].scope_id
               : scope_id;
}

static void write_key(struct saving *saving, const struct memory_key *key)
{
    text_clear(&saving->key);
    fields_put_64_sorted(&saving->key, saving->memory->id);
    fields_put_64(&saving->key, stable_scope(saving, key->scope_id));
    text_append(&saving->key, key->bytes, key->length);
}

static void write_member(struct saving *saving, const struct memory_entry *entry)
{
    text_clear(&saving->series);
    if (entry->group)
        series_write_key(entry->group->series, &saving->series);
    fields_put_time(&saving->value, entry->time);
    fields_put_32(&saving->value, entry->epoch);
    fields_put_bytes(&saving->value, saving->series.data, saving->series.length);
}

static void write_value(struct saving *saving, const struct memory_entry *entry)
{
    switch (saving->memory->kind) {
    case MEMORY_INCREASE:
        fields_put_double(&saving->value, entry->largest);
        break;
    case MEMORY_REMEMBER:
        fields_put_bytes(&saving->value, entry->bytes + entry->key_length, entry->text_length);
        break;
    case MEMORY_TIMER:
        fields_put_time(&saving->value, entry->time);
        break;
    case MEMORY_SET:
        write_member(saving, entry);
        break;
    case MEMORY_ONCE:
        break;
    }
}

static int64_t expiry_of(const struct memory *memory, const struct memory_entry *entry)
{
    int64_t expires;
    if (__builtin_add_overflow(entry->touched, memory->keep, &expires))
        return 0;
    return expires > 0 ? expires : 1;
}

static void put_entry(struct saving *saving, const struct memory_entry *entry, unsigned flags)
{
    const struct memory_key key = {entry->scope_id, entry->bytes, entry->key_length};
    write_key(saving, &key);
    text_clear(&saving->value);
    fields_put_8(&saving->value, (uint8_t)flags);
    fields_put_time(&saving->value, entry->touched);
    write_value(saving, entry);
    saving->sink->put(saving->sink->context, RECORD_MEMORY_KEY, bytes_of(&saving->key),
                      bytes_of(&saving->value), expiry_of(saving->memory, entry));
}

static void begin(struct saving *saving, const struct memory *memory, const struct rule_set *set,
                  const struct record_sink *sink)
{
    *saving = (struct saving){.memory = memory, .set = set, .sink = sink};
    text_init(&saving->key, TEXT_UNLIMITED);
    text_init(&saving->value, TEXT_UNLIMITED);
    text_init(&saving->series, TEXT_UNLIMITED);
}

static void end(struct saving *saving)
{
    text_free(&saving->key);
    text_free(&saving->value);
    text_free(&saving->series);
}

/* The next key in memory->removed. */
static struct memory_key next_removed(struct fields *removed)
{
    uint64_t scope_id = fields_64(removed);
    struct bytes bytes = fields_bytes(removed);
    return (struct memory_key){scope_id, bytes.data, bytes.length};
}

/* Those that are back are put. */
static void remove_keys(struct saving *saving)
{
    struct fields removed = fields_of(bytes_of(&saving->memory->removed));
    while (fields_left(&removed)) {
        struct memory_key key = next_removed(&removed);
        if (memory_get(saving->memory, &key))
            continue;
        write_key(saving, &key);
        saving->sink->remove(saving->sink->context, RECORD_MEMORY_KEY, bytes_of(&saving->key));
    }
}

static void put_removed(struct saving *saving)
{
    struct fields removed = fields_of(bytes_of(&saving->memory->removed));
    while (fields_left(&removed)) {
        struct memory_key key = next_removed(&removed);
        if (memory_get(saving->memory, &key))
            continue;
        write_key(saving, &key);
        text_clear(&saving->value);
        fields_put_8(&saving->value, IS_REMOVED);
        saving->sink->put(saving->sink->context, RECORD_MEMORY_KEY, bytes_of(&saving->key),
                          bytes_of(&saving->value), 0);
    }
}

void memory_save(struct memory *memory, const struct rule_set *set, const struct record_sink *sink)
{
    struct saving saving;
    begin(&saving, memory, set, sink);
    if (memory->is_unsaved)
        put_definition(&saving);
    memory->is_unsaved = false;
    remove_keys(&saving);
    for (uint32_t i = 0; i < memory->unsaved_count; i++)
        put_entry(&saving, memory->unsaved[i], 0);
    memory_mark_saved(memory);
    end(&saving);
}

void memory_save_all(const struct memory *memory, const struct rule_set *set,
                     const struct record_sink *sink)
{
    struct saving saving;
    begin(&saving, memory, set, sink);
    put_definition(&saving);
    put_removed(&saving);
    for (const struct memory_entry *entry = memory->oldest; entry; entry = entry->newer)
        put_entry(&saving, entry, entry->unsaved ? IS_UNSAVED : 0);
    end(&saving);
}

/* --- Keys in -----------------------------------------------------------------------------------
 */

/* Keys of one memory come one after another. */
static struct memory *memory_of(struct rule_set *set, uint64_t id)
{
    if (set->restored && set->restored->id == id)
        return set->restored;
    for (struct memory *memory = set->memories.first; memory; memory = memory->next)
        if (memory->id == id)
            return set->restored = memory;
    return NULL;
}

/* False: there is no such pack now. */
static bool scope_in(const struct rule_set *set, const struct memory *memory, uint64_t *scope_id)
{
    if (memory->scope != SCOPE_PACK)
        return true;
    for (size_t i = 0; i < set->pack_count; i++) {
        if (set->packs[i].scope_id != *scope_id)
            continue;
        *scope_id = i;
        return true;
    }
    return false;
}

static bool read_value(struct fields *fields, struct key_record *read)
{
    read->flags = fields_8(fields);
    if (read->flags > IS_REMOVED)
        return false;
    if (read->flags == IS_REMOVED)
        return !fields->failed;
    read->touched = fields_time(fields);
    switch (read->memory->kind) {
    case MEMORY_INCREASE:
        read->largest = fields_double(fields);
        break;
    case MEMORY_REMEMBER:
        read->text = fields_bytes(fields);
        break;
    case MEMORY_TIMER:
        read->time = fields_time(fields);
        break;
    case MEMORY_SET:
        read->time = fields_time(fields);
        read->epoch = fields_32(fields);
        read->series = fields_bytes(fields);
        break;
    case MEMORY_ONCE:
        break;
    }
    return !fields->failed && isfinite(read->largest) && read->text.length <= INT32_MAX &&
           read->key.length <= UINT32_MAX;
}

/* The group that the member's record names. False: its series is another metric's or of another
 * definition, so the member is none any more. */
static bool find_group(struct rule_set *set, const struct key_record *read,
                       struct set_group **ret_group)
{
    struct metric *metric = read->memory->metric;
    *ret_group = NULL;
    if (read->series.length == 0)
        return true;
    struct series *series =
        registry_series_of_key(set->registry, read->series.data, read->series.length);
    if (!series)
        return false;
    series_pin(series); /* for a moment: it may have been made */
    if (metric)
        *ret_group = set_group_find(&metric->groups, series);
    series_unpin(series);
    return *ret_group != NULL;
}

static void restore(struct rule_set *set, const struct key_record *read)
{
    struct memory *memory = read->memory;
    struct set_group *group = NULL;
    if (memory->kind == MEMORY_SET && !find_group(set, read, &group))
        return;
    if (group) /* held, should the key be there already, alone in it */
        group->entries++;
    struct memory_entry *entry =
        memory_restore(memory, &read->key, read->text.data, read->text.length, read->touched);
    if (group)
        group->entries--;
    if (memory->kind == MEMORY_INCREASE)
        entry->largest = read->largest;
    else
        entry->time = read->time;
    if (group)
        set_rejoin(memory, entry, group, read->epoch);
    else
        entry->left_in = read->epoch;
    if (read->flags & IS_UNSAVED)
        memory_note(memory, entry);
}

int memory_key_read(struct rule_set *set, const struct record *record)
{
    struct fields key = fields_of(record->key);
    struct fields value = fields_of(record->value);
    struct key_record read = {.memory = memory_of(set, fields_64_sorted(&key))};
    read.key.scope_id = fields_64(&key);
    if (key.failed)
        return -EINVAL;
    struct bytes bytes = fields_rest(&key);
    read.key.bytes = bytes.data;
    read.key.length = bytes.length;
    if (!read.memory)
        return 0;
    if (!read_value(&value, &read))
        return -EINVAL;
    if (!scope_in(set, read.memory, &read.key.scope_id))
        return 0;
    if (read.flags == IS_REMOVED)
        memory_note_removed(read.memory, &read.key);
    else
        restore(set, &read);
    return 0;
}
