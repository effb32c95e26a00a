/* What must survive a restart, on its way out: see registry.h and unsaved.h. */
#include "base/fields.h"
#include "base/record.h"
#include "registry/series_record.h"

/* A save under way. */
struct saving {
    struct registry *registry;
    const struct record_sink *sink;
    int64_t now;
};

static struct bytes bytes_of(const struct text *text)
{
    return (struct bytes){text->data, text->length};
}

static void put_family(const struct saving *saving, const struct family *family)
{
    struct registry_unsaved *unsaved = &saving->registry->unsaved;
    text_clear(&unsaved->key);
    text_clear(&unsaved->value);
    fields_put_64_sorted(&unsaved->key, family->hash);
    family_record_write(family, saving->now, &unsaved->value);
    saving->sink->put(saving->sink->context, RECORD_FAMILY, bytes_of(&unsaved->key),
                      bytes_of(&unsaved->value), 0);
}

/* When the total may be forgotten; 0: never, since it is shown. */
static int64_t expiry_of(const struct saving *saving, const struct series *series)
{
    int64_t keep = saving->registry->unsaved.keep;
    if (series->state == SERIES_SHOWN)
        return 0;
    if (series->state == SERIES_DETACHED)
        return time_after(saving->now, keep);
    return time_after((int64_t)series->arrival * NANOSECONDS_PER_SECOND, keep);
}

static enum saved_state state_of(const struct series *series)
{
    static const enum saved_state states[] = {[SERIES_SHOWN] = SAVED_SHOWN,
                                              [SERIES_HIDDEN] = SAVED_HIDDEN,
                                              [SERIES_DETACHED] = SAVED_LEFT};
    return states[series->state];
}

/* The value stands in `unsaved`. */
static void put_series(const struct saving *saving, const struct series *series)
{
    struct registry_unsaved *unsaved = &saving->registry->unsaved;
    text_clear(&unsaved->key);
    series_write_key(series, &unsaved->key);
    saving->sink->put(saving->sink->context, RECORD_SERIES, bytes_of(&unsaved->key),
                      bytes_of(&unsaved->value), expiry_of(saving, series));
}

static void save_series(const struct saving *saving, struct series *series)
{
    text_clear(&saving->registry->unsaved.value);
    series_record_write(series, state_of(series), &saving->registry->unsaved.value);
    put_series(saving, series);
    series->has_record = 1;
    series->unsaved = 0;
}

static void carry_series(const struct saving *saving, const struct series *series, bool is_unsaved)
{
    text_clear(&saving->registry->unsaved.value);
    series_record_write_unsaved(series, state_of(series), is_unsaved,
                                &saving->registry->unsaved.value);
    put_series(saving, series);
}

static void save_family(const struct saving *saving, struct family *family)
{
    struct family_unsaved *unsaved = &family->unsaved;
    if (unsaved->changed)
        put_family(saving, family);
    unsaved->changed = false;
    for (uint32_t i = 0; i < unsaved->count; i++)
        save_series(saving, family->slots[unsaved->slots[i]]);
    unsaved->count = 0;
    for (uint32_t i = 0; i < unsaved->leaving_count; i++)
        if (unsaved->leaving[i]->unsaved)
            save_series(saving, unsaved->leaving[i]);
}

/* Is the record of this key one that this save, or an earlier one, puts anew? */
static bool is_back(struct registry *registry, struct bytes key)
{
    struct fields fields = fields_of(key);
    struct family *family = family_of_hash(registry, fields_64_sorted(&fields));
    struct bytes rest = fields_rest(&fields);
    const struct label_text labels = {rest.data, rest.length};
    const struct series *series = family ? series_find(family, labels) : NULL;
    return series && (series->state != SERIES_DETACHED || series->is_leaving);
}

static void remove_record(void *context, struct bytes key)
{
    const struct saving *saving = context;
    if (!is_back(saving->registry, key))
        saving->sink->remove(saving->sink->context, RECORD_SERIES, key);
}

static void put_dropped(void *context, struct bytes key)
{
    const struct saving *saving = context;
    struct text *value = &saving->registry->unsaved.value;
    if (is_back(saving->registry, key))
        return;
    text_clear(value);
    series_record_write_dropped(value);
    saving->sink->put(saving->sink->context, RECORD_SERIES, key, bytes_of(value), 0);
}

void registry_track(struct registry *registry, registry_recall recall, void *context, int64_t keep)
{
    struct registry_unsaved *unsaved = &registry->unsaved;
    unsaved->on = true;
    unsaved->recall = recall;
    unsaved->context = context;
    unsaved->keep = keep;
    for (size_t i = 0; i < registry->family_count; i++) {
        struct family *family = registry->families[i];
        struct series *series;
        family->unsaved.changed = true;
        for (size_t position = 0; (series = map_next(&family->by_labels, &position));) {
            if (series->unsaved == UNTRACKED)
                series->unsaved = 0;
            series_note(series);
        }
    }
}

void registry_save(struct registry *registry, const struct record_sink *sink, int64_t now)
{
    struct saving saving = {registry, sink, now};
    dropped_each(registry, true, remove_record, &saving);
    for (size_t i = 0; i < registry->family_count; i++)
        save_family(&saving, registry->families[i]);
    births_put(registry);
    registry->unsaved.count = 0;
}

void registry_saved(struct registry *registry)
{
    for (size_t i = 0; i < registry->family_count; i++)
        leaving_series_let_go(registry->families[i]);
    dropped_let_go(registry);
    births_let_go(registry);
}

void registry_save_all(struct registry *registry, const struct record_sink *sink, int64_t now)
{
    struct saving saving = {registry, sink, now};
    for (size_t i = 0; i < registry->family_count; i++) {
        struct family *family = registry->families[i];
        put_family(&saving, family);
        for (uint32_t slot = 0; slot < family->slot_count; slot++)
            carry_series(&saving, family->slots[slot], family->slots[slot]->unsaved != 0);
        for (uint32_t j = 0; j < family->unsaved.leaving_count; j++)
            carry_series(&saving, family->unsaved.leaving[j], true);
    }
    dropped_each(registry, false, put_dropped, &saving);
}

size_t registry_unsaved(const struct registry *registry)
{
    return registry->unsaved.count;
}

void series_write_key(const struct series *series, struct text *out)
{
    fields_put_64_sorted(out, series->family->hash);
    text_append(out, series_labels(series), series->length);
}
