/* The records of one generation in a database, read through one connection: all of them in order,
 * or one by its key. Each is checked against its checksum before anybody sees it. */
#ifndef STATE_RECORDS_H
#define STATE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/record.h"

struct failure;
struct records;
struct sqlite3;
struct text;

typedef int (*records_visit)(void *context, const struct record *record);

/* 0 or a SQLite code. The connection stays the caller's, and must outlive this. */
int records_open(struct sqlite3 *reader, int64_t generation,
                 struct records **ret_records) MUST_CHECK;
void records_close(struct records *records);

/* 0; or -EBADMSG when one cannot be read, is not as it was written, or is refused by `visit` with a
 * negative number. Kinds of a later version are passed over. */
int records_load(struct records *records, records_visit visit, void *context,
                 struct failure *ret_failure) MUST_CHECK;
/* As many as can be read: what is not as it was written or is refused is left out, and where the
 * database cannot be read on, it ends. How many were accepted. */
size_t records_salvage(struct records *records, records_visit visit, void *context);

/* 1: appended its value to `out`; 0: there is none; or a negative errno. */
int records_find(struct records *records, enum record_kind kind, struct bytes key, struct text *out,
                 struct failure *ret_failure) MUST_CHECK;

#endif
