/* See docs_unit.h. */
#include "command/docs_unit.h"

#include <string.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/number.h"

struct unit {
    const char *ending;
    const char *shown;
    enum docs_measure measure;
};

/* The first that fits. Base units, as Prometheus wants them, and what users count in. */
static const struct unit units[] = {
    {"_timestamp_seconds", "seconds since 1970", MEASURE_MOMENT},
    {"_start_time_seconds", "seconds since 1970", MEASURE_MOMENT},
    {"_seconds", "seconds", MEASURE_LEVEL},
    {"_bytes", "bytes", MEASURE_AMOUNT},
    {"_ratio", "ratio", MEASURE_LEVEL},
    {"_percent", "percent", MEASURE_LEVEL},
    {"_celsius", "degrees Celsius", MEASURE_LEVEL},
    {"_kelvin", "kelvin", MEASURE_LEVEL},
    {"_volts", "volts", MEASURE_LEVEL},
    {"_amperes", "amperes", MEASURE_AMOUNT},
    {"_joules", "joules", MEASURE_AMOUNT},
    {"_grams", "grams", MEASURE_AMOUNT},
    {"_meters", "meters", MEASURE_AMOUNT},
    {"_moles", "moles", MEASURE_AMOUNT},
    {"_tokens", "tokens", MEASURE_SPENT},
    {"_dollars", "US dollars", MEASURE_SPENT},
    {"_usd", "US dollars", MEASURE_SPENT},
    {"_USD", "US dollars", MEASURE_SPENT},
};

static const char per_second[] = "_per_second";

static bool ends_with(const char *name, size_t length, const char *ending)
{
    size_t tail = strlen(ending);
    return length > tail && memcmp(name + length - tail, ending, tail) == 0;
}

/* Of the part of the name that may end in a unit. */
static size_t base_length(const char *name, enum metric_type type)
{
    size_t length = strlen(name);
    if (type == METRIC_COUNTER && ends_with(name, length, "_total"))
        return length - strlen("_total");
    if (ends_with(name, length, "_info"))
        return length - strlen("_info");
    return length;
}

static const struct unit *find_unit(const char *name, enum metric_type type)
{
    size_t length = base_length(name, type);
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
        if (ends_with(name, length, units[i].ending))
            return &units[i];
    return NULL;
}

enum docs_measure docs_measure_of(const char *name, enum metric_type type)
{
    const struct unit *unit = find_unit(name, type);
    return unit ? unit->measure : MEASURE_NUMBER;
}

/* "items" of "m_items_per_second". */
static void append_rate(struct text *out, const char *name, size_t length)
{
    size_t end = length - strlen(per_second);
    size_t start = end;
    while (start > 0 && name[start - 1] != '_')
        start--;
    text_append(out, name + start, end - start);
    text_append_string(out, " per second");
}

void docs_append_unit(struct text *out, const char *name, enum metric_type type)
{
    const struct unit *unit = find_unit(name, type);
    size_t length = base_length(name, type);
    size_t whole = strlen(name);
    if (unit)
        text_append_string(out, unit->shown);
    else if (ends_with(name, length, per_second))
        append_rate(out, name, length);
    else if (type == METRIC_INFO || ends_with(name, whole, "_info"))
        text_append_string(out, "none (always 1)");
    else
        text_append_string(out, "none");
}

void docs_append_number(struct text *out, double number)
{
    char digits[NUMBER_TEXT];
    text_append(out, digits, number_format(number, digits));
}

void docs_append_duration(struct text *out, int64_t time)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } steps[] = {{3600, "h"}, {60, "m"}};
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        int64_t unit = steps[i].seconds * NANOSECONDS_PER_SECOND;
        if (time % unit == 0) {
            text_printf(out, "%lld%s", (long long)(time / unit), steps[i].unit);
            return;
        }
    }
    docs_append_number(out, (double)time / NANOSECONDS_PER_SECOND);
    text_append_string(out, "s");
}
