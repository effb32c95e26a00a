/* See documents.h. A hint only says when to look; all that follows is in look.c, in turns. */
#include "document/documents.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "document/documents_internal.h"
#include "document/look.h"

#define MAX_BYTES     ((size_t)64 << 20)
#define MAX_DOCUMENTS ((size_t)1000000)
#define MAX_MEMO      ((size_t)1 << 20)
/* Until then the arrival waits for lines. */
#define ARRIVAL_LONGEST (60 * NANOSECONDS_PER_SECOND)

/* --- The table -------------------------------------------------------------------------------- */

static bool has_path(const void *item, const void *key)
{
    const struct document *document = item;
    return strcmp(document->path, key) == 0;
}

static uint64_t hash_of(const char *path)
{
    return hash_bytes(path, strlen(path));
}

struct document *documents_find(const struct documents *documents, const char *path)
{
    return map_find(&documents->by_path, hash_of(path), path);
}

struct document *documents_add(struct documents *documents, const char *path)
{
    size_t length = strlen(path);
    struct document *document = memory_zero(1, sizeof(*document) + length + 1);
    memcpy(document->path, path, length);
    document->due = document->retry = NEVER;
    document->must_ask = true;
    document->first = !documents->walked;
    documents->first_left += document->first;
    map_insert(&documents->by_path, hash_of(path), document);
    return document;
}

static void arrive(struct documents *documents, struct document *document)
{
    documents->first_left -= document->first;
    document->first = false;
}

void documents_drop(struct documents *documents, struct document *document)
{
    due_remove(&documents->due, document);
    closing_forget(documents, document);
    saving_remove(documents, document);
    arrive(documents, document);
    documents->counts.memo_bytes -= document->memo_length;
    map_remove(&documents->by_path, hash_of(document->path), document->path);
    free(document->memo);
    free(document);
}

void documents_settle(struct documents *documents, struct document *document)
{
    bool awaited = document->asked_place > 0;
    if (document->ready || document->going)
        awaited = !documents->walked || documents->now - documents->walked_at < ARRIVAL_LONGEST;
    if (document->first && !awaited)
        arrive(documents, document);
}

void documents_rank(const struct documents *documents, struct document *document)
{
    const struct documents_handlers *handlers = &documents->handlers;
    document->rank = handlers->rank ? handlers->rank(handlers->context, document->path) : 0;
}

/* --- The room --------------------------------------------------------------------------------- */

struct documents *documents_new(const struct documents_handlers *handlers,
                                const struct documents_options *options)
{
    struct documents *documents = memory_zero(1, sizeof(*documents));
    documents->handlers = *handlers;
    documents->options = (struct documents_options){
        .max_bytes = options->max_bytes ? options->max_bytes : MAX_BYTES,
        .max_documents = options->max_documents ? options->max_documents : MAX_DOCUMENTS,
        .max_memo = options->max_memo ? options->max_memo : MAX_MEMO,
    };
    map_init(&documents->by_path, has_path);
    closing_init(&documents->closing);
    vanished_init(&documents->vanished);
    return documents;
}

void documents_free(struct documents *documents)
{
    if (!documents)
        return;
    size_t position = 0;
    struct document *document;
    while ((document = map_next(&documents->by_path, &position)) != NULL) {
        free(document->memo);
        free(document);
    }
    map_free(&documents->by_path);
    due_free(&documents->due);
    closing_free(&documents->closing);
    saving_free(&documents->saving);
    refused_free(&documents->refused);
    vanished_free(&documents->vanished);
    free(documents);
}

/* --- Hints ------------------------------------------------------------------------------------ */

/* No later than at `time`. */
static void call_for_look(struct documents *documents, struct document *document, int64_t time)
{
    if (time < document->due)
        due_set(&documents->due, document, time);
}

static struct document *find_or_add(struct documents *documents, const char *path)
{
    struct document *document = documents_find(documents, path);
    if (document)
        return document;
    if (documents->by_path.count < documents->options.max_documents)
        return documents_add(documents, path);
    refused_add(documents, path, hash_of(path));
    return NULL;
}

