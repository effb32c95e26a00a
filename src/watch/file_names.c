/* See names.h. A block is: counts, signatures, offsets, texts. */
#include "watch/file_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"

#define LISTING_KEPT ((size_t)4096) /* entries whose memory a listing keeps for the next one */

struct file_names {
    uint32_t count;
    uint32_t texts; /* offset of the texts from `signatures`, in bytes */
    uint64_t signatures[];
};

uint64_t signature_of(const struct stat *facts)
{
    const int64_t parts[] = {(int64_t)facts->st_ino, (int64_t)facts->st_size,
                             facts->st_mtim.tv_sec,  facts->st_mtim.tv_nsec,
                             facts->st_ctim.tv_sec,  facts->st_ctim.tv_nsec};
    return hash_bytes(parts, sizeof(parts));
}

bool signature_is_rested(const struct stat *facts, int64_t wall_now, int64_t rest)
{
    return facts->st_ctim.tv_sec < (wall_now - rest) / NANOSECONDS_PER_SECOND;
}

void listing_init(struct listing *listing)
{
    *listing = (struct listing){.count = 0};
    text_init(&listing->text, TEXT_UNLIMITED);
}

void listing_free(struct listing *listing)
{
    free(listing->entries);
    text_free(&listing->text);
    listing_init(listing);
}

void listing_clear(struct listing *listing)
{
    if (listing->capacity > LISTING_KEPT)
        listing_free(listing);
    listing->count = listing->sorted = 0;
    text_clear(&listing->text);
}

static struct listing_entry *add_entry(struct listing *listing, const char *name)
{
    if (listing->count == listing->capacity) {
        listing->capacity = listing->capacity ? listing->capacity * 2 : 64;
        listing->entries =
            memory_resize(listing->entries, listing->capacity, sizeof(*listing->entries));
    }
    struct listing_entry *entry = &listing->entries[listing->count++];
    entry->name = listing->text.length;
    text_append(&listing->text, name, strlen(name) + 1);
    return entry;
}

void listing_add(struct listing *listing, const char *name, const struct stat *facts, bool rested)
{
    struct listing_entry *entry = add_entry(listing, name);
    entry->signature = signature_of(facts);
    entry->rested = rested;
}

void listing_keep(struct listing *listing, const char *name, uint64_t signature)
{
    struct listing_entry *entry = add_entry(listing, name);
    entry->signature = signature;
    entry->rested = true;
}

const char *listing_name(const struct listing *listing, size_t index)
{
    return listing->text.data + listing->entries[index].name;
}

static int compare_entries(const void *left, const void *right, void *text)
{
    const struct listing_entry *a = left;
    const struct listing_entry *b = right;
    const char *bytes = text;
    return strcmp(bytes + a->name, bytes + b->name);
}

void listing_sort(struct listing *listing)
{
    if (listing->count > 1)
        qsort_r(listing->entries, listing->count, sizeof(*listing->entries), compare_entries,
                listing->text.data);
    listing->sorted = listing->count;
}

bool listing_has(const struct listing *listing, const char *name)
{
    size_t low = 0;
    size_t high = listing->sorted;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(listing_name(listing, middle), name);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static uint32_t *offsets_of(const struct file_names *names)
{
    return (uint32_t *)(uintptr_t)(names->signatures + names->count);
}

struct file_names *file_names_new(const struct listing *listing)
{
    size_t count = listing->sorted < NAMES_MAXIMUM ? listing->sorted : NAMES_MAXIMUM;
    if (count == 0)
        return NULL;
    size_t texts = count * (sizeof(uint64_t) + sizeof(uint32_t));
    struct file_names *names = memory_alloc(sizeof(*names) + texts + listing->text.length);
    names->count = (uint32_t)count;
    names->texts = (uint32_t)texts;
    char *start = (char *)names->signatures + texts;
    char *at = start;
    for (size_t i = 0; i < count; i++) {
        names->signatures[i] = listing->entries[i].signature;
        offsets_of(names)[i] = (uint32_t)(at - start);
        at = stpcpy(at, listing_name(listing, i)) + 1;
    }
    return names;
}

void file_names_free(struct file_names *names)
{
    free(names);
}

size_t file_names_count(const struct file_names *names)
{
    return names ? names->count : 0;
}

const char *file_names_text(const struct file_names *names, size_t index)
{
    return (const char *)names->signatures + names->texts + offsets_of(names)[index];
}

uint64_t file_names_signature(const struct file_names *names, size_t index)
{
    return names->signatures[index];
}

void file_names_set_signature(struct file_names *names, size_t index, uint64_t signature)
{
    names->signatures[index] = signature;
}

size_t file_names_find(const struct file_names *names, const char *name)
{
    size_t low = 0;
    size_t high = file_names_count(names);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(file_names_text(names, middle), name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return SIZE_MAX;
}
