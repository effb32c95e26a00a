/* Content: when a document is to be read, and what became of it. */
#ifndef DOCUMENT_TAKING_H
#define DOCUMENT_TAKING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "document/documents.h"

struct document;
struct facts;

/* Is content wished that was not read as it is now? */
bool taking_is_due(const struct document *document);
/* After a look: reads it if it is time, and hands it out. Returns when it will be time, or NEVER.
 */
int64_t taking_consider(struct documents *documents, struct document *document,
                        const struct facts *facts);
/* It cannot be taken as it is: told once the writer seems to be done. */
void taking_fail(struct documents *documents, struct document *document, enum documents_skip reason,
                 int error);
/* The file has changed: what was found out holds no longer. */
void taking_forget(struct document *document);

#endif
