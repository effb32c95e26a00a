/* What one row of ids holds: up to ID_PAGE_WORDS numbers of 8 bytes, little-endian, and a checksum
 * of them and of the place where they lie. So large that a row just fits a page of 4096 bytes.
 *
 * Ids in a page are sorted. First ids and pieces of a filter are stored as pages, too. */
#ifndef STATE_ID_PAGE_H
#define STATE_ID_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define ID_PAGE_WORDS 504
#define ID_PAGE_BYTES ((size_t)(ID_PAGE_WORDS + 1) * 8)

struct id_page {
    size_t count;
    uint64_t words[ID_PAGE_WORDS];
};

/* How many bytes were written to `out`. */
size_t id_page_write(const struct id_page *page, uint64_t place, unsigned char out[ID_PAGE_BYTES]);
/* False: these are not what was written for this place; *ret_page is undefined then. */
bool id_page_read(const void *bytes, size_t length, uint64_t place,
                  struct id_page *ret_page) MUST_CHECK;

/* How many of these sorted words are not above `id`; it is fast if `guess` is nearly right. */
size_t id_page_rank(const uint64_t *words, size_t count, size_t guess, uint64_t id);
bool id_page_has(const uint64_t *words, size_t count, size_t guess, uint64_t id);
/* A guess for `count` (at least 1) hashes spread over `low` to `high`, with `id` between them. */
size_t id_page_guess(size_t count, uint64_t low, uint64_t high, uint64_t id);

#endif
