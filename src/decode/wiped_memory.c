/* See wiped_memory.h. Each block begins with its size. */
#include "decode/wiped_memory.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct block {
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

static struct block *block_of(void *bytes)
{
    return (struct block *)(void *)((unsigned char *)bytes - offsetof(struct block, bytes));
}

static void *on_allocate(void *context, size_t size)
{
    (void)context;
    struct block *block = memory_alloc(sizeof(*block) + size);
    block->size = size;
    return block->bytes;
}

static void on_free(void *context, void *bytes)
{
    (void)context;
    if (!bytes)
        return;
    struct block *block = block_of(bytes);
    explicit_bzero(block->bytes, block->size);
    free(block);
}

static void *on_resize(void *context, void *bytes, size_t size)
{
    void *resized = on_allocate(context, size);
    if (bytes) {
        size_t old = block_of(bytes)->size;
        memcpy(resized, bytes, old < size ? old : size);
        on_free(context, bytes);
    }
    return resized;
}

const yajl_alloc_funcs wiped_memory = {
    .malloc = on_allocate, .realloc = on_resize, .free = on_free, .ctx = NULL};
