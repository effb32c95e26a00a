/* See life.h. */
#include "document/life.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "document/documents_internal.h"
#include "document/taking.h"

static void set_memo(struct documents *documents, struct document *document, struct text *memo)
{
    documents->counts.memo_bytes -= document->memo_length;
    documents->counts.memo_bytes += memo ? memo->length : 0;
    free(document->memo);
    document->memo_length = memo ? (uint32_t)memo->length : 0;
    document->memo = document->memo_length > 0 ? memory_copy(memo->data, memo->length) : NULL;
}

enum documents_taken life_tell(struct documents *documents, struct document *document,
                               const struct documents_news *what, enum documents_skip *ret_reason)
{
    struct documents_news news = *what;
    struct text memo;
    text_init(&memo, documents->options.max_memo);
    news.path = document->path;
    news.memo = (struct bytes){document->memo ? document->memo : "", document->memo_length};
    enum documents_taken taken =
        documents->handlers.on_news(documents->handlers.context, &news, &memo, ret_reason);
    if (taken == DOCUMENTS_TAKEN && news.sight != DOCUMENT_REMOVED) {
        if (!memo.overflowed)
            set_memo(documents, document, &memo);
        saving_mark(documents, document);
    }
    text_free(&memo);
    return taken;
}

bool life_is_read(const struct documents *documents, const struct document *document)
{
    const struct documents_handlers *handlers = &documents->handlers;
    return !(document->wish & DOCUMENTS_LINES) || documents->draining || !handlers->is_read ||
           handlers->is_read(handlers->context, document->path);
}

/* A file may show times that were set: of a copy, or before it was born here. */
static int64_t birth_of(const struct document *document)
{
    if (document->born > 0)
        return document->born;
    return document->modified < document->changed ? document->modified : document->changed;
}

void life_created(struct documents *documents, struct document *document)
{
    enum documents_skip reason;
    if (!(document->wish & ~document->told & DOCUMENTS_CREATED))
        return;
    document->told |= DOCUMENTS_CREATED;
    const struct documents_news news = {.sight = DOCUMENT_CREATED, .time = birth_of(document)};
    life_tell(documents, document, &news, &reason);
}

/* --- The end ---------------------------------------------------------------------------------- */

/* It went while nobody looked, and nobody knows when. */
static bool is_late(const struct document *document)
{
    return !document->met || document->hidden;
}

static int64_t end_time(const struct documents *documents, const struct document *document)
{
    if (is_late(document))
        return document->modified;
    return documents->wall - (document->going ? document_rest(documents, document) : 0);
}

static void tell_removed(struct documents *documents, struct document *document)
{
    enum documents_skip reason;
    if (!(document->wish & DOCUMENTS_REMOVED))
        return;
    const struct documents_news news = {.sight = DOCUMENT_REMOVED,
                                        .time = end_time(documents, document),
                                        .late = is_late(document)};
    life_tell(documents, document, &news, &reason);
}

/* All that is of one life. */
static void forget_life(struct documents *documents, struct document *document)
{
    set_memo(documents, document, NULL);
    closing_forget(documents, document);
    taking_forget(document);
    document->told = document->failed = document->questions = 0;
    document->next_reading = document->next_question = 0;
    document->alive = document->met = document->hidden = document->going = false;
    document->has_hash = document->racy = document->unseen = false;
}

bool life_end(struct documents *documents, struct document *document, bool is_back)
{
    bool waited = is_back && document->going && document_rest(documents, document) >= REST_BLIND;
    if (document->wish & (DOCUMENTS_CLOSED | DOCUMENTS_REMOVED) && !waited &&
        !life_is_read(documents, document))
        return false;
    /* Its writer closed it a moment ago, and nobody else can open it any more. */
    if (closing_is_wished(document) && document->close_to_ask)
        closing_tell(documents, document);
    tell_removed(documents, document);
    forget_life(documents, document);
    return true;
}
