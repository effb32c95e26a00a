/* See found.h. */
#include "tail/found.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tail/held.h"
#include "tail/retention.h"
#include "tail/rewrite.h"
#include "tail/stream.h"
#include "tail/turn.h"

/* Other names of one file that are remembered. */
#define EMPTY_FORGOTTEN (INT64_C(86400) * NANOSECONDS_PER_SECOND)
#define ALIASES         16

bool found_same_inode(const struct tail_file *file, const struct facts *facts)
{
    return facts->inode == file->inode && facts->device == file->record.identity.device;
}

/* An empty file is not opened: there are thousands of them. */
static bool never_held_anything(const struct tail_file *file)
{
    return file->descriptor < 0 && file->size == 0;
}

void found_unmoved(struct tail *tail, struct tail_file *file, const struct found *found)
{
    bool changed = stream_note_facts(tail, file, &found->facts, tail->now);
    if (found->closed)
        file->closed = true;
    if ((changed && !never_held_anything(file)) || file->failed)
        turn_queue(tail, file);
    if (stream_has_rest(file) && !file->judged)
        list_append(&tail->unsettled, &file->unsettled);
}

static void drop_descriptor(struct found *found)
{
    if (found->descriptor >= 0)
        close(found->descriptor);
    found->descriptor = -1;
}

static void take_descriptor(struct tail *tail, struct tail_file *file, struct found *found)
{
    file->inode = found->facts.inode;
    if (found->descriptor < 0 || file->descriptor >= 0)
        return;
    stream_set_descriptor(tail, file, found->descriptor, found->facts.inode);
    found->descriptor = -1;
}

/* --- Who is it? ------------------------------------------------------------------------------- */

/* The restored stream that was at this path with this inode, or NULL. */
static const struct tail_file *expected_at(const struct tail *tail, const struct found *found)
{
    const struct tail_name *name = names_find(&tail->names, found->path);
    const struct tail_file *file = name ? name->first : NULL;
    while (file && !(file->restored && found_same_inode(file, &found->facts)))
        file = file->next_at_name;
    return file;
}

/* Opens it while that costs no other stream its place, so that it can be read even if its name
 * goes. False: there is no file to follow. */
static bool identify_open(struct tail *tail, struct found *found)
{
    bool room = tail->counts.open < tail->options.max_open_files || !list_is_empty(&tail->quiet);
    if (found->facts.size > 0 && found->facts.links == 1 && room) {
        stream_make_room(tail, NULL);
        int descriptor = stream_open_path(found->path);
        found->descriptor = descriptor < 0 ? -1 : descriptor;
    }
    if (found->descriptor < 0) {
        identity_of_path(found->path, &found->facts, &found->identity);
        return true;
    }
    if (facts_of_descriptor(found->descriptor, &found->facts) < 0 || !found->facts.regular)
        return false;
    identity_of_descriptor(found->descriptor, &found->facts, &found->identity);
    return true;
}

/* Finds out who the file is. One that is expected here is not opened for that. False: there is no
 * file to follow. */
static bool identify(struct tail *tail, struct found *found)
{
    const struct tail_file *expected = expected_at(tail, found);
    if (expected) {
        identity_of_path(found->path, &found->facts, &found->identity);
        if (identity_equal(&found->identity, &expected->record.identity))
            return true;
    }
    return identify_open(tail, found);
}

static bool tell_open(struct tail *tail, struct tail_file *file)
{
    return tail->handlers.on_open(tail->handlers.context, file, &file->user);
}

/* Since when the file rests, when it is first seen. */
static int64_t rest_since(const struct tail *tail, const struct facts *facts)
{
    int64_t age = clock_wall() - facts->modified;
    return tail->now - (age > 0 ? age : 0);
}

/* --- A second name ---------------------------------------------------------------------------- */

static bool is_there(const struct tail_file *file, const char *path)
{
    struct facts facts;
    return facts_of_path(path, &facts) == 0 && facts.regular && found_same_inode(file, &facts);
}

static bool is_alias(const struct tail_file *file, const struct found *found)
{
    return file->state == STREAM_FOLLOWED && found->facts.links > 1 &&
           is_there(file, file->name->path);
}

/* Of a file that is followed under its first name: remembered, should that go. */
static void add_alias(struct tail_file *file, const char *path)
{
    struct stream_extra *extra = stream_extra(file);
    for (size_t i = 0; i < extra->alias_count; i++)
        if (strcmp(extra->aliases[i], path) == 0)
            return;
    if (extra->alias_count == ALIASES)
        return;
    extra->aliases = memory_resize(extra->aliases, ALIASES, sizeof(char *));
    extra->aliases[extra->alias_count++] = memory_copy_text(path);
}

/* --- A new stream, one that moved, one that comes back ---------------------------------------- */

