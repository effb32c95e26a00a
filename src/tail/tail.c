/* See tail.h. The room as a whole; what hints do is in look.c, reading in turn.c, what time decides
 * in settle.c. */
#include "tail/tail.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tail/leaving.h"
#include "tail/rest.h"
#include "tail/rewrite.h"
#include "tail/stream.h"
#include "tail/tail_internal.h"
#include "tail/turn.h"
#include "tail/writers.h"

#define MEBIBYTE ((size_t)1 << 20)

static const struct tail_options defaults = {
    .max_line_bytes = 16 * MEBIBYTE,
    .max_open_files = 512,
    .max_held_files = 256,
    .max_held_time = 600 * NANOSECONDS_PER_SECOND,
    .id_memory = 64 * MEBIBYTE,
    .chunk_bytes = MEBIBYTE / 4,
    .retention = INT64_C(45) * 24 * 3600 * NANOSECONDS_PER_SECOND,
};

static size_t size_or(size_t given, size_t otherwise)
{
    return given ? given : otherwise;
}

static struct tail_options with_defaults(const struct tail_options *given)
{
    return (struct tail_options){
        .max_line_bytes = size_or(given->max_line_bytes, defaults.max_line_bytes),
        .max_open_files = size_or(given->max_open_files, defaults.max_open_files),
        .max_held_files = size_or(given->max_held_files, defaults.max_held_files),
        .max_held_time = given->max_held_time ? given->max_held_time : defaults.max_held_time,
        .id_memory = size_or(given->id_memory, defaults.id_memory),
        .chunk_bytes = size_or(given->chunk_bytes, defaults.chunk_bytes),
        .is_one_id_set = given->is_one_id_set,
        .retention = given->retention ? given->retention : defaults.retention,
    };
}

void tail_reserve(struct tail *tail, size_t size)
{
    if (size <= tail->capacity)
        return;
    tail->buffer = memory_resize(tail->buffer, size, 1);
    tail->capacity = size;
}

void tail_notice(struct tail *tail, const char *message, const char *path, int error)
{
    tail->handlers.on_notice(tail->handlers.context, message, path, error);
}

struct tail *tail_new(const struct tail_handlers *handlers, const struct tail_options *options)
{
    struct tail *tail = memory_zero(1, sizeof(*tail));
    tail->handlers = *handlers;
    tail->options = with_defaults(options);
    if (options->archive) {
        tail->archive = *options->archive;
        tail->options.archive = &tail->archive;
        tail->leaving = leaving_new();
    }
    map_init(&tail->streams, stream_has_key);
    unsaved_init(&tail->unsaved, options->archive != NULL);
    directories_init(&tail->directories, tail->options.id_memory, tail->options.archive);
    tail->directories.is_one_set = tail->options.is_one_id_set;
    tail->directories.age = 1; /* 0 stands for "not missing" */
    names_init(&tail->names, &tail->directories);
    struct list *lists[] = {&tail->queue, &tail->retry, &tail->dormant,   &tail->expected,
                            &tail->busy,  &tail->quiet, &tail->unsettled, &tail->inflating};
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
        list_init(lists[i]);
    tail->writers = writers_new();
    tail->scratch = memory_alloc(MARKER_BYTES);
    tail_reserve(tail, tail->options.chunk_bytes);
    return tail;
}

static void end_stream(struct tail *tail, struct tail_file *file)
{
    if (file->state != STREAM_DORMANT)
        tail->handlers.on_close(tail->handlers.context, file, file->user);
    stream_free(tail, file);
}

void tail_free(struct tail *tail)
{
    if (!tail)
        return;
    struct tail_file *file;
    for (size_t position = 0; (file = map_next(&tail->streams, &position)) != NULL;)
        rewrite_release(file);
    for (size_t position = 0; (file = map_next(&tail->streams, &position)) != NULL;)
        end_stream(tail, file);
    names_free(&tail->names);
    directories_free(&tail->directories);
    map_free(&tail->streams);
    unsaved_free(&tail->unsaved);
    writers_free(tail->writers);
    leaving_free(tail->leaving);
    free(tail->scratch);
    free(tail->buffer);
    free(tail);
}

