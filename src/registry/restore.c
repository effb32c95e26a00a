/* What survived a restart, on its way back: records to series, totals recalled when their label set
 * returns, older totals as a floor. See registry.h. */
#include <errno.h>

#include "base/fields.h"
#include "base/memory.h"
#include "base/record.h"
#include "registry/series_record.h"

/* What the key of a series' record says. */
struct series_key {
    struct family *family; /* NULL: not defined so now */
    struct label_text labels;
};

static int read_key(struct registry *registry, struct bytes key, struct series_key *ret_key)
{
    struct fields fields = fields_of(key);
    uint64_t hash = fields_64_sorted(&fields);
    if (fields.failed)
        return -EINVAL;
    struct bytes labels = fields_rest(&fields);
    *ret_key = (struct series_key){.family = family_of_hash(registry, hash),
                                   .labels = {labels.data, labels.length}};
    if (ret_key->family && !labels_are_of(ret_key->family, ret_key->labels))
        return -EINVAL;
    return 0;
}

static void set_back(struct series *series, int64_t now)
{
    if (series->arrival > arrival_second(now))
        series->arrival = arrival_second(now);
    if (series->family->spec.type == METRIC_SUMMARY)
        summary_set_back(series, now);
    if (series->family->spec.type != METRIC_GAUGE)
        return;
    const struct gauge_detail *gauge = series_const_detail(series);
    if (gauge->rate)
        rate_set_back(gauge->rate, now);
}

/* A birth that would end at once, since nobody could see it meanwhile, begins anew. */
static void renew_birth(struct series *series, int64_t now)
{
    if (!series->birth)
        return;
    struct birth *birth = &series->family->registry->births[series->birth - 1];
    if (birth->born > now || now >= time_after(birth->born, REGISTRY_BIRTH_LONGEST))
        birth->born = now;
}

/* Puts a series that was detached where the record has it; one that is there stays. */
static void place(struct series *series, const struct series_record *record, int64_t now)
{
    struct family *family = series->family;
    bool hides = record->state == SAVED_HIDDEN && expiry_is_over(family, record->last_event, now);
    if (series->state == SERIES_DETACHED) {
        series->is_fold = record->is_fold;
        series_attach(series, series->arrival);
    }
    if (hides && series->state == SERIES_SHOWN)
        series_hide(series);
    if (!hides && series->state == SERIES_HIDDEN)
        series_show(series);
    family->is_mixed = true;
    family->registry->is_restored = true;
    expiry_watch(series);
    unsaved_series_clear(series);
    if (record->is_unsaved || hides != (record->state == SAVED_HIDDEN))
        series_note(series);
}

/* A total that is not in memory. */
static void place_left(struct series *series)
{
    leaving_series_add(series);
    series->family->unsaved.remembers = true;
}

static struct series *find_or_make(const struct series_key *key)
{
    struct series *series = series_find(key->family, key->labels);
    return series ? series : series_new(key->family, key->labels);
}

static void restore(const struct series_key *key, struct series_record *record, int64_t now)
{
    bool is_left = record->state == SAVED_LEFT;
    key->family->unsaved.remembers = key->family->unsaved.remembers || is_left;
    if (is_left && !record->is_unsaved)
        return;
    struct series *series = find_or_make(key);
    bool is_new = series->state == SERIES_DETACHED && !series->is_leaving;
    series_record_take(record, series);
    set_back(series, now);
    renew_birth(series, now);
    series->family->registry->version++;
    if (!is_left) {
        place(series, record, now);
        return;
    }
    if (is_new)
        place_left(series);
    series_note(series);
}

static int restore_series(struct registry *registry, const struct record *record, int64_t now)
{
    struct series_key key;
    struct series_record read;
    int result = read_key(registry, record->key, &key);
    if (result < 0 || !key.family)
        return result;
    result = series_record_read(key.family, record->value, &read);
    if (result < 0)
        return result;
    if (read.state == SAVED_DROPPED)
        dropped_add(registry, record->key);
    else
        restore(&key, &read, now);
    series_record_free(&read);
    return 0;
}

int registry_restore(struct registry *registry, const struct record *record, int64_t now)
{
    if (record->kind == RECORD_FAMILY)
        return family_record_read(registry, record);
    if (record->kind == RECORD_SERIES)
        return restore_series(registry, record, now);
    return -EINVAL;
}

/* --- Recall ------------------------------------------------------------------------------------
 */

