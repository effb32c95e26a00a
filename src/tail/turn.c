/* See turn.h, and tail_turn in tail.h. */
#include "tail/turn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tail/aim.h"
#include "tail/held.h"
#include "tail/reader.h"
#include "tail/rewrite.h"
#include "tail/stream.h"

/* Streams that are tried again in one tick. */
#define RETRIES 64

static bool is_in_list(const struct list *link)
{
    return !list_is_empty(link);
}

static void place(struct tail *tail, struct tail_file *file)
{
    if (file->waiting)
        tail->waiting--;
    file->waiting = false;
    list_append(&tail->queue, &file->turn);
    if (is_in_list(&file->open))
        list_append(&tail->busy, &file->open);
}

void turn_queue(struct tail *tail, struct tail_file *file)
{
    if (is_in_list(&file->turn) && !file->failed)
        return;
    if (file->state != STREAM_DORMANT)
        place(tail, file);
}

void turn_retry(struct tail *tail)
{
    for (int i = 0; i < RETRIES && is_in_list(&tail->retry); i++)
        place(tail, list_item(tail->retry.next, struct tail_file, turn));
}

/* Files of one time: a name with something behind it ("x.jsonl.1") was rotated from the other. */
static int by_rotation(const char *one, const char *other)
{
    size_t length = strlen(one);
    size_t other_length = strlen(other);
    if (strncmp(one, other, length < other_length ? length : other_length) == 0)
        return (length < other_length) - (length > other_length);
    return strcmp(one, other);
}

/* Directories written last come first; within one, what was written first. */
static int by_directory(const void *one, const void *other)
{
    const struct tail_file *a = *(struct tail_file *const *)one;
    const struct tail_file *b = *(struct tail_file *const *)other;
    const struct tail_directory *here = a->name->directory;
    const struct tail_directory *there = b->name->directory;
    if (here != there && here->newest != there->newest)
        return here->newest > there->newest ? -1 : 1;
    if (here != there)
        return here->id < there->id ? -1 : 1;
    if (a->modified != b->modified)
        return a->modified < b->modified ? -1 : 1;
    return by_rotation(a->name->path, b->name->path);
}

/* The first catch-up begins with the directory that was written last. Directories take turns, but
 * within one a file is read to its end before the next: what its events remember (a model, a job's
 * start) is of use to the events behind them, in rotated files as in one. */
static void sort_queue(struct tail *tail)
{
    size_t count = 0;
    for (struct list *link = tail->queue.next; link != &tail->queue; link = link->next) {
        const struct tail_file *file = list_item(link, struct tail_file, turn);
        if (file->modified > file->name->directory->newest)
            file->name->directory->newest = file->modified;
        count++;
    }
    AUTO_FREE struct tail_file **files = memory_zero(count + 1, sizeof(struct tail_file *));
    size_t i = 0;
    for (struct list *link = tail->queue.next; link != &tail->queue; link = link->next)
        files[i++] = list_item(link, struct tail_file, turn);
    qsort(files, count, sizeof(struct tail_file *), by_directory);
    for (i = 0; i < count; i++) {
        struct tail_directory *directory = files[i]->name->directory;
        bool is_first = i == 0 || files[i - 1]->name->directory != directory;
        list_append(is_first ? &tail->queue : &directory->waiting, &files[i]->turn);
        files[i]->waiting = !is_first;
        tail->waiting += !is_first;
    }
}

/* Whoever still waits may be read: the file it waited for left the queue between turns. */
static void place_all_waiting(struct tail *tail)
{
    size_t position = 0;
    struct tail_file *file;
    while ((file = map_next(&tail->streams, &position)) != NULL)
        if (file->waiting && file->state != STREAM_DORMANT)
            place(tail, file);
    tail->waiting = 0;
}

/* Tells it once; the tick tries again. What it replaced is not kept waiting for it. */
static void fail(struct tail *tail, struct tail_file *file, const char *message, int error)
{
    rewrite_release(file);
    if (!file->failed)
        tail_notice(tail, message, file->name->path, -error);
    stream_set_failed(tail, file, true);
    aim_drop(tail, file);
    list_append(&tail->retry, &file->turn);
}

