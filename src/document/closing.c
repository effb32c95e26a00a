/* See closing.h.
 *
 * Places count from 1, as in the document. While answers are told, what comes is added behind, and
 * what is taken out is replaced by the last: `left` passes each that was asked about once. */
#include "document/closing.h"

#include <stdlib.h>

#include "base/memory.h"
#include "document/documents_internal.h"
#include "document/life.h"
#include "document/taking.h"
#include "tail/facts.h"
#include "tail/writers.h"

/* A file that somebody keeps open is asked about again after this, then twice as long ... */
#define QUESTION_PAUSE   REST_ASK
#define QUESTION_LONGEST (600 * NANOSECONDS_PER_SECOND)
/* So many that wait for lines are asked for each PAUSE_SHORT. */
#define READY_SHARE 1000

void closing_init(struct closing *closing)
{
    *closing = (struct closing){.writers = writers_new()};
}

static void free_places(struct closing *closing)
{
    free(closing->documents);
    closing->documents = NULL;
    closing->capacity = 0;
}

void closing_free(struct closing *closing)
{
    writers_free(closing->writers);
    free_places(closing);
    *closing = (struct closing){0};
}

static void add(struct closing *closing, struct document *document)
{
    if (document->asked_place > 0)
        return;
    if (closing->count == closing->capacity) {
        closing->capacity = closing->capacity * 2 + 16;
        closing->documents =
            memory_resize(closing->documents, closing->capacity, sizeof(*closing->documents));
    }
    closing->documents[closing->count++] = document;
    document->asked_place = (uint32_t)closing->count;
    document->asked = false;
}

static void take_out(struct closing *closing, struct document *document)
{
    size_t place = document->asked_place;
    if (place == 0)
        return;
    struct document *last = closing->documents[--closing->count];
    closing->documents[place - 1] = last;
    last->asked_place = (uint32_t)place;
    document->asked_place = 0;
    document->asked = document->close_asked = false;
}

static void set_ready(struct documents *documents, struct document *document, bool ready)
{
    documents->ready_count -= document->ready;
    document->ready = ready;
    documents->ready_count += ready;
}

bool closing_is_wished(const struct document *document)
{
    return document->alive && (document->wish & ~document->told & DOCUMENTS_CLOSED);
}

void closing_forget(struct documents *documents, struct document *document)
{
    take_out(&documents->closing, document);
    set_ready(documents, document, false);
}

void closing_expect(struct document *document)
{
    document->close_to_ask = document->close_to_ask || document->close_asked || document->ready;
}

void closing_tell(struct documents *documents, struct document *document)
{
    enum documents_skip reason;
    int64_t change = document->born > document->modified ? document->born : document->modified;
    const struct documents_news news = {.sight = DOCUMENT_CLOSED,
                                        .time = document->unseen ? change : documents->wall,
                                        .late = document->unseen};
    closing_forget(documents, document);
    document->told |= DOCUMENTS_CLOSED;
    document->close_to_ask = false;
    document->questions = 0;
    life_tell(documents, document, &news, &reason);
}

/* Nobody writes it. Gives when to come back, or NEVER when it is told. */
static int64_t tell_if_read(struct documents *documents, struct document *document)
{
    if (life_is_read(documents, document)) {
        closing_tell(documents, document);
        return NEVER;
    }
    set_ready(documents, document, true);
    return documents->now + PAUSE_SHORT * (int64_t)(1 + documents->ready_count / READY_SHARE);
}

int64_t closing_consider(struct documents *documents, struct document *document)
{
    if (!closing_is_wished(document) || taking_is_due(document) || documents->draining) {
        closing_forget(documents, document);
        return NEVER;
    }
    if (document->ready)
        return tell_if_read(documents, document);
    int64_t time = document->rest_since + REST_ASK;
    if (time < document->next_question)
        time = document->next_question;
    if (!document->close_to_ask && document->asked_place == 0 && documents->now < time)
        return time;
    add(&documents->closing, document);
    return NEVER;
}

/* --- Questions and answers -------------------------------------------------------------------- */

static void ask(struct closing *closing)
{
    writers_begin(closing->writers);
    for (size_t i = 0; i < closing->count; i++) {
        struct document *document = closing->documents[i];
        document->asked = true;
        document->close_asked = document->close_to_ask;
        document->close_to_ask = false; /* from now on it is one that the scan may have missed */
        writers_want(closing->writers, document->device, document->inode);
    }
}

