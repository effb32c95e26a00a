/* See id_memory.h. */
#include "state/id_memory.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/memory.h"
#include "state/id_store.h"

#define READS_A_TRANSACTION 64

/* --- The list of runs, by use --------------------------------------------------------------- */

static void take_out(struct id_memory *memory, struct id_held *held)
{
    if (held->newer)
        held->newer->older = held->older;
    else
        memory->newest = held->older;
    if (held->older)
        held->older->newer = held->newer;
    else
        memory->oldest = held->newer;
    held->newer = held->older = NULL;
}

static void put_newest(struct id_memory *memory, struct id_held *held)
{
    held->older = memory->newest;
    if (memory->newest)
        memory->newest->newer = held;
    else
        memory->oldest = held;
    memory->newest = held;
}

void id_memory_init(struct id_memory *memory, struct id_store *store, size_t maximum)
{
    *memory = (struct id_memory){.store = store, .maximum = maximum};
}

void id_memory_take(struct id_memory *memory, struct id_held *held, size_t bytes)
{
    held->bytes += bytes;
    memory->bytes += bytes;
}

void id_memory_turn(struct id_memory *memory, const struct id_runs *runs)
{
    memory->turn++;
    for (uint32_t i = 0; i < runs->count; i++) {
        struct id_held *held = runs->items[i]->held;
        if (held) {
            take_out(memory, held);
        } else {
            held = memory_zero(1, sizeof(*held));
            held->run = runs->items[i];
            runs->items[i]->held = held;
            id_memory_take(memory, held, sizeof(*held));
        }
        held->turn = memory->turn;
        put_newest(memory, held);
    }
}

/* --- Giving way ----------------------------------------------------------------------------- */

static void remove_row(struct id_memory *memory, struct id_row *row)
{
    id_rows_remove(&memory->rows, row);
    memory->bytes -= sizeof(*row);
}

void id_memory_drop(struct id_memory *memory, struct id_run *run)
{
    struct id_held *held = run->held;
    if (!held)
        return;
    for (uint32_t i = 0; held->rows && i < run->extent.rows; i++)
        if (held->rows[i])
            remove_row(memory, held->rows[i]);
    take_out(memory, held);
    memory->bytes -= held->bytes;
    free(held->filter_allocation);
    free(held->loaded);
    free(held->firsts);
    free(held->rows);
    free(held->ids);
    free(held);
    run->held = NULL;
}

void id_memory_drop_all(struct id_memory *memory)
{
    while (memory->oldest)
        id_memory_drop(memory, memory->oldest->run);
}

static bool has_room(const struct id_memory *memory, size_t bytes)
{
    return memory->others + memory->bytes + bytes <= memory->maximum;
}

/* Is there room beside what is held for this turn, if all else gives way? */
static bool could_have_room(const struct id_memory *memory, size_t bytes)
{
    bytes += memory->others;
    for (const struct id_held *held = memory->newest; held && held->turn == memory->turn;
         held = held->older)
        bytes += held->bytes;
    return bytes <= memory->maximum;
}

bool id_memory_make_room(struct id_memory *memory, size_t bytes)
{
    if (has_room(memory, bytes))
        return true;
    if (!could_have_room(memory, bytes))
        return false;
    while (!has_room(memory, bytes) && memory->rows.oldest)
        remove_row(memory, memory->rows.oldest);
    while (!has_room(memory, bytes) && memory->oldest->turn != memory->turn)
        id_memory_drop(memory, memory->oldest->run);
    return has_room(memory, bytes);
}

/* --- Reading -------------------------------------------------------------------------------- */

void id_memory_rest(struct id_memory *memory)
{
    id_store_end_reading(memory->store);
    memory->reads_left = 0;
}

int id_memory_read(struct id_memory *memory, enum id_table table, const struct id_run *run,
                   int64_t place, struct id_page *ret_page)
{
    if (memory->reads_left == 0) {
        id_store_end_reading(memory->store);
        id_store_begin_reading(memory->store);
        memory->reads_left = READS_A_TRANSACTION;
    }
    memory->reads_left--;
    memory->lookups++;
    int code = id_store_get_page(memory->store, table, run->extent.run, place, ret_page);
    if (code != SQLITE_OK)
        memory->errors++;
    return code;
}

static struct id_row *new_row(struct id_memory *memory, struct id_row **owner)
{
    if (!has_room(memory, sizeof(struct id_row)) && memory->rows.oldest)
        return id_rows_add_in_place_of_oldest(&memory->rows, owner);
    memory->bytes += sizeof(struct id_row);
    return id_rows_add(&memory->rows, owner);
}

static int read_row(struct id_memory *memory, const struct id_run *run, uint32_t row,
                    struct id_page *ret_page)
{
    int code = id_memory_read(memory, ID_TABLE_ROWS, run, row, ret_page);
    if (code == SQLITE_OK && ret_page->count != id_extent_row(&run->extent, row)) {
        memory->errors++;
        code = SQLITE_CORRUPT;
    }
    return code;
}

const uint64_t *id_memory_row(struct id_memory *memory, struct id_held *held, uint32_t row)
{
    const struct id_run *run = held->run;
    if (!held->rows) {
        id_memory_take(memory, held, run->extent.rows * sizeof(struct id_row *));
        held->rows = memory_zero(run->extent.rows, sizeof(struct id_row *));
    }
    if (held->rows[row])
        return held->rows[row]->page.words;
    struct id_row *fresh = new_row(memory, &held->rows[row]);
    if (read_row(memory, run, row, &fresh->page) == SQLITE_OK)
        return fresh->page.words;
    remove_row(memory, fresh);
    return NULL;
}
