/* tail_look, tail_gone, tail_directory_gone: hints about names -> which stream is where.
 *
 * A hint proves nothing: the file at the name is asked who it is. What the name's old streams still
 * have to give is queued before the new one. What is found there goes to found.c. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "tail/found.h"
#include "tail/held.h"
#include "tail/stream.h"
#include "tail/turn.h"

/* Is the file at the name still that of its stream? An open descriptor keeps the inode from being
 * used again; else the identity has to tell. What never held anything is looked at when it grows.
 */
static bool is_same_file(const struct tail_file *file, const char *path, const struct facts *facts)
{
    if (!found_same_inode(file, facts))
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
    struct found found = {.path = path, .descriptor = -1, .closed = closed};
    tail->now = monotonic_now;
    struct tail_name *name = names_find(&tail->names, path);
    if (name)
        queue_held(tail, name);
    int r = facts_of_path(path, &found.facts);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR) {
        tell_unreachable(tail, path, -r);
        return;
    }
    struct tail_file *current = names_followed(name);
    if (r < 0 || !found.facts.regular)
        hold_followed(tail, name);
    else if (current && is_same_file(current, path, &found.facts))
        found_unmoved(tail, current, &found);
    else
        found_other(tail, &found, current);
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
