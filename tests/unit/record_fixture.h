/* A database of records in memory, for tests of what rooms save: a save goes into an open batch,
 * which is committed, or lost.
 *
 *   struct shelf shelf = {0};
 *   struct record_sink sink = shelf_sink(&shelf);
 *   registry_save(registry, &sink, now);
 *   shelf_commit(&shelf);                            or shelf_lose(&shelf)
 *   shelf_each(&shelf, on_record, context);          as a start loads them: by kind and key
 *   shelf_free(&shelf); */
#ifndef TESTS_UNIT_RECORD_FIXTURE_H
#define TESTS_UNIT_RECORD_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "base/text.h"

struct kept_record {
    enum record_kind kind;
    struct bytes key;
    struct bytes value;
    int64_t expires;
    bool removed; /* in a batch */
};

struct record_list {
    struct kept_record *items;
    size_t count;
};

struct shelf {
    struct record_list committed;
    struct record_list batch;
};

static inline struct bytes copy_bytes(struct bytes bytes)
{
    return (struct bytes){memory_copy(bytes.data ? bytes.data : "", bytes.length), bytes.length};
}

static inline void free_kept(struct kept_record *kept)
{
    memory_free_pointer(&kept->key.data);
    memory_free_pointer(&kept->value.data);
}

static inline bool same_bytes(struct bytes left, struct bytes right)
{
    return left.length == right.length && memcmp(left.data, right.data, left.length) == 0;
}

static inline struct kept_record *list_find(const struct record_list *list, enum record_kind kind,
                                            struct bytes key)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].kind == kind && same_bytes(list->items[i].key, key))
            return &list->items[i];
    return NULL;
}

static inline void list_add(struct record_list *list, struct kept_record kept)
{
    list->items = memory_resize(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = kept;
}

static inline void list_free(struct record_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free_kept(&list->items[i]);
    free(list->items);
    *list = (struct record_list){0};
}

static inline void shelf_put(void *context, enum record_kind kind, struct bytes key,
                             struct bytes value, int64_t expires)
{
    struct shelf *shelf = context;
    list_add(&shelf->batch,
             (struct kept_record){kind, copy_bytes(key), copy_bytes(value), expires, false});
}

static inline void shelf_remove(void *context, enum record_kind kind, struct bytes key)
{
    struct shelf *shelf = context;
    list_add(&shelf->batch,
             (struct kept_record){.kind = kind, .key = copy_bytes(key), .removed = true});
}

static inline struct record_sink shelf_sink(struct shelf *shelf)
{
    return (struct record_sink){.context = shelf, .put = shelf_put, .remove = shelf_remove};
}

static inline void shelf_commit(struct shelf *shelf)
{
    struct record_list *list = &shelf->committed;
    for (size_t i = 0; i < shelf->batch.count; i++) {
        struct kept_record *kept = &shelf->batch.items[i];
        struct kept_record *old = list_find(list, kept->kind, kept->key);
        if (old) {
            free_kept(old);
            *old = list->items[--list->count];
        }
        if (kept->removed)
            free_kept(kept);
        else
            list_add(list, *kept);
    }
    free(shelf->batch.items);
    shelf->batch = (struct record_list){0};
}

static inline void shelf_lose(struct shelf *shelf)
{
    list_free(&shelf->batch);
}

static inline void shelf_free(struct shelf *shelf)
{
    list_free(&shelf->batch);
    list_free(&shelf->committed);
}

static inline size_t list_count(const struct record_list *list, enum record_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->items[i].kind == kind;
    return count;
}

static inline int compare_kept(const void *left, const void *right)
{
    const struct kept_record *a = left;
    const struct kept_record *b = right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    size_t shorter = a->key.length < b->key.length ? a->key.length : b->key.length;
    int order = memcmp(a->key.data, b->key.data, shorter);
    return order ? order : a->key.length < b->key.length ? -1 : a->key.length > b->key.length;
}

/* Stops at the first that is refused and gives that result, else 0. */
static inline int shelf_each(struct shelf *shelf,
                             int (*on_record)(void *context, const struct record *record),
                             void *context)
{
    struct record_list *list = &shelf->committed;
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), compare_kept);
    for (size_t i = 0; i < list->count; i++) {
        /* Of its own size, so that a sanitizer sees what reads past it. */
        struct bytes key = copy_bytes(list->items[i].key);
        struct bytes value = copy_bytes(list->items[i].value);
        struct record record = {list->items[i].kind, key, value};
        int result = on_record(context, &record);
        memory_free_pointer(&key.data);
        memory_free_pointer(&value.data);
        if (result < 0)
            return result;
    }
    return 0;
}

/* For registry_track. */
static inline bool shelf_recall(void *context, const char *key, size_t length, struct text *out)
{
    const struct shelf *shelf = context;
    const struct kept_record *kept =
        list_find(&shelf->committed, RECORD_SERIES, (struct bytes){key, length});
    if (kept)
        text_append(out, kept->value.data, kept->value.length);
    return kept != NULL;
}

/* The lines of an exposition in one order, since that of series is not kept. The caller frees. */
static inline int compare_lines(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static inline char *sorted_lines(const struct text *text)
{
    char **lines = NULL;
    size_t count = 0;
    struct text sorted;
    char *copy = memory_copy(text->data ? text->data : "", text->length);
    for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
        lines = memory_resize(lines, count + 1, sizeof(*lines));
        lines[count++] = line;
    }
    if (count)
        qsort(lines, count, sizeof(*lines), compare_lines);
    text_init(&sorted, TEXT_UNLIMITED);
    text_append_string(&sorted, "");
    for (size_t i = 0; i < count; i++)
        text_printf(&sorted, "%s\n", lines[i]);
    free(lines);
    free(copy);
    return text_take(&sorted);
}

#endif