/* Rounded up, so that one scan will do for many. */
static int64_t next_question(const struct documents *documents, struct document *document)
{
    int64_t pause = QUESTION_PAUSE << (document->questions < 6 ? document->questions : 6);
    int64_t time = documents->now + (pause < QUESTION_LONGEST ? pause : QUESTION_LONGEST);
    if (document->questions < UINT8_MAX)
        document->questions++;
    return (time / QUESTION_PAUSE + 1) * QUESTION_PAUSE;
}

/* Gives when to look again, or NEVER. */
static int64_t wait_for_writer(const struct documents *documents, struct document *document)
{
    document->unseen = false; /* whoever closes it does so before our eyes */
    if (document->close_to_ask)
        return NEVER; /* asked again with the next scan */
    document->next_question = next_question(documents, document);
    return document->next_question;
}

static int64_t wait_for_rest(const struct documents *documents, struct document *document)
{
    document->next_question = document->rest_since + REST_BLIND;
    document->close_to_ask = false;
    return document->next_question > documents->now ? document->next_question : NEVER;
}

static bool is_as_seen(struct document *document, uint32_t *ret_owner)
{
    struct facts facts;
    int r = facts_of_path(document->path, &facts);
    if (r < 0)
        closing_expect(document); /* removed meanwhile, which may not be known yet */
    if (r < 0 || !facts.regular)
        return false;
    *ret_owner = facts.owner;
    return facts.inode == document->inode && facts.device == document->device &&
           facts.size == document->size && facts.modified == document->modified;
}

/* What the scan says of it. Gives when to look again. */
static int64_t judge(struct documents *documents, struct document *document)
{
    uint32_t owner;
    if (!is_as_seen(document, &owner)) {
        closing_forget(documents, document);
        return documents->now;
    }
    int64_t time = NEVER;
    enum writers_answer answer =
        writers_answer(documents->closing.writers, document->device, document->inode, owner);
    if (answer == WRITERS_SOME)
        time = wait_for_writer(documents, document);
    else if (answer == WRITERS_UNKNOWN)
        time = wait_for_rest(documents, document);
    if (answer == WRITERS_NOT_ASKED || (answer == WRITERS_SOME && document->close_to_ask))
        return NEVER;
    closing_forget(documents, document);
    return time == NEVER ? tell_if_read(documents, document) : time;
}

static void tell_answer(struct documents *documents, struct document *document)
{
    int64_t time = judge(documents, document);
    if (time < document->due)
        due_set(&documents->due, document, time);
    documents_settle(documents, document);
}

/* The document may have gone from that place meanwhile. */
static void tell_next(struct documents *documents)
{
    struct closing *closing = &documents->closing;
    size_t place = --closing->left;
    if (place >= closing->count || !closing->documents[place]->asked)
        return;
    closing->documents[place]->asked = false;
    tell_answer(documents, closing->documents[place]);
}

/* True: there are more. */
static bool tell_answers(struct documents *documents, int64_t budget_ns)
{
    struct closing *closing = &documents->closing;
    int64_t begun = clock_monotonic();
    do {
        if (closing->left > 0)
            tell_next(documents);
    } while (closing->left > 0 && clock_monotonic() - begun < budget_ns);
    closing->answering = closing->left > 0;
    if (closing->count == 0)
        free_places(closing);
    return closing->answering;
}

bool closing_turn(struct documents *documents, int64_t budget_ns)
{
    struct closing *closing = &documents->closing;
    if (closing->answering)
        return tell_answers(documents, budget_ns);
    if (!writers_scanning(closing->writers)) {
        if (closing->count == 0 || !writers_due(closing->writers, documents->now))
            return false;
        ask(closing);
    }
    if (writers_step(closing->writers, budget_ns)) {
        closing->answering = true;
        closing->left = closing->count;
    }
    return true;
}

int64_t closing_next(const struct documents *documents)
{
    const struct closing *closing = &documents->closing;
    if (closing->answering || writers_scanning(closing->writers))
        return documents->now;
    return closing->count > 0 ? documents->now + PAUSE_SHORT : NEVER;
}
