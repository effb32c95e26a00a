/* See own_metrics.h. The families are the rows of own_table; filling them is own_collect.c. */
#include "daemon/own_metrics.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/fields.h"
#include "base/memory.h"
#include "base/record.h"
#include "base/text.h"
#include "daemon/own_internal.h"

#define OWN_SAMPLES ((size_t)1000000) /* bounded by what is counted: event types, rows, metrics */

static void define(struct own_metrics *own, size_t index)
{
    const struct own_row *row = &own_table[index];
    struct family_spec spec = own_row_spec(row);
    if (registry_define(row->kept ? own->kept : own->live, &spec, &own->families[index]) < 0)
        abort(); /* two rows of the table with one name */
}

/* Those without labels are there from the start. */
static void touch_histograms(struct own_metrics *own)
{
    struct moment when = {.event_time = TIME_NONE, .now = clock_wall()};
    for (size_t i = FIRST_HISTOGRAM; i < OWNS; i++)
        if (!own_table[i].labels[0])
            registry_update(own->live, own->families[i], UPDATE_TOUCH, NULL, 0, &when, NULL, NULL);
}

struct own_metrics *own_metrics_new(void)
{
    struct own_metrics *own = memory_zero(1, sizeof(*own));
    own->live = registry_new(OWN_SAMPLES);
    own->kept = registry_new(OWN_SAMPLES);
    own->start_time = NAN;
    for (size_t i = 0; i < OWNS; i++)
        define(own, i);
    touch_histograms(own);
    return own;
}

void own_metrics_free(struct own_metrics *own)
{
    if (!own)
        return;
    registry_free(own->live);
    registry_free(own->kept);
    own_sources_free(own);
    free(own->added.events);
    free(own->added.rows);
    free(own);
}

struct registry *own_metrics_live(const struct own_metrics *own)
{
    return own->live;
}

struct registry *own_metrics_kept(const struct own_metrics *own)
{
    return own->kept;
}

static struct label_value label(const char *text)
{
    return (struct label_value){text, strlen(text)};
}

void own_metrics_observe(struct own_metrics *own, enum own_histogram which, const char *text,
                         double value, int64_t now)
{
    struct label_value values[1] = {label(text ? text : "")};
    struct moment when = {.event_time = now, .now = now};
    registry_update(own->live, own->families[FIRST_HISTOGRAM + which], UPDATE_OBSERVE, values,
                    value, &when, NULL, NULL);
}

static void count_one(struct own_metrics *own, enum own which, const struct label_value *values,
                      int64_t now)
{
    struct moment when = {.event_time = now, .now = now};
    registry_update(own->live, own->families[which], UPDATE_ADD, values, 1, &when, NULL, NULL);
}

void own_metrics_count_request(struct own_metrics *own, const char *handler, const char *method,
                               int status, int64_t now)
{
    char code[12];
    snprintf(code, sizeof(code), "%d", status);
    struct label_value values[3] = {label(handler), label(method), label(code)};
    count_one(own, HTTP_REQUESTS, values, now);
}

void own_metrics_count_checkpoint_failure(struct own_metrics *own, const char *reason, int64_t now)
{
    struct label_value values[1] = {label(reason)};
    count_one(own, CHECKPOINT_FAILURES, values, now);
}

void own_metrics_forget_rules(struct own_metrics *own, const struct registry *registry)
{
    static const enum own by_metric[] = {SERIES, SERIES_FOLDED, SERIES_EXPIRED};
    size_t position = 0;
    const struct family *family;
    while ((family = registry_next_family(registry, &position))) {
        struct label_value values[1] = {label(family_spec(family)->name)};
        for (size_t i = 0; i < ARRAY_LENGTH(by_metric); i++)
            registry_drop(own->live, own->families[by_metric[i]], values);
    }
    own->added.pipeline = (struct pipeline_counts){.last_event_time = TIME_NONE};
    own->added.event_count = own->added.row_count = 0;
}

/* --- Over restarts: records of the kept registry, under one kind of their own ----------------- */

/* Puts its kind before the key. */
static void put_own(void *context, enum record_kind kind, struct bytes key, struct bytes value,
                    int64_t expires)
{
    const struct record_sink *sink = context;
    struct text own_key;
    text_init(&own_key, TEXT_UNLIMITED);
    fields_put_8(&own_key, (uint8_t)kind);
    text_append(&own_key, key.data, key.length);
    sink->put(sink->context, RECORD_OWN, (struct bytes){own_key.data, own_key.length}, value,
              expires);
    text_free(&own_key);
}

static void remove_own(void *context, enum record_kind kind, struct bytes key)
{
    const struct record_sink *sink = context;
    struct text own_key;
    text_init(&own_key, TEXT_UNLIMITED);
    fields_put_8(&own_key, (uint8_t)kind);
    text_append(&own_key, key.data, key.length);
    sink->remove(sink->context, RECORD_OWN, (struct bytes){own_key.data, own_key.length});
    text_free(&own_key);
}

void own_metrics_track(struct own_metrics *own)
{
    registry_track(own->kept, NULL, NULL, 0);
}

void own_metrics_save(struct own_metrics *own, const struct record_sink *sink, int64_t now)
{
    struct record_sink own_sink = {
        .context = (void *)(uintptr_t)sink, .put = put_own, .remove = remove_own};
    registry_save(own->kept, &own_sink, now);
}

void own_metrics_saved(struct own_metrics *own)
{
    registry_saved(own->kept);
}

int own_metrics_restore(struct own_metrics *own, const struct record *record, int64_t now)
{
    struct fields key = fields_of(record->key);
    struct record inner = {.kind = (enum record_kind)fields_8(&key), .value = record->value};
    inner.key = fields_rest(&key);
    if (key.failed || (inner.kind != RECORD_FAMILY && inner.kind != RECORD_SERIES))
        return -EINVAL;
    return registry_restore(own->kept, &inner, now);
}
