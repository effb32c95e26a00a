/* Ids on disk, the loop's side: is this id among those saved for this directory?
 *
 *   directory 3 -> runs 42 (2,000,000 ids: filter, first id of each row), 43 (80 ids: held whole)
 *
 *   holds(3, id): each run's filter says no (nearly always, for an id that is new), or the one row
 *   that could hold it is read through this side's own connection.
 *
 * Of a directory only the numbers of its runs are kept until it is asked for; what is loaded then,
 * piece by piece as it is needed (filters, first ids, short runs), stays within `maximum` bytes,
 * the directory longest unused gives way. A filter that alone is too large is done without: each
 * lookup then reads a row. Rows read are kept while there is room, and give way to all else.
 *
 * A run stays readable until the news that replaces it was applied: see id_writer.h.
 *
 * Joins and forgets asked for here are done by the writer later, in the same order; until its news
 * tells so, they are kept apart and applied upon what is committed. */
#ifndef STATE_ID_ARCHIVE_H
#define STATE_ID_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct sqlite3;
struct id_archive;
struct id_news;

/* `reader` is a connection of its own, used on this thread alone. 0 or a SQLite code. */
int id_archive_open(struct sqlite3 *reader, int64_t generation, size_t maximum,
                    struct id_archive **ret_archive) MUST_CHECK;
void id_archive_close(struct id_archive *archive);

/* Takes over `news` (NULL: none) and frees it. */
void id_archive_apply(struct id_archive *archive, struct id_news *news);

/* A row that cannot be read counts as not holding the id, and as an error. */
bool id_archive_holds(struct id_archive *archive, uint64_t directory, uint64_t id);
/* Lookups leave a read transaction open, since to begin one costs more than to read a row: this
 * ends it. To be called whenever a batch goes to the writer and when its result is taken, else the
 * WAL could not be folded back meanwhile. (id_archive_apply does it, too.) */
void id_archive_rest(struct id_archive *archive);
/* What is known of `from` now is known of `to` at once. The same must be asked of the writer, in
 * the same order. */
void id_archive_join(struct id_archive *archive, uint64_t to, uint64_t from);
void id_archive_forget(struct id_archive *archive, uint64_t directory);

struct id_archive_counts {
    uint64_t ids;     /* on disk, each run once */
    size_t bytes;     /* in memory */
    uint64_t lookups; /* rows read from the database */
    uint64_t errors;  /* rows that could not be read */
};
void id_archive_counts(const struct id_archive *archive, struct id_archive_counts *ret_counts);

#endif
