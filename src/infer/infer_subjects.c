/* See infer_subjects.h. */
#include "infer/infer_subjects.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "infer/infer_proposal.h"
#include "infer/infer_words.h"
#include "survey/seen.h"

#define MESSAGES_LEAST 3 /* times that a message is said until it is a name */

static const char start_words[] = " started start begin begun began opened open created launched "
                                  "spawned entered connected begins starts submitted ";
static const char end_words[] =
    " completed complete finished finish ended end done stopped stop succeeded success failed fail "
    "failure cancelled canceled aborted closed close exited terminated disconnected left crashed "
    "timedout ends stops errored error ";
/* Other words that say what happened, not to whom. */
static const char other_words[] = " event updated progress changed paused resumed retried retry "
                                  "queued scheduled skipped ";

static void read_type(struct words *words, const struct seen_type *type)
{
    words_read(words, type->name, type->length);
    if (words->count > 1 && strcmp(words_last(words), "event") == 0)
        words_drop_last(words);
}

enum subject_turn subject_turn(const struct seen_type *type)
{
    struct words words;
    read_type(&words, type);
    if (word_is_in(words_last(&words), start_words))
        return SUBJECT_STARTS;
    return word_is_in(words_last(&words), end_words) ? SUBJECT_ENDS : SUBJECT_OTHER;
}

/* "AgentCompleted" is of `agent`. */
static void read_subject(struct words *words, const struct seen_type *type)
{
    read_type(words, type);
    const char *last = words_last(words);
    if (words->count > 1 && (word_is_in(last, start_words) || word_is_in(last, end_words) ||
                             word_is_in(last, other_words)))
        words_drop_last(words);
}

static struct subject *subject_new(const struct words *words)
{
    struct subject *subject = memory_zero(1, sizeof(*subject));
    struct text name;
    text_init(&name, TEXT_UNLIMITED);
    words_text(words, &name);
    subject->words = *words;
    subject->name = text_take(&name);
    if (!subject->name)
        subject->name = memory_copy_text("");
    return subject;
}

void subject_free(struct subject *subject)
{
    if (!subject)
        return;
    for (uint32_t i = 0; i < subject->joined.capacity; i++) {
        if (subject->joined.fields[i])
            seen_field_clear(subject->joined.fields[i]);
        free(subject->joined.fields[i]);
    }
    free(subject->joined.fields);
    free(subject->meanings);
    free(subject->name);
    free(subject);
}

static void join(struct subject *subject, const struct seen_type *type)
{
    subject->records += type->records;
    subject->joined.records += type->records;
    subject->event_count++;
    for (uint32_t i = 0; i < type->capacity && i < subject->joined.capacity; i++) {
        if (!type->fields[i])
            continue;
        struct seen_field **field = &subject->joined.fields[i];
        if (!*field) {
            *field = memory_alloc(sizeof(**field));
            seen_field_init(*field, type->fields[i]->path);
        }
        seen_field_join(*field, type->fields[i]);
    }
}

static void make_room(struct subject *subject, uint32_t paths)
{
    subject->joined.fields = memory_zero(paths, sizeof(struct seen_field *));
    subject->joined.capacity = paths;
}

static void find_meanings(struct subject *subject)
{
    subject->meanings = memory_zero(subject->joined.capacity, sizeof(*subject->meanings));
    for (uint32_t i = 0; i < subject->joined.capacity; i++)
        if (subject->joined.fields[i] && i > 0)
            subject->meanings[i] = meaning_of(subject->joined.fields[i]);
}

static struct subject *need_subject(struct proposal *proposal, const struct seen_type *type)
{
    struct words words;
    struct text name;
    read_subject(&words, type);
    text_init(&name, TEXT_UNLIMITED);
    words_text(&words, &name);
    struct subject *subject = NULL;
    for (size_t i = 0; i < proposal->subject_count && !subject; i++)
        if (strcmp(proposal->subjects[i]->name, name.data ? name.data : "") == 0)
            subject = proposal->subjects[i];
    text_free(&name);
    if (subject)
        return subject;
    subject = subject_new(&words);
    make_room(subject, proposal->paths->count);
    proposal->subjects =
        memory_resize(proposal->subjects, proposal->subject_count + 1, sizeof(struct subject *));
    proposal->subjects[proposal->subject_count++] = subject;
    return subject;
}

static bool is_shown(const struct proposal *proposal, const struct seen_type *type)
{
    const struct infer_shape *shape = proposal->shape;
    if (shape->is_unnamed)
        return true;
    bool is_name = type->is_plain && type->normal_length > 0 &&
                   !(shape->is_message && type->records < MESSAGES_LEAST);
    return is_name && proposal->event_count < PROPOSED_TYPES_MOST;
}

static void add_event(struct proposal *proposal, const struct seen_type *type)
{
    proposal->events =
        memory_resize(proposal->events, proposal->event_count + 1, sizeof(*proposal->events));
    struct subject *subject = need_subject(proposal, type);
    proposal->events[proposal->event_count++] =
        (struct proposed_event){.type = type, .subject = subject};
    join(subject, type);
    join(proposal->all, type);
}

void subjects_find(struct proposal *proposal, struct seen *seen)
{
    static const struct words no_words;
    size_t count;
    struct seen_type *const *types = seen_types(seen, &count);
    proposal->all = subject_new(&no_words);
    make_room(proposal->all, proposal->paths->count);
    for (size_t i = 0; i < count; i++) {
        if (types[i]->length == 0 && !proposal->shape->is_unnamed)
            continue; /* told as records without a name */
        if (is_shown(proposal, types[i])) {
            add_event(proposal, types[i]);
        } else {
            proposal->types_left_out++;
            proposal->records_left_out += types[i]->records;
        }
    }
    find_meanings(proposal->all);
    for (size_t i = 0; i < proposal->subject_count; i++)
        find_meanings(proposal->subjects[i]);
}
