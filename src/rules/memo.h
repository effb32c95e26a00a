/* The memo of a file's life: what was seen of it, as bytes (rule_set.h, struct rule_sight).
 *
 *   version, flags, kept fields, then for each emitted event {id, state, what its cause needs}
 *
 * Written anew at every look, so what no rule emits any more goes. Events are found again by id,
 * which changes with what is said of them: of those that are not there nothing is known yet. */
#ifndef RULES_MEMO_H
#define RULES_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

struct arena;
struct text;

enum memo_flags { MEMO_CLOSED = 1 /* the file was closed in this life */ };

struct memo_entry {
    uint64_t id;
    uint8_t state;        /* of the event: it was told, its condition held */
    struct bytes details; /* changes: the value's hash; each: hashes of keys, in order */
};

struct memo {
    bool is_begin; /* nothing was ever seen in this life */
    uint8_t flags;
    struct bytes kept;
    struct memo_entry *entries;
    size_t count;
};

/* Of what cannot be read nothing is known. Entries are in the arena, all else points into
 * `bytes`. */
void memo_read(struct memo *memo, struct bytes bytes, struct arena *arena);
/* NULL: nothing is known of this event. `near`: where it stood last, if nothing has changed. */
const struct memo_entry *memo_find(const struct memo *memo, uint64_t id, size_t near);

/* The begin of a new memo; what is kept is appended between the two calls. `out` must not overflow.
 */
size_t memo_open_kept(struct text *out, uint8_t flags);
void memo_close_kept(struct text *out, size_t opened);
void memo_put_entry(struct text *out, const struct memo_entry *entry);

/* Hashes in rising order, as `details` has them. */
size_t memo_hash_count(struct bytes hashes);
bool memo_has_hash(struct bytes hashes, uint64_t hash);
/* Appends an entry whose details are those hashes and `count` more, which are in rising order. */
void memo_put_hashes(struct text *out, uint64_t id, struct bytes hashes, const uint64_t *more,
                     size_t count);

#endif
