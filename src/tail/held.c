/* See held.h. */
#include "tail/held.h"

#include <stdlib.h>
#include <string.h>

#include "tail/leaving.h"
#include "tail/rest.h"
#include "tail/retention.h"
#include "tail/stream.h"
#include "tail/turn.h"

static bool is_at(const struct tail_file *file, const char *path)
{
    struct facts facts;
    struct identity identity;
    if (facts_of_path(path, &facts) < 0 || !facts.regular || facts.inode != file->inode)
        return false;
    identity_of_path(path, &facts, &identity);
    return identity_equal(&identity, &file->record.identity);
}

/* Goes on under another known name of the file. */
static bool move_to_alias(struct tail *tail, struct tail_file *file)
{
    struct stream_extra *extra = file->extra;
    for (size_t i = 0; extra && i < extra->alias_count; i++) {
        if (strcmp(extra->aliases[i], file->name->path) == 0 || !is_at(file, extra->aliases[i]))
            continue;
        stream_rename(tail, file, extra->aliases[i]);
        return tail->handlers.on_open(tail->handlers.context, file, &file->user);
    }
    return false;
}

static void note_links(struct tail_file *file)
{
    struct facts facts;
    if (file->descriptor >= 0 && facts_of_descriptor(file->descriptor, &facts) == 0)
        file->unlinked = facts.links == 0;
}

void held_hold(struct tail *tail, struct tail_file *file, int64_t monotonic_now)
{
    if (file->state != STREAM_FOLLOWED || move_to_alias(tail, file))
        return;
    stream_set_state(tail, file, STREAM_HELD);
    note_links(file);
    file->drained = false;
    file->rest_since = monotonic_now;
    if (file->descriptor >= 0)
        turn_queue(tail, file);
    else
        list_remove(&file->turn);
    list_append(&tail->unsettled, &file->unsettled);
}

void held_missing(struct tail *tail, struct tail_file *file)
{
    held_hold(tail, file, tail->now);
}

/* An unlinked file never comes back; but its descriptor stays until what was read is saved. */
static void leave(struct tail *tail, struct tail_file *file)
{
    if (tail->leaving && file->unlinked && file->descriptor >= 0)
        leaving_add(tail->leaving, stream_take_descriptor(tail, file));
    stream_free(tail, file);
}

static void close_for_owner(struct tail *tail, struct tail_file *file)
{
    void *user = file->user;
    list_remove(&file->unsettled);
    list_remove(&file->turn);
    tail->handlers.on_close(tail->handlers.context, file, user);
    file->user = NULL;
    if (file->unlinked || file->record.offset == 0) {
        leave(tail, file);
        return;
    }
    stream_close(tail, file);
    stream_set_state(tail, file, STREAM_DORMANT);
    file->ended = true;
    retention_add(tail, file);
}

void held_end(struct tail *tail, struct tail_file *file)
{
    enum rest_result result = file->successors > 0 ? REST_LATER : rest_judge(tail, file);
    if (result == REST_LATER)
        return;
    if (result == REST_INCOMPLETE)
        rest_tell_partial(tail, file);
    close_for_owner(tail, file);
}

void held_give_up(struct tail *tail, struct tail_file *file)
{
    if (file->successors > 0)
        return;
    if (file->size > file->read_end)
        tail->counts.given_up_vanished++;
    if (stream_has_rest(file))
        rest_tell_partial(tail, file);
    close_for_owner(tail, file);
}

void held_keep_cap(struct tail *tail)
{
    struct list *link = tail->unsettled.next;
    while (tail->counts.held > tail->options.max_held_files && link != &tail->unsettled) {
        struct tail_file *file = list_item(link, struct tail_file, unsettled);
        link = link->next;
        if (file->state != STREAM_HELD || file->descriptor < 0 || file->successors > 0)
            continue;
        tail->counts.given_up_cap++;
        tail_notice(tail, "too many files held, gave up one that may still be written",
                    file->name->path, 0);
        if (rest_judge(tail, file) == REST_INCOMPLETE)
            rest_tell_partial(tail, file);
        close_for_owner(tail, file);
    }
}

void held_revive(struct tail *tail, struct tail_file *file)
{
    file->unlinked = false;
    stream_set_state(tail, file, STREAM_FOLLOWED);
}
