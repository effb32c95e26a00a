/* A blocked Bloom filter over ids, which are hashes already: each id sets one bit in each of the 8
 * words of one block, so a question touches one cache line.
 *
 * The blocks follow the order of the ids: an id's block never lies before that of a smaller one, so
 * a filter can be made, saved and loaded piece by piece while sorted ids go by.
 *
 * At ID_FILTER_BITS an id about 1 in 1000 that were not added are said to be there. */
#ifndef STATE_ID_FILTER_H
#define STATE_ID_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#define ID_FILTER_BITS        16
#define ID_FILTER_BLOCK_WORDS 8
#define ID_PAGE_BLOCKS        63 /* blocks saved on one page (id_page.h) */

/* How many blocks `ids` ids take; at least 1. */
uint32_t id_filter_blocks(uint64_t ids);
/* How many pages so many blocks take. */
uint32_t id_filter_pages(uint32_t blocks);
/* Which of the blocks is the id's. */
uint32_t id_filter_block(uint64_t id, uint32_t blocks);
void id_filter_add(uint64_t block[ID_FILTER_BLOCK_WORDS], uint64_t id);
/* False: it was not added. Nearly all that were not are told by the first half of the block. */
bool id_filter_may_have(const uint64_t block[ID_FILTER_BLOCK_WORDS], uint64_t id);

#endif
