/* Memories: what rows remember between events, by key and scope. Those of `once` (keys seen),
 * `increase` (largest value by key), `remember` (a text by key), timers (a time by key) and sets
 * (who is inside).
 *
 *   memory "agent_model", scope file:   (file 7, "") -> "claude-sonnet-4-5"
 *
 * One store bounds the keys of all: at its limit the key longest untouched goes first. A memory
 * also forgets keys untouched for longer than its `keep`. A key costs about 125 bytes (8 more while
 * it is to be saved) and its text, of which more than MEMORY_TEXT_LONGEST is to be cut by who
 * remembers. Pure: time comes in. */
#ifndef RULES_MEMORY_H
#define RULES_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/map.h"
#include "base/text.h"

#define MEMORY_KEEP_DEFAULT (INT64_C(400) * 86400 * 1000000000) /* ns */
#define MEMORY_TEXT_LONGEST ((size_t)2048)                      /* bytes: longer than any label */
/* What was only touched is saved anew when the saved time is behind by this (give or take a
 * second): `keep` divided by MEMORY_TOUCH_SHARE, MEMORY_TOUCH_LONGEST at most. By so much a key may
 * be forgotten early after a restart. */
#define MEMORY_TOUCH_SHARE   64
#define MEMORY_TOUCH_LONGEST (INT64_C(3600) * 1000000000) /* ns */

enum memory_kind { MEMORY_ONCE, MEMORY_INCREASE, MEMORY_REMEMBER, MEMORY_TIMER, MEMORY_SET };
enum memory_scope { SCOPE_FILE, SCOPE_DIRECTORY, SCOPE_SOURCE, SCOPE_PACK };

struct memory_store;
struct metric;
struct set_group;

struct memory_entry {
    struct memory_entry *older; /* of the same memory, by `touched` */
    struct memory_entry *newer;
    uint64_t scope_id;
    int64_t touched; /* ns, wall: arrival of the last event that used it */
    union {
        double largest; /* MEMORY_INCREASE */
        int64_t time;   /* MEMORY_TIMER; MEMORY_SET: event time of the last move */
    };
    struct set_group *group; /* MEMORY_SET: inside this series' set, NULL: left */
    union {                  /* MEMORY_SET */
        uint32_t epoch;      /* in a group: inside only while it is the group's */
        uint32_t left_in;    /* in none: file whose line said so (low bits of its id); 0: none */
    };
    uint32_t key_length;
    uint32_t text_length : 31; /* MEMORY_REMEMBER: text behind the key */
    uint32_t has_record : 1;   /* a save put one, or it came out of one */
    uint32_t unsaved;          /* place in memory->unsaved + 1; 0, MEMORY_UNTRACKED: not there */
    uint32_t saved_touched;    /* `touched` as last saved, in units of 2^30 ns */
    uint32_t place;            /* MEMORY_SET: in memory->members + 1; 0: in no group */
    char bytes[];
};
#define MEMORY_UNTRACKED UINT32_MAX

struct memory {
    char *name;
    enum memory_kind kind;
    enum memory_scope scope;
    int64_t keep;
    int64_t stay;          /* MEMORY_SET: `for`, 0 none */
    int64_t earliest;      /* MEMORY_SET: nobody inside is older; INT64_MAX: nobody is inside */
    struct metric *metric; /* MEMORY_SET: whose series its groups have */
    struct memory_store *store;

    /* MEMORY_SET: the entries that are in a group, in no order. */
    struct memory_entry **members;
    uint32_t member_count;
    uint32_t member_capacity;

    /* MEMORY_ONCE, MEMORY_INCREASE: the last event that added to it, by its serial (0: none), and
     * what it added: keys, or to values. */
    uint64_t grown_in;
    double growth;

    struct map entries;
    struct memory_entry *oldest;
    struct memory_entry *newest;
    bool is_mixed;       /* restored: not in the order of `touched` yet */
    struct memory *next; /* of the store */

    /* What the next save has to put. */
    const char *pack;    /* that names it; "" for sets */
    uint64_t id;         /* hash of pack, name, kind and scope: its keys' records begin with it */
    bool is_unsaved;     /* its own record */
    uint32_t touch_step; /* as saved_touched */
    struct memory_entry **unsaved;
    uint32_t unsaved_count;
    uint32_t unsaved_capacity;
    struct text removed; /* keys whose records are to go: scope and bytes, as fields */
    uint32_t removed_count;
};

struct memory_store {
    size_t max_keys;
    size_t keys;
    uint64_t evictions; /* forgotten because of max_keys */
    struct memory *first;
    bool tracks;
    size_t unsaved; /* keys that the next save puts or removes */
    /* Called before an entry of a MEMORY_SET is freed. */
    void (*forget_member)(void *context, struct memory *memory, struct memory_entry *entry);
    void *context;
};

void memory_store_init(struct memory_store *store, size_t max_keys);
void memory_store_free(struct memory_store *store);

/* A new memory of the store, which frees it. */
struct memory *memory_add(struct memory_store *store, const char *name, enum memory_kind kind,
                          enum memory_scope scope, int64_t keep);
/* From now on what changes is noted, and all that is there. */
void memory_store_track(struct memory_store *store);

struct memory_key {
    uint64_t scope_id;
    const char *bytes;
    size_t length;
};

/* The entry of this key, or NULL. Valid until the next memory_put or sweep. */
struct memory_entry *memory_get(const struct memory *memory, const struct memory_key *key);
/* A new entry for a key that is not there; `text` (may be NULL) is kept behind the key. Both may
 * be bytes of an entry that goes to make room. */
struct memory_entry *memory_put(struct memory *memory, const struct memory_key *key,
                                const char *text, size_t text_length, int64_t now);
/* A timer's entry counts as changed. */
void memory_touch(struct memory *memory, struct memory_entry *entry, int64_t now);
/* The entry's value, time or group is another one now. */
static inline void memory_note(struct memory *memory, struct memory_entry *entry);
void memory_remove(struct memory *memory, struct memory_entry *entry);

/* Forgets what was untouched for longer than `keep`. */
void memory_store_sweep(struct memory_store *store, int64_t now);

/* --- For memory_record.c -----------------------------------------------------------------------
 */

void memory_note_entry(struct memory *memory, struct memory_entry *entry);
/* All that was noted is put or removed. */
void memory_mark_saved(struct memory *memory);
/* As memory_put, but in no order yet, and without making room: memory_store_settle does. */
struct memory_entry *memory_restore(struct memory *memory, const struct memory_key *key,
                                    const char *text, size_t text_length, int64_t touched);
void memory_store_settle(struct memory_store *store);
/* The record of this key is to go. */
void memory_note_removed(struct memory *memory, const struct memory_key *key);

static inline void memory_note(struct memory *memory, struct memory_entry *entry)
{
    if (UNLIKELY(entry->unsaved == 0))
        memory_note_entry(memory, entry);
}

#endif
