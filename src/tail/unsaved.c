/* See unsaved.h. */
#include "tail/unsaved.h"

#include <stdlib.h>

#include "base/attributes.h"
#include "base/fields.h"
#include "base/memory.h"
#include "base/text.h"

#define KEY_BYTES ((size_t)8)

void unsaved_init(struct unsaved *unsaved, bool tracks)
{
    *unsaved = (struct unsaved){.tracks = tracks};
    list_init(&unsaved->changed);
}

void unsaved_free(struct unsaved *unsaved)
{
    free(unsaved->removed);
    unsaved->removed = NULL;
    unsaved->removed_count = unsaved->removed_capacity = 0;
}

void unsaved_mark(struct unsaved *unsaved, struct list *link)
{
    if (UNLIKELY(unsaved->tracks) && list_is_empty(link))
        list_append(&unsaved->changed, link);
}

void unsaved_remove(struct unsaved *unsaved, struct list *link, uint64_t id, bool stored)
{
    list_remove(link);
    if (!stored)
        return;
    if (unsaved->removed_count == unsaved->removed_capacity) {
        unsaved->removed_capacity = unsaved->removed_capacity * 2 + 16;
        unsaved->removed =
            memory_resize(unsaved->removed, unsaved->removed_capacity, sizeof(*unsaved->removed));
    }
    unsaved->removed[unsaved->removed_count++] = id;
}

static struct bytes key_of(struct text *key, uint64_t id)
{
    text_init(key, KEY_BYTES);
    fields_put_64_sorted(key, id);
    return (struct bytes){key->data, key->length};
}

void unsaved_put_removed(struct unsaved *unsaved, const struct record_sink *sink,
                         enum record_kind kind)
{
    for (size_t i = 0; i < unsaved->removed_count; i++) {
        struct text key;
        sink->remove(sink->context, kind, key_of(&key, unsaved->removed[i]));
        text_free(&key);
    }
    unsaved_free(unsaved);
}

void unsaved_put(const struct record_sink *sink, enum record_kind kind, uint64_t id,
                 const struct text *value)
{
    struct text key;
    sink->put(sink->context, kind, key_of(&key, id), (struct bytes){value->data, value->length}, 0);
    text_free(&key);
}
