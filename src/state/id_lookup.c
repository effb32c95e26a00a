/* See id_lookup.h. Filters, first ids and short runs are loaded here; what gives way for them is
 * told in id_memory.h. */
#include "state/id_lookup.h"

#include <sqlite3.h>
#include <string.h>

#include "base/memory.h"
#include "state/id_filter.h"
#include "state/id_memory.h"
#include "state/id_page.h"
#include "state/id_store.h"

#define LINE_BYTES 64 /* of the processor's cache: one block */

/* --- Filters -------------------------------------------------------------------------------- */

static bool allocate_filter(struct id_memory *memory, struct id_held *held)
{
    uint32_t blocks = held->run->extent.blocks;
    size_t filter_bytes = (size_t)blocks * LINE_BYTES + LINE_BYTES;
    size_t loaded_bytes = id_filter_pages(blocks) / 8 + 1;
    if (!id_memory_make_room(memory, filter_bytes + loaded_bytes))
        return false;
    id_memory_take(memory, held, filter_bytes + loaded_bytes);
    held->loaded = memory_zero(loaded_bytes, 1);
    held->filter_allocation = memory_zero(filter_bytes, 1);
    uintptr_t aligned = ((uintptr_t)held->filter_allocation + LINE_BYTES - 1) / LINE_BYTES;
    held->filter = (uint64_t *)(aligned * LINE_BYTES);
    return true;
}

/* False: it cannot be read now. */
static bool load_filter_page(struct id_memory *memory, struct id_held *held, uint32_t number)
{
    uint32_t left = held->run->extent.blocks - number * ID_PAGE_BLOCKS;
    size_t blocks = left < ID_PAGE_BLOCKS ? left : ID_PAGE_BLOCKS;
    size_t words = blocks * ID_FILTER_BLOCK_WORDS;
    uint64_t *to = held->filter + (size_t)number * ID_PAGE_BLOCKS * ID_FILTER_BLOCK_WORDS;
    struct id_page page;
    int code = id_memory_read(memory, ID_TABLE_FILTERS, held->run, ID_FILTER_PLACE + number, &page);
    if (code == SQLITE_OK && page.count == words)
        memcpy(to, page.words, words * sizeof(*to));
    else if (code == SQLITE_OK || code == SQLITE_CORRUPT)
        memset(to, 0xff, words * sizeof(*to));
    else
        return false;
    held->loaded[number / 8] |= (unsigned char)(1U << number % 8);
    return true;
}

static bool may_have(struct id_memory *memory, struct id_held *held, uint64_t id)
{
    if (UNLIKELY(!held->filter) && !allocate_filter(memory, held))
        return true;
    uint32_t block = id_filter_block(id, held->run->extent.blocks);
    uint32_t page = block / ID_PAGE_BLOCKS;
    if (UNLIKELY(!(held->loaded[page / 8] >> page % 8 & 1)) &&
        !load_filter_page(memory, held, page))
        return true;
    return id_filter_may_have(held->filter + (size_t)block * ID_FILTER_BLOCK_WORDS, id);
}

/* --- Rows ----------------------------------------------------------------------------------- */

/* Of an unreadable row: that of the next, so that nothing is looked for in it. */
static void take_firsts_from_rows(struct id_memory *memory, struct id_held *held, uint32_t from,
                                  uint32_t count)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t row = from + count; row > from; row--) {
        const uint64_t *words = id_memory_row(memory, held, row - 1);
        if (words)
            next = words[0];
        held->firsts[row - 1] = next;
    }
}

