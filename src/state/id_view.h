/* Which runs a directory has, as the loop sees it: the links that are committed, and upon them what
 * the loop asked for since (joins, forgets), in order.
 *
 *   committed   3 -> 42 43
 *   pending     join 9 <- 3, forget 3
 *   seen        3 -> nothing, 9 -> 42 43
 *
 * When the news tells that a pending one was done, it is dropped; the others are applied anew, so a
 * join also gets what was committed for its source meanwhile, if that was asked for before it. */
#ifndef STATE_ID_VIEW_H
#define STATE_ID_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "state/id_links.h"
#include "state/id_news.h"

struct id_view {
    struct id_links links; /* committed; what is pending is in `view` of directories */
    struct id_news pending;
    struct id_directory **overlaid; /* those with a view of their own */
    size_t overlaid_count;
    size_t overlaid_capacity;
};

void id_view_init(struct id_view *view);
void id_view_clear(struct id_view *view);

/* After each of these the caller takes the runs that id_links_take_idle gives. */
void id_view_apply(struct id_view *view, const struct id_news *news);
void id_view_join(struct id_view *view, uint64_t to, uint64_t from);
void id_view_forget(struct id_view *view, uint64_t directory);

/* NULL or without items: none. Valid until the next of the calls above. */
const struct id_runs *id_view_runs(const struct id_view *view, uint64_t directory);

#endif
