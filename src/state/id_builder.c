/* See id_builder.h. Every page of the filter is written, also those in which no id falls. */
#include "state/id_builder.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/id_filter.h"
#include "state/id_page.h"
#include "state/id_store.h"

struct id_builder {
    struct id_store *store;
    struct id_extent extent; /* so far; blocks: 0 if one row will do */
    uint64_t last;           /* id put */

    struct id_page row;
    struct id_page filter; /* blocks of one page, from block filter_page * ID_PAGE_BLOCKS */
    uint32_t filter_page;

    uint64_t *firsts; /* of each row */
    uint32_t firsts_capacity;
};

struct id_builder *id_builder_new(struct id_store *store, int64_t run, uint64_t most)
{
    struct id_builder *builder = memory_zero(1, sizeof(*builder));
    builder->store = store;
    builder->extent.run = run;
    builder->extent.blocks = most > ID_PAGE_WORDS ? id_filter_blocks(most) : 0;
    return builder;
}

void id_builder_free(struct id_builder *builder)
{
    if (!builder)
        return;
    free(builder->firsts);
    free(builder);
}

/* --- Rows ----------------------------------------------------------------------------------- */

static void keep_first(struct id_builder *builder, uint64_t id)
{
    if (builder->extent.rows == builder->firsts_capacity) {
        builder->firsts_capacity = builder->firsts_capacity ? builder->firsts_capacity * 2 : 8;
        builder->firsts = memory_resize(builder->firsts, builder->firsts_capacity, sizeof(id));
    }
    builder->firsts[builder->extent.rows] = id;
}

static int write_row(struct id_builder *builder)
{
    keep_first(builder, builder->row.words[0]);
    int code = id_store_put_page(builder->store, ID_TABLE_ROWS, builder->extent.run,
                                 builder->extent.rows, &builder->row);
    builder->extent.rows++;
    builder->row.count = 0;
    return code;
}

static int write_firsts(struct id_builder *builder)
{
    struct id_page page;
    for (uint32_t at = 0; at < builder->extent.rows; at += ID_PAGE_WORDS) {
        uint32_t left = builder->extent.rows - at;
        page.count = left < ID_PAGE_WORDS ? left : ID_PAGE_WORDS;
        memcpy(page.words, builder->firsts + at, page.count * sizeof(*page.words));
        int code = id_store_put_page(builder->store, ID_TABLE_FILTERS, builder->extent.run,
                                     at / ID_PAGE_WORDS, &page);
        if (code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

/* --- Filter --------------------------------------------------------------------------------- */

static int write_filter_page(struct id_builder *builder)
{
    uint32_t left = builder->extent.blocks - builder->filter_page * ID_PAGE_BLOCKS;
    uint32_t blocks = left < ID_PAGE_BLOCKS ? left : ID_PAGE_BLOCKS;
    builder->filter.count = (size_t)blocks * ID_FILTER_BLOCK_WORDS;
    int code = id_store_put_page(builder->store, ID_TABLE_FILTERS, builder->extent.run,
                                 ID_FILTER_PLACE + builder->filter_page, &builder->filter);
    memset(&builder->filter, 0, sizeof(builder->filter));
    builder->filter_page++;
    return code;
}

static int write_filter_up_to(struct id_builder *builder, uint32_t page)
{
    int code = SQLITE_OK;
    while (code == SQLITE_OK && builder->filter_page < page)
        code = write_filter_page(builder);
    return code;
}

static int put_into_filter(struct id_builder *builder, uint64_t id)
{
    uint32_t block = id_filter_block(id, builder->extent.blocks);
    int code = SQLITE_OK;
    if (block / ID_PAGE_BLOCKS > builder->filter_page)
        code = write_filter_up_to(builder, block / ID_PAGE_BLOCKS);
    block %= ID_PAGE_BLOCKS;
    id_filter_add(builder->filter.words + (size_t)block * ID_FILTER_BLOCK_WORDS, id);
    return code;
}

/* --- All ------------------------------------------------------------------------------------ */

int id_builder_put(struct id_builder *builder, uint64_t id)
{
    if (builder->extent.ids > 0 && id == builder->last)
        return SQLITE_OK;
    int code = SQLITE_OK;
    if (builder->row.count == ID_PAGE_WORDS)
        code = write_row(builder);
    builder->row.words[builder->row.count++] = id;
    builder->extent.ids++;
    builder->last = id;
    if (code == SQLITE_OK && builder->extent.blocks > 0)
        code = put_into_filter(builder, id);
    return code;
}

int id_builder_finish(struct id_builder *builder, struct id_extent *ret_run)
{
    struct id_extent *extent = &builder->extent;
    int code = write_row(builder);
    if (code == SQLITE_OK && extent->blocks > 0) {
        code = write_filter_up_to(builder, id_filter_pages(extent->blocks));
        if (code == SQLITE_OK)
            code = write_firsts(builder);
    }
    /* Ids that were given several times: one row was enough after all. */
    if (extent->rows == 1)
        extent->blocks = 0;
    if (code == SQLITE_OK)
        code = id_store_put_run(builder->store, extent);
    if (code == SQLITE_OK)
        *ret_run = *extent;
    return code;
}
