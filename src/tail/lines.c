/* See lines.h. */
#include "tail/lines.h"

#include <string.h>

#include "base/attributes.h"

#define BOM        "\xEF\xBB\xBF"
#define BOM_LENGTH ((size_t)3)
/* Bytes of a rest that may still be taken off: the BOM and the CR. */
#define REST_SLACK (BOM_LENGTH + 1)

size_t lines_leading_nuls(const char *bytes, size_t length)
{
    size_t count = 0;
    static const char nuls[256];
    while (length - count >= sizeof(nuls) && memcmp(bytes + count, nuls, sizeof(nuls)) == 0)
        count += sizeof(nuls);
    while (count < length && bytes[count] == '\0')
        count++;
    return count;
}

size_t lines_without_trailing_nuls(const char *bytes, size_t length)
{
    while (length > 0 && bytes[length - 1] == '\0')
        length--;
    return length;
}

bool lines_rest_too_long(uint64_t length, size_t maximum)
{
    return length > (uint64_t)maximum + REST_SLACK;
}

static bool is_blank(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r')
            return false;
    return true;
}

bool lines_strip(const char **inout_bytes, size_t *inout_length, uint64_t offset)
{
    const char *bytes = *inout_bytes;
    size_t length = *inout_length;
    if (UNLIKELY(offset == 0) && length >= BOM_LENGTH && memcmp(bytes, BOM, BOM_LENGTH) == 0) {
        bytes += BOM_LENGTH;
        length -= BOM_LENGTH;
    }
    if (length > 0 && UNLIKELY(bytes[0] == '\0')) {
        size_t nuls = lines_leading_nuls(bytes, length);
        bytes += nuls;
        length -= nuls;
    }
    if (length > 0 && bytes[length - 1] == '\r')
        length--;
    *inout_bytes = bytes;
    *inout_length = length;
    return length > 0 && (LIKELY((unsigned char)bytes[0] > ' ') || !is_blank(bytes, length));
}

/* The end of a line that was told as too long before. */
static enum lines_kind end_discarded(struct lines *lines, const char *end)
{
    if (!end) {
        lines->position = lines->length;
        return LINES_END;
    }
    lines->discarding = false;
    lines->position = (size_t)(end - lines->bytes) + 1;
    return LINES_BLANK;
}

/* No LF any more: the rest waits, unless it is too long already. */
static enum lines_kind rest(struct lines *lines, struct lines_cut *ret_cut)
{
    size_t start = lines->position;
    size_t length = lines->length - start;
    size_t nuls = lines_leading_nuls(lines->bytes + start, length);
    size_t content = lines_without_trailing_nuls(lines->bytes + start + nuls, length - nuls);
    if (!lines_rest_too_long(content, lines->maximum))
        return LINES_END;
    lines->discarding = true;
    lines->rest_counted = false;
    lines->position = lines->length;
    *ret_cut = (struct lines_cut){.start = start, .number = ++lines->number};
    return LINES_TOO_LONG;
}

enum lines_kind lines_next(struct lines *lines, struct lines_cut *ret_cut)
{
    const char *bytes = lines->bytes + lines->position;
    size_t left = lines->length - lines->position;
    const char *end = left ? memchr(bytes, '\n', left) : NULL;
    if (UNLIKELY(lines->discarding))
        return end_discarded(lines, end);
    if (UNLIKELY(!end))
        return rest(lines, ret_cut);

    size_t length = (size_t)(end - bytes);
    bool is_line = lines_strip(&bytes, &length, lines->offset + lines->position);
    *ret_cut = (struct lines_cut){.bytes = bytes, .length = length, .start = lines->position};
    lines->position = (size_t)(end - lines->bytes) + 1;
    /* The LF of a line that was counted without it ends that line, and is none of its own. */
    bool ends_counted = UNLIKELY(lines->rest_counted) && !is_line;
    lines->rest_counted = false;
    if (!ends_counted)
        lines->number++;
    ret_cut->number = lines->number;
    if (!is_line)
        return LINES_BLANK;
    return LIKELY(length <= lines->maximum) ? LINES_LINE : LINES_TOO_LONG;
}
