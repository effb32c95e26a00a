/* The tables of ids: each statement on them is here, on one connection and for one generation.
 *
 * What returns int returns 0 or a SQLite code; a row that is not there, or does not agree with its
 * checksum, is SQLITE_CORRUPT. */
#ifndef STATE_ID_STORE_H
#define STATE_ID_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "state/id_extent.h"
#include "state/id_page.h"

struct sqlite3;
struct id_store;

enum id_table { ID_TABLE_ROWS, ID_TABLE_FILTERS };

int id_store_open(struct sqlite3 *database, int64_t generation,
                  struct id_store **ret_store) MUST_CHECK;
void id_store_close(struct id_store *store);

int id_store_begin(struct id_store *store) MUST_CHECK; /* to write */
int id_store_commit(struct id_store *store) MUST_CHECK;
void id_store_roll_back(struct id_store *store);
/* What is read between these two is read at one moment. Within a transaction of the connection's
 * owner they do nothing. */
void id_store_begin_reading(struct id_store *store);
void id_store_end_reading(struct id_store *store);

/* `place`: within the run, as id_extent.h says. */
int id_store_put_page(struct id_store *store, enum id_table table, int64_t run, int64_t place,
                      const struct id_page *page) MUST_CHECK;
int id_store_get_page(struct id_store *store, enum id_table table, int64_t run, int64_t place,
                      struct id_page *ret_page) MUST_CHECK;
/* Deletes at most `most` rows of the run. */
int id_store_delete_pages(struct id_store *store, enum id_table table, int64_t run, size_t most,
                          size_t *ret_deleted) MUST_CHECK;

/* Adds or replaces. */
int id_store_put_run(struct id_store *store, const struct id_extent *run) MUST_CHECK;
int id_store_delete_run(struct id_store *store, int64_t run) MUST_CHECK;
/* All there are, in order of their numbers. */
int id_store_each_run(struct id_store *store,
                      void (*on_run)(void *context, const struct id_extent *run),
                      void *context) MUST_CHECK;

struct id_link {
    int64_t generation;
    uint64_t directory;
    int64_t run;
};
/* In this generation. */
int id_store_link(struct id_store *store, uint64_t directory, int64_t run) MUST_CHECK;
int id_store_unlink(struct id_store *store, uint64_t directory, int64_t run) MUST_CHECK;
/* on_link returns 0, or a SQLite code that ends it. */
int id_store_each_link(struct id_store *store,
                       int (*on_link)(void *context, const struct id_link *link),
                       void *context) MUST_CHECK;
/* At most `most` links of all other generations. */
int id_store_each_other_link(struct id_store *store, size_t most,
                             int (*on_link)(void *context, const struct id_link *link),
                             void *context) MUST_CHECK;
int id_store_delete_link(struct id_store *store, const struct id_link *link) MUST_CHECK;

#endif
