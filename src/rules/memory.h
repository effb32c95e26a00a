/* Memories: what rows remember between events, by key and scope. Those of `once` (keys seen),
 * `increase` (largest value by key), `remember` (a text by key), timers (a time by key) and sets
 * (who is inside).
 *
 *   memory "agent_model", scope file:   (file 7, "") -> "claude-sonnet-4-5"
 *
 * One store bounds the keys of all: at its limit the key longest untouched goes first. A memory
 * also forgets keys untouched for longer than its `keep`. A key costs about 90 bytes and its text,
 * of which more than MEMORY_TEXT_LONGEST is to be cut by who remembers. Pure: time comes in. */
#ifndef RULES_MEMORY_H
#define RULES_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

#define MEMORY_KEEP_DEFAULT (INT64_C(400) * 86400 * 1000000000) /* ns */
#define MEMORY_TEXT_LONGEST ((size_t)2048)                      /* bytes: longer than any label */

enum memory_kind { MEMORY_ONCE, MEMORY_INCREASE, MEMORY_REMEMBER, MEMORY_TIMER, MEMORY_SET };
enum memory_scope { SCOPE_FILE, SCOPE_DIRECTORY, SCOPE_SOURCE, SCOPE_PACK };

struct memory_store;
struct set_group;

struct memory_entry {
    struct memory_entry *older; /* of the same memory, by `touched` */
    struct memory_entry *newer;
    uint64_t hash;
    uint64_t scope_id;
    int64_t touched; /* ns, wall: arrival of the last event that used it */
    union {
        double largest; /* MEMORY_INCREASE */
        int64_t time;   /* MEMORY_TIMER; MEMORY_SET: event time of the last move */
    };
    struct set_group *group; /* MEMORY_SET: inside this series' set, NULL: left */
    uint32_t epoch;          /* MEMORY_SET: inside only while it is the group's */
    uint32_t key_length;
    uint32_t text_length; /* MEMORY_REMEMBER: text behind the key */
    char bytes[];
};

struct memory {
    char *name;
    enum memory_kind kind;
    enum memory_scope scope;
    int64_t keep;
    int64_t stay;     /* MEMORY_SET: `for`, 0 none */
    int64_t earliest; /* MEMORY_SET: nobody inside is older; INT64_MAX: nobody is inside */
    struct memory_store *store;

    struct map entries;
    struct memory_entry *oldest;
    struct memory_entry *newest;
    struct memory *next; /* of the store */
};

struct memory_store {
    size_t max_keys;
    size_t keys;
    uint64_t evictions; /* forgotten because of max_keys */
    struct memory *first;
    /* Called before an entry of a MEMORY_SET is freed. */
    void (*forget_member)(void *context, struct memory_entry *entry);
    void *context;
};

void memory_store_init(struct memory_store *store, size_t max_keys);
void memory_store_free(struct memory_store *store);

/* A new memory of the store, which frees it. */
struct memory *memory_add(struct memory_store *store, const char *name, enum memory_kind kind,
                          enum memory_scope scope, int64_t keep);

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
void memory_touch(struct memory *memory, struct memory_entry *entry, int64_t now);
void memory_remove(struct memory *memory, struct memory_entry *entry);

/* Forgets what was untouched for longer than `keep`. */
void memory_store_sweep(struct memory_store *store, int64_t now);

#endif
