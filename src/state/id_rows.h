/* Rows lately read, in the order in which they were: the oldest give way. */
#ifndef STATE_ID_ROWS_H
#define STATE_ID_ROWS_H

#include <stddef.h>

#include "base/attributes.h"
#include "state/id_page.h"

struct id_row {
    struct id_row *older;
    struct id_row *newer;
    struct id_row **owner; /* the pointer that leads here; NULL once it is removed */
    struct id_page page;
};

struct id_rows {
    struct id_row *oldest;
    struct id_row *newest;
    size_t count;
};

/* A new one, also entered in *owner. Its page is undefined. */
struct id_row *id_rows_add(struct id_rows *rows, struct id_row **owner);
/* The memory of the oldest, of which there must be one, as a new one. */
struct id_row *id_rows_add_in_place_of_oldest(struct id_rows *rows, struct id_row **owner);
void id_rows_remove(struct id_rows *rows, struct id_row *row);

#endif
