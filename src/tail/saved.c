/* tail_save, tail_saved, tail_restore: what must survive a restart.
 *
 *   key of RECORD_DIRECTORY   id; id 0 is the room itself: the ids given so far, the age of the
 * state key of RECORD_STREAM      id
 *
 * A stream and the ids of its lines are always of one save, so after a crash the place where it
 * goes on and the ids that are known agree. A directory is put before what lies in it. */
#include <errno.h>

#include "base/clock.h"
#include "base/fields.h"
#include "base/text.h"
#include "tail/directories.h"
#include "tail/leaving.h"
#include "tail/stream.h"
#include "tail/stream_record.h"
#include "tail/tail_internal.h"

#define ROOM_ID UINT64_C(0)
/* The age alone is put so often: what is lost of it in a crash only makes things be kept longer. */
#define AGE_STEP (60 * NANOSECONDS_PER_SECOND)

/* --- The room itself -------------------------------------------------------------------------- */

static void put_room(struct tail *tail, struct text *scratch, const struct record_sink *sink)
{
    const struct saved_room now = {.next_file_id = tail->next_file_id,
                                   .next_directory_id = tail->directories.next_id,
                                   .age = tail->directories.age};
    struct saved_room *saved = &tail->saved;
    if (now.next_file_id == saved->next_file_id &&
        now.next_directory_id == saved->next_directory_id && now.age - saved->age < AGE_STEP)
        return;
    text_clear(scratch);
    fields_put_64(scratch, now.next_file_id);
    fields_put_64(scratch, now.next_directory_id);
    fields_put_time(scratch, now.age);
    fields_put_time(scratch, clock_wall());
    unsaved_put(sink, RECORD_DIRECTORY, ROOM_ID, scratch);
    *saved = now;
}

static uint64_t greater(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

static int restore_room(struct tail *tail, struct bytes value)
{
    struct fields fields = fields_of(value);
    struct saved_room *saved = &tail->saved;
    saved->next_file_id = fields_64(&fields);
    saved->next_directory_id = fields_64(&fields);
    saved->age = fields_time(&fields);
    tail->saved_at = fields_time(&fields);
    if (fields.failed || saved->age < 1)
        return -EINVAL;
    tail->next_file_id = greater(tail->next_file_id, saved->next_file_id);
    tail->directories.next_id = greater(tail->directories.next_id, saved->next_directory_id);
    tail->directories.age = saved->age;
    return 0;
}

/* --- All of it -------------------------------------------------------------------------------- */

void tail_save(struct tail *tail, const struct record_sink *sink)
{
    struct text scratch;
    if (!tail->options.archive)
        return;
    text_init(&scratch, TEXT_UNLIMITED);
    directories_save(&tail->directories, &scratch, sink);
    struct list *link;
    while ((link = unsaved_take(&tail->unsaved)) != NULL) {
        struct tail_file *file = list_item(link, struct tail_file, unsaved);
        stream_record_put(file, &scratch, sink);
        file->stored = true;
    }
    unsaved_put_removed(&tail->unsaved, sink, RECORD_STREAM);
    put_room(tail, &scratch, sink);
    leaving_save(tail->leaving);
    text_free(&scratch);
}

void tail_saved(struct tail *tail)
{
    if (!tail->options.archive)
        return;
    directories_saved(&tail->directories);
    leaving_saved(tail->leaving);
}

int tail_restore(struct tail *tail, const struct record *record)
{
    struct fields key = fields_of(record->key);
    uint64_t id = fields_64_sorted(&key);
    if (!tail->options.archive || key.failed || fields_left(&key))
        return -EINVAL;
    if (record->kind == RECORD_DIRECTORY && id == ROOM_ID)
        return restore_room(tail, record->value);
    if (record->kind == RECORD_DIRECTORY)
        return directories_restore(&tail->directories, id, record->value);
    if (record->kind == RECORD_STREAM && id > 0)
        return stream_record_take(tail, id, record->value);
    return -EINVAL;
}

size_t tail_unsaved_ids(const struct tail *tail)
{
    return tail->options.archive ? tail->directories.ids : 0;
}

size_t tail_unsaved_records(const struct tail *tail)
{
    return tail->unsaved.changed_count + tail->directories.unsaved.changed_count;
}
