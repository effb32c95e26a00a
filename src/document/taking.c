/* See taking.h.
 *
 * Skips are counted once the file has rested: what is met half written is no mistake of anybody. */
#include "document/taking.h"

#include <errno.h>

#include "base/clock.h"
#include "base/hash.h"
#include "document/content.h"
#include "document/documents_internal.h"
#include "document/life.h"
#include "tail/facts.h"

/* A reading is followed by a pause of so many times what it took, and at least of this. */
#define READING_SHARE 50
#define READING_PAUSE (250 * NANOSECONDS_PER_MILLISECOND)
/* What was met half written is soon whole. */
#define FAILURE_PAUSE (10 * NANOSECONDS_PER_MILLISECOND)
/* What cannot be taken is read again after this much rest, then each PAUSE_LONG until the last. */
#define RETRY_FIRST  NANOSECONDS_PER_SECOND
#define RETRY_SECOND (10 * NANOSECONDS_PER_SECOND)
#define RETRY_LAST   (600 * NANOSECONDS_PER_SECOND)
/* A change so soon before a reading may be followed by one with the same times. */
#define RACY_TIME (50 * NANOSECONDS_PER_MILLISECOND)

bool taking_is_due(const struct document *document)
{
    return (document->wish & DOCUMENTS_CONTENT) && !document->read;
}

void taking_forget(struct document *document)
{
    document->read = document->skip_told = false;
    document->retry = NEVER;
}

/* --- What cannot be taken --------------------------------------------------------------------- */

static bool is_settled(const struct documents *documents, const struct document *document)
{
    return documents->draining || document_rest(documents, document) >= REST_READ;
}

/* The first moment after now of: 1 s, 10 s, 60 s, 120 s ... 600 s of rest. */
static int64_t next_retry(const struct documents *documents, const struct document *document)
{
    int64_t rest = document_rest(documents, document);
    int64_t next = rest < RETRY_FIRST    ? RETRY_FIRST
                   : rest < RETRY_SECOND ? RETRY_SECOND
                                         : (rest / PAUSE_LONG + 1) * PAUSE_LONG;
    return next > RETRY_LAST ? NEVER : document->rest_since + next;
}

static int64_t retry_of(const struct documents *documents, const struct document *document,
                        enum documents_skip reason)
{
    if (reason == DOCUMENT_UNREADABLE)
        return documents->now + PAUSE_LONG;
    if (reason == DOCUMENT_TOO_LONG && is_settled(documents, document))
        return NEVER;
    return next_retry(documents, document);
}

void taking_fail(struct documents *documents, struct document *document, enum documents_skip reason,
                 int error)
{
    const struct documents_handlers *handlers = &documents->handlers;
    if (document->failed != reason + 1)
        document->skip_told = false;
    document->failed = (uint8_t)(reason + 1);
    document->read = true;
    document->retry = retry_of(documents, document, reason);
    saving_mark(documents, document);
    if (document->skip_told || (reason != DOCUMENT_UNREADABLE && !is_settled(documents, document)))
        return;
    document->skip_told = true;
    documents->counts.skipped[reason]++;
    if (handlers->on_skip)
        handlers->on_skip(handlers->context, document->path, reason, error);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static void hand_out(struct documents *documents, struct document *document,
                     const struct content *content)
{
    uint64_t hash = hash_stable(content->data, content->length);
    enum documents_skip reason = DOCUMENT_MALFORMED;
    const struct documents_news news = {.sight = DOCUMENT_CONTENT,
                                        .time = document->modified,
                                        .content = {content->data, content->length}};
    bool is_known = document->has_hash && document->hash == hash;
    if (!is_known && life_tell(documents, document, &news, &reason) == DOCUMENTS_NOT_YET) {
        taking_fail(documents, document, reason, 0);
        return;
    }
    document->hash = hash;
    document->has_hash = document->read = true;
    document->failed = 0;
    document->skip_told = false;
    document->retry = NEVER;
    saving_mark(documents, document);
}

/* 0: taken, or found unfit; or a negative errno. */
static int read_it(struct documents *documents, struct document *document,
                   const struct facts *facts)
{
    struct content content;
    int64_t wall = clock_wall();
    int r = content_read(document->path, facts, &content);
    if (r < 0)
        return r;
    documents->counts.readings++;
    documents->counts.bytes += content.length;
    document->racy = wall - facts->changed < RACY_TIME;
    hand_out(documents, document, &content);
    content_wipe(&content);
    return 0;
}

static void read_or_fail(struct documents *documents, struct document *document,
                         const struct facts *facts)
{
    int64_t begun = clock_monotonic();
    int r = read_it(documents, document, facts);
    int64_t pause = (clock_monotonic() - begun) * READING_SHARE;
    int64_t least = document->failed ? FAILURE_PAUSE : READING_PAUSE;
    document->next_reading = documents->now + (pause > least ? pause : least);
    if (r == -EAGAIN)
        return;
    document->early = document->close_to_read = false;
    if (r < 0)
        taking_fail(documents, document, DOCUMENT_UNREADABLE, -r);
}

static bool is_called_for(const struct documents *documents, const struct document *document)
{
    return !document->read || documents->now >= document->retry;
}

/* Its writer is done, as far as one can tell. */
static bool seems_whole(const struct documents *documents, const struct document *document)
{
    return documents->draining || document->early || document->close_to_read ||
           documents->now >= document->retry || document_rest(documents, document) >= REST_READ;
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

int64_t taking_consider(struct documents *documents, struct document *document,
                        const struct facts *facts)
{
    if (!(document->wish & DOCUMENTS_CONTENT))
        return NEVER;
    if (document->racy && document->hinted)
        document->read = document->racy = false; /* it may have changed after all */
    if (!is_called_for(documents, document)) {
        document->close_to_read = false;
        return document->retry;
    }
    if (!seems_whole(documents, document))
        return later(document->next_reading, document->rest_since + REST_READ);
    if (documents->now < document->next_reading && !documents->draining)
        return document->next_reading;
    if (facts->size > 0 && facts->size <= documents->options.max_bytes) {
        read_or_fail(documents, document, facts);
        return document->read ? document->retry : document->next_reading;
    }
    document->early = document->close_to_read = false;
    taking_fail(documents, document, facts->size > 0 ? DOCUMENT_TOO_LONG : DOCUMENT_EMPTY, 0);
    return document->retry;
}
