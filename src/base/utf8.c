/* See utf8.h. */
#include "base/utf8.h"

#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static size_t size_by_lead(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/* Three and four bytes can say what fewer say, or what is no character: their second byte tells. */
static bool second_byte_fits(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xE0:
        return second >= 0xA0;
    case 0xED:
        return second < 0xA0;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second < 0x90;
    default:
        return true;
    }
}

size_t utf8_sequence(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    size_t size = size_by_lead(at[0]);
    if (size > length)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return size < 2 || second_byte_fits(at[0], at[1]) ? size : 0;
}

uint32_t utf8_code_point(const char *bytes, size_t size)
{
    const unsigned char *at = (const unsigned char *)bytes;
    if (size == 1)
        return at[0];
    uint32_t code_point = at[0] & (0x7FU >> size);
    for (size_t i = 1; i < size; i++)
        code_point = code_point << 6 | (at[i] & 0x3FU);
    return code_point;
}

/* The sequence at `at` whose bytes are all there: as utf8_sequence, with the common ones of two and
 * three bytes first. */
static inline size_t whole_sequence(const unsigned char *at)
{
    bool two = (at[1] & 0xC0) == 0x80;
    if (at[0] >= 0xC2 && at[0] <= 0xDF)
        return two ? 2 : 0;
    if (at[0] > 0xE0 && at[0] < 0xF0 && at[0] != 0xED)
        return two && (at[2] & 0xC0) == 0x80 ? 3 : 0;
    return utf8_sequence((const char *)at, 4);
}

size_t utf8_valid_prefix(const char *bytes, size_t length)
{
    size_t at = 0;
    while (length - at >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof(word));
        if (!(word & HIGH_BITS)) {
            at += sizeof(word);
            continue;
        }
        while (!(bytes[at] & 0x80))
            at++;
        while (length - at >= 4 && (bytes[at] & 0x80)) {
            size_t size = whole_sequence((const unsigned char *)bytes + at);
            if (size == 0)
                return at;
            at += size;
        }
        if (length - at < 4)
            break;
    }
    while (at < length) {
        size_t size = utf8_sequence(bytes + at, length - at);
        if (size == 0)
            break;
        at += size;
    }
    return at;
}

bool utf8_is_invisible(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) ||
           (code_point >= 0x2028 && code_point <= 0x202E) ||
           (code_point >= 0x2066 && code_point <= 0x2069);
}

/* Bits above ASCII, by words, four at a time: they are or-ed without waiting for each other. */
static bool is_ascii(const char *bytes, size_t length)
{
    uint64_t words[4];
    uint64_t bits = 0;
    size_t i = 0;
    for (; i + sizeof(words) <= length; i += sizeof(words)) {
        memcpy(words, bytes + i, sizeof(words));
        bits |= (words[0] | words[1]) | (words[2] | words[3]);
    }
    for (; i < length; i++)
        bits |= (unsigned char)bytes[i];
    return !(bits & HIGH_BITS);
}

bool utf8_is_valid(const char *bytes, size_t length)
{
    return is_ascii(bytes, length) || utf8_valid_prefix(bytes, length) == length;
}
