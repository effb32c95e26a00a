/* Names taken apart into words, and which words mean what.
 *
 *   durationMs -> duration, ms     AgentCompleted -> agent, completed     d_l_q -> dlq */
#ifndef INFER_INFER_WORDS_H
#define INFER_INFER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct text;

#define WORDS_MOST   ((size_t)12)
#define WORD_LONGEST ((size_t)32)

struct words {
    char items[WORDS_MOST][WORD_LONGEST + 1]; /* in lower case: a-z, 0-9 */
    size_t count;
    bool letters; /* while they are read: the last one was put together of letters */
};

/* Cuts at what is no letter or digit, and before capitals. Words past the bounds are left out. */
void words_read(struct words *words, const char *name, size_t length);
/* The last one; "" when there is none. */
const char *words_last(const struct words *words);
void words_drop_last(struct words *words);
void words_append(struct words *words, const struct words *more);
/* Appends them with '_' between. */
void words_text(const struct words *words, struct text *out);

/* Is it one of the words of `choices`, which a blank stands before, between and behind (" a b ")?
 */
bool word_is_in(const char *text, const char *choices);
bool words_any_in(const struct words *words, const char *choices);
/* Are they, with '_' between, one of `choices`? */
bool words_are_in(const struct words *words, const char *choices);

#endif
