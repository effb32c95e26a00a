/* documents_drain: everything now, by rank and then in the order in which it was written, so that
 * what is read does not depend on where it lies in a table. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "document/documents_internal.h"
#include "document/look.h"
#include "tail/facts.h"

struct drained {
    struct document *document;
    int64_t modified;
};

static int by_time(const void *one, const void *other)
{
    const struct drained *a = one;
    const struct drained *b = other;
    if (a->document->rank != b->document->rank)
        return a->document->rank < b->document->rank ? -1 : 1;
    if (a->modified != b->modified)
        return a->modified < b->modified ? -1 : 1;
    return strcmp(a->document->path, b->document->path);
}

static struct drained *sorted(const struct documents *documents, size_t *ret_count)
{
    struct drained *list = memory_zero(documents->by_path.count + 1, sizeof(*list));
    size_t position = 0;
    size_t count = 0;
    struct document *document;
    struct facts facts;
    while ((document = map_next(&documents->by_path, &position)) != NULL) {
        list[count].document = document;
        documents_rank(documents, document);
        if (facts_of_path(document->path, &facts) == 0)
            list[count].modified = facts.modified;
        count++;
    }
    if (count > 0)
        qsort(list, count, sizeof(*list), by_time);
    *ret_count = count;
    return list;
}

/* A look drops at most the document that it is about. */
static void look_at_all(struct documents *documents)
{
    size_t count;
    AUTO_FREE struct drained *list = sorted(documents, &count);
    for (size_t i = 0; i < count; i++)
        look_at(documents, list[i].document);
}

static void close_all(struct documents *documents)
{
    size_t count;
    AUTO_FREE struct drained *list = sorted(documents, &count);
    for (size_t i = 0; i < count; i++)
        if (closing_is_wished(list[i].document))
            closing_tell(documents, list[i].document);
}

void documents_drain(struct documents *documents, int64_t wall, bool closed)
{
    int64_t now = clock_monotonic();
    documents->now = documents->now > now ? documents->now : now;
    documents->wall = wall;
    documents->draining = true;
    refused_tell(documents);
    look_at_all(documents);
    if (closed)
        close_all(documents);
    documents->draining = false;
}