/* Takes the rest of a stream that was read to its end. False: it has to be read on first. */
static bool drain_rest(struct tail *tail, struct tail_file *file)
{
    if (file->descriptor < 0 && stream_open(tail, file) < 0)
        return true;
    enum rest_result result = rest_judge(tail, file);
    if (result == REST_INCOMPLETE)
        rest_tell_partial(tail, file);
    return result != REST_LATER;
}

static void turn_until_quiet(struct tail *tail)
{
    bool more;
    do
        more = tail_turn(tail, INT64_MAX);
    while (more);
}

void tail_drain(struct tail *tail)
{
    turn_until_quiet(tail);
    turn_retry(tail);
    turn_until_quiet(tail);
    struct tail_file *file;
    for (size_t position = 0; (file = tail_next_file(tail, &position)) != NULL;)
        if (stream_has_rest(file) && !drain_rest(tail, file)) {
            turn_until_quiet(tail);
            (void)drain_rest(tail, file);
        }
}

const char *tail_file_path(const struct tail_file *file)
{
    return file->name->path;
}

void *tail_file_user(const struct tail_file *file)
{
    return file->user;
}

uint64_t tail_file_id(const struct tail_file *file)
{
    return file->id;
}

struct tail_directory *tail_file_directory(const struct tail_file *file)
{
    return file->name->directory;
}

uint64_t tail_directory_id(const struct tail_directory *directory)
{
    return directory->id;
}

struct tail_file *tail_next_file(const struct tail *tail, size_t *position)
{
    struct tail_file *file;
    do
        file = map_next(&tail->streams, position);
    while (file && file->state == STREAM_DORMANT);
    return file;
}

void tail_file_set_user(struct tail_file *file, void *user)
{
    file->user = user;
}

bool tail_count_id(struct tail *tail, struct tail_directory *directory, uint64_t id)
{
    tail->ids_asked++;
    return directories_count_id(&tail->directories, directory, id);
}

void tail_counts(const struct tail *tail, struct tail_counts *ret_counts)
{
    *ret_counts = tail->counts;
    ret_counts->open += tail->leaving ? leaving_count(tail->leaving) : 0;
    ret_counts->ids_in_memory = tail->directories.ids;
    ret_counts->id_bytes = tail->directories.bytes;
    ret_counts->directories_without_ids = tail->directories.dropped;
}

void tail_file_facts(const struct tail_file *file, struct tail_file_facts *ret_facts)
{
    const struct tail_record *record = &file->record;
    *ret_facts = (struct tail_file_facts){
        .offset = record->offset,
        .size = file->size,
        .bytes_behind = file->size > file->read_end ? file->size - file->read_end : 0,
        .lines = record->lines,
        .device = record->identity.device,
        .inode = file->inode,
        .modified = file->modified,
        .held = file->state == STREAM_HELD,
        .open = file->descriptor >= 0,
        .unlinked = file->unlinked,
        .compressed = record->compressed,
        .checked = file->name->directory->ids.checked,
        .failed = file->failed,
    };
}

/* An unterminated rest is judged once no writer is left. */
static bool is_stream_read(const struct tail *tail, const struct tail_file *file)
{
    const struct tail_record *record = &file->record;
    if (file->state == STREAM_DORMANT)
        return !file->restored || tail->walked; /* then it is missing */
    if (file->failed || file->broken)
        return true;
    bool has_rest = !record->compressed && record->offset < file->read_end && !file->judged &&
                    !record->rest_counted;
    return file->state == STREAM_FOLLOWED && file->read_end >= file->size && !has_rest;
}

bool tail_is_read(const struct tail *tail, const char *path)
{
    const struct tail_name *name = names_find(&tail->names, path);
    for (const struct tail_file *file = name ? name->first : NULL; file; file = file->next_at_name)
        if (!is_stream_read(tail, file))
            return false;
    return true;
}

uint64_t tail_directory_id_at(const struct tail *tail, const char *path)
{
    return directories_id_at(&tail->directories, path);
}
