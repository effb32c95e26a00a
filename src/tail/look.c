/* tail_look, tail_gone, tail_directory_gone: hints about names -> which stream is where.
 *
 * A hint proves nothing: the file at the name is asked who it is. What the name's old streams still
 * have to give is queued before the new one. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tail/held.h"
#include "tail/rewrite.h"
#include "tail/stream.h"
#include "tail/turn.h"

/* Other names of one file that are remembered. */
#define ALIASES 16

/* What a hint is about. */
struct hint {
    const char *path;
    struct facts facts;
    struct identity identity;
    int descriptor; /* of the file, or -1; taken over or closed by who deals with the hint */
    bool closed;
};

static bool same_inode(const struct tail_file *file, const struct facts *facts)
{
    return facts->inode == file->inode && facts->device == file->record.identity.device;
}

/* Is the file at the name still that of its stream? An open descriptor keeps the inode from being
 * used again; else the identity has to tell. What never held anything is looked at when it grows.
 */
static bool is_same_file(const struct tail_file *file, const char *path, const struct facts *facts)
{
    if (!same_inode(file, facts))
        return false;
    if (file->descriptor >= 0 || (file->size == 0 && facts->size == 0))
        return true;
    struct identity identity;
    identity_of_path(path, facts, &identity);
    return identity_equal(&identity, &file->record.identity);
}

/* The streams that were at this name before may still be written, and the hint be theirs. */
static void queue_held(struct tail *tail, const struct tail_name *name)
{
    struct facts facts;
    for (struct tail_file *file = name->first; file; file = file->next_at_name)
        if (file->state == STREAM_HELD && file->descriptor >= 0 &&
            facts_of_descriptor(file->descriptor, &facts) == 0 &&
            stream_note_facts(tail, file, &facts, tail->now))
            turn_queue(tail, file);
}

/* An empty file is not opened: there are thousands of them. */
static bool never_held_anything(const struct tail_file *file)
{
    return file->descriptor < 0 && file->size == 0;
}

/* The file is where its stream is: is there something to do? */
static void touch(struct tail *tail, struct tail_file *file, const struct hint *hint)
{
    bool changed = stream_note_facts(tail, file, &hint->facts, tail->now);
    if (hint->closed)
        file->closed = true;
    if ((changed && !never_held_anything(file)) || file->failed)
        turn_queue(tail, file);
    if (stream_has_rest(file) && !file->judged)
        list_append(&tail->unsettled, &file->unsettled);
}

static void drop_descriptor(struct hint *hint)
{
    if (hint->descriptor >= 0)
        close(hint->descriptor);
    hint->descriptor = -1;
}

static void take_descriptor(struct tail *tail, struct tail_file *file, struct hint *hint)
{
    file->inode = hint->facts.inode;
    if (hint->descriptor < 0 || file->descriptor >= 0)
        return;
    stream_set_descriptor(tail, file, hint->descriptor, hint->facts.inode);
    hint->descriptor = -1;
}

/* Finds out who the file is; opens it while that costs no other stream its place, so that it can
 * be read even if its name goes. False: there is no file to follow. */
static bool identify(struct tail *tail, struct hint *hint)
{
    bool room = tail->counts.open < tail->options.max_open_files || !list_is_empty(&tail->quiet);
    if (hint->facts.size > 0 && hint->facts.links == 1 && room) {
        stream_make_room(tail, NULL);
        int descriptor = stream_open_path(hint->path);
        hint->descriptor = descriptor < 0 ? -1 : descriptor;
    }
    if (hint->descriptor < 0) {
        identity_of_path(hint->path, &hint->facts, &hint->identity);
        return true;
    }
    if (facts_of_descriptor(hint->descriptor, &hint->facts) < 0 || !hint->facts.regular)
        return false;
    identity_of_descriptor(hint->descriptor, &hint->facts, &hint->identity);
    return true;
}

static bool tell_open(struct tail *tail, struct tail_file *file)
{
    return tail->handlers.on_open(tail->handlers.context, file, &file->user);
}

/* How long the file has rested already when it is first seen. */
static int64_t rested_before(const struct facts *facts)
{
    int64_t age = clock_wall() - facts->modified;
    return age > 0 ? age : 0;
}

/* A stream that was never seen. `replaced` had its name until now, or NULL. */
static void begin_stream(struct tail *tail, struct hint *hint, struct tail_file *replaced)
{
    struct tail_file *file = stream_new(tail, &hint->identity, hint->path);
    take_descriptor(tail, file, hint);
    stream_note_facts(tail, file, &hint->facts, tail->now);
    file->rest_since = tail->now - rested_before(&hint->facts);
    file->closed = hint->closed;
    if (!tell_open(tail, file)) {
        stream_free(tail, file);
        return;
    }
    if (replaced && replaced->descriptor < 0)
        tail->counts.ambiguous_rewrites += replaced->record.has_line_without_id;
    if (never_held_anything(file))
        return;
    if (replaced && replaced->descriptor >= 0 && replaced->unlinked)
        rewrite_begin(file, replaced);
    turn_queue(tail, file);
}

