/* Ids on disk, the writer's side: sorted runs by directory, merged as they age. Runs on the writer
 * thread, on its connection; nothing here is shared with the loop's side (id_archive.h) but the
 * news it makes.
 *
 *   commit 7: ids of directory 3   -> run 41: sorted, in rows of up to 504; link (3, 41)
 *   commit 8: a few more           -> run 42: one row with all of them, in place of run 41
 *   merge: runs 35 to 42 of 3      -> run 43; links of 3 to the old ones are replaced in the
 *                                     same transaction; rows of runs without any link are
 *                                     deleted later, once the loop has taken the news
 *   join 9 <- 3: links (9, r) for every run r of 3: runs never change, so they are shared
 *
 * Tables (in every schema): id_run, id_row, id_filter, id_link; links lie in a generation. A run
 * longer than one row has a blocked Bloom filter, saved beside it. */
#ifndef STATE_ID_WRITER_H
#define STATE_ID_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct sqlite3;
struct id_news; /* what changed, for the archive: see id_archive.h */
struct id_writer;

/* SQL that makes the tables; part of the first schema. */
extern const char id_schema[];

/* 0 or a SQLite code (as all below that return int: SQLITE_OK is 0). Reads what runs and links
 * there are. */
int id_writer_open(struct sqlite3 *database, int64_t generation,
                   struct id_writer **ret_writer) MUST_CHECK;
void id_writer_close(struct id_writer *writer);

/* Within the caller's transaction: */
/* `ids` are sorted in place; those given twice are kept once. */
int id_writer_add(struct id_writer *writer, uint64_t directory, uint64_t *ids,
                  size_t count) MUST_CHECK;
int id_writer_join(struct id_writer *writer, uint64_t to, uint64_t from) MUST_CHECK;
int id_writer_forget(struct id_writer *writer, uint64_t directory) MUST_CHECK;

/* After the transaction: what was done counts, and goes to the loop; or never happened. */
void id_writer_committed(struct id_writer *writer);
void id_writer_rolled_back(struct id_writer *writer);
/* What the loop has to know; the archive takes it over (or id_news_free). NULL: nothing. */
struct id_news *id_writer_take_news(struct id_writer *writer);
/* The loop has taken all news handed out so far: rows no longer linked may go. */
void id_writer_acknowledge(struct id_writer *writer);

/* One bounded step of merging or deleting, in a transaction of its own. *ret_more: there is more
 * to do (merges first; deletes only what was acknowledged). On failure (SQLITE_FULL and the like)
 * nothing is lost: what was begun begins anew later. SQLITE_CORRUPT is told once for each run with
 * an unreadable row; that run is left as it is from then on. */
int id_writer_step(struct id_writer *writer, bool *ret_more) MUST_CHECK;
/* How much one step does at most; the defaults suit a commit every few seconds. */
void id_writer_set_step(struct id_writer *writer, size_t ids_merged, size_t rows_deleted);
/* Links of all other generations are of no use any more: steps delete them, and then the runs that
 * only they referred to. To be called when another generation is left over from before, or
 * stopped being the current one; nobody else deletes links. */
void id_writer_drop_others(struct id_writer *writer);

#endif
