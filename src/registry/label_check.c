/* Is this the text of a label set of this family, as labels.c writes it? What comes out of a record
 * becomes key and output as it is, so it must be. */
#include <string.h>

#include "base/utf8.h"
#include "registry/registry_internal.h"

#define VALUE_LONGEST ((size_t)REGISTRY_LABEL_LONGEST * 3) /* every byte may have become U+FFFD */

/* Bytes of one character as it is written within a value: 0 when it would not be written so. */
static size_t character_size(const char *at, size_t left)
{
    if (*at == '\n')
        return 0;
    if (*at != '\\')
        return utf8_sequence(at, left);
    return left > 1 && (at[1] == '\\' || at[1] == '"' || at[1] == 'n') ? 2 : 0;
}

/* Bytes of the value that starts here, with its closing quote; 0: there is none. */
static size_t value_size(const char *at, size_t left)
{
    size_t characters = 0;
    size_t i = 0;
    while (i < left && at[i] != '"') {
        size_t size = character_size(at + i, left - i);
        if (size == 0)
            return 0;
        characters += at[i] == '\\' ? 1 : size;
        i += size;
    }
    return i < left && characters > 0 && characters <= VALUE_LONGEST ? i + 1 : 0;
}

bool labels_are_of(const struct family *family, struct label_text labels)
{
    const char *at = labels.bytes;
    size_t left = labels.length;
    for (size_t i = 0; left > 0 && i < family->spec.label_count; i++) {
        const struct label_text *start = &family->label_starts[i];
        size_t comma = at != labels.bytes;
        if (left < comma + start->length || (comma && *at != ',') ||
            memcmp(at + comma, start->bytes, start->length) != 0)
            continue;
        size_t before = comma + start->length;
        size_t value = value_size(at + before, left - before);
        if (value == 0)
            return false;
        at += before + value;
        left -= before + value;
    }
    return left == 0;
}
