/* See refused.h. */
#include "document/refused.h"

#include <stdlib.h>

#include "base/memory.h"
#include "document/documents_internal.h"

#define HASHES 4096

void refused_free(struct refused *refused)
{
    free(refused->hashes);
    free(refused->path);
    *refused = (struct refused){0};
}

void refused_add(struct documents *documents, const char *path, uint64_t hash)
{
    struct refused *refused = &documents->refused;
    if (!refused->hashes)
        refused->hashes = memory_zero(HASHES, sizeof(*refused->hashes));
    uint64_t *place = &refused->hashes[hash % HASHES];
    if (*place == hash)
        return;
    *place = hash;
    documents->counts.skipped[DOCUMENT_TOO_MANY]++;
    free(refused->path);
    refused->path = memory_copy_text(path);
}

void refused_tell(struct documents *documents)
{
    const struct documents_handlers *handlers = &documents->handlers;
    AUTO_FREE char *path = TAKE(documents->refused.path);
    if (path && handlers->on_skip)
        handlers->on_skip(handlers->context, path, DOCUMENT_TOO_MANY, 0);
}
