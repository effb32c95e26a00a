/* Which document is to be looked at next: a heap by time, and in the order of arrival among equals.
 *
 * A document knows its place, so that it is moved or taken out in a few steps. */
#ifndef DOCUMENT_DUE_H
#define DOCUMENT_DUE_H

#include <stddef.h>
#include <stdint.h>

struct document;

struct due {
    struct document **heap;
    size_t count;
    size_t capacity;
    uint32_t order; /* given to the last that came */
};

void due_free(struct due *due);
/* At `time`, whenever it was due before. */
void due_set(struct due *due, struct document *document, int64_t time);
void due_remove(struct due *due, struct document *document);
/* Takes out one whose time has come; NULL: none. */
struct document *due_take(struct due *due, int64_t now);
/* Of the first; INT64_MAX: nothing is due. */
int64_t due_next(const struct due *due);

#endif
