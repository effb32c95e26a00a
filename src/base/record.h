/* Records: how what must survive a restart travels from the room that owns it to the one that saves
 * it (state), and back.
 *
 *   registry_save(registry, sink, ...)       sink->put(SERIES, key, value)   -> one transaction
 *   state_load(state, on_record, ...)        registry_restore(registry, &record)
 *
 * Key and value are bytes that only their room reads (base/fields.h): they must mean the same in
 * another process, and to every later version. Fields of a value are only ever appended; a reader
 * takes what is not there as its default. */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include <stddef.h>
#include <stdint.h>

/* In the order in which they are loaded. The numbers are those in the database: never reused. */
enum record_kind {
    RECORD_FAMILY = 1,     /* registry: what a family was */
    RECORD_SERIES = 2,     /* registry: one series, its value and time */
    RECORD_MEMORY = 3,     /* rules: what a memory was */
    RECORD_SET = 4,        /* rules: who counts in one series of a set */
    RECORD_MEMORY_KEY = 5, /* rules: one key of a memory, timer or set */
    RECORD_DIRECTORY = 6,  /* tail */
    RECORD_STREAM = 7,     /* tail */
    RECORD_OWN = 8,        /* daemon: the exporter's own totals */
    RECORD_DOCUMENT = 9,   /* document: a file's life, and what was told of it */
    RECORD_KINDS
};

struct bytes {
    const char *data;
    size_t length;
};

struct record {
    enum record_kind kind;
    struct bytes key;
    struct bytes value;
};

/* Where changes go. All bytes are copied. Never fails: what cannot be saved is the sink's sorrow.
 */
struct record_sink {
    void *context;
    /* Adds or replaces. `expires`: ns, wall, when it may be forgotten; 0: never. */
    void (*put)(void *context, enum record_kind kind, struct bytes key, struct bytes value,
                int64_t expires);
    void (*remove)(void *context, enum record_kind kind, struct bytes key);
    /* Ids newly counted for a directory (tail_directory_id); none was given before. */
    void (*ids)(void *context, uint64_t directory, const uint64_t *ids, size_t count);
};

#endif
