/* See document_record.h. */
#include "document/document_record.h"

#include <errno.h>
#include <string.h>

#include "base/fields.h"
#include "base/memory.h"
#include "base/text.h"
#include "document/documents_internal.h"

/* Numbers in the database: never reused. */
enum flag {
    FLAG_READ = 1 << 0,
    FLAG_RACY = 1 << 1,
    FLAG_HAS_HASH = 1 << 2,
    FLAG_SKIP_TOLD = 1 << 3
};

static uint32_t flags_of(const struct document *document)
{
    return (document->read ? FLAG_READ : 0U) | (document->racy ? FLAG_RACY : 0U) |
           (document->has_hash ? FLAG_HAS_HASH : 0U) | (document->skip_told ? FLAG_SKIP_TOLD : 0U);
}

void document_record_put(const struct document *document, struct text *scratch,
                         const struct record_sink *sink)
{
    text_clear(scratch);
    fields_put_8(scratch, document->told);
    fields_put_32(scratch, flags_of(document));
    fields_put_8(scratch, document->failed);
    fields_put_64(scratch, document->inode);
    fields_put_64(scratch, document->size);
    fields_put_time(scratch, document->modified);
    fields_put_time(scratch, document->changed);
    fields_put_time(scratch, document->born);
    fields_put_64(scratch, document->hash);
    fields_put_bytes(scratch, document->memo ? document->memo : "", document->memo_length);
    sink->put(sink->context, RECORD_DOCUMENT,
              (struct bytes){document->path, strlen(document->path)},
              (struct bytes){scratch->data, scratch->length}, 0);
}

static void take_flags(struct document *document, uint32_t flags)
{
    document->read = flags & FLAG_READ;
    document->racy = flags & FLAG_RACY;
    document->has_hash = flags & FLAG_HAS_HASH;
    document->skip_told = flags & FLAG_SKIP_TOLD;
}

int document_record_take(struct document *document, struct bytes value)
{
    struct fields fields = fields_of(value);
    document->told = fields_8(&fields);
    take_flags(document, fields_32(&fields));
    document->failed = fields_8(&fields);
    document->inode = fields_64(&fields);
    document->size = fields_64(&fields);
    document->modified = fields_time(&fields);
    document->changed = fields_time(&fields);
    document->born = fields_time(&fields);
    document->hash = fields_64(&fields);
    struct bytes memo = fields_bytes(&fields);
    if (fields.failed || document->failed > DOCUMENT_SKIPS)
        return -EINVAL;
    if (memo.length > 0)
        document->memo = memory_copy(memo.data, memo.length);
    document->memo_length = (uint32_t)memo.length;
    document->alive = true;
    return 0;
}
