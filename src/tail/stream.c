/* See stream.h. What becomes of a stream as its content changes is in stream_content.c. */
#include "tail/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "tail/aim.h"
#include "tail/inflated.h"
#include "tail/rewrite.h"

struct stream_key {
    const struct identity *identity;
    bool elsewhere; /* a restored one, on another device */
};

static uint64_t lag_of(const struct tail_file *file)
{
    bool unreadable = file->failed || (file->state != STREAM_FOLLOWED && file->descriptor < 0);
    return !unreadable && file->size > file->read_end ? file->size - file->read_end : 0;
}

/* What the stream is in the counts. Taken out before and put in after each change to it. */
static void uncount(struct tail *tail, const struct tail_file *file)
{
    tail->counts.lag_bytes -= lag_of(file);
    tail->aim.bytes_left -= aim_left(file);
    tail->counts.open -= file->descriptor >= 0;
    tail->counts.followed -= file->state == STREAM_FOLLOWED;
    tail->counts.held -= file->state == STREAM_HELD && file->descriptor >= 0;
    tail->dormant_count -= file->state == STREAM_DORMANT;
}

static void count(struct tail *tail, const struct tail_file *file)
{
    tail->counts.lag_bytes += lag_of(file);
    tail->aim.bytes_left += aim_left(file);
    tail->counts.open += file->descriptor >= 0;
    tail->counts.followed += file->state == STREAM_FOLLOWED;
    tail->counts.held += file->state == STREAM_HELD && file->descriptor >= 0;
    tail->dormant_count += file->state == STREAM_DORMANT;
}

void stream_set_extent(struct tail *tail, struct tail_file *file, uint64_t size, uint64_t read_end)
{
    uncount(tail, file);
    file->size = size;
    file->read_end = read_end;
    count(tail, file);
}

void stream_set_failed(struct tail *tail, struct tail_file *file, bool failed)
{
    uncount(tail, file);
    file->failed = failed;
    count(tail, file);
}

static void set_descriptor(struct tail *tail, struct tail_file *file, int descriptor)
{
    uncount(tail, file);
    file->descriptor = descriptor;
    count(tail, file);
}

void stream_mark_unsaved(struct tail *tail, struct tail_file *file)
{
    unsaved_mark(&tail->unsaved, &file->unsaved);
}

static struct tail_file *make(struct tail *tail, const struct identity *identity, const char *path,
                              enum stream_state state)
{
    struct tail_file *file = memory_zero(1, sizeof(*file));
    file->record.identity = *identity;
    file->descriptor = -1;
    file->state = (uint8_t)state;
    list_init(&file->turn);
    list_init(&file->open);
    list_init(&file->unsettled);
    list_init(&file->unsaved);
    names_attach(names_get(&tail->names, path), file);
    map_insert(&tail->streams, identity_hash(identity), file);
    count(tail, file);
    return file;
}

struct tail_file *stream_new(struct tail *tail, const struct identity *identity, const char *path)
{
    struct tail_file *file = make(tail, identity, path, STREAM_FOLLOWED);
    file->id = ++tail->next_file_id;
    stream_mark_unsaved(tail, file);
    return file;
}

struct tail_file *stream_restore(struct tail *tail, const struct identity *identity,
                                 const char *path, uint64_t id)
{
    struct tail_file *file = make(tail, identity, path, STREAM_DORMANT);
    file->id = id;
    file->restored = file->stored = file->reopened = true;
    if (tail->next_file_id < id)
        tail->next_file_id = id;
    list_append(&tail->expected, &file->turn);
    return file;
}

void stream_renew_id(struct tail *tail, struct tail_file *file)
{
    unsaved_remove(&tail->unsaved, &file->unsaved, file->id, file->stored);
    file->stored = false;
    file->id = ++tail->next_file_id;
    stream_mark_unsaved(tail, file);
}

static void free_extra(struct tail *tail, struct tail_file *file)
{
    struct stream_extra *extra = file->extra;
    if (!extra)
        return;
    rewrite_release(file);
    inflated_free(tail, file);
    for (size_t i = 0; i < extra->alias_count; i++)
        free(extra->aliases[i]);
    free(extra->aliases);
    free(extra);
    file->extra = NULL;
}

void stream_free(struct tail *tail, struct tail_file *file)
{
    struct tail_name *name = file->name;
    const struct stream_key key = {&file->record.identity, false};
    stream_close(tail, file);
    free_extra(tail, file);
    aim_drop(tail, file);
    uncount(tail, file);
    list_remove(&file->turn);
    list_remove(&file->unsettled);
    unsaved_remove(&tail->unsaved, &file->unsaved, file->id, file->stored);
    map_remove(&tail->streams, identity_hash(key.identity), &key);
    names_detach(file);
    names_forget(&tail->names, name);
    free(file);
}

struct tail_file *stream_find(const struct tail *tail, const struct identity *identity)
{
    const struct stream_key key = {identity, false};
    return map_find(&tail->streams, identity_hash(identity), &key);
}

