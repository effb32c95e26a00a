/* See id_rows.h. */
#include "state/id_rows.h"

#include <stdlib.h>

#include "base/memory.h"

static void append(struct id_rows *rows, struct id_row *row, struct id_row **owner)
{
    row->owner = owner;
    *owner = row;
    row->newer = NULL;
    row->older = rows->newest;
    if (rows->newest)
        rows->newest->newer = row;
    else
        rows->oldest = row;
    rows->newest = row;
    rows->count++;
}

static void take_out(struct id_rows *rows, struct id_row *row)
{
    *row->owner = NULL;
    if (row->older)
        row->older->newer = row->newer;
    else
        rows->oldest = row->newer;
    if (row->newer)
        row->newer->older = row->older;
    else
        rows->newest = row->older;
    rows->count--;
}

struct id_row *id_rows_add(struct id_rows *rows, struct id_row **owner)
{
    struct id_row *row = memory_alloc(sizeof(*row));
    append(rows, row, owner);
    return row;
}

struct id_row *id_rows_add_in_place_of_oldest(struct id_rows *rows, struct id_row **owner)
{
    struct id_row *row = rows->oldest;
    take_out(rows, row);
    append(rows, row, owner);
    return row;
}

void id_rows_remove(struct id_rows *rows, struct id_row *row)
{
    take_out(rows, row);
    free(row);
}
