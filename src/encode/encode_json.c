/* The JSON form, in the shape of prom2json.
 *
 *   {"name":"jobs_total","help":"Jobs.","type":"COUNTER","metrics":[
 *     {"labels":{"status":"success"},"value":"1"}]}
 *
 * A label text's escapes (\\ \" \n) are JSON's too, so the text is walked once: only quotes around
 * the names, ':' for '=', and escapes for the other control characters come in. */
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/number.h"
#include "encode/bound_texts.h"
#include "encode/encode.h"
#include "registry/registry.h"

static const char *type_name(enum metric_type type)
{
    static const char *const names[] = {
        [METRIC_COUNTER] = "COUNTER", [METRIC_GAUGE] = "GAUGE", [METRIC_HISTOGRAM] = "HISTOGRAM",
        [METRIC_SUMMARY] = "SUMMARY", [METRIC_INFO] = "GAUGE",
    };
    return names[type];
}

static void append_number(struct text *out, double value)
{
    char text[NUMBER_TEXT];
    text_append_char(out, '"');
    text_append(out, text, number_format(value, text));
    text_append_char(out, '"');
}

static void append_count(struct text *out, uint64_t count)
{
    char text[NUMBER_TEXT];
    text_append_char(out, '"');
    text_append(out, text, number_format_whole(count, text));
    text_append_char(out, '"');
}

/* The value at `at`, behind its opening quote; returns what follows the closing one. */
static const char *append_label_value(struct text *out, const char *at)
{
    while (*at != '"') {
        const char *plain = at;
        while (*at != '"' && (unsigned char)*at >= 0x20)
            at += *at == '\\' ? 2 : 1;
        text_append(out, plain, (size_t)(at - plain));
        if (*at != '"')
            text_printf(out, "\\u%04x", (unsigned)(unsigned char)*at++);
    }
    return at + 1;
}

static void append_labels(struct text *out, const struct series_view *view)
{
    const char *at = view->labels;
    const char *end = at + view->labels_length;
    text_append_string(out, "{\"labels\":{");
    while (at < end) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        text_append_char(out, '"');
        text_append(out, at, (size_t)(equals - at));
        text_append_string(out, "\":\"");
        at = append_label_value(out, equals + 2);
        text_append_char(out, '"');
        if (at < end)
            text_append_char(out, *at++); /* the comma */
    }
    text_append_char(out, '}');
}

static void append_key(struct text *out, size_t index, const struct bound_text *bound)
{
    if (index > 0)
        text_append_char(out, ',');
    text_append_char(out, '"');
    text_append(out, bound->bytes, bound->length);
    text_append_string(out, "\":");
}

static void append_count_and_sum(struct text *out, const struct series_view *view)
{
    text_append_string(out, "},\"count\":");
    append_count(out, view->count);
    text_append_string(out, ",\"sum\":");
    append_number(out, view->sum);
}

static void append_histogram(struct text *out, const struct series_view *view,
                             const struct bound_text *bounds, size_t count)
{
    uint64_t cumulative = 0;
    text_append_string(out, ",\"buckets\":{");
    for (size_t i = 0; i < count; i++) {
        cumulative += view->counts[i];
        append_key(out, i, &bounds[i]);
        append_count(out, cumulative);
    }
    append_count_and_sum(out, view);
}

static void append_summary(struct text *out, const struct series_view *view,
                           const struct bound_text *bounds, size_t count)
{
    text_append_string(out, ",\"quantiles\":{");
    for (size_t i = 0; i < count; i++) {
        append_key(out, i, &bounds[i]);
        append_number(out, view->quantiles[i]);
    }
    append_count_and_sum(out, view);
}

static void append_series(struct text *out, const struct family *family,
                          const struct series *series, const struct bound_text *bounds,
                          size_t bound_count)
{
    struct series_view view;
    series_view(family, series, &view);
    append_labels(out, &view);
    switch (family_spec(family)->type) {
    case METRIC_HISTOGRAM:
        append_histogram(out, &view, bounds, bound_count);
        break;
    case METRIC_SUMMARY:
        append_summary(out, &view, bounds, bound_count);
        break;
    case METRIC_COUNTER:
    case METRIC_GAUGE:
    case METRIC_INFO:
        text_append_string(out, ",\"value\":");
        append_number(out, view.value);
        break;
    }
    text_append_char(out, '}');
}

static void append_head(struct text *out, const struct family_spec *spec)
{
    text_append_string(out, "{\"name\":\"");
    text_append_json(out, spec->name, strlen(spec->name));
    text_append_string(out, "\",\"help\":\"");
    text_append_json(out, spec->help, strlen(spec->help));
    text_append_string(out, "\",\"type\":\"");
    text_append_string(out, type_name(spec->type));
    text_append_string(out, "\",\"metrics\":[");
}

/* True when the family has a shown series, so that an object was written. */
static bool append_family(struct text *out, const struct family *family, bool is_first)
{
    size_t position = 0;
    const struct series *series = family_next_series(family, &position);
    if (!series)
        return false;
    if (!is_first)
        text_append_char(out, ',');
    append_head(out, family_spec(family));
    size_t bound_count;
    AUTO_FREE struct bound_text *bounds = bound_texts_new(family_spec(family), &bound_count);
    for (bool first = true; series && !out->overflowed; first = false) {
        if (!first)
            text_append_char(out, ',');
        append_series(out, family, series, bounds, bound_count);
        series = family_next_series(family, &position);
    }
    text_append_string(out, "]}");
    return true;
}

bool encode_json(const struct registry *registry, bool *inout_first, struct text *out)
{
    const struct family *family;
    for (size_t position = 0; (family = registry_next_family(registry, &position));)
        if (append_family(out, family, *inout_first))
            *inout_first = false;
    return !out->overflowed;
}