/* The committed value of the key that stands in `unsaved`. */
static bool ask(struct registry_unsaved *unsaved, struct bytes *ret_value)
{
    text_clear(&unsaved->value);
    bool is_there =
        unsaved->recall(unsaved->context, unsaved->key.data, unsaved->key.length, &unsaved->value);
    *ret_value = (struct bytes){unsaved->value.data, unsaved->value.length};
    return is_there;
}

struct series *series_recall(struct family *family, struct label_text labels)
{
    struct registry *registry = family->registry;
    struct registry_unsaved *unsaved = &registry->unsaved;
    struct series_record record;
    struct bytes value;
    if (LIKELY(!family->unsaved.remembers) || !unsaved->recall)
        return NULL;
    text_clear(&unsaved->key);
    fields_put_64_sorted(&unsaved->key, family->hash);
    text_append(&unsaved->key, labels.bytes, labels.length);
    if (dropped_has(registry, (struct bytes){unsaved->key.data, unsaved->key.length}) ||
        !ask(unsaved, &value) || series_record_read(family, value, &record) < 0)
        return NULL;
    struct series *series = NULL;
    if (record.state != SAVED_DROPPED) {
        series = series_new(family, labels);
        series_record_take(&record, series);
        place_left(series);
    }
    series_record_free(&record);
    return series;
}

/* --- A floor for totals ------------------------------------------------------------------------
 */

static bool is_total(const struct family *family)
{
    return family->spec.type != METRIC_GAUGE && family->spec.type != METRIC_INFO;
}

static void raise_number(double *number, double floor)
{
    if (floor > *number)
        *number = floor;
}

static void raise_counts(uint64_t *counts, const uint64_t *floor, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (floor[i] > counts[i])
            counts[i] = floor[i];
}

/* What it shows while it is being born is not below what the record shows, either. */
static void raise_birth(struct series *series, const struct series_record *record)
{
    const struct family *family = series->family;
    struct birth *birth = &family->registry->births[series->birth - 1];
    const uint64_t *floor = record->is_born ? record->birth.counts : record->counts;
    raise_number(&birth->value, record->is_born ? record->birth.value : record->value);
    if (family->spec.type != METRIC_HISTOGRAM)
        return;
    if (!birth->counts)
        birth->counts = memory_zero(family->spec.bucket_count + 1, sizeof(*birth->counts));
    raise_counts(birth->counts, floor, family->spec.bucket_count + 1);
}

static void raise_total(struct series *series, const struct series_record *record)
{
    struct summary_detail *summary = series_detail(series);
    raise_number(&series->value, record->value);
    if (record->last_event > series->last_event)
        series->last_event = record->last_event;
    if (series->family->spec.type == METRIC_HISTOGRAM)
        raise_counts(series_detail(series), record->counts, series->family->spec.bucket_count + 1);
    if (series->family->spec.type == METRIC_SUMMARY && record->count > summary->count)
        summary->count = record->count;
    if (series->birth)
        raise_birth(series, record);
}

static void raise_or_restore(const struct series_key *key, struct series_record *record,
                             int64_t now)
{
    struct series *series = series_find(key->family, key->labels);
    if (!series)
        series = series_recall(key->family, key->labels);
    record->is_unsaved = true;
    if (!series) {
        restore(key, record, now);
        return;
    }
    raise_total(series, record);
    series->family->registry->version++;
    if (series->state == SERIES_DETACHED && !series->is_leaving)
        place(series, record, now);
    series_note(series);
}

int registry_raise(struct registry *registry, const struct record *record, int64_t now)
{
    struct series_key key;
    struct series_record read;
    if (record->kind != RECORD_SERIES)
        return record->kind == RECORD_FAMILY ? 0 : -EINVAL;
    int result = read_key(registry, record->key, &key);
    if (result < 0 || !key.family || !is_total(key.family))
        return result;
    result = series_record_read(key.family, record->value, &read);
    if (result < 0)
        return result;
    if (read.state != SAVED_DROPPED)
        raise_or_restore(&key, &read, now);
    series_record_free(&read);
    return 0;
}

struct series *registry_series_of_key(struct registry *registry, const char *key, size_t length)
{
    struct series_key read;
    if (read_key(registry, (struct bytes){key, length}, &read) < 0 || !read.family)
        return NULL;
    struct series *series = series_find(read.family, read.labels);
    if (!series)
        series = series_recall(read.family, read.labels);
    return series ? series : series_new(read.family, read.labels);
}
