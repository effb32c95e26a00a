/* See text.h. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/utf8.h"

#define TEXT_FIRST_CAPACITY ((size_t)128)

void text_init(struct text *text, size_t maximum)
{
    *text = (struct text){.maximum = maximum};
}

char *text_reserve(struct text *text, size_t length)
{
    if (length > text->maximum || text->length > text->maximum - length) {
        text->overflowed = true;
        return NULL;
    }
    size_t needed = text->length + length + 1;
    if (needed > text->capacity) {
        size_t capacity = text->capacity ? text->capacity : TEXT_FIRST_CAPACITY;
        while (capacity < needed)
            capacity += capacity;
        text->data = memory_resize(text->data, capacity, 1);
        text->capacity = capacity;
    }
    return text->data + text->length;
}

bool text_append(struct text *text, const char *bytes, size_t length)
{
    char *room = text_reserve(text, length);
    if (!room)
        return false;
    if (length)
        memcpy(room, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
    return true;
}

bool text_append_string(struct text *text, const char *string)
{
    return text_append(text, string, strlen(string));
}

bool text_append_char(struct text *text, char c)
{
    return text_append(text, &c, 1);
}

bool text_printf(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *room = length < 0 ? NULL : text_reserve(text, (size_t)length);
    if (room) {
        vsnprintf(room, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    return room != NULL;
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->overflowed = false;
    if (text->data)
        text->data[0] = '\0';
}

void text_free(struct text *text)
{
    free(text->data);
    text_init(text, text->maximum);
}

char *text_take(struct text *text)
{
    char *data = text->data ? text->data : memory_copy("", 0);
    text_init(text, text->maximum);
    return data;
}

static void append_json_byte(struct text *text, unsigned char byte)
{
    switch (byte) {
    case '"':
        text_append(text, "\\\"", 2);
        break;
    case '\\':
        text_append(text, "\\\\", 2);
        break;
    case '\n':
        text_append(text, "\\n", 2);
        break;
    case '\t':
        text_append(text, "\\t", 2);
        break;
    default:
        if (byte < 0x20 || byte == 0x7F)
            text_printf(text, "\\u%04x", byte);
        else
            text_append_char(text, (char)byte);
    }
}

bool text_append_json(struct text *text, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t size = utf8_sequence(bytes + i, length - i);
        if (size == 0)
            text_append(text, "\xEF\xBF\xBD", 3);
        else if (size == 1)
            append_json_byte(text, (unsigned char)bytes[i]);
        else
            text_append(text, bytes + i, size);
        i += size ? size : 1;
    }
    return !text->overflowed;
}