static void on_unreadable(struct tail *tail, struct tail_file *file, int error)
{
    fail(tail, file, "cannot read file", error);
    file->drained = true;
    if (file->state == STREAM_HELD)
        held_give_up(tail, file);
    else
        stream_close(tail, file);
}

static void on_end(struct tail *tail, struct tail_file *file)
{
    list_remove(&file->turn);
    if (is_in_list(&file->open))
        list_append(&tail->quiet, &file->open);
    file->drained = true;
    if (file->state == STREAM_HELD || (stream_has_rest(file) && !file->judged))
        list_append(&tail->unsettled, &file->unsettled);
}

/* Its name is gone, or was taken since by a file that is to be followed instead. */
static void on_missing(struct tail *tail, struct tail_file *file)
{
    AUTO_FREE char *path = memory_copy_text(file->name->path);
    bool held = file->state == STREAM_HELD;
    list_remove(&file->turn);
    rewrite_release(file);
    held_missing(tail, file);
    if (!held)
        tail_look(tail, path, false, tail->now);
}

/* False: it is not open, and what that means was dealt with. */
static bool make_open(struct tail *tail, struct tail_file *file)
{
    if (file->descriptor >= 0)
        return true;
    int r = file->state == STREAM_HELD ? -ENOENT : stream_open(tail, file);
    if (r == -ENOENT)
        on_missing(tail, file);
    else if (r < 0)
        fail(tail, file, "cannot open file", r);
    return r == 0;
}

/* What this one replaced has to be drained first: it must not wait for this one in turn. */
static void place_predecessor(struct tail *tail, const struct tail_file *file)
{
    struct tail_file *predecessor = file->extra->predecessor;
    if (predecessor && predecessor->waiting)
        place(tail, predecessor);
}

static void take_turn(struct tail *tail, struct tail_file *file)
{
    int error = 0;
    if (!make_open(tail, file))
        return;
    place(tail, file);
    if (!rewrite_step(tail, file)) {
        place_predecessor(tail, file);
        return;
    }
    enum reader_result result = reader_step(tail, file, &error);
    stream_mark_unsaved(tail, file);
    if (result == READER_FAILED) {
        on_unreadable(tail, file, error);
        return;
    }
    if (file->failed)
        stream_set_failed(tail, file, false);
    aim_read(tail, file, result == READER_END);
    if (result == READER_END)
        on_end(tail, file);
}

/* A turn of a stream for which others of its directory wait: when it is over with, the next of
 * them follows. */
static void take_turn_before_others(struct tail *tail, struct tail_file *file)
{
    struct tail_directory *directory = file->name->directory;
    const struct list *link = &file->turn; /* only compared: the file may be gone afterwards */
    directory->names++;                    /* so that it stays meanwhile */
    take_turn(tail, file);
    bool goes_on = tail->queue.previous == link;
    if (!goes_on && is_in_list(&directory->waiting))
        place(tail, list_item(directory->waiting.next, struct tail_file, turn));
    directories_release(&tail->directories, directory);
}

static void take_next_turn(struct tail *tail)
{
    struct tail_file *file = list_item(tail->queue.next, struct tail_file, turn);
    if (tail->waiting > 0 && is_in_list(&file->name->directory->waiting))
        take_turn_before_others(tail, file);
    else
        take_turn(tail, file);
    if (tail->waiting > 0 && list_is_empty(&tail->queue))
        place_all_waiting(tail);
}

/* A long line's memory is given back. */
static void shrink_buffer(struct tail *tail)
{
    if (tail->capacity <= tail->options.chunk_bytes)
        return;
    tail->capacity = tail->options.chunk_bytes;
    tail->buffer = memory_resize(tail->buffer, tail->capacity, 1);
}

bool tail_turn(struct tail *tail, int64_t budget_ns)
{
    int64_t begun = clock_monotonic();
    if (!tail->sorted_once && is_in_list(&tail->queue)) {
        sort_queue(tail);
        tail->sorted_once = true;
    }
    while (is_in_list(&tail->queue)) {
        take_next_turn(tail);
        if (clock_monotonic() - begun >= budget_ns)
            break;
    }
    shrink_buffer(tail);
    return is_in_list(&tail->queue);
}
