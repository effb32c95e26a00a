/* See retention.h, and tail_walked in tail.h. */
#include "tail/retention.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tail/stream.h"

/* Dormant streams; past it the one missing longest is forgotten. */
#define DORMANT_UNSAVED 4096
#define DORMANT_SAVED   65536
/* Records looked at in one tick. */
#define STEPS 100
/* Time between two runs counts as at most this. */
#define LONGEST_PAUSE (INT64_C(24) * 3600 * NANOSECONDS_PER_SECOND)

static int64_t longest_step(const struct tail *tail)
{
    int64_t share = tail->options.retention / RETENTION_SHARE;
    return share < LONGEST_PAUSE ? share : LONGEST_PAUSE;
}

static void pass(struct tail *tail, int64_t time)
{
    int64_t longest = longest_step(tail);
    if (time > 0)
        tail->directories.age += time < longest ? time : longest;
}

static void forget(struct tail *tail, struct tail_file *file)
{
    struct tail_directory *directory = file->name->directory;
    const int64_t seen = directory->seen > file->missing ? directory->seen : file->missing;
    directory->names++; /* so that it stays meanwhile */
    stream_free(tail, file);
    directories_release_since(&tail->directories, directory, seen);
}

static void keep_bound(struct tail *tail)
{
    const size_t most = tail->options.archive ? DORMANT_SAVED : DORMANT_UNSAVED;
    while (tail->dormant_count > most && !list_is_empty(&tail->dormant))
        forget(tail, list_item(tail->dormant.next, struct tail_file, turn));
}

/* At the end of the list: nobody is missing for a shorter time. */
static void begin_missing(struct tail *tail, struct tail_file *file)
{
    file->missing = tail->directories.age;
    list_append(&tail->dormant, &file->turn);
    stream_mark_unsaved(tail, file);
}

void retention_add(struct tail *tail, struct tail_file *file)
{
    begin_missing(tail, file);
    keep_bound(tail);
}

void retention_take(struct tail *tail, struct tail_file *file)
{
    list_remove(&file->turn);
    if (file->missing > 0)
        stream_mark_unsaved(tail, file);
    file->missing = 0;
}

/* --- After the first walk --------------------------------------------------------------------- */

static int by_missing(const void *one, const void *other)
{
    const struct tail_file *a = *(struct tail_file *const *)one;
    const struct tail_file *b = *(struct tail_file *const *)other;
    if (a->missing != b->missing)
        return a->missing < b->missing ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Takes all out of the list. */
static size_t empty_list(struct list *list, struct tail_file **ret_files)
{
    size_t count = 0;
    while (!list_is_empty(list)) {
        struct tail_file *file = list_item(list->next, struct tail_file, turn);
        list_remove(&file->turn);
        ret_files[count++] = file;
    }
    return count;
}

/* What was restored and not met is missing; of what was never counted nothing needs to be known. */
static void miss_expected(struct tail *tail)
{
    AUTO_FREE struct tail_file **files =
        memory_zero(tail->dormant_count + 1, sizeof(struct tail_file *));
    size_t count = empty_list(&tail->expected, files);
    count += empty_list(&tail->dormant, files + count);
    for (size_t i = 0; i < count; i++) {
        if (files[i]->missing == 0) {
            files[i]->missing = tail->directories.age;
            stream_mark_unsaved(tail, files[i]);
        }
    }
    qsort(files, count, sizeof(struct tail_file *), by_missing);
    for (size_t i = 0; i < count; i++) {
        list_append(&tail->dormant, &files[i]->turn);
        if (files[i]->record.offset == 0)
            forget(tail, files[i]);
    }
}

static int by_time(const void *one, const void *other)
{
    const struct tail_file *a = *(struct tail_file *const *)one;
    const struct tail_file *b = *(struct tail_file *const *)other;
    return (a->modified < b->modified) - (a->modified > b->modified);
}

/* The files written last are opened as far as descriptors may be: a job that goes on may have its
 * file replaced at any time, and what it then writes to the old one is only reached so. */
static void open_newest(struct tail *tail)
{
    size_t position = 0;
    size_t count = 0;
    struct tail_file *file;
    AUTO_FREE struct tail_file **files =
        memory_zero(tail->streams.count + 1, sizeof(struct tail_file *));
    while ((file = tail_next_file(tail, &position)) != NULL)
        if (file->descriptor < 0 && file->state == STREAM_FOLLOWED && file->size > 0 &&
            !file->failed)
            files[count++] = file;
    qsort(files, count, sizeof(struct tail_file *), by_time);
    size_t room = tail->options.max_open_files > tail->counts.open
                      ? tail->options.max_open_files - tail->counts.open
                      : 0;
    count = count < room ? count : room;
    /* The newest last: the first is closed first. What cannot be opened waits until it is read. */
    for (int r = 0; count > 0 && r != -EMFILE && r != -ENFILE;)
        r = stream_open(tail, files[--count]);
}

void tail_walked(struct tail *tail, int64_t wall_now)
{
    if (!tail->options.archive || tail->walked)
        return;
    tail->walked = true;
    if (tail->saved_at > 0)
        pass(tail, wall_now - tail->saved_at);
    miss_expected(tail);
    directories_restored(&tail->directories);
    keep_bound(tail);
    open_newest(tail);
}

/* --- As time passes --------------------------------------------------------------------------- */

/* Its last place cannot be looked at, or the file is there but nobody wants it. */
static bool may_exist(const struct tail_file *file)
{
    struct facts facts;
    int r = facts_of_path(file->name->path, &facts);
    if (r < 0)
        return r != -ENOENT && r != -ENOTDIR;
    return facts.regular && facts.inode == file->inode &&
           facts.device == file->record.identity.device;
}

static void expire_streams(struct tail *tail, int64_t age)
{
    for (int i = 0; i < STEPS && !list_is_empty(&tail->dormant); i++) {
        struct tail_file *file = list_item(tail->dormant.next, struct tail_file, turn);
        if (file->missing > age)
            return;
        if (may_exist(file))
            begin_missing(tail, file);
        else
            forget(tail, file);
    }
}

void retention_tick(struct tail *tail)
{
    if (!tail->walked)
        return;
    if (tail->aged_at > 0)
        pass(tail, tail->now - tail->aged_at);
    tail->aged_at = tail->now;
    int64_t age = tail->directories.age - tail->options.retention;
    expire_streams(tail, age);
    directories_expire(&tail->directories, age, STEPS);
}
