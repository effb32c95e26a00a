/* See memo.h. */
#include "rules/memo.h"

#include <endian.h>
#include <string.h>

#include "base/fields.h"
#include "base/memory.h"
#include "base/text.h"

#define MEMO_VERSION 1
#define ENTRY_BYTES  ((size_t)13) /* an entry without details */
#define HASH_BYTES   sizeof(uint64_t)

static struct memo_entry read_entry(struct fields *fields)
{
    struct memo_entry entry = {.id = fields_64(fields)};
    entry.state = fields_8(fields);
    entry.details = fields_bytes(fields);
    return entry;
}

void memo_read(struct memo *memo, struct bytes bytes, struct arena *arena)
{
    struct fields fields = fields_of(bytes);
    *memo = (struct memo){.is_begin = bytes.length == 0};
    if (memo->is_begin || fields_8(&fields) != MEMO_VERSION)
        return;
    memo->flags = fields_8(&fields);
    memo->kept = fields_bytes(&fields);
    memo->entries = arena_alloc(arena, bytes.length / ENTRY_BYTES * sizeof(*memo->entries));
    while (fields_left(&fields)) {
        struct memo_entry entry = read_entry(&fields);
        if (!fields.failed)
            memo->entries[memo->count++] = entry;
    }
}

const struct memo_entry *memo_find(const struct memo *memo, uint64_t id, size_t near)
{
    if (near < memo->count && memo->entries[near].id == id)
        return &memo->entries[near];
    for (size_t i = 0; i < memo->count; i++)
        if (memo->entries[i].id == id)
            return &memo->entries[i];
    return NULL;
}

size_t memo_open_kept(struct text *out, uint8_t flags)
{
    fields_put_8(out, MEMO_VERSION);
    fields_put_8(out, flags);
    fields_put_32(out, 0); /* its length, when it is known */
    return out->length;
}

void memo_close_kept(struct text *out, size_t opened)
{
    uint32_t length = htole32((uint32_t)(out->length - opened));
    memcpy(out->data + opened - sizeof(length), &length, sizeof(length));
}

void memo_put_entry(struct text *out, const struct memo_entry *entry)
{
    fields_put_64(out, entry->id);
    fields_put_8(out, entry->state);
    fields_put_bytes(out, entry->details.data, entry->details.length);
}

size_t memo_hash_count(struct bytes hashes)
{
    return hashes.length / HASH_BYTES;
}

static uint64_t hash_at(struct bytes hashes, size_t index)
{
    struct fields fields = fields_of((struct bytes){hashes.data + index * HASH_BYTES, HASH_BYTES});
    return fields_64(&fields);
}

bool memo_has_hash(struct bytes hashes, uint64_t hash)
{
    size_t low = 0;
    size_t high = memo_hash_count(hashes);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t found = hash_at(hashes, middle);
        if (found == hash)
            return true;
        if (found < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

void memo_put_hashes(struct text *out, uint64_t id, struct bytes hashes, const uint64_t *more,
                     size_t count)
{
    size_t old_count = memo_hash_count(hashes);
    size_t old = 0;
    fields_put_64(out, id);
    fields_put_8(out, 0);
    fields_put_32(out, (uint32_t)((old_count + count) * HASH_BYTES));
    for (size_t i = 0; i < count; i++) {
        while (old < old_count && hash_at(hashes, old) < more[i])
            fields_put_64(out, hash_at(hashes, old++));
        fields_put_64(out, more[i]);
    }
    if (old < old_count)
        text_append(out, hashes.data + old * HASH_BYTES, (old_count - old) * HASH_BYTES);
}
