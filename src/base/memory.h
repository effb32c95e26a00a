/* Memory: the one place where running out of it stops the process.
 *
 * Every allocation of the project goes through here and never returns NULL: on exhaustion the
 * process prints one line to stderr and aborts. The saved state makes that safe.
 *
 * An arena hands out memory that is all given back at once: the decoder's scratch for one batch
 * of lines. It keeps its blocks on reset, so a steady state allocates nothing. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

#include "base/attributes.h"

void *memory_alloc(size_t size) __attribute__((malloc, returns_nonnull));
/* `count` items of `size` bytes, all zero. Aborts on overflow of the product too. */
void *memory_zero(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
/* Like realloc for `count` items of `size` bytes; `pointer` may be NULL. Aborts on overflow. */
void *memory_resize(void *pointer, size_t count, size_t size) MUST_CHECK;
/* A NUL-terminated copy of `length` bytes; the caller frees. */
char *memory_copy(const char *bytes, size_t length) __attribute__((returns_nonnull));
char *memory_copy_text(const char *text) __attribute__((returns_nonnull));
/* printf into new memory; the caller frees. */
char *memory_format(const char *format, ...) PRINTF(1, 2) __attribute__((returns_nonnull));
/* Cleanup function of AUTO_FREE. */
void memory_free_pointer(void *pointer_to_pointer);

struct arena_block;
struct arena {
    struct arena_block *first;
    struct arena_block *current;
    size_t used;    /* bytes handed out of the current block */
    size_t largest; /* bytes a reset may keep; bigger blocks are given back */
};

/* `largest`: bytes in total that arena_reset may keep. No memory is taken before first use. */
void arena_init(struct arena *arena, size_t largest);
/* `size` bytes aligned for any type, valid until the next reset or free. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));
/* A NUL-terminated copy in the arena. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);
/* Everything handed out becomes invalid; blocks are kept up to `largest`. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

#endif
