/* See log.h. A line is built whole, then written once, so that lines of several processes on one
 * stderr do not mix. A value longer than LOG_VALUE_MAXIMUM is cut; "..." says so.
 *
 * The lowest level and the format are the process's, set once at its start: every room that logs
 * would otherwise carry them along. */
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/text.h"

#define LOG_VALUE_MAXIMUM ((size_t)4096)

static struct {
    enum log_level lowest;
    enum log_format format;
} log_settings = {.lowest = LOG_INFO_LEVEL, .format = LOG_FORMAT_LOGFMT};

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG_LEVEL:
        return "debug";
    case LOG_INFO_LEVEL:
        return "info";
    case LOG_WARN_LEVEL:
        return "warn";
    case LOG_ERROR_LEVEL:
    default:
        return "error";
    }
}

static void append_quoted(struct text *line, const char *value)
{
    size_t length = strnlen(value, LOG_VALUE_MAXIMUM + 1);
    bool cut = length > LOG_VALUE_MAXIMUM;
    text_append_char(line, '"');
    escape_append(line, value, cut ? LOG_VALUE_MAXIMUM : length, "\"\\");
    text_append_string(line, cut ? "...\"" : "\"");
}

/* logfmt: may the value stand without quotes? */
static bool is_bare(const char *value)
{
    size_t length = 0;
    for (; value[length]; length++) {
        unsigned char byte = (unsigned char)value[length];
        if (byte <= ' ' || byte >= 0x7F || strchr("=\"\\", byte) || length == LOG_VALUE_MAXIMUM)
            return false;
    }
    return length > 0;
}

static void append_logfmt(struct text *line, const struct log_field *field)
{
    text_printf(line, " %s=", field->key);
    if (!field->text)
        text_printf(line, "%lld", (long long)field->number);
    else if (is_bare(field->text))
        text_append_string(line, field->text);
    else
        append_quoted(line, field->text);
}

static void append_json(struct text *line, const struct log_field *field)
{
    text_append_char(line, ',');
    append_quoted(line, field->key);
    text_append_char(line, ':');
    if (field->text)
        append_quoted(line, field->text);
    else
        text_printf(line, "%lld", (long long)field->number);
}

static void append_head(struct text *line, enum log_level level, const char *message)
{
    char now[40];
    clock_format_rfc3339(clock_wall(), 3, now);
    if (log_settings.format == LOG_FORMAT_JSON)
        text_printf(line, "{\"ts\":\"%s\",\"level\":\"%s\",\"msg\":", now, level_name(level));
    else
        text_printf(line, "ts=%s level=%s msg=", now, level_name(level));
    append_quoted(line, message);
}

/* A log that cannot be written has nowhere to say so. */
static void write_line(const struct text *line)
{
    ssize_t written;
    do {
        written = write(STDERR_FILENO, line->data, line->length);
    } while (written < 0 && errno == EINTR);
}

void log_setup(enum log_level lowest, enum log_format format)
{
    log_settings.lowest = lowest;
    log_settings.format = format;
}

bool log_shows(enum log_level level)
{
    return level >= log_settings.lowest;
}

void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count)
{
    if (!log_shows(level))
        return;
    int error = errno; /* a caller may still want to look at it */
    bool json = log_settings.format == LOG_FORMAT_JSON;
    struct text line;
    text_init(&line, TEXT_UNLIMITED);
    append_head(&line, level, message);
    for (size_t i = 0; i < count; i++) {
        if (json)
            append_json(&line, &fields[i]);
        else
            append_logfmt(&line, &fields[i]);
    }
    text_append_string(&line, json ? "}\n" : "\n");
    write_line(&line);
    text_free(&line);
    errno = error;
}
