/* See batch.h. An entry is its action, the length of its content, and the content, filled up to a
 * multiple of 8 bytes, so that ids can be sorted where they are. */
#include "state/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Memory that an empty batch keeps. */
#define BATCH_KEPT ((size_t)256 << 10)

struct entry_head {
    uint64_t action;
    uint64_t length;
};

struct batch *batch_new(void)
{
    struct batch *batch = memory_zero(1, sizeof(*batch));
    text_init(&batch->bytes, TEXT_UNLIMITED);
    return batch;
}

void batch_free(struct batch *batch)
{
    if (!batch)
        return;
    text_free(&batch->bytes);
    free(batch);
}

/* Where the content starts: behind a head that end_entry fills in. */
static size_t begin_entry(struct batch *batch)
{
    static const struct entry_head empty;
    text_append(&batch->bytes, (const char *)&empty, sizeof(empty));
    return batch->bytes.length;
}

static void end_entry(struct batch *batch, enum batch_action action, size_t start)
{
    static const char filling[8];
    struct entry_head head = {.action = action, .length = batch->bytes.length - start};
    text_append(&batch->bytes, filling, -batch->bytes.length & 7);
    memcpy(batch->bytes.data + start - sizeof(head), &head, sizeof(head));
}

static void add_numbers(struct batch *batch, enum batch_action action, uint64_t first,
                        const uint64_t *others, size_t count)
{
    size_t start = begin_entry(batch);
    text_append(&batch->bytes, (const char *)&first, sizeof(first));
    if (count > 0)
        text_append(&batch->bytes, (const char *)others, count * sizeof(*others));
    end_entry(batch, action, start);
}

void batch_put(struct batch *batch, const struct row *row)
{
    size_t start = begin_entry(batch);
    row_put(&batch->bytes, row);
    end_entry(batch, BATCH_PUT, start);
}

void batch_remove(struct batch *batch, enum record_kind kind, struct bytes key)
{
    const struct row row = {.record = {.kind = kind, .key = key, .value = {"", 0}}};
    size_t start = begin_entry(batch);
    row_put(&batch->bytes, &row);
    end_entry(batch, BATCH_REMOVE, start);
}

void batch_ids(struct batch *batch, uint64_t directory, const uint64_t *ids, size_t count)
{
    add_numbers(batch, BATCH_IDS, directory, ids, count);
}

void batch_join(struct batch *batch, uint64_t to, uint64_t from)
{
    add_numbers(batch, BATCH_JOIN, to, &from, 1);
}

void batch_forget(struct batch *batch, uint64_t directory)
{
    add_numbers(batch, BATCH_FORGET, directory, NULL, 0);
}

static void read_row(const char *content, size_t length, struct batch_entry *ret_entry)
{
    ret_entry->row = row_of(content);
    ret_entry->checksum = row_checksum(content, length);
}

static void read_numbers(char *content, size_t length, struct batch_entry *ret_entry)
{
    /* Entries lie at multiples of 8. */
    uint64_t *numbers = (uint64_t *)(void *)content;
    ret_entry->directory = numbers[0];
    ret_entry->ids = numbers + 1;
    ret_entry->count = length / sizeof(*numbers) - 1;
    ret_entry->from = ret_entry->action == BATCH_JOIN ? numbers[1] : 0;
}

bool batch_next(const struct batch *batch, size_t *position, struct batch_entry *ret_entry)
{
    struct entry_head head;
    if (*position >= batch->bytes.length)
        return false;
    char *content = batch->bytes.data + *position + sizeof(head);
    memcpy(&head, batch->bytes.data + *position, sizeof(head));
    *ret_entry = (struct batch_entry){.action = (enum batch_action)head.action};
    if (ret_entry->action == BATCH_PUT || ret_entry->action == BATCH_REMOVE)
        read_row(content, head.length, ret_entry);
    else
        read_numbers(content, head.length, ret_entry);
    *position += sizeof(head) + ((head.length + 7) & ~(size_t)7);
    return true;
}

size_t batch_bytes(const struct batch *batch)
{
    return batch->bytes.length;
}

void batch_clear(struct batch *batch)
{
    if (batch->bytes.capacity > BATCH_KEPT)
        text_free(&batch->bytes);
    else
        text_clear(&batch->bytes);
}
