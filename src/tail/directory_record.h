/* A directory as a record (RECORD_DIRECTORY; the key is its id).
 *
 * Fields, in this order; later versions may append: path, flags, seen, identity,
 * former. */
#ifndef TAIL_DIRECTORY_RECORD_H
#define TAIL_DIRECTORY_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/record.h"
#include "tail/identity.h"

struct tail_directory;
struct text;

struct directory_record {
    char *path; /* the caller frees */
    int64_t seen;
    struct identity identity;
    struct identity former;
    bool checked;
    bool has_reader;
    bool has_ids;
};

/* `scratch` is written over. */
void directory_record_put(const struct tail_directory *directory, struct text *scratch,
                          const struct record_sink *sink);
/* False: this cannot be one, and there is nothing to free. */
bool directory_record_take(struct bytes value, struct directory_record *ret_record) MUST_CHECK;

#endif
