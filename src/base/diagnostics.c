/* See diagnostics.h. Messages may quote hostile text: it is escaped when printed. */
#include "base/diagnostics.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/memory.h"
#include "base/tree.h"

/* Words longer than this are near to nothing; it bounds the work and the rows on the stack. */
#define WORD_MAXIMUM ((size_t)64)

void diagnostics_init(struct diagnostics *diagnostics)
{
    *diagnostics = (struct diagnostics){0};
}

void diagnostics_free(struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        free(diagnostics->items[i].file);
        free(diagnostics->items[i].message);
    }
    free(diagnostics->items);
    diagnostics_init(diagnostics);
}

static void add(struct diagnostics *diagnostics, struct diagnostic place, const char *file,
                const char *format, va_list arguments) __attribute__((format(printf, 4, 0)));

static void add(struct diagnostics *diagnostics, struct diagnostic place, const char *file,
                const char *format, va_list arguments)
{
    diagnostics->errors += place.is_error;
    if (diagnostics->count == DIAGNOSTICS_MAXIMUM) {
        diagnostics->left_out++;
        return;
    }
    if (diagnostics->count == diagnostics->capacity) {
        diagnostics->capacity = diagnostics->capacity ? diagnostics->capacity * 2 : 8;
        diagnostics->items =
            memory_resize(diagnostics->items, diagnostics->capacity, sizeof(*diagnostics->items));
    }
    place.file = memory_copy_text(file ? file : "");
    if (vasprintf(&place.message, format, arguments) < 0)
        place.message = memory_copy_text(format);
    diagnostics->items[diagnostics->count++] = place;
}

static struct diagnostic place_of(const struct tree *where, bool is_error)
{
    return (struct diagnostic){
        .is_error = is_error,
        .line = where ? where->line : 0,
        .column = where ? where->column : 0,
    };
}

void diagnostics_error(struct diagnostics *diagnostics, const struct tree *where,
                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(diagnostics, place_of(where, true), where ? where->file : NULL, format, arguments);
    va_end(arguments);
}

void diagnostics_warning(struct diagnostics *diagnostics, const struct tree *where,
                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(diagnostics, place_of(where, false), where ? where->file : NULL, format, arguments);
    va_end(arguments);
}

void diagnostics_error_at(struct diagnostics *diagnostics, const char *file, int line, int column,
                          const char *format, ...)
{
    struct diagnostic place = {.is_error = true, .line = line, .column = column};
    va_list arguments;
    va_start(arguments, format);
    add(diagnostics, place, file, format, arguments);
    va_end(arguments);
}

/* By place; equal places stay in the order in which they were found, which is that of their
 * addresses in the array that the pointers being sorted point into. */
static int compare_places(const void *left, const void *right)
{
    const struct diagnostic *a = *(const struct diagnostic *const *)left;
    const struct diagnostic *b = *(const struct diagnostic *const *)right;
    int order = strcmp(a->file, b->file);
    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    if (order == 0)
        order = (a->column > b->column) - (a->column < b->column);
    return order ? order : (a > b) - (a < b);
}

static void print_one(const struct diagnostic *diagnostic, struct text *out)
{
    if (*diagnostic->file) {
        escape_append(out, diagnostic->file, strlen(diagnostic->file), "");
        if (diagnostic->line > 0)
            text_printf(out, ":%d", diagnostic->line);
        if (diagnostic->line > 0 && diagnostic->column > 0)
            text_printf(out, ":%d", diagnostic->column);
        text_append_string(out, ": ");
    }
    text_append_string(out, diagnostic->is_error ? "error: " : "warning: ");
    escape_append(out, diagnostic->message, strlen(diagnostic->message), "");
    text_append_char(out, '\n');
}

void diagnostics_print(const struct diagnostics *diagnostics, struct text *out)
{
    const struct diagnostic **sorted = memory_zero(diagnostics->count, sizeof(*sorted));
    for (size_t i = 0; i < diagnostics->count; i++)
        sorted[i] = &diagnostics->items[i];
    qsort(sorted, diagnostics->count, sizeof(*sorted), compare_places);
    for (size_t i = 0; i < diagnostics->count; i++)
        print_one(sorted[i], out);
    if (diagnostics->left_out)
        text_printf(out, "and %zu more\n", diagnostics->left_out);
    free(sorted);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* How many letters to insert, remove, replace or swap with their neighbour turn `a` into `b`.
 * Three rows of the usual table: the one being filled and the two before it. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_MAXIMUM + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *second_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            bool same = same_letter(a[i - 1], b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1]))
                row[j] = least(row[j], second_above[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    size_t length = strlen(word);
    if (length > WORD_MAXIMUM)
        return NULL;
    const char *nearest = NULL;
    size_t shortest = 2 + length / 3;
    for (size_t i = 0; i < count; i++) {
        if (!words[i] || strlen(words[i]) > WORD_MAXIMUM)
            continue;
        size_t distance = edit_distance(word, length, words[i], strlen(words[i]));
        if (distance < shortest) {
            shortest = distance;
            nearest = words[i];
        }
    }
    return nearest;
}

void diagnostics_show(const struct diagnostics *diagnostics)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    diagnostics_print(diagnostics, &text);
    fputs(text.data ? text.data : "", stderr);
    text_free(&text);
}
