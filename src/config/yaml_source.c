/* See yaml_source.h.
 *
 * libfyaml takes malformed UTF-8 for the end of a scalar and goes on, and passes control
 * characters through; so both are looked for here, first. */
#include "config/yaml_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/utf8.h"
#include "config/yaml.h"

#define READ_SIZE ((size_t)16 << 10)

static const char byte_order_mark[] = "\xEF\xBB\xBF";

/* 0, or a negative errno: -EFBIG past the maximum of `content`. */
static int read_all(int descriptor, struct text *content)
{
    char bytes[READ_SIZE];
    for (;;) {
        ssize_t got = read(descriptor, bytes, sizeof(bytes));
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0 && !text_append(content, bytes, (size_t)got))
            return -EFBIG;
    }
}

char *yaml_source_load(const char *path, size_t *ret_length, struct diagnostics *diagnostics)
{
    struct text content;
    text_init(&content, YAML_FILE_MAXIMUM);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int result = descriptor < 0 ? -errno : read_all(descriptor, &content);
    if (descriptor >= 0)
        close(descriptor);
    if (result == -EFBIG)
        diagnostics_error_at(diagnostics, path, 0, 0, "larger than %zu MiB",
                             YAML_FILE_MAXIMUM >> 20);
    else if (result < 0)
        diagnostics_error_at(diagnostics, path, 0, 0, "cannot be read: %s", strerror(-result));
    if (result < 0) {
        text_free(&content);
        return NULL;
    }
    *ret_length = content.length;
    return text_take(&content);
}

/* Does a line end with this byte? LF, CR LF and a CR alone end one. */
static bool ends_line(const struct yaml_source *source, size_t at)
{
    char byte = source->text[at];
    bool before_line_feed = at + 1 < source->length && source->text[at + 1] == '\n';
    return byte == '\n' || (byte == '\r' && !before_line_feed);
}

static size_t start_of_text(const struct yaml_source *source)
{
    size_t mark = sizeof(byte_order_mark) - 1;
    bool marked = source->length >= mark && memcmp(source->text, byte_order_mark, mark) == 0;
    return marked ? mark : 0;
}

void yaml_source_open(struct yaml_source *source, const char *file, const char *text, size_t length)
{
    *source = (struct yaml_source){.file = file, .text = text, .length = length, .line_count = 1};
    for (size_t i = 0; i < length; i++)
        source->line_count += ends_line(source, i);
    source->line_starts = memory_zero(source->line_count, sizeof(*source->line_starts));
    source->line_starts[0] = (uint32_t)start_of_text(source);
    size_t line = 1;
    for (size_t i = 0; i < length; i++)
        if (ends_line(source, i))
            source->line_starts[line++] = (uint32_t)(i + 1);
}

void yaml_source_close(struct yaml_source *source)
{
    free(source->line_starts);
    source->line_starts = NULL;
}

void yaml_source_position(const struct yaml_source *source, size_t offset, int *ret_line,
                          int *ret_column)
{
    size_t line = 0;
    size_t end = source->line_count;
    while (end - line > 1) {
        size_t middle = line + (end - line) / 2;
        if (source->line_starts[middle] <= offset)
            line = middle;
        else
            end = middle;
    }
    size_t start = source->line_starts[line];
    *ret_line = (int)line + 1;
    *ret_column = offset > start ? (int)(offset - start) + 1 : 1;
}

static void report(const struct yaml_source *source, size_t offset, const char *what,
                   struct diagnostics *diagnostics)
{
    int line;
    int column;
    yaml_source_position(source, offset, &line, &column);
    diagnostics_error_at(diagnostics, source->file, line, column, "%s (byte 0x%02x)", what,
                         (unsigned)(unsigned char)source->text[offset]);
}

bool yaml_source_check(const struct yaml_source *source, struct diagnostics *diagnostics)
{
    size_t valid = utf8_valid_prefix(source->text, source->length);
    for (size_t i = 0; i < valid; i++) {
        unsigned char byte = (unsigned char)source->text[i];
        bool blank = byte == '\t' || byte == '\n' || byte == '\r';
        if ((byte < 0x20 && !blank) || byte == 0x7F) {
            report(source, i, byte ? "a control character" : "a NUL character", diagnostics);
            return false;
        }
    }
    if (valid < source->length)
        report(source, valid, "not UTF-8", diagnostics);
    return valid == source->length;
}
