/* See coverage_columns.h. */
#include "command/coverage_columns.h"

#include "base/text.h"
#include "infer/infer_text.h"

#define COUNT_COLUMN 12

void columns_right(struct text *out, const char *bytes, size_t length)
{
    for (size_t i = length; i < COUNT_COLUMN; i++)
        text_append_char(out, ' ');
    text_append(out, bytes, length);
}

void columns_count(struct text *out, uint64_t count)
{
    struct text number;
    text_init(&number, TEXT_UNLIMITED);
    infer_append_count(&number, count);
    columns_right(out, number.data, number.length);
    text_free(&number);
}

void columns_word(struct text *out, const char *word, size_t width)
{
    text_printf(out, "  %-*s", (int)width, word);
}

void columns_end(struct text *out, const char *name, size_t length)
{
    text_append_string(out, "  ");
    text_append_json(out, name, length);
    text_append_char(out, '\n');
}
