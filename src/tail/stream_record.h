/* A stream as a record (RECORD_STREAM; the key is its id).
 *
 * Fields, in this order; later versions may append:
 *   identity, path, flags
 *   offset, lines, first_hash, first_length, marker_hash, marker_length, marker_end
 *   inode, size, read_end, modified, changed, missing
 *   hole_start, hole_end, repeated_from, repeated_until
 *
 * Of a plain file what lies behind the offset is looked at again after a restart, so that an
 * unterminated rest needs no record of its own. */
#ifndef TAIL_STREAM_RECORD_H
#define TAIL_STREAM_RECORD_H

#include "base/attributes.h"
#include "base/record.h"
#include "tail/tail_internal.h"

struct text;

/* `scratch` is written over. */
void stream_record_put(const struct tail_file *file, struct text *scratch,
                       const struct record_sink *sink);
/* Makes the stream. 0, or -EINVAL: this cannot be one, or it is there already. */
int stream_record_take(struct tail *tail, uint64_t id, struct bytes value) MUST_CHECK;

#endif
