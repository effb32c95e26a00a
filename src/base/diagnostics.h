/* What is wrong with a file the user wrote: collected whole, so that all errors are shown at once.
 *
 *   rules.yaml:12:9: error: unknown update 'icn' (did you mean 'inc'?)
 *
 * Errors make a file unusable; warnings do not. */
#ifndef BASE_DIAGNOSTICS_H
#define BASE_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/text.h"

struct tree;

struct diagnostic {
    bool is_error;
    char *file; /* may be empty: no file (an option) */
    int line;   /* 0: unknown */
    int column;
    char *message;
};

/* Kept at most; further ones only count, and the print says how many. */
#define DIAGNOSTICS_MAXIMUM ((size_t)1000)

struct diagnostics {
    struct diagnostic *items;
    size_t count;
    size_t capacity;
    size_t errors; /* all there were */
    size_t left_out;
};

void diagnostics_init(struct diagnostics *diagnostics);
void diagnostics_free(struct diagnostics *diagnostics);
/* At the position of `where` (NULL: nowhere). The message names the offending text. */
void diagnostics_error(struct diagnostics *diagnostics, const struct tree *where,
                       const char *format, ...) PRINTF(3, 4);
void diagnostics_warning(struct diagnostics *diagnostics, const struct tree *where,
                         const char *format, ...) PRINTF(3, 4);
/* As above at a position without a tree: a YAML syntax error, an option (file ""). */
void diagnostics_error_at(struct diagnostics *diagnostics, const char *file, int line, int column,
                          const char *format, ...) PRINTF(5, 6);
/* Appends all, sorted by file, line and column, one a line as in the example above. */
void diagnostics_print(const struct diagnostics *diagnostics, struct text *out);
/* The same on stderr. */
void diagnostics_show(const struct diagnostics *diagnostics);

/* The entry of `words` (`count`, NULLs skipped) nearest to `word` by edit distance without case,
 * or NULL when none is near (distance over 1 + length / 3). */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
