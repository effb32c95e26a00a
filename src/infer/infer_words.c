/* See infer_words.h. */
#include "infer/infer_words.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

/* Does a new word begin at `i`? "aB" and the last capital of "ABc". */
static bool begins_word(const char *name, size_t length, size_t i)
{
    if (i == 0 || !isupper((unsigned char)name[i]))
        return false;
    return !isupper((unsigned char)name[i - 1]) ||
           (i + 1 < length && islower((unsigned char)name[i + 1]));
}

/* Letters that stand alone are one word: d_l_q is DLQ. */
static bool joins_letters(const struct words *words, size_t length)
{
    if (length != 1 || words->count == 0 || !isalpha((unsigned char)words->items[words->count][0]))
        return false;
    const char *last = words->items[words->count - 1];
    return words->letters || (isalpha((unsigned char)last[0]) && last[1] == '\0');
}

static void end_word(struct words *words, size_t *length)
{
    if (*length == 0 || words->count == WORDS_MOST)
        return;
    char *word = words->items[words->count];
    word[*length] = '\0';
    bool joins = joins_letters(words, *length);
    size_t before = joins ? strlen(words->items[words->count - 1]) : WORD_LONGEST;
    if (before < WORD_LONGEST) {
        words->items[words->count - 1][before] = word[0];
        words->items[words->count - 1][before + 1] = '\0';
    } else {
        words->count++;
    }
    words->letters = joins;
    *length = 0;
}

void words_read(struct words *words, const char *name, size_t length)
{
    size_t used = 0;
    words->count = 0;
    words->letters = false;
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)name[i]) || begins_word(name, length, i))
            end_word(words, &used);
        if (isalnum((unsigned char)name[i]) && words->count < WORDS_MOST && used < WORD_LONGEST)
            words->items[words->count][used++] = (char)tolower((unsigned char)name[i]);
    }
    end_word(words, &used);
}

const char *words_last(const struct words *words)
{
    return words->count ? words->items[words->count - 1] : "";
}

void words_drop_last(struct words *words)
{
    if (words->count)
        words->count--;
}

void words_append(struct words *words, const struct words *more)
{
    for (size_t i = 0; i < more->count && words->count < WORDS_MOST; i++)
        memcpy(words->items[words->count++], more->items[i], sizeof(more->items[i]));
}

void words_text(const struct words *words, struct text *out)
{
    for (size_t i = 0; i < words->count; i++) {
        if (i)
            text_append_char(out, '_');
        text_append_string(out, words->items[i]);
    }
}

bool word_is_in(const char *text, const char *choices)
{
    size_t length = strlen(text);
    if (length == 0)
        return false;
    for (const char *at = choices; (at = strstr(at, text)); at++)
        if (at > choices && at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

bool words_any_in(const struct words *words, const char *choices)
{
    for (size_t i = 0; i < words->count; i++)
        if (word_is_in(words->items[i], choices))
            return true;
    return false;
}

bool words_are_in(const struct words *words, const char *choices)
{
    struct text joined;
    text_init(&joined, TEXT_UNLIMITED);
    words_text(words, &joined);
    bool found = joined.data && word_is_in(joined.data, choices);
    text_free(&joined);
    return found;
}
