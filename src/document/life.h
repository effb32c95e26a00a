/* What is told of a document: news and the memo that comes back; the begin and the end of a life.
 */
#ifndef DOCUMENT_LIFE_H
#define DOCUMENT_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "document/documents.h"

struct document;

/* Tells of one sight; the memo is renewed unless the answer is NOT_YET. */
enum documents_taken life_tell(struct documents *documents, struct document *document,
                               const struct documents_news *what, enum documents_skip *ret_reason);
/* Are its lines counted, where that matters? */
bool life_is_read(const struct documents *documents, const struct document *document);
/* Tells that it is there, if that is to be told and was not. */
void life_created(struct documents *documents, struct document *document);
/* Its name is gone, or was and `is_back` with another file. False: not all lines are read; to be
 * called again then (but what is back does not wait for ever). True: told, and all of the life is
 * forgotten, but not the document. */
bool life_end(struct documents *documents, struct document *document, bool is_back);

#endif
