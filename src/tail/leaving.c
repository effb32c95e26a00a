/* See leaving.h. */
#include "tail/leaving.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

struct leaving {
    int descriptors[LEAVING_MAXIMUM]; /* the oldest first */
    size_t count;
    size_t in_save; /* so many of the first are in the save under way */
};

struct leaving *leaving_new(void)
{
    return memory_zero(1, sizeof(struct leaving));
}

static void close_first(struct leaving *leaving, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(leaving->descriptors[i]);
    leaving->count -= count;
    leaving->in_save -= count < leaving->in_save ? count : leaving->in_save;
    memmove(leaving->descriptors, leaving->descriptors + count,
            leaving->count * sizeof(leaving->descriptors[0]));
}

void leaving_free(struct leaving *leaving)
{
    if (!leaving)
        return;
    close_first(leaving, leaving->count);
    free(leaving);
}

void leaving_add(struct leaving *leaving, int descriptor)
{
    if (leaving->count == LEAVING_MAXIMUM)
        close_first(leaving, 1);
    leaving->descriptors[leaving->count++] = descriptor;
}

void leaving_save(struct leaving *leaving)
{
    leaving->in_save = leaving->count;
}

void leaving_saved(struct leaving *leaving)
{
    close_first(leaving, leaving->in_save);
}

size_t leaving_count(const struct leaving *leaving)
{
    return leaving->count;
}
