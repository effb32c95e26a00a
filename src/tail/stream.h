/* The life of one stream: struct tail_file from its first sight to its end. */
#ifndef TAIL_STREAM_H
#define TAIL_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "tail/tail_internal.h"

/* A followed stream that nothing was read of, known by identity and name. */
struct tail_file *stream_new(struct tail *tail, const struct identity *identity, const char *path);
/* A dormant one that was saved, expected to be met; `id` is of no other. */
struct tail_file *stream_restore(struct tail *tail, const struct identity *identity,
                                 const char *path, uint64_t id);
/* Its record changed. */
void stream_mark_unsaved(struct tail *tail, struct tail_file *file);
/* For its owner it is another one from now on. */
void stream_renew_id(struct tail *tail, struct tail_file *file);
/* Takes it out of everything. The owner was told before. */
void stream_free(struct tail *tail, struct tail_file *file);
struct tail_file *stream_find(const struct tail *tail, const struct identity *identity);
/* A restored one that is this file, if its file system has another device number now. */
struct tail_file *stream_find_elsewhere(const struct tail *tail, const struct identity *identity);
/* It is known on this device from now on. What was counted is still to be verified. */
void stream_set_device(struct tail *tail, struct tail_file *file, uint64_t device);
/* For the map of streams: does this stream have the identity a struct stream_key asks for? */
bool stream_has_key(const void *item, const void *key);
/* Followed under another name; ids follow too. */
void stream_rename(struct tail *tail, struct tail_file *file, const char *path);
void stream_set_state(struct tail *tail, struct tail_file *file, enum stream_state state);
struct stream_extra *stream_extra(struct tail_file *file);

/* Opens the file under its name, after closing another where too many are open. -ENOENT: the name
 * is gone or another file's. Other negative errnos as of open. */
int stream_open(struct tail *tail, struct tail_file *file) MUST_CHECK;
/* Opens `path` for reading, without following a link or waiting: the descriptor, or a negative
 * errno. */
int stream_open_path(const char *path) MUST_CHECK;
/* The stream takes over a descriptor that was found to be of its file. */
void stream_set_descriptor(struct tail *tail, struct tail_file *file, int descriptor,
                           uint64_t inode);
void stream_close(struct tail *tail, struct tail_file *file);
/* Closed for the stream, but the descriptor is the caller's now. */
int stream_take_descriptor(struct tail *tail, struct tail_file *file) MUST_CHECK;
/* Closes a quiet stream where too many are open, so that one more may be. */
void stream_make_room(struct tail *tail, const struct tail_file *keep);

/* Keeps the lag right. */
void stream_set_extent(struct tail *tail, struct tail_file *file, uint64_t size, uint64_t read_end);
void stream_set_failed(struct tail *tail, struct tail_file *file, bool failed);
/* Did the file change since this was last asked? Remembers these facts. */
bool stream_note_facts(struct tail *tail, struct tail_file *file, const struct facts *facts,
                       int64_t monotonic_now);

/* The file no longer holds what was counted: back to 0, counted as truncation; `size` as of now.
 * Its directory checks ids from now on. */
void stream_restart(struct tail *tail, struct tail_file *file, uint64_t size);
/* The hole that was stepped over now holds lines: back to it. What was counted behind it will be
 * handed out as repeated. */
void stream_rewind_to_hole(struct tail *tail, struct tail_file *file);
/* Is there an unterminated rest that was looked at? */
bool stream_has_rest(const struct tail_file *file);

/* pread of all of it, less only at the end of the file. Negative errno on failure. */
ssize_t stream_pread(int descriptor, char *out, size_t length, uint64_t position) MUST_CHECK;

#endif
