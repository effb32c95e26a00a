/* What the writer's side did to directories and their runs, in order: as told to the archive, and,
 * read backwards, as undone by a rollback. */
#ifndef STATE_ID_NEWS_H
#define STATE_ID_NEWS_H

#include <stddef.h>
#include <stdint.h>

#include "state/id_extent.h"

enum id_change_kind {
    ID_LINKED,   /* the directory has this run, too */
    ID_UNLINKED, /* it has this run no more */
    ID_JOINED,   /* a join was done; what it linked was told before */
    ID_FORGOTTEN /* a forget was done; what it unlinked was told before */
};

struct id_change {
    enum id_change_kind kind;
    uint64_t directory;
    uint64_t from;        /* ID_JOINED */
    struct id_extent run; /* ID_LINKED, ID_UNLINKED */
};

struct id_news {
    struct id_change *changes;
    size_t count;
    size_t capacity;
};

struct id_news *id_news_new(void);
void id_news_free(struct id_news *news);
void id_news_add(struct id_news *news, const struct id_change *change);
/* Moves all of `from`, which is empty then, behind what is there. */
void id_news_take_over(struct id_news *news, struct id_news *from);

#endif