static void load_firsts(struct id_memory *memory, struct id_held *held)
{
    uint32_t rows = held->run->extent.rows;
    size_t bytes = rows * sizeof(*held->firsts);
    id_memory_make_room(memory, bytes); /* if there is none, they are loaded all the same */
    id_memory_take(memory, held, bytes);
    held->firsts = memory_resize(NULL, rows, sizeof(*held->firsts));
    for (uint32_t at = 0; at < rows; at += ID_PAGE_WORDS) {
        uint32_t count = rows - at < ID_PAGE_WORDS ? rows - at : ID_PAGE_WORDS;
        struct id_page page;
        int code = id_memory_read(memory, ID_TABLE_FILTERS, held->run, at / ID_PAGE_WORDS, &page);
        if (code == SQLITE_OK && page.count == count)
            memcpy(held->firsts + at, page.words, count * sizeof(*page.words));
        else
            take_firsts_from_rows(memory, held, at, count);
    }
}

/* Its ids lie from `low` to `high`. */
static bool is_in_page(struct id_memory *memory, struct id_held *held, uint32_t row, uint64_t low,
                       uint64_t high, uint64_t id)
{
    const uint64_t *words = id_memory_row(memory, held, row);
    if (!words)
        return false;
    size_t count = id_extent_row(&held->run->extent, row);
    return id_page_has(words, count, id_page_guess(count, low, high, id), id);
}

static bool is_in_rows(struct id_memory *memory, struct id_held *held, uint64_t id)
{
    uint32_t rows = held->run->extent.rows;
    if (UNLIKELY(!held->firsts))
        load_firsts(memory, held);
    const uint64_t *firsts = held->firsts;
    size_t rank = id_page_rank(firsts, rows, id_page_guess(rows, 0, UINT64_MAX, id), id);
    uint64_t high = rank < rows ? firsts[rank] : UINT64_MAX;
    return rank > 0 && is_in_page(memory, held, (uint32_t)rank - 1, firsts[rank - 1], high, id);
}

/* --- Short runs ----------------------------------------------------------------------------- */

static bool load_ids(struct id_memory *memory, struct id_held *held)
{
    size_t count = (size_t)held->run->extent.ids;
    struct id_page page;
    int code = id_memory_read(memory, ID_TABLE_ROWS, held->run, 0, &page);
    if (code != SQLITE_OK || page.count != count)
        return false;
    id_memory_take(memory, held, count * sizeof(*held->ids));
    held->ids = memory_resize(NULL, count, sizeof(*held->ids));
    memcpy(held->ids, page.words, count * sizeof(*held->ids));
    return true;
}

static bool is_in_short_run(struct id_memory *memory, struct id_held *held, uint64_t id)
{
    size_t count = (size_t)held->run->extent.ids;
    if (UNLIKELY(!held->ids)) {
        if (!id_memory_make_room(memory, count * sizeof(*held->ids)))
            return is_in_page(memory, held, 0, 0, UINT64_MAX, id);
        if (!load_ids(memory, held))
            return false;
    }
    return id_page_has(held->ids, count, id_page_guess(count, 0, UINT64_MAX, id), id);
}

/* --- Asking --------------------------------------------------------------------------------- */

/* Brings the id's block near, if there is room for the filter. */
static void prepare(struct id_memory *memory, struct id_run *run, uint64_t id)
{
    struct id_held *held = run->held;
    if (run->extent.blocks == 0)
        return;
    if (UNLIKELY(!held->filter) && !allocate_filter(memory, held))
        return;
    uint32_t block = id_filter_block(id, run->extent.blocks);
    __builtin_prefetch(held->filter + (size_t)block * ID_FILTER_BLOCK_WORDS);
}

static bool is_in_run(struct id_memory *memory, struct id_run *run, uint64_t id)
{
    if (run->extent.blocks == 0)
        return is_in_short_run(memory, run->held, id);
    return may_have(memory, run->held, id) && is_in_rows(memory, run->held, id);
}

/* The shortest runs come first to their filters, so that the longest are those without if there is
 * not room for all. The longest are asked first: most ids known are there. */
bool id_lookup(struct id_memory *memory, const struct id_runs *runs, uint64_t id)
{
    for (uint32_t i = runs->count; i > 0; i--)
        prepare(memory, runs->items[i - 1], id);
    for (uint32_t i = 0; i < runs->count; i++)
        if (is_in_run(memory, runs->items[i], id))
            return true;
    return false;
}