/* A known stream whose file is found under another name: it goes on there, if it is wanted. */
static void move_stream(struct tail *tail, struct tail_file *file, struct hint *hint)
{
    AUTO_FREE char *before = memory_copy_text(file->name->path);
    bool renamed = strcmp(before, hint->path) != 0;
    stream_rename(tail, file, hint->path);
    if ((renamed || file->state == STREAM_DORMANT) && !tell_open(tail, file)) {
        stream_rename(tail, file, before);
        held_hold(tail, file, tail->now);
        return;
    }
    held_revive(tail, file);
    file->moved = file->moved || renamed;
    take_descriptor(tail, file, hint);
    touch(tail, file, hint);
    if (!never_held_anything(file))
        turn_queue(tail, file);
}

/* A second name of a file that is followed under its first: remembered, should that go. */
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

static bool is_alias(const struct tail_file *file, const struct hint *hint)
{
    struct facts facts;
    return file->state == STREAM_FOLLOWED && hint->facts.links > 1 &&
           facts_of_path(file->name->path, &facts) == 0 && same_inode(file, &facts);
}

/* Another file than before is at this name. */
static void look_at_other(struct tail *tail, struct hint *hint, struct tail_file *current)
{
    if (!identify(tail, hint)) {
        drop_descriptor(hint);
        return;
    }
    struct tail_file *known = stream_find(tail, &hint->identity);
    if (current && current != known)
        held_hold(tail, current, tail->now);
    if (!known) {
        begin_stream(tail, hint, current);
    } else if (is_alias(known, hint)) {
        add_alias(known, hint->path);
        touch(tail, known, hint);
    } else {
        move_stream(tail, known, hint);
    }
    drop_descriptor(hint);
}

static void hold_followed(struct tail *tail, struct tail_name *name)
{
    struct tail_file *file = names_followed(name);
    if (file)
        held_hold(tail, file, tail->now);
}

/* The name cannot be looked at: tells it once. */
static void tell_unreachable(struct tail *tail, const char *path, int error)
{
    struct tail_name *name = names_get(&tail->names, path);
    if (!name->told)
        tail_notice(tail, "cannot look at file", path, error);
    name->told = true;
}

static void reachable_again(struct tail *tail, struct tail_name *name)
{
    if (!name || !name->told)
        return;
    name->told = false;
    names_forget(&tail->names, name);
}

void tail_look(struct tail *tail, const char *path, bool closed, int64_t monotonic_now)
{
    struct hint hint = {.path = path, .descriptor = -1, .closed = closed};
    tail->now = monotonic_now;
    struct tail_name *name = names_find(&tail->names, path);
    if (name)
        queue_held(tail, name);
    int r = facts_of_path(path, &hint.facts);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR) {
        tell_unreachable(tail, path, -r);
        return;
    }
    struct tail_file *current = names_followed(name);
    if (r < 0 || !hint.facts.regular)
        hold_followed(tail, name);
    else if (current && is_same_file(current, path, &hint.facts))
        touch(tail, current, &hint);
    else
        look_at_other(tail, &hint, current);
    reachable_again(tail, names_find(&tail->names, path));
}

void tail_gone(struct tail *tail, const char *path, int64_t monotonic_now)
{
    struct facts facts;
    tail->now = monotonic_now;
    struct tail_name *name = names_find(&tail->names, path);
    if (!name)
        return;
    queue_held(tail, name);
    struct tail_file *current = names_followed(name);
    bool still_there = current && facts_of_path(path, &facts) == 0 && facts.regular &&
                       is_same_file(current, path, &facts);
    if (!still_there)
        hold_followed(tail, name);
    reachable_again(tail, names_find(&tail->names, path));
}

void tail_directory_gone(struct tail *tail, const char *path, int64_t monotonic_now)
{
    const size_t length = strlen(path);
    AUTO_FREE struct tail_file **files =
        memory_zero(tail->counts.followed + 1, sizeof(struct tail_file *));
    size_t count = 0;
    size_t position = 0;
    struct tail_name *name;
    tail->now = monotonic_now;
    while ((name = names_next(&tail->names, &position)) != NULL) {
        struct tail_file *file = names_followed(name);
        if (file && strncmp(name->path, path, length) == 0 && name->path[length] == '/')
            files[count++] = file;
    }
    /* Not within the walk: a file with a second name elsewhere moves there. */
    for (size_t i = 0; i < count; i++)
        held_hold(tail, files[i], monotonic_now);
}
