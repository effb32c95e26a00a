/* A life as a record (RECORD_DOCUMENT; the key is the path).
 *
 * Fields, in this order; later versions may append:
 *   told, flags, failed
 *   inode, size, modified, changed, born, hash
 *   memo
 *
 * The device is left out: the same file system may have another number after a restart. */
#ifndef DOCUMENT_DOCUMENT_RECORD_H
#define DOCUMENT_DOCUMENT_RECORD_H

#include "base/attributes.h"
#include "base/record.h"

struct document;
struct text;

/* `scratch` is written over. */
void document_record_put(const struct document *document, struct text *scratch,
                         const struct record_sink *sink);
/* Fills in a document without a life. 0, or -EINVAL: this cannot be one. */
int document_record_take(struct document *document, struct bytes value) MUST_CHECK;

#endif
