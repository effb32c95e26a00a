/* See escape.h. */
#include "base/escape.h"

#include <string.h>

#include "base/utf8.h"

static void append_hidden(struct text *out, uint32_t code_point)
{
    if (code_point == '\n')
        text_append_string(out, "\\n");
    else if (code_point == '\r')
        text_append_string(out, "\\r");
    else if (code_point == '\t')
        text_append_string(out, "\\t");
    else
        text_printf(out, "\\u%04x", (unsigned)code_point);
}

void escape_append(struct text *out, const char *bytes, size_t length, const char *also)
{
    for (size_t i = 0; i < length;) {
        size_t size = utf8_sequence(bytes + i, length - i);
        uint32_t code_point = size ? utf8_code_point(bytes + i, size) : 0xFFFD;
        if (!size || utf8_is_invisible(code_point)) {
            append_hidden(out, code_point);
        } else {
            if (size == 1 && strchr(also, bytes[i]))
                text_append_char(out, '\\');
            text_append(out, bytes + i, size);
        }
        i += size ? size : 1;
    }
}
