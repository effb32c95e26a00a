/* See id_news.h. */
#include "state/id_news.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FIRST_CAPACITY ((size_t)16)

struct id_news *id_news_new(void)
{
    return memory_zero(1, sizeof(struct id_news));
}

void id_news_free(struct id_news *news)
{
    if (!news)
        return;
    free(news->changes);
    free(news);
}

static void reserve(struct id_news *news, size_t count)
{
    if (news->count + count <= news->capacity)
        return;
    size_t capacity = news->capacity ? news->capacity * 2 : FIRST_CAPACITY;
    news->capacity = capacity < news->count + count ? news->count + count : capacity;
    news->changes = memory_resize(news->changes, news->capacity, sizeof(*news->changes));
}

void id_news_add(struct id_news *news, const struct id_change *change)
{
    reserve(news, 1);
    news->changes[news->count++] = *change;
}

void id_news_take_over(struct id_news *news, struct id_news *from)
{
    if (from->count == 0)
        return;
    reserve(news, from->count);
    memcpy(news->changes + news->count, from->changes, from->count * sizeof(*from->changes));
    news->count += from->count;
    from->count = 0;
}
