/* Durations and sizes as people, configurations and other programs write them. See number.h. */
#include <string.h>
#include <strings.h>

#include "base/attributes.h"
#include "base/number.h"

struct unit {
    const char *name;
    double seconds;
};

/* Largest first: a duration's parts must come in this order. */
static const struct unit duration_units[] = {
    {"w", 604800}, {"d", 86400}, {"h", 3600},  {"min", 60},         {"m", 60},    {"sec", 1},
    {"s", 1},      {"ms", 1e-3}, {"us", 1e-6}, {"\xC2\xB5s", 1e-6}, {"ns", 1e-9},
};
static const struct unit iso_date_units[] = {{"W", 604800}, {"D", 86400}};
static const struct unit iso_time_units[] = {{"H", 3600}, {"M", 60}, {"S", 1}};

struct size_unit {
    const char *name;
    int64_t bytes;
};

static const struct size_unit size_units[] = {
    {"", 1},
    {"B", 1},
    {"K", 1024},
    {"KiB", 1024},
    {"KB", 1000},
    {"M", 1048576},
    {"MiB", 1048576},
    {"MB", 1000000},
    {"G", 1073741824},
    {"GiB", 1073741824},
    {"GB", 1000000000},
    {"T", INT64_C(1099511627776)},
    {"TiB", INT64_C(1099511627776)},
    {"TB", INT64_C(1000000000000)},
};

/* A run of "<number><unit>" parts, of which each is smaller than the one before. */
struct parts {
    const char *at;
    const char *end;
    double smallest; /* seconds of the last unit; 0: no part yet */
    double seconds;
};

static const char *digits_end(const char *at, const char *end)
{
    while (at < end && ((*at >= '0' && *at <= '9') || *at == '.'))
        at++;
    return at;
}

static const char *unit_end(const char *at, const char *end)
{
    while (at < end && !(*at >= '0' && *at <= '9') && *at != ' ' && *at != 'T')
        at++;
    return at;
}

static const struct unit *find_unit(const struct unit *units, size_t count, const char *name,
                                    size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(units[i].name) == length && memcmp(units[i].name, name, length) == 0)
            return &units[i];
    return NULL;
}

/* Takes one part, written in one of these units, off the front. */
static bool take_part(struct parts *parts, const struct unit *units, size_t count)
{
    const char *name = digits_end(parts->at, parts->end);
    const char *next = unit_end(name, parts->end);
    double amount;
    if (!number_parse(parts->at, (size_t)(name - parts->at), &amount))
        return false;
    const struct unit *unit = find_unit(units, count, name, (size_t)(next - name));
    if (!unit || (parts->smallest > 0 && unit->seconds >= parts->smallest))
        return false;
    parts->seconds += amount * unit->seconds;
    parts->smallest = unit->seconds;
    parts->at = next;
    return true;
}

static bool parse_units(struct parts *parts)
{
    while (take_part(parts, duration_units, ARRAY_LENGTH(duration_units))) {
        if (parts->at == parts->end)
            return true;
        if (*parts->at == ' ')
            parts->at++;
    }
    return false;
}

/* What follows the 'P'. */
static bool parse_iso(struct parts *parts)
{
    while (parts->at < parts->end && *parts->at != 'T')
        if (!take_part(parts, iso_date_units, ARRAY_LENGTH(iso_date_units)))
            return false;
    if (parts->at == parts->end)
        return parts->smallest > 0;
    parts->at++;
    if (parts->at == parts->end)
        return false;
    while (parts->at < parts->end)
        if (!take_part(parts, iso_time_units, ARRAY_LENGTH(iso_time_units)))
            return false;
    return true;
}

bool duration_parse(const char *text, size_t length, double *ret_seconds)
{
    if (number_parse(text, length, ret_seconds))
        return true;
    struct parts parts = {.at = text, .end = text + length};
    bool negative = length && *text == '-';
    if (negative)
        parts.at++;
    bool iso = parts.at < parts.end && *parts.at == 'P';
    if (iso)
        parts.at++;
    if (!(iso ? parse_iso(&parts) : parse_units(&parts)))
        return false;
    *ret_seconds = negative ? -parts.seconds : parts.seconds;
    return true;
}

bool size_parse(const char *text, size_t length, int64_t *ret_bytes)
{
    const char *end = text + length;
    const char *name = digits_end(text, end);
    int64_t count;
    int64_t bytes;
    if (!number_parse_int(text, (size_t)(name - text), &count))
        return false;
    if (name < end && *name == ' ')
        name++;
    size_t name_length = (size_t)(end - name);
    if (name_length == 0 && end > text && end[-1] == ' ')
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(size_units); i++) {
        const struct size_unit *unit = &size_units[i];
        if (strlen(unit->name) == name_length && strncasecmp(unit->name, name, name_length) == 0) {
            if (__builtin_mul_overflow(count, unit->bytes, &bytes))
                return false;
            *ret_bytes = bytes;
            return true;
        }
    }
    return false;
}
