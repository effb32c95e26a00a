/* See due.h. Places count from 1, as in the document; heap[place - 1]. */
#include "document/due.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "document/documents_internal.h"

static bool is_before(const struct document *one, const struct document *other)
{
    if (one->due != other->due)
        return one->due < other->due;
    if (one->rank != other->rank)
        return one->rank < other->rank;
    return (int32_t)(one->due_order - other->due_order) < 0; /* the order may wrap */
}

static void put(struct due *due, size_t place, struct document *document)
{
    due->heap[place - 1] = document;
    document->due_place = (uint32_t)place;
}

static void rise(struct due *due, size_t place, struct document *document)
{
    while (place > 1 && is_before(document, due->heap[place / 2 - 1])) {
        put(due, place, due->heap[place / 2 - 1]);
        place /= 2;
    }
    put(due, place, document);
}

static void sink(struct due *due, size_t place, struct document *document)
{
    size_t child;
    while ((child = place * 2) <= due->count) {
        if (child < due->count && is_before(due->heap[child], due->heap[child - 1]))
            child++;
        if (!is_before(due->heap[child - 1], document))
            break;
        put(due, place, due->heap[child - 1]);
        place = child;
    }
    put(due, place, document);
}

static void settle(struct due *due, size_t place, struct document *document)
{
    if (place > 1 && is_before(document, due->heap[place / 2 - 1]))
        rise(due, place, document);
    else
        sink(due, place, document);
}

static size_t place_for(struct due *due)
{
    if (due->count == due->capacity) {
        due->capacity = due->capacity * 2 + 16;
        due->heap = memory_resize(due->heap, due->capacity, sizeof(*due->heap));
    }
    return ++due->count;
}

void due_free(struct due *due)
{
    free(due->heap);
    *due = (struct due){0};
}

void due_set(struct due *due, struct document *document, int64_t time)
{
    if (time == NEVER) {
        due_remove(due, document);
        return;
    }
    size_t place = document->due_place > 0 ? document->due_place : place_for(due);
    document->due = time;
    document->due_order = ++due->order;
    settle(due, place, document);
}

void due_remove(struct due *due, struct document *document)
{
    size_t place = document->due_place;
    document->due = NEVER;
    document->due_place = 0;
    if (place == 0)
        return;
    struct document *last = due->heap[--due->count];
    if (last != document)
        settle(due, place, last);
    if (due->count == 0)
        due_free(due);
}

struct document *due_take(struct due *due, int64_t now)
{
    if (due->count == 0 || due->heap[0]->due > now)
        return NULL;
    struct document *first = due->heap[0];
    due_remove(due, first);
    return first;
}

int64_t due_next(const struct due *due)
{
    return due->count > 0 ? due->heap[0]->due : NEVER;
}
