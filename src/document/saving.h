/* What the next save has to put: whose record changed, and whose is to be removed. */
#ifndef DOCUMENT_SAVING_H
#define DOCUMENT_SAVING_H

#include <stdbool.h>
#include <stddef.h>

struct document;
struct documents;

struct saving {
    struct document **changed;
    size_t changed_count;
    size_t changed_capacity;
    char **removed; /* paths */
    size_t removed_count;
    size_t removed_capacity;
    bool tracks; /* else nothing is remembered */
};

void saving_free(struct saving *saving);
/* The record of a life that goes on is to be put. */
void saving_mark(struct documents *documents, struct document *document);
/* The document goes, and its record with it. */
void saving_remove(struct documents *documents, struct document *document);

#endif
