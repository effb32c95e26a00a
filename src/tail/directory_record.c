/* See directory_record.h. */
#include "tail/directory_record.h"

#include <string.h>

#include "base/fields.h"
#include "base/memory.h"
#include "base/text.h"
#include "tail/directories.h"

enum flag { FLAG_CHECKED = 1, FLAG_HAS_READER = 2, FLAG_HAS_IDS = 4 };

void directory_record_put(const struct tail_directory *directory, struct text *scratch,
                          const struct record_sink *sink)
{
    uint32_t flags = (directory->ids.checked ? FLAG_CHECKED : 0U) |
                     (directory->has_reader ? FLAG_HAS_READER : 0U) |
                     (directory->has_ids ? FLAG_HAS_IDS : 0U);
    text_clear(scratch);
    fields_put_bytes(scratch, directory->path, strlen(directory->path));
    fields_put_32(scratch, flags);
    fields_put_time(scratch, directory->seen);
    identity_put(scratch, &directory->identity);
    identity_put(scratch, &directory->former);
    unsaved_put(sink, RECORD_DIRECTORY, directory->id, scratch);
}

bool directory_record_take(struct bytes value, struct directory_record *ret_record)
{
    struct fields fields = fields_of(value);
    struct bytes path = fields_bytes(&fields);
    uint32_t flags = fields_32(&fields);
    *ret_record = (struct directory_record){.checked = flags & FLAG_CHECKED,
                                            .has_reader = flags & FLAG_HAS_READER,
                                            .has_ids = flags & FLAG_HAS_IDS};
    ret_record->seen = fields_time(&fields);
    if (!identity_take(&fields, &ret_record->identity) ||
        !identity_take(&fields, &ret_record->former) || memchr(path.data, '\0', path.length))
        return false;
    ret_record->path = memory_copy(path.data, path.length);
    return true;
}