struct tail_file *stream_find_elsewhere(const struct tail *tail, const struct identity *identity)
{
    const struct stream_key key = {identity, true};
    if (tail->dormant_count == 0)
        return NULL;
    return map_find(&tail->streams, identity_hash(identity), &key);
}

void stream_set_device(struct tail *tail, struct tail_file *file, uint64_t device)
{
    file->record.identity.device = device; /* which is no part of the hash */
    file->racy = true;                     /* so its times prove nothing */
    stream_mark_unsaved(tail, file);
}

bool stream_has_key(const void *item, const void *key)
{
    const struct tail_file *file = item;
    const struct stream_key *wanted = key;
    if (wanted->elsewhere)
        return file->restored && identity_equal_elsewhere(&file->record.identity, wanted->identity);
    return identity_equal(&file->record.identity, wanted->identity);
}

void stream_rename(struct tail *tail, struct tail_file *file, const char *path)
{
    struct tail_name *before = file->name;
    struct tail_name *after = names_get(&tail->names, path);
    if (before == after)
        return;
    names_detach(file);
    names_attach(after, file);
    stream_mark_unsaved(tail, file);
    if (before->directory != after->directory)
        directories_move(&tail->directories, after->directory, before->directory, file->reading);
    names_forget(&tail->names, before);
}

/* A followed stream that is open is in busy or quiet: these may be closed when room is needed. */
static void place_open(struct tail *tail, struct tail_file *file)
{
    if (file->state != STREAM_FOLLOWED || file->descriptor < 0)
        list_remove(&file->open);
    else
        list_append(list_is_empty(&file->turn) ? &tail->quiet : &tail->busy, &file->open);
}

void stream_set_state(struct tail *tail, struct tail_file *file, enum stream_state state)
{
    uncount(tail, file);
    file->state = (uint8_t)state;
    count(tail, file);
    place_open(tail, file);
    if (state != STREAM_FOLLOWED && file->descriptor < 0)
        aim_drop(tail, file);
}

struct stream_extra *stream_extra(struct tail_file *file)
{
    if (!file->extra)
        file->extra = memory_zero(1, sizeof(*file->extra));
    return file->extra;
}

static bool close_one(struct tail *tail, struct list *list, const struct tail_file *keep)
{
    for (struct list *link = list->next; link != list; link = link->next) {
        struct tail_file *file = list_item(link, struct tail_file, open);
        if (file == keep || file->successors > 0)
            continue;
        stream_close(tail, file);
        return true;
    }
    return false;
}

/* A quiet one if possible, else one that will be opened again at its turn. */
static bool close_any(struct tail *tail, const struct tail_file *keep)
{
    return close_one(tail, &tail->quiet, keep) || close_one(tail, &tail->busy, keep);
}

void stream_make_room(struct tail *tail, const struct tail_file *keep)
{
    if (tail->counts.open >= tail->options.max_open_files)
        (void)close_any(tail, keep);
}

int stream_open_path(const char *path)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int descriptor = open(path, flags | O_NOATIME);
    if (descriptor < 0 && errno == EPERM)
        descriptor = open(path, flags);
    return descriptor < 0 ? -errno : descriptor;
}

void stream_set_descriptor(struct tail *tail, struct tail_file *file, int descriptor,
                           uint64_t inode)
{
    set_descriptor(tail, file, descriptor);
    file->inode = inode;
    file->reopened = true;
    place_open(tail, file);
}

static bool is_of_stream(const struct tail_file *file, int descriptor, struct facts *ret_facts)
{
    struct identity identity;
    if (facts_of_descriptor(descriptor, ret_facts) < 0 || !ret_facts->regular)
        return false;
    identity_of_descriptor(descriptor, ret_facts, &identity);
    return identity_equal(&identity, &file->record.identity);
}

int stream_open(struct tail *tail, struct tail_file *file)
{
    stream_make_room(tail, file);
    int descriptor = stream_open_path(file->name->path);
    if ((descriptor == -EMFILE || descriptor == -ENFILE) && close_any(tail, file))
        descriptor = stream_open_path(file->name->path);
    if (descriptor == -ENOTDIR || descriptor == -ELOOP || descriptor == -ENXIO)
        return -ENOENT;
    if (descriptor < 0)
        return descriptor;
    struct facts facts;
    if (!is_of_stream(file, descriptor, &facts)) {
        close(descriptor);
        return -ENOENT;
    }
    stream_set_descriptor(tail, file, descriptor, facts.inode);
    return 0;
}

int stream_take_descriptor(struct tail *tail, struct tail_file *file)
{
    int descriptor = file->descriptor;
    set_descriptor(tail, file, -1);
    inflated_free(tail, file);
    place_open(tail, file);
    return descriptor;
}

void stream_close(struct tail *tail, struct tail_file *file)
{
    if (file->descriptor >= 0)
        close(stream_take_descriptor(tail, file));
}

ssize_t stream_pread(int descriptor, char *out, size_t length, uint64_t position)
{
    size_t got = 0;
    while (got < length) {
        ssize_t more = pread(descriptor, out + got, length - got, (off_t)(position + got));
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return -errno;
        if (more == 0)
            break;
        got += (size_t)more;
    }
    return (ssize_t)got;
}
