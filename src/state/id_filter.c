/* See id_filter.h. */
#include "state/id_filter.h"

#define BLOCK_BITS (ID_FILTER_BLOCK_WORDS * 64)

/* Ids of one block agree in their upper bits; their product's upper bits depend on all others. */
#define MIX UINT64_C(0x9FB21C651E98DF25)

uint32_t id_filter_blocks(uint64_t ids)
{
    uint64_t blocks = ids / (BLOCK_BITS / ID_FILTER_BITS) + 1;
    return blocks > UINT32_MAX ? UINT32_MAX : (uint32_t)blocks;
}

uint32_t id_filter_pages(uint32_t blocks)
{
    return (uint32_t)(((uint64_t)blocks + ID_PAGE_BLOCKS - 1) / ID_PAGE_BLOCKS);
}

uint32_t id_filter_block(uint64_t id, uint32_t blocks)
{
    return (uint32_t)(((id >> 32) * blocks) >> 32);
}

/* Six bits a word. */
static unsigned bit_of(uint64_t mixed, unsigned word)
{
    return (unsigned)(mixed >> (58 - 6 * word)) & 63;
}

void id_filter_add(uint64_t block[ID_FILTER_BLOCK_WORDS], uint64_t id)
{
    uint64_t mixed = id * MIX;
    for (unsigned i = 0; i < ID_FILTER_BLOCK_WORDS; i++)
        block[i] |= UINT64_C(1) << bit_of(mixed, i);
}

/* 1: all four bits of these words. */
static uint64_t has_half(const uint64_t *words, uint64_t mixed, unsigned first)
{
    return (words[first] >> bit_of(mixed, first)) & (words[first + 1] >> bit_of(mixed, first + 1)) &
           (words[first + 2] >> bit_of(mixed, first + 2)) &
           (words[first + 3] >> bit_of(mixed, first + 3)) & 1;
}

/* Four words at a time: that most ids end after the first four can be predicted, where the bits of
 * a single word could not. */
bool id_filter_may_have(const uint64_t block[ID_FILTER_BLOCK_WORDS], uint64_t id)
{
    uint64_t mixed = id * MIX;
    return has_half(block, mixed, 0) && has_half(block, mixed, 4);
}
