/* Text format 0.0.4. Per series: one reserve, then copies of ready pieces and numbers.
 *
 *   # HELP prodigy_agent_duration_seconds Agent execution time.
 *   # TYPE prodigy_agent_duration_seconds histogram
 *   prodigy_agent_duration_seconds_bucket{job_id="j1",le="1.0"} 0
 *   prodigy_agent_duration_seconds_bucket{job_id="j1",le="+Inf"} 1
 *   prodigy_agent_duration_seconds_sum{job_id="j1"} 12.5
 *   prodigy_agent_duration_seconds_count{job_id="j1"} 1 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "encode/bound_texts.h"
#include "encode/encode.h"
#include "registry/registry.h"

#define LINE_REST 16 /* braces, comma, `quantile=""`, blank, LF */

/* One family while it is written. */
struct writer {
    const struct family *family;
    const struct family_spec *spec;
    size_t name_length;
    struct bound_text *bounds;
    size_t bound_count;
    size_t room_for_names; /* what one series takes at most, but for its labels */
    size_t lines;          /* of one series */
};

static const char *type_name(enum metric_type type)
{
    static const char *const names[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram",
        [METRIC_SUMMARY] = "summary", [METRIC_INFO] = "gauge", /* 0.0.4 knows no info */
    };
    return names[type];
}

static char *put(char *at, const char *bytes, size_t length)
{
    memcpy(at, bytes, length);
    return at + length;
}

static char *put_string(char *at, const char *string)
{
    return put(at, string, strlen(string));
}

/* `name_suffix{labels,kind="bound"} `: what stands before the value. No suffix: "". */
static char *put_identity(char *at, const struct writer *writer, const char *suffix,
                          const struct series_view *view, const struct bound_text *bound)
{
    at = put(at, writer->spec->name, writer->name_length);
    at = put_string(at, suffix);
    if (view->labels_length > 0 || bound) {
        *at++ = '{';
        at = put(at, view->labels, view->labels_length);
        if (bound) {
            if (view->labels_length > 0)
                *at++ = ',';
            at = put_string(at, writer->spec->type == METRIC_HISTOGRAM ? "le=\"" : "quantile=\"");
            at = put(at, bound->bytes, bound->length);
            *at++ = '"';
        }
        *at++ = '}';
    }
    *at++ = ' ';
    return at;
}

static char *put_value(char *at, double value)
{
    at += number_format(value, at);
    *at++ = '\n';
    return at;
}

static char *put_count(char *at, uint64_t count)
{
    at += number_format_whole(count, at);
    *at++ = '\n';
    return at;
}

static char *put_sum_and_count(char *at, const struct writer *writer,
                               const struct series_view *view)
{
    at = put_value(put_identity(at, writer, "_sum", view, NULL), view->sum);
    return put_count(put_identity(at, writer, "_count", view, NULL), view->count);
}

static char *put_histogram(char *at, const struct writer *writer, const struct series_view *view)
{
    uint64_t cumulative = 0;
    for (size_t i = 0; i < writer->bound_count; i++) {
        cumulative += view->counts[i];
        at = put_count(put_identity(at, writer, "_bucket", view, &writer->bounds[i]), cumulative);
    }
    return put_sum_and_count(at, writer, view);
}

static char *put_summary(char *at, const struct writer *writer, const struct series_view *view)
{
    for (size_t i = 0; i < writer->bound_count; i++)
        at = put_value(put_identity(at, writer, "", view, &writer->bounds[i]), view->quantiles[i]);
    return put_sum_and_count(at, writer, view);
}

static bool encode_series(const struct writer *writer, const struct series *series,
                          struct text *out)
{
    struct series_view view;
    series_view(writer->family, series, &view);
    char *start = text_reserve(out, writer->room_for_names + writer->lines * view.labels_length);
    if (!start)
        return false;
    char *end;
    if (writer->spec->type == METRIC_HISTOGRAM)
        end = put_histogram(start, writer, &view);
    else if (writer->spec->type == METRIC_SUMMARY)
        end = put_summary(start, writer, &view);
    else
        end = put_value(put_identity(start, writer, "", &view, NULL), view.value);
    out->length += (size_t)(end - start);
    return true;
}

/* In HELP, '\' and LF are escaped, '"' is not. */
static void append_help(struct text *out, const char *help)
{
    while (*help) {
        size_t plain = strcspn(help, "\\\n");
        text_append(out, help, plain);
        help += plain;
        if (*help)
            text_append(out, *help++ == '\n' ? "\\n" : "\\\\", 2);
    }
}

static void append_head(const struct family_spec *spec, struct text *out)
{
    if (spec->help[0]) {
        text_append_string(out, "# HELP ");
        text_append_string(out, spec->name);
        text_append_char(out, ' ');
        append_help(out, spec->help);
        text_append_char(out, '\n');
    }
    text_append_string(out, "# TYPE ");
    text_append_string(out, spec->name);
    text_append_char(out, ' ');
    text_append_string(out, type_name(spec->type));
    text_append_char(out, '\n');
}

static void writer_init(struct writer *writer, const struct family *family)
{
    const struct family_spec *spec = family_spec(family);
    *writer = (struct writer){.family = family, .spec = spec, .name_length = strlen(spec->name)};
    writer->bounds = bound_texts_new(spec, &writer->bound_count);
    bool is_single = spec->type != METRIC_HISTOGRAM && spec->type != METRIC_SUMMARY;
    writer->lines = is_single ? 1 : writer->bound_count + 2;
    size_t line = writer->name_length + sizeof("_bucket") + LINE_REST +
                  sizeof(writer->bounds->bytes) + NUMBER_TEXT;
    writer->room_for_names = writer->lines * line;
}

static bool encode_family(const struct family *family, struct text *out)
{
    size_t position = 0;
    const struct series *series = family_next_series(family, &position);
    if (!series)
        return true;
    struct writer writer;
    writer_init(&writer, family);
    append_head(writer.spec, out);
    while (series && encode_series(&writer, series, out))
        series = family_next_series(family, &position);
    free(writer.bounds);
    return !series;
}

bool encode_text(const struct registry *registry, struct text *out)
{
    const struct family *family;
    for (size_t position = 0; (family = registry_next_family(registry, &position));)
        if (!encode_family(family, out))
            return false;
    return text_append(out, "", 0) && !out->overflowed; /* text_reserve wrote no NUL */
}
