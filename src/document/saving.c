/* See saving.h, and the end of documents.h. */
#include "document/saving.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "document/document_record.h"
#include "document/documents_internal.h"

static void forget_removed(struct saving *saving)
{
    for (size_t i = 0; i < saving->removed_count; i++)
        free(saving->removed[i]);
    free(saving->removed);
    saving->removed = NULL;
    saving->removed_count = saving->removed_capacity = 0;
}

static void forget_changed(struct saving *saving)
{
    free(saving->changed);
    saving->changed = NULL;
    saving->changed_count = saving->changed_capacity = 0;
}

void saving_free(struct saving *saving)
{
    forget_removed(saving);
    forget_changed(saving);
}

void saving_mark(struct documents *documents, struct document *document)
{
    struct saving *saving = &documents->saving;
    if (!saving->tracks || !document->alive || document->unsaved_place > 0)
        return;
    if (saving->changed_count == saving->changed_capacity) {
        saving->changed_capacity = saving->changed_capacity * 2 + 16;
        saving->changed =
            memory_resize(saving->changed, saving->changed_capacity, sizeof(*saving->changed));
    }
    saving->changed[saving->changed_count++] = document;
    document->unsaved_place = (uint32_t)saving->changed_count;
}

static void take_out(struct saving *saving, struct document *document)
{
    size_t place = document->unsaved_place;
    if (place == 0)
        return;
    struct document *last = saving->changed[--saving->changed_count];
    saving->changed[place - 1] = last;
    last->unsaved_place = (uint32_t)place;
    document->unsaved_place = 0;
}

void saving_remove(struct documents *documents, struct document *document)
{
    struct saving *saving = &documents->saving;
    take_out(saving, document);
    if (!document->stored)
        return;
    document->stored = false;
    if (saving->removed_count == saving->removed_capacity) {
        saving->removed_capacity = saving->removed_capacity * 2 + 16;
        saving->removed =
            memory_resize(saving->removed, saving->removed_capacity, sizeof(*saving->removed));
    }
    saving->removed[saving->removed_count++] = memory_copy_text(document->path);
}

/* --- Of the room ------------------------------------------------------------------------------ */

void documents_track(struct documents *documents)
{
    size_t position = 0;
    struct document *document;
    documents->saving.tracks = true;
    while ((document = map_next(&documents->by_path, &position)) != NULL)
        saving_mark(documents, document);
}

static void put_removed(struct saving *saving, const struct record_sink *sink)
{
    for (size_t i = 0; i < saving->removed_count; i++) {
        const char *path = saving->removed[i];
        sink->remove(sink->context, RECORD_DOCUMENT, (struct bytes){path, strlen(path)});
    }
    forget_removed(saving);
}

void documents_save(struct documents *documents, const struct record_sink *sink)
{
    struct saving *saving = &documents->saving;
    struct text scratch;
    text_init(&scratch, TEXT_UNLIMITED);
    put_removed(saving, sink);
    for (size_t i = 0; i < saving->changed_count; i++) {
        struct document *document = saving->changed[i];
        document_record_put(document, &scratch, sink);
        document->stored = true;
        document->unsaved_place = 0;
    }
    forget_changed(saving);
    text_free(&scratch);
}

size_t documents_unsaved(const struct documents *documents)
{
    return documents->saving.changed_count + documents->saving.removed_count;
}

int documents_restore(struct documents *documents, const struct record *record)
{
    struct bytes path = record->key;
    if (record->kind != RECORD_DOCUMENT || path.length == 0 || memchr(path.data, '\0', path.length))
        return -EINVAL;
    AUTO_FREE char *name = memory_copy(path.data, path.length);
    if (documents_find(documents, name))
        return -EINVAL;
    struct document *document = documents_add(documents, name);
    int r = document_record_take(document, record->value);
    if (r < 0) {
        documents_drop(documents, document);
        return r;
    }
    documents->counts.memo_bytes += document->memo_length;
    document->stored = true;
    return 0;
}
