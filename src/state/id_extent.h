/* How large a run is, and where its rows lie.
 *
 *   row of id_row:     run << 24 | number of the row
 *   row of id_filter:  run << 24 | number of the page of first ids
 *                      run << 24 | 1 << 23 | number of the page of the filter */
#ifndef STATE_ID_EXTENT_H
#define STATE_ID_EXTENT_H

#include <stddef.h>
#include <stdint.h>

#define ID_PLACE_BITS   24
#define ID_FILTER_PLACE ((int64_t)1 << 23)

struct id_extent {
    int64_t run;     /* its number, from 1; never used again by this process */
    uint64_t ids;    /* 0: never finished */
    uint32_t rows;   /* each full (ID_PAGE_WORDS) but the last */
    uint32_t blocks; /* of its filter; 0: a single row has none */
};

/* How many ids this row has. */
size_t id_extent_row(const struct id_extent *extent, uint32_t row);

#endif
