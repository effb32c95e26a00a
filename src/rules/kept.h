/* Kept fields: what rules of a removed document will ask for is kept while the document is there,
 * since it cannot be read any more when it is gone.
 *
 *   rules of WorktreeRemoved name `status` -> its value at the last look is in the memo
 *
 * Only for documents whose source emits `removed`. Of lists and objects only how long they are is
 * kept. Bytes, so that they survive a restart: found again by the path of a field. */
#ifndef RULES_KEPT_H
#define RULES_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

#define KEPT_TEXT ((size_t)1024)  /* bytes of one value: a longer one is not kept */
#define KEPT_MOST ((size_t)16384) /* bytes of all values of a document: what goes beyond is not */

struct rule_source;
struct text;
struct value;

struct kept_field {
    uint64_t name; /* hash of its path from the record */
    uint32_t slot;
};

/* From now on this field of the source is kept. `in_body`: the path starts in the body. */
void kept_add(struct rule_source *source, const char *const *segments, size_t count, bool in_body,
              uint32_t slot);
/* Appends what is to be kept of a document. */
void kept_write(const struct rule_source *source, const struct value *slots, struct text *out);
/* Fills in what was kept, pointing into `kept`; all other slots stay as they are. */
void kept_read(const struct rule_source *source, struct bytes kept, struct value *slots);

#endif
