/* See look.h. */
#include "document/look.h"

#include <errno.h>

#include "document/documents_internal.h"
#include "document/life.h"
#include "document/taking.h"
#include "tail/facts.h"

/* Rest before this does not matter to anybody. */
#define REST_LONGEST (3600 * NANOSECONDS_PER_SECOND)

static int64_t sooner(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static void plan(struct documents *documents, struct document *document, int64_t time)
{
    document->hinted = false;
    document->next_look = documents->now + PAUSE_SHORT;
    due_set(&documents->due, document, time);
    documents_settle(documents, document);
}

/* --- The owner's wish ------------------------------------------------------------------------- */

/* What is wished from now on happened, if it did, while nobody was interested. */
static void ask_wish(struct documents *documents, struct document *document)
{
    const struct documents_handlers *handlers = &documents->handlers;
    unsigned wish = handlers->wish(handlers->context, document->path);
    if (document->met && (wish & ~(unsigned)document->wish & DOCUMENTS_CLOSED)) {
        document->unseen = true;
        document->close_to_ask = false;
    }
    document->wish = (uint8_t)wish;
    document->must_ask = false;
}

/* --- Not there, or not to be seen ------------------------------------------------------------- */

static bool can_look(const struct documents *documents, const struct document *document)
{
    const struct documents_handlers *handlers = &documents->handlers;
    return !handlers->can_look || handlers->can_look(handlers->context, document->path);
}

static void hide(struct documents *documents, struct document *document)
{
    document->hidden = true;
    closing_forget(documents, document);
    plan(documents, document, documents->now + PAUSE_LONG);
}

/* Its lines are still to be read. */
static void linger(struct documents *documents, struct document *document)
{
    if (!document->going)
        document->rest_since = documents->now;
    document->going = true;
    closing_forget(documents, document);
    plan(documents, document, documents->now + PAUSE_SHORT);
}

/* True: there is nothing more to be done about it now. */
static bool look_at_end(struct documents *documents, struct document *document, bool is_back)
{
    if (document->alive && !document->going && !can_look(documents, document)) {
        hide(documents, document);
        return true;
    }
    closing_expect(document);
    if (document->alive && !life_end(documents, document, is_back)) {
        linger(documents, document);
        return true;
    }
    if (!is_back)
        documents_drop(documents, document);
    return !is_back;
}

static void look_at_error(struct documents *documents, struct document *document, int error)
{
    bool was_read = document->read;
    taking_fail(documents, document, DOCUMENT_UNREADABLE, error);
    document->read = was_read;
    closing_forget(documents, document);
    plan(documents, document, documents->now + PAUSE_LONG);
}

/* --- There ------------------------------------------------------------------------------------ */

static bool is_another_file(const struct document *document, const struct facts *facts)
{
    return facts->inode != document->inode || facts->born != document->born;
}

static bool has_changed(const struct document *document, const struct facts *facts)
{
    return is_another_file(document, facts) || facts->size != document->size ||
           facts->modified != document->modified || facts->changed != document->changed;
}

/* For how long it has rested when it is met, by its own times. */
static int64_t age_of(const struct documents *documents, const struct facts *facts)
{
    int64_t last = facts->modified > facts->changed ? facts->modified : facts->changed;
    int64_t age = documents->wall - last;
    return age < 0 ? 0 : sooner(age, REST_LONGEST);
}

static void note_change(struct documents *documents, struct document *document,
                        const struct facts *facts)
{
    bool grown = facts->size > document->size || is_another_file(document, facts);
    if ((document->wish & DOCUMENTS_REOPEN) && grown)
        document->told &= (uint8_t)~DOCUMENTS_CLOSED;
    if (is_another_file(document, facts) || !document->met)
        document->early = true;
    closing_forget(documents, document);
    taking_forget(document);
    document->rest_since = documents->now;
    document->next_question = 0;
    document->questions = 0;
    if (document->met)
        document->unseen = false;
    saving_mark(documents, document);
}

static void note_facts(struct document *document, const struct facts *facts)
{
    document->device = facts->device;
    document->inode = facts->inode;
    document->size = facts->size;
    document->modified = facts->modified;
    document->changed = facts->changed;
    document->born = facts->born;
}

/* The first look of this process, or since its root came back. */
static void meet(struct documents *documents, struct document *document, const struct facts *facts)
{
    int64_t age = age_of(documents, facts);
    document->rest_since = documents->now - age;
    document->unseen =
        !document->close_to_ask && (document->first || document->hidden || age > REST_ASK);
    if (document->failed > 0)
        document->retry = documents->now;
    document->early = document->early || document->racy;
    document->met = true;
    document->hidden = false;
}

static void look_at_file(struct documents *documents, struct document *document,
                         const struct facts *facts)
{
    bool is_new = !document->alive;
    if (is_new)
        document->told = 0;
    document->alive = true;
    if (is_new || has_changed(document, facts))
        note_change(documents, document, facts);
    note_facts(document, facts);
    if (!document->met || document->hidden)
        meet(documents, document, facts);
    if (!(document->wish & DOCUMENTS_CONTENT))
        document->failed = 0;
    life_created(documents, document);
    int64_t time = taking_consider(documents, document, facts);
    plan(documents, document, sooner(time, closing_consider(documents, document)));
}

void look_at(struct documents *documents, struct document *document)
{
    struct facts facts;
    if (document->must_ask)
        ask_wish(documents, document);
    if (document->wish == 0 && !document->alive) {
        documents_drop(documents, document);
        return;
    }
    int r = facts_of_path(document->path, &facts);
    bool is_there = r == 0 && facts.regular;
    bool is_gone = r == -ENOENT || r == -ENOTDIR || (r == 0 && !facts.regular);
    if ((is_gone || document->going) && look_at_end(documents, document, is_there))
        return;
    if (is_there)
        look_at_file(documents, document, &facts);
    else
        look_at_error(documents, document, -r);
}
