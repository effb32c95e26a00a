/* See id_extent.h. */
#include "state/id_extent.h"

#include "state/id_page.h"

size_t id_extent_row(const struct id_extent *extent, uint32_t row)
{
    if (row + 1 < extent->rows)
        return ID_PAGE_WORDS;
    return (size_t)(extent->ids - (uint64_t)ID_PAGE_WORDS * row);
}
