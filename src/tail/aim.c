/* See aim.h, and tail_aim in tail.h. */
#include "tail/aim.h"

void aim_drop(struct tail *tail, struct tail_file *file)
{
    if (!file->aimed)
        return;
    tail->aim.bytes_left -= aim_left(file);
    tail->aim.files_left--;
    file->aimed = false;
}

void aim_read(struct tail *tail, struct tail_file *file, bool at_end)
{
    if (file->aimed && (at_end || file->read_end >= file->target))
        aim_drop(tail, file);
}

void aim_restart(struct tail *tail, struct tail_file *file, uint64_t size)
{
    tail->aim.bytes_left -= aim_left(file);
    if (file->target > size)
        file->target = size;
    tail->aim.bytes_left += aim_left(file);
}

static void aim(struct tail *tail, struct tail_file *file)
{
    file->aimed = true;
    file->target = file->size;
    tail->aim.files_left++;
    tail->aim.bytes_left += aim_left(file);
}

void tail_aim(struct tail *tail)
{
    size_t position = 0;
    struct tail_file *file;
    if (tail->aim.set)
        return;
    tail->aim.set = true;
    while ((file = tail_next_file(tail, &position)) != NULL)
        if (!list_is_empty(&file->turn) && !file->failed)
            aim(tail, file);
    tail->aim.bytes_total = tail->aim.bytes_left;
}

bool tail_arrived(const struct tail *tail, struct tail_progress *ret_progress)
{
    *ret_progress = (struct tail_progress){.bytes_total = tail->aim.bytes_total,
                                           .bytes_left = tail->aim.bytes_left,
                                           .files_left = tail->aim.files_left};
    return tail->aim.set && tail->aim.files_left == 0;
}
