/* One look at a path: a stat, and what follows from it. */
#ifndef DOCUMENT_LOOK_H
#define DOCUMENT_LOOK_H

struct document;
struct documents;

/* The document may be dropped. Else its next look is planned. */
void look_at(struct documents *documents, struct document *document);

#endif