/* What is looked at because of this hint is looked at when something can follow from it. */
static int64_t time_of_look(const struct document *document, bool closed, int64_t monotonic)
{
    int64_t time = document->next_look;
    if (closed && (document->wish & DOCUMENTS_CONTENT) && document->next_reading <= monotonic)
        time = monotonic;
    return time > monotonic ? time : monotonic;
}

void documents_look(struct documents *documents, const char *path, bool closed, int64_t monotonic)
{
    struct document *document = find_or_add(documents, path);
    if (!document)
        return;
    document->hinted = true;
    if (document->wish == 0) /* perhaps its root is back */
        document->must_ask = true;
    if (closed) {
        document->close_to_read = document->close_to_ask = true;
        document->unseen = false;
        document->questions = 0;
    }
    call_for_look(documents, document, time_of_look(document, closed, monotonic));
}

void documents_gone(struct documents *documents, const char *path, int64_t monotonic)
{
    struct document *document = documents_find(documents, path);
    if (document)
        call_for_look(documents, document, monotonic);
}

void documents_directory_gone(struct documents *documents, const char *path, int64_t monotonic)
{
    vanished_add(&documents->vanished, path, monotonic);
}

void documents_renew(struct documents *documents)
{
    size_t position = 0;
    struct document *document;
    while ((document = map_next(&documents->by_path, &position)) != NULL) {
        document->must_ask = document->early = true;
        document->read = document->has_hash = false; /* other rules see other things in it */
        saving_mark(documents, document);            /* a crash must not take that back */
        call_for_look(documents, document, documents->now);
    }
}

void documents_walked(struct documents *documents, int64_t monotonic)
{
    size_t position = 0;
    struct document *document;
    if (documents->walked)
        return;
    documents->walked = true;
    documents->walked_at = monotonic;
    while ((document = map_next(&documents->by_path, &position)) != NULL) {
        if (document->due == NEVER) /* not met */
            document->rank = RANK_LAST;
        else
            documents_rank(documents, document);
        due_set(&documents->due, document, monotonic);
    }
}

/* --- Turns ------------------------------------------------------------------------------------ */

/* True: more is due. */
static bool look_at_due(struct documents *documents, int64_t begun, int64_t budget_ns)
{
    struct document *document;
    do {
        document = due_take(&documents->due, documents->now);
        if (!document)
            return false;
        look_at(documents, document);
    } while (clock_monotonic() - begun < budget_ns);
    return due_next(&documents->due) <= documents->now;
}

bool documents_turn(struct documents *documents, int64_t monotonic, int64_t wall, int64_t budget_ns)
{
    int64_t begun = clock_monotonic();
    documents->now = monotonic;
    documents->wall = wall;
    refused_tell(documents);
    vanished_turn(documents);
    /* Where more is always due, those that are asked about do not wait for ever. */
    bool more = look_at_due(documents, begun, budget_ns - budget_ns / 8);
    more = closing_turn(documents, budget_ns - (clock_monotonic() - begun)) || more;
    return more || due_next(&documents->due) <= documents->now;
}

static int64_t sooner(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

int64_t documents_next(const struct documents *documents)
{
    int64_t look = sooner(due_next(&documents->due), vanished_next(&documents->vanished));
    return sooner(look, closing_next(documents));
}

bool documents_arrived(const struct documents *documents)
{
    return documents->walked && documents->first_left == 0;
}

/* --- For the operator ------------------------------------------------------------------------- */

void documents_counts(const struct documents *documents, struct documents_counts *ret_counts)
{
    *ret_counts = documents->counts;
    ret_counts->documents = documents->by_path.count;
    ret_counts->waiting = documents->due.count + documents->closing.count;
}

bool documents_next_facts(const struct documents *documents, size_t *position,
                          struct documents_facts *ret_facts)
{
    const struct document *document = map_next(&documents->by_path, position);
    if (!document)
        return false;
    *ret_facts = (struct documents_facts){
        .path = document->path,
        .size = document->size,
        .waiting = document->due_place > 0 || document->asked_place > 0,
        .closed = document->told & DOCUMENTS_CLOSED,
        .failed = document->failed > 0,
    };
    return true;
}
