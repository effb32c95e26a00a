/* The log: one line an event on stderr, logfmt or JSON.
 *
 *   log_warn("line skipped", LOG_TEXT("file", path), LOG_INT("line", 12), LOG_TEXT("reason", r));
 *   ts=2026-11-21T03:04:05.678Z level=warn msg="line skipped" file=/a/b line=12 reason=malformed
 *
 * Only high rooms (daemon, command, serve at its edge) log; low rooms return. Values are quoted
 * and escaped as logfmt or JSON need it, so hostile file names cannot forge a line. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG_LEVEL, LOG_INFO_LEVEL, LOG_WARN_LEVEL, LOG_ERROR_LEVEL };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

struct log_field {
    const char *key;
    const char *text; /* NULL: `number` holds the value */
    int64_t number;
};

static inline struct log_field log_text_field(const char *key, const char *text)
{
    return (struct log_field){.key = key, .text = text ? text : ""};
}

#define LOG_TEXT(k, v) log_text_field((k), (v))
#define LOG_INT(k, v)  ((struct log_field){.key = (k), .number = (int64_t)(v)})

void log_setup(enum log_level lowest, enum log_format format);
bool log_shows(enum log_level level);
/* Writes one line with one write(2). `fields` ends at `count`. */
void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count);

#define LOG_AT(level, message, ...)                                                                \
    do {                                                                                           \
        const struct log_field log_fields_[] = {{.key = NULL}, ##__VA_ARGS__};                     \
        log_write(level, message, log_fields_ + 1,                                                 \
                  sizeof(log_fields_) / sizeof(log_fields_[0]) - 1);                               \
    } while (0)
#define log_debug(message, ...) LOG_AT(LOG_DEBUG_LEVEL, message, ##__VA_ARGS__)
#define log_info(message, ...)  LOG_AT(LOG_INFO_LEVEL, message, ##__VA_ARGS__)
#define log_warn(message, ...)  LOG_AT(LOG_WARN_LEVEL, message, ##__VA_ARGS__)
#define log_error(message, ...) LOG_AT(LOG_ERROR_LEVEL, message, ##__VA_ARGS__)

#endif
