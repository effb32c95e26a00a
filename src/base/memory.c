/* See memory.h. An arena is a chain of blocks; each new block is at least twice the last. */
#include "base/memory.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_FIRST_BLOCK ((size_t)4096)

struct arena_block {
    struct arena_block *next;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

static _Noreturn void out_of_memory(void)
{
    static const char message[] = "jsonl-exporter: out of memory, stopping\n";
    ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);
    (void)ignored;
    abort();
}

void *memory_alloc(size_t size)
{
    void *pointer = malloc(size ? size : 1);
    if (!pointer)
        out_of_memory();
    return pointer;
}

void *memory_zero(size_t count, size_t size)
{
    void *pointer = calloc(count ? count : 1, size ? size : 1);
    if (!pointer)
        out_of_memory();
    return pointer;
}

void *memory_resize(void *pointer, size_t count, size_t size)
{
    void *resized = reallocarray(pointer, count ? count : 1, size ? size : 1);
    if (!resized)
        out_of_memory();
    return resized;
}

char *memory_copy(const char *bytes, size_t length)
{
    char *copy = memory_alloc(length + 1);
    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *memory_copy_text(const char *text)
{
    return memory_copy(text, strlen(text));
}

char *memory_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0 || !text)
        out_of_memory();
    va_end(arguments);
    return text;
}

void memory_free_pointer(void *pointer_to_pointer)
{
    void *pointer;
    memcpy(&pointer, pointer_to_pointer, sizeof(pointer));
    free(pointer);
}

void arena_init(struct arena *arena, size_t largest)
{
    *arena = (struct arena){.largest = largest};
}

static struct arena_block *arena_add_block(struct arena *arena, size_t size)
{
    size_t wanted = arena->current ? arena->current->size * 2 : ARENA_FIRST_BLOCK;
    if (wanted < size)
        wanted = size;
    struct arena_block *block = memory_alloc(sizeof(*block) + wanted);
    block->next = NULL;
    block->size = wanted;
    if (arena->current)
        arena->current->next = block;
    else
        arena->first = block;
    return block;
}

/* The next block that has room; those kept from before a reset are used again. */
static void arena_step(struct arena *arena, size_t size)
{
    struct arena_block *next = arena->current ? arena->current->next : arena->first;
    while (next && next->size < size) { /* too small to serve: passed over until the next reset */
        arena->current = next;
        next = next->next;
    }
    arena->current = next ? next : arena_add_block(arena, size);
    arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!arena->current || arena->used + size > arena->current->size)
        arena_step(arena, size);
    void *bytes = arena->current->bytes + arena->used;
    arena->used += size;
    return bytes;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

static void free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_reset(struct arena *arena)
{
    arena->current = arena->first;
    arena->used = 0;
    if (!arena->first || !arena->first->next)
        return;
    size_t kept = 0;
    for (struct arena_block **link = &arena->first; *link; link = &(*link)->next) {
        kept += (*link)->size;
        if (kept > arena->largest) {
            free_blocks(*link);
            *link = NULL;
            break;
        }
    }
    arena->current = arena->first;
}

void arena_free(struct arena *arena)
{
    free_blocks(arena->first);
    arena_init(arena, arena->largest);
}
