/* A record as bytes in one piece, as batches hold it and as its checksum is taken:
 *
 *   | kind 4 | key length 4 | value length 8 | expires 8 | key | value |     little-endian
 *
 * The checksum lies beside the record in the database, so this form must stay the same for ever. */
#ifndef STATE_ROW_H
#define STATE_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

struct text;

struct row {
    struct record record; /* key and value point into the bytes */
    int64_t expires;      /* ns, wall; 0: never */
};

void row_put(struct text *out, const struct row *row);
/* `bytes` is what row_put appended (and perhaps more behind it). */
struct row row_of(const char *bytes);
size_t row_length(const struct row *row);
int64_t row_checksum(const char *bytes, size_t length);

#endif