/* `replaced` had its name until now, or NULL. */
static void begin_stream(struct tail *tail, struct found *found, struct tail_file *replaced)
{
    struct tail_file *file = stream_new(tail, &found->identity, found->path);
    take_descriptor(tail, file, found);
    stream_note_facts(tail, file, &found->facts, tail->now);
    file->rest_since = rest_since(tail, &found->facts);
    file->closed = found->closed;
    if (!tell_open(tail, file)) {
        stream_free(tail, file);
        return;
    }
    if (replaced && replaced->descriptor < 0)
        tail->counts.ambiguous_rewrites += replaced->record.has_line_without_id;
    file->replaces = rewrite_of_restored(tail, file);
    if (never_held_anything(file))
        return;
    if (replaced && replaced->descriptor >= 0 && replaced->unlinked)
        rewrite_begin(file, replaced);
    turn_queue(tail, file);
}

/* A followed or held stream whose file is found under another name: it goes on there, if it is
 * wanted. */
static void move_stream(struct tail *tail, struct tail_file *file, struct found *found)
{
    AUTO_FREE char *before = memory_copy_text(file->name->path);
    bool renamed = strcmp(before, found->path) != 0;
    stream_rename(tail, file, found->path);
    if (renamed && !tell_open(tail, file)) {
        stream_rename(tail, file, before);
        held_hold(tail, file, tail->now);
        return;
    }
    held_revive(tail, file);
    file->moved = file->moved || renamed;
    take_descriptor(tail, file, found);
    found_unmoved(tail, file, found);
    if (!never_held_anything(file))
        turn_queue(tail, file);
}

/* A restored stream whose first name is still there, too, goes on under that. */
static bool keeps_name(const struct tail_file *file, const struct found *found)
{
    return found->facts.links > 1 && strcmp(file->name->path, found->path) != 0 &&
           !names_followed(file->name) && is_there(file, file->name->path);
}

/* The owner takes it again, under this path and, if it was told of its end, as another stream.
 * False: it does not want it, and nothing changed. */
static bool reopen(struct tail *tail, struct tail_file *file, const char *path)
{
    AUTO_FREE char *before = memory_copy_text(file->name->path);
    stream_rename(tail, file, path);
    if (file->ended)
        stream_renew_id(tail, file);
    if (tell_open(tail, file))
        return true;
    stream_rename(tail, file, before);
    return false;
}

/* A dormant stream's file is there again. If nothing happened to it, nothing is read. */
static void revive(struct tail *tail, struct tail_file *file, struct found *found)
{
    const bool keeps = keeps_name(file, found);
    const bool renamed = !keeps && strcmp(file->name->path, found->path) != 0;
    const bool was_ended = file->ended;
    if (!reopen(tail, file, keeps ? file->name->path : found->path))
        return;
    if (keeps)
        add_alias(file, found->path);
    retention_take(tail, file);
    file->restored = file->ended = file->unlinked = false;
    stream_set_state(tail, file, STREAM_FOLLOWED);
    file->moved = file->moved || renamed;
    file->replaces = rewrite_of_restored(tail, file);
    take_descriptor(tail, file, found);
    found_unmoved(tail, file, found);
    file->rest_since = rest_since(tail, &found->facts);
    bool unread = file->size > file->read_end;
    if ((unread || was_ended) && !never_held_anything(file))
        turn_queue(tail, file);
}

/* A restored stream whose file system got another device number. Two file systems may hold files
 * that are alike, as a snapshot does: one that is still where it was is not the other. */
static struct tail_file *know_elsewhere(struct tail *tail, const struct found *found)
{
    struct tail_file *file = stream_find_elsewhere(tail, &found->identity);
    if (!file || is_there(file, file->name->path))
        return NULL;
    stream_set_device(tail, file, found->identity.device);
    return file;
}

/* Systems leave thousands of files behind in which nothing was ever written. One that was forgotten
 * for a day costs nothing until it grows. */
static bool is_long_empty(const struct found *found)
{
    return found->facts.size == 0 && clock_wall() - found->facts.modified > EMPTY_FORGOTTEN;
}

static void begin_or_go_on(struct tail *tail, struct found *found, struct tail_file *current)
{
    struct tail_file *known = stream_find(tail, &found->identity);
    if (current && current != known)
        held_hold(tail, current, tail->now);
    if (!known)
        known = know_elsewhere(tail, found);
    if (!known && !current && is_long_empty(found))
        return;
    if (!known)
        begin_stream(tail, found, current);
    else if (known->state == STREAM_DORMANT)
        revive(tail, known, found);
    else if (is_alias(known, found)) {
        add_alias(known, found->path);
        found_unmoved(tail, known, found);
    } else {
        move_stream(tail, known, found);
    }
}

void found_other(struct tail *tail, struct found *found, struct tail_file *current)
{
    if (identify(tail, found))
        begin_or_go_on(tail, found, current);
    drop_descriptor(found);
}
