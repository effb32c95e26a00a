/* See turn.h, and tail_turn in tail.h. */
#include "tail/turn.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
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

static int newer_first(const void *one, const void *other)
{
    const struct tail_file *a = *(struct tail_file *const *)one;
    const struct tail_file *b = *(struct tail_file *const *)other;
    if (a->modified != b->modified)
        return a->modified > b->modified ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* The first catch-up begins with what was written last. */
static void sort_queue(struct tail *tail)
{
    size_t count = 0;
    for (struct list *link = tail->queue.next; link != &tail->queue; link = link->next)
        count++;
    AUTO_FREE struct tail_file **files = memory_zero(count + 1, sizeof(struct tail_file *));
    size_t i = 0;
    for (struct list *link = tail->queue.next; link != &tail->queue; link = link->next)
        files[i++] = list_item(link, struct tail_file, turn);
    qsort(files, count, sizeof(struct tail_file *), newer_first);
    for (i = 0; i < count; i++)
        list_append(&tail->queue, &files[i]->turn);
}

/* Tells it once; the tick tries again. What it replaced is not kept waiting for it. */
static void fail(struct tail *tail, struct tail_file *file, const char *message, int error)
{
    rewrite_release(file);
    if (!file->failed)
        tail_notice(tail, message, file->name->path, -error);
    stream_set_failed(tail, file, true);
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

static void take_turn(struct tail *tail, struct tail_file *file)
{
    int error = 0;
    if (!make_open(tail, file))
        return;
    place(tail, file);
    if (!rewrite_step(tail, file))
        return;
    enum reader_result result = reader_step(tail, file, &error);
    if (result == READER_FAILED) {
        on_unreadable(tail, file, error);
        return;
    }
    if (file->failed)
        stream_set_failed(tail, file, false);
    if (result == READER_END)
        on_end(tail, file);
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
        take_turn(tail, list_item(tail->queue.next, struct tail_file, turn));
        if (clock_monotonic() - begun >= budget_ns)
            break;
    }
    shrink_buffer(tail);
    return is_in_list(&tail->queue);
}
