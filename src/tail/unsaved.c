/* See unsaved.h. */
#include "tail/unsaved.h"

#include <endian.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/text.h"

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
    if (!unsaved->tracks || !list_is_empty(link))
        return;
    list_append(&unsaved->changed, link);
    unsaved->changed_count++;
}

void unsaved_clear(struct unsaved *unsaved, struct list *link)
{
    unsaved->changed_count -= !list_is_empty(link);
    list_remove(link);
}

struct list *unsaved_take(struct unsaved *unsaved)
{
    struct list *first = unsaved->changed.next;
    if (first == &unsaved->changed)
        return NULL;
    unsaved_clear(unsaved, first);
    return first;
}

void unsaved_remove(struct unsaved *unsaved, struct list *link, uint64_t id, bool stored)
{
    unsaved_clear(unsaved, link);
    if (!stored)
        return;
    if (unsaved->removed_count == unsaved->removed_capacity) {
        unsaved->removed_capacity = unsaved->removed_capacity * 2 + 16;
        unsaved->removed =
            memory_resize(unsaved->removed, unsaved->removed_capacity, sizeof(*unsaved->removed));
    }
    unsaved->removed[unsaved->removed_count++] = id;
}

/* As fields_put_64_sorted writes it; there are many of them in a save. */
static struct bytes key_of(uint64_t *room, uint64_t id)
{
    *room = htobe64(id);
    return (struct bytes){(const char *)room, sizeof(*room)};
}

void unsaved_put_removed(struct unsaved *unsaved, const struct record_sink *sink,
                         enum record_kind kind)
{
    for (size_t i = 0; i < unsaved->removed_count; i++) {
        uint64_t room;
        sink->remove(sink->context, kind, key_of(&room, unsaved->removed[i]));
    }
    unsaved_free(unsaved);
}

void unsaved_put(const struct record_sink *sink, enum record_kind kind, uint64_t id,
                 const struct text *value)
{
    uint64_t room;
    sink->put(sink->context, kind, key_of(&room, id), (struct bytes){value->data, value->length},
              0);
}
