/* The record of a family (RECORD_FAMILY): what it was when it was last defined, and its counts.
 *
 * key    hash of the definition, which its series' keys begin with
 * value  definition, second of the save, does it remember totals, updates folded, series expired
 *
 * The definition is what values depend on: name, type, labels, buckets, quantiles and window. A
 * family defined otherwise is another one. */
#include <errno.h>
#include <string.h>

#include "base/fields.h"
#include "base/hash.h"
#include "registry/registry_internal.h"

static void write_numbers(const double *numbers, size_t count, struct text *out)
{
    fields_put_32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        fields_put_double(out, numbers[i]);
}

/* A window counts where something is kept in it. */
static int64_t window_of(const struct family_spec *spec)
{
    return spec->type == METRIC_SUMMARY ? spec->summary_window
           : spec->type == METRIC_GAUGE ? spec->rate_window
                                        : 0;
}

static void write_definition(const struct family *family, struct text *out)
{
    const struct family_spec *spec = &family->spec;
    fields_put_bytes(out, spec->name, strlen(spec->name));
    fields_put_8(out, (uint8_t)spec->type);
    fields_put_32(out, (uint32_t)spec->label_count);
    for (size_t i = 0; i < spec->label_count; i++)
        fields_put_bytes(out, spec->labels[i], strlen(spec->labels[i]));
    write_numbers(spec->buckets, spec->bucket_count, out);
    write_numbers(spec->quantiles, spec->quantile_count, out);
    fields_put_time(out, window_of(spec));
}

uint64_t family_definition_hash(const struct family *family)
{
    struct text definition;
    text_init(&definition, TEXT_UNLIMITED);
    write_definition(family, &definition);
    uint64_t hash = hash_stable(definition.data, definition.length);
    text_free(&definition);
    return hash;
}

struct family *family_of_hash(struct registry *registry, uint64_t hash)
{
    if (registry->latest && registry->latest->hash == hash)
        return registry->latest;
    for (size_t i = 0; i < registry->family_count; i++)
        if (registry->families[i]->hash == hash)
            return registry->latest = registry->families[i];
    return NULL;
}

void family_record_write(const struct family *family, int64_t now, struct text *out)
{
    struct text definition;
    text_init(&definition, TEXT_UNLIMITED);
    write_definition(family, &definition);
    fields_put_bytes(out, definition.data, definition.length);
    fields_put_time(out, time_slot(now, NANOSECONDS_PER_SECOND));
    fields_put_8(out, family->unsaved.remembers);
    fields_put_64(out, family->folded);
    fields_put_64(out, family->expired);
    text_free(&definition);
}

int family_record_read(struct registry *registry, const struct record *record)
{
    struct fields key = fields_of(record->key);
    struct fields value = fields_of(record->value);
    uint64_t hash = fields_64_sorted(&key);
    struct bytes definition = fields_bytes(&value);
    (void)fields_time(&value);
    uint8_t remembers = fields_8(&value);
    uint64_t folded = fields_64(&value);
    uint64_t expired = fields_64(&value);
    if (key.failed || fields_left(&key) || value.failed || remembers > 1 ||
        hash_stable(definition.data, definition.length) != hash)
        return -EINVAL;
    struct family *family = family_of_hash(registry, hash);
    if (!family)
        return 0;
    family->unsaved.remembers = family->unsaved.remembers || remembers;
    family->folded = folded;
    family->expired = expired;
    return 0;
}
