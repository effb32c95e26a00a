/* See id_page.h. */
#include "state/id_page.h"

#include <endian.h>
#include <string.h>

#include "base/hash.h"

/* Mixed in, so that a page read for the wrong place is found, too. */
#define PLACE_FACTOR UINT64_C(0x9E3779B97F4A7C15)

#define LINE_WORDS ((size_t)8) /* a line of the processor's cache */

static uint64_t checksum_of(const unsigned char *bytes, size_t count, uint64_t place)
{
    return hash_stable(bytes, count * 8) ^ ((place + 1) * PLACE_FACTOR);
}

size_t id_page_write(const struct id_page *page, uint64_t place, unsigned char out[ID_PAGE_BYTES])
{
    for (size_t i = 0; i < page->count; i++) {
        uint64_t word = htole64(page->words[i]);
        memcpy(out + i * 8, &word, 8);
    }
    uint64_t checksum = htole64(checksum_of(out, page->count, place));
    memcpy(out + page->count * 8, &checksum, 8);
    return (page->count + 1) * 8;
}

bool id_page_read(const void *bytes, size_t length, uint64_t place, struct id_page *ret_page)
{
    if (!bytes || length % 8 != 0 || length < 16 || length > ID_PAGE_BYTES)
        return false;
    size_t count = length / 8 - 1;
    const unsigned char *from = bytes;
    uint64_t checksum;
    memcpy(&checksum, from + count * 8, 8);
    if (le64toh(checksum) != checksum_of(from, count, place))
        return false;
    ret_page->count = count;
    memcpy(ret_page->words, from, count * 8);
    for (size_t i = 0; i < count; i++)
        ret_page->words[i] = le64toh(ret_page->words[i]);
    return true;
}

/* Without branches that depend on the words: those of hashes cannot be predicted. */
static size_t rank_within(const uint64_t *words, size_t low, size_t high, uint64_t id)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool above = words[middle] > id;
        high = above ? middle : high;
        low = above ? low : middle + 1;
    }
    return low;
}

/* From the guess on in steps that double, then by halves between the last two. */
size_t id_page_rank(const uint64_t *words, size_t count, size_t guess, uint64_t id)
{
    size_t low = 0;
    size_t high = count;
    size_t step = LINE_WORDS;
    if (guess < count && words[guess] <= id) {
        low = guess + 1;
        for (; high - low > step && words[low + step] <= id; step *= 2)
            low += step + 1;
        high = high - low > step ? low + step : high;
    } else if (guess < count) {
        high = guess;
        for (; high - low > step && words[high - step] > id; step *= 2)
            high -= step;
        low = high - low > step ? high - step : low;
    }
    return rank_within(words, low, high, id);
}

bool id_page_has(const uint64_t *words, size_t count, size_t guess, uint64_t id)
{
    size_t rank = id_page_rank(words, count, guess, id);
    return rank > 0 && words[rank - 1] == id;
}

size_t id_page_guess(size_t count, uint64_t low, uint64_t high, uint64_t id)
{
    uint64_t apart = (high - low) / count;
    uint64_t guess = apart > 0 ? (id - low) / apart : 0;
    return guess < count ? (size_t)guess : count - 1;
}
