/* See series_record.h. A record is read whole before anything is done with it. */
#include "registry/series_record.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/memory.h"

/* Flags. */
#define IS_FOLD    1u
#define IS_UNSAVED 2u

static size_t count_size(const struct family *family)
{
    return family->spec.type == METRIC_HISTOGRAM ? family->spec.bucket_count + 1 : 0;
}

static void write_counts(const struct family *family, const uint64_t *counts, struct text *out)
{
    size_t count = count_size(family);
    fields_put_32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        fields_put_64(out, counts[i]);
}

/* NULL: they are none of the family. */
static uint64_t *read_counts(const struct family *family, struct fields *fields)
{
    size_t count = count_size(family);
    if (fields_32(fields) != count)
        return NULL;
    uint64_t *counts = memory_zero(count, sizeof(*counts));
    for (size_t i = 0; i < count; i++)
        counts[i] = fields_64(fields);
    return counts;
}

static void write_detail(const struct series *series, struct text *out)
{
    const void *detail = series_const_detail(series);
    const struct gauge_detail *gauge = detail;
    const struct summary_detail *summary = detail;
    switch (series->family->spec.type) {
    case METRIC_HISTOGRAM:
        write_counts(series->family, detail, out);
        break;
    case METRIC_GAUGE:
        fields_put_8(out, gauge->rate != NULL);
        if (gauge->rate)
            rate_write(gauge->rate, out);
        break;
    case METRIC_SUMMARY:
        fields_put_64(out, summary->count);
        fields_put_8(out, summary->window != NULL);
        if (summary->window)
            summary_write_window(summary->window, out);
        break;
    case METRIC_COUNTER:
    case METRIC_INFO:
        break;
    }
}

static bool read_detail(const struct family *family, struct fields *fields,
                        struct series_record *record)
{
    switch (family->spec.type) {
    case METRIC_HISTOGRAM:
        return (record->counts = read_counts(family, fields)) != NULL;
    case METRIC_GAUGE:
        return fields_8(fields) == 0 || (record->rate = rate_read(fields)) != NULL;
    case METRIC_SUMMARY:
        record->count = fields_64(fields);
        return fields_8(fields) == 0 ||
               (record->window = summary_read_window(family, fields)) != NULL;
    case METRIC_COUNTER:
    case METRIC_INFO:
        break;
    }
    return true;
}

/* `birth` may be NULL: none. */
static void write_birth(const struct series *series, const struct birth *birth, struct text *out)
{
    fields_put_8(out, birth != NULL);
    if (!birth)
        return;
    fields_put_time(out, birth->born);
    fields_put_double(out, birth->value);
    if (count_size(series->family))
        write_counts(series->family, birth->counts ? birth->counts : series->family->zero_counts,
                     out);
}

static bool read_birth(const struct family *family, struct fields *fields,
                       struct series_record *record)
{
    record->is_born = fields_8(fields) != 0;
    if (!record->is_born)
        return true;
    record->birth.born = fields_time(fields);
    record->birth.value = fields_double(fields);
    if (!birth_is_of(family->spec.type) || isnan(record->birth.value))
        return false;
    return count_size(family) == 0 || (record->birth.counts = read_counts(family, fields)) != NULL;
}

static bool read_all(const struct family *family, struct fields *fields,
                     struct series_record *record)
{
    uint8_t state = fields_8(fields);
    record->state = (enum saved_state)state;
    if (state == SAVED_DROPPED)
        return true;
    uint8_t flags = fields_8(fields);
    record->is_fold = flags & IS_FOLD;
    record->is_unsaved = flags & IS_UNSAVED;
    record->value = fields_double(fields);
    record->last_event = fields_time(fields);
    record->arrival = fields_32(fields);
    if (state > SAVED_DROPPED || (flags & ~(IS_FOLD | IS_UNSAVED)) != 0)
        return false;
    if (family->spec.type == METRIC_COUNTER && !(record->value >= 0))
        return false;
    return read_detail(family, fields, record) && read_birth(family, fields, record);
}

static void write_all_but_birth(const struct series *series, enum saved_state state,
                                bool is_unsaved, struct text *out)
{
    fields_put_8(out, (uint8_t)state);
    fields_put_8(out, (uint8_t)((series->is_fold ? IS_FOLD : 0) | (is_unsaved ? IS_UNSAVED : 0)));
    fields_put_double(out, series->value);
    fields_put_time(out, series->last_event);
    fields_put_32(out, series->arrival);
    write_detail(series, out);
}

void series_record_write(const struct series *series, enum saved_state state, struct text *out)
{
    const struct birth *birth = birth_of(series);
    write_all_but_birth(series, state, false, out);
    write_birth(series, birth && birth->stage == BIRTH_SHOWN_AS_BEFORE ? birth : NULL, out);
}

void series_record_write_unsaved(const struct series *series, enum saved_state state,
                                 bool is_unsaved, struct text *out)
{
    write_all_but_birth(series, state, is_unsaved, out);
    write_birth(series, birth_of(series), out);
}

void series_record_write_dropped(struct text *out)
{
    fields_put_8(out, SAVED_DROPPED);
}

int series_record_read(const struct family *family, struct bytes value,
                       struct series_record *ret_record)
{
    struct fields fields = fields_of(value);
    struct series_record record = {0};
    if (read_all(family, &fields, &record) && !fields.failed) {
        *ret_record = record;
        return 0;
    }
    series_record_free(&record);
    return -EINVAL;
}

void series_record_free(struct series_record *record)
{
    free(record->counts);
    free(record->rate);
    summary_free_window(record->window);
    free(record->birth.counts);
    *record = (struct series_record){0};
}

static void take_detail(struct series_record *record, struct series *series)
{
    struct gauge_detail *gauge = series_detail(series);
    struct summary_detail *summary = series_detail(series);
    switch (series->family->spec.type) {
    case METRIC_HISTOGRAM:
        memcpy(series_detail(series), record->counts,
               count_size(series->family) * sizeof(*record->counts));
        break;
    case METRIC_GAUGE:
        free(gauge->rate);
        gauge->rate = TAKE(record->rate);
        break;
    case METRIC_SUMMARY:
        summary_free_window(summary->window);
        summary->window = TAKE(record->window);
        summary->count = record->count;
        break;
    case METRIC_COUNTER:
    case METRIC_INFO:
        break;
    }
}

void series_record_take(struct series_record *record, struct series *series)
{
    series->value = record->value;
    series->last_event = record->last_event;
    series->arrival = record->arrival;
    series->has_record = 1;
    take_detail(record, series);
    birth_end(series);
    if (record->is_born)
        birth_resume(series, &record->birth);
    record->birth.counts = NULL;
}
