/* The wanted files of one directory: what a listing found, and what is kept of it.
 *
 * Kept is each name and a signature of what lay there (inode, size, times), in one block, sorted:
 *
 *   {"events-1.jsonl" 7f3a.., "events-2.jsonl" 09c4..}   8 + 4 + 15 bytes each
 *
 * The names are needed to tell which are gone; the signature costs 8 bytes more and spares the
 * owner a look at each unchanged file, so rescans hint only at what differs. */
#ifndef WATCH_FILE_NAMES_H
#define WATCH_FILE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/attributes.h"
#include "base/text.h"

/* More are hinted at in each listing, but not kept. */
#define NAMES_MAXIMUM ((size_t)1 << 20)

struct file_names;

/* What a listing finds, in memory that is used again for the next one. */
struct listing_entry {
    size_t name; /* where it starts within `text` */
    uint64_t signature;
    bool rested; /* see signature_is_rested */
};

struct listing {
    struct listing_entry *entries;
    size_t count;
    size_t capacity;
    size_t sorted; /* this many at the front are in order */
    struct text text;
};

/* Differs when the file is another one, or was written, or had its attributes changed. */
uint64_t signature_of(const struct stat *facts);
/* Did it change last longer than `rest` ago, so that an equal signature means equal content? Times
 * of files are coarse; those of a server come late, and by another clock. */
bool signature_is_rested(const struct stat *facts, int64_t wall_now, int64_t rest);

void listing_init(struct listing *listing);
void listing_free(struct listing *listing);
void listing_clear(struct listing *listing);
void listing_add(struct listing *listing, const char *name, const struct stat *facts, bool rested);
/* As kept before: a name that is still there, though the listing did not show it. */
void listing_keep(struct listing *listing, const char *name, uint64_t signature);
void listing_sort(struct listing *listing);
const char *listing_name(const struct listing *listing, size_t index);
/* Among the entries sorted by the last listing_sort. */
bool listing_has(const struct listing *listing, const char *name);

/* The listing's sorted entries as a block; NULL when there are none. The caller frees. */
struct file_names *file_names_new(const struct listing *listing) MUST_CHECK;
void file_names_free(struct file_names *names);

/* NULL counts 0. */
size_t file_names_count(const struct file_names *names);
const char *file_names_text(const struct file_names *names, size_t index);
uint64_t file_names_signature(const struct file_names *names, size_t index);
void file_names_set_signature(struct file_names *names, size_t index, uint64_t signature);
/* The index of a name, or SIZE_MAX. */
size_t file_names_find(const struct file_names *names, const char *name);

#endif
