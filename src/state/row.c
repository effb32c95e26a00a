/* See row.h. */
#include "state/row.h"

#include "base/fields.h"
#include "base/hash.h"
#include "base/text.h"

#define ROW_HEAD ((size_t)24)

void row_put(struct text *out, const struct row *row)
{
    const struct record *record = &row->record;
    fields_put_32(out, (uint32_t)record->kind);
    fields_put_32(out, (uint32_t)record->key.length);
    fields_put_64(out, record->value.length);
    fields_put_time(out, row->expires);
    text_append(out, record->key.data, record->key.length);
    text_append(out, record->value.data, record->value.length);
}

struct row row_of(const char *bytes)
{
    struct row row;
    struct fields head = fields_of((struct bytes){bytes, ROW_HEAD});
    row.record.kind = (enum record_kind)fields_32(&head);
    row.record.key.length = fields_32(&head);
    row.record.value.length = fields_64(&head);
    row.expires = fields_time(&head);
    row.record.key.data = bytes + ROW_HEAD;
    row.record.value.data = row.record.key.data + row.record.key.length;
    return row;
}

size_t row_length(const struct row *row)
{
    return ROW_HEAD + row->record.key.length + row->record.value.length;
}

int64_t row_checksum(const char *bytes, size_t length)
{
    return (int64_t)hash_stable(bytes, length);
}
