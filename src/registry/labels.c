/* The text of a label set, as the text format wants it: `name="value",...`, with '\', '"' and LF
 * escaped and invalid UTF-8 shown as U+FFFD. Written for every update, so a value is looked at
 * eight bytes at a time, and copied whole when there is nothing to escape. */
#include <string.h>

#include "base/attributes.h"
#include "base/utf8.h"
#include "registry/registry_internal.h"

#define BYTE_GROWTH 3 /* the most that one byte of a value becomes: U+FFFD */

static const char fold_value[] = "_other";
static const char replacement[] = "\xEF\xBF\xBD";

/* Which of the 8 bytes are zero, as a bit in each; exact for the lowest, which is enough to know
 * whether there is any. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

static uint64_t eight_of(char c)
{
    return UINT64_C(0x0101010101010101) * (unsigned char)c;
}

/* 8 bytes that are ASCII and need no escape. */
static bool word_is_plain(uint64_t word)
{
    return !((word & UINT64_C(0x8080808080808080)) | zero_bytes(word ^ eight_of('"')) |
             zero_bytes(word ^ eight_of('\\')) | zero_bytes(word ^ eight_of('\n')));
}

/* Writes one character, of 1 to 4 bytes; *ret_size is how many of `text` that took. */
static char *write_character(char *at, const char *text, size_t length, size_t *ret_size)
{
    size_t size = utf8_sequence(text, length);
    *ret_size = size ? size : 1;
    if (size == 0) {
        memcpy(at, replacement, sizeof(replacement) - 1);
        return at + sizeof(replacement) - 1;
    }
    if (*text == '"' || *text == '\\' || *text == '\n') {
        *at++ = '\\';
        *at++ = *text == '\n' ? 'n' : *text;
        return at;
    }
    memcpy(at, text, size);
    return at + size;
}

static uint64_t load_word(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof(word));
    return word;
}

/* The bytes of a text of less than 8; some of them twice, or zeros, which are plain. */
static uint64_t load_short(const char *text, size_t length)
{
    uint32_t head;
    uint32_t tail;
    if (length >= sizeof(head)) {
        memcpy(&head, text, sizeof(head));
        memcpy(&tail, text + length - sizeof(tail), sizeof(tail));
        return (uint64_t)head << 32 | tail;
    }
    uint64_t word = 0;
    for (size_t i = 0; i < length; i++)
        word = word << 8 | (unsigned char)text[i];
    return word;
}

static bool is_plain(const char *text, size_t length)
{
    if (length < sizeof(uint64_t))
        return word_is_plain(load_short(text, length));
    for (size_t i = 0; i + sizeof(uint64_t) < length; i += sizeof(uint64_t))
        if (!word_is_plain(load_word(text + i)))
            return false;
    return word_is_plain(load_word(text + length - sizeof(uint64_t)));
}

/* As memcpy, for a few bytes of unknown number, where a call or `rep movs` costs more. */
static char *put(char *at, const char *text, size_t length)
{
    if (length >= sizeof(uint64_t)) {
        for (size_t i = 0; i + sizeof(uint64_t) < length; i += sizeof(uint64_t))
            memcpy(at + i, text + i, sizeof(uint64_t));
        memcpy(at + length - sizeof(uint64_t), text + length - sizeof(uint64_t), sizeof(uint64_t));
        return at + length;
    }
    for (size_t i = 0; i < length; i++)
        at[i] = text[i];
    return at + length;
}

static char *write_value(char *at, const char *text, size_t length)
{
    if (LIKELY(is_plain(text, length)))
        return put(at, text, length);
    for (size_t i = 0; i < length;) {
        size_t size;
        at = write_character(at, text + i, length - i, &size);
        i += size;
    }
    return at;
}

/* Not more than REGISTRY_LABEL_LONGEST bytes, and no character cut in two. */
static size_t cut_length(const struct label_value *value)
{
    if (value->length <= REGISTRY_LABEL_LONGEST)
        return value->length;
    size_t length = REGISTRY_LABEL_LONGEST;
    while (length > REGISTRY_LABEL_LONGEST - 3 && (value->text[length] & 0xC0) == 0x80)
        length--;
    return length;
}

struct label_text labels_write(struct family *family, const struct label_value *values,
                               enum label_fold fold)
{
    static const struct label_value folded = {fold_value, sizeof(fold_value) - 1};
    size_t count = family->spec.label_count;
    size_t room = family->label_room + count * BYTE_GROWTH * sizeof(fold_value);
    for (size_t i = 0; i < count; i++)
        room += cut_length(&values[i]) * BYTE_GROWTH;
    char *start = text_reserve(&family->registry->scratch, room);
    char *at = start;
    for (size_t i = 0; i < count; i++) {
        bool folds = fold == FOLD_ALL || (fold == FOLD_LISTED && family->spec.label_folds[i]);
        const struct label_value *value = folds ? &folded : &values[i];
        if (value->length == 0)
            continue;
        if (at != start)
            *at++ = ',';
        at = put(at, family->label_starts[i].bytes, family->label_starts[i].length);
        at = write_value(at, value->text, cut_length(value));
        *at++ = '"';
    }
    return (struct label_text){start, (size_t)(at - start)};
}
