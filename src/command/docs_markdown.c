/* See docs_markdown.h. */
#include "command/docs_markdown.h"

#include <string.h>

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* Backticks that come in pairs make code spans, in which only a '|' is escaped. */
void docs_append_prose(struct text *out, const char *prose)
{
    size_t ticks = 0;
    for (const char *at = prose; *at; at++)
        ticks += *at == '`';
    bool has_spans = ticks % 2 == 0;
    for (bool in_span = false; *prose; prose++) {
        bool is_tick = *prose == '`';
        if (*prose == '|' || (is_tick && !has_spans) || (!in_span && strchr("\\*<>[]", *prose)))
            text_append_char(out, '\\');
        in_span = in_span != (is_tick && has_spans);
        text_append_char(out, is_control(*prose) ? ' ' : *prose);
    }
}

/* How many backticks stand together at most. */
static size_t longest_run(const char *code)
{
    size_t longest = 0;
    for (size_t run; *code; code += run ? run : 1) {
        run = strspn(code, "`");
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void append_backticks(struct text *out, size_t count)
{
    while (count--)
        text_append_char(out, '`');
}

void docs_append_code(struct text *out, const char *code)
{
    size_t run = longest_run(code);
    if (!*code)
        return;
    append_backticks(out, run + 1);
    if (run)
        text_append_char(out, ' ');
    for (; *code; code++) {
        if (*code == '|') /* a cell ends at it, also within a code span */
            text_append_char(out, '\\');
        text_append_char(out, is_control(*code) ? ' ' : *code);
    }
    if (run)
        text_append_char(out, ' ');
    append_backticks(out, run + 1);
}
