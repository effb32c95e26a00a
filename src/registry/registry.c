/* See registry.h. The families, sorted by name, and what concerns all of them. */
#include "registry/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "registry/registry_internal.h"

/* The place of the first family whose name is not before `name`. */
static size_t find_place(const struct registry *registry, const char *name)
{
    size_t low = 0;
    size_t high = registry->family_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(registry->families[middle]->spec.name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert_family(struct registry *registry, size_t place, struct family *family)
{
    registry->families =
        memory_resize(registry->families, registry->family_count + 1, sizeof(*registry->families));
    memmove(registry->families + place + 1, registry->families + place,
            (registry->family_count - place) * sizeof(*registry->families));
    registry->families[place] = family;
    registry->family_count++;
}

struct registry *registry_new(size_t max_samples)
{
    struct registry *registry = memory_zero(1, sizeof(*registry));
    registry->max_samples = max_samples;
    registry->ticked = TIME_NONE;
    text_init(&registry->scratch, TEXT_UNLIMITED);
    unsaved_series_init(registry);
    return registry;
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    for (uint32_t i = 0; i < registry->birth_count; i++)
        free(registry->births[i].counts);
    free(registry->births);
    for (size_t i = 0; i < registry->family_count; i++)
        family_free(registry->families[i]);
    free(registry->families);
    agenda_free(&registry->agenda);
    text_free(&registry->scratch);
    unsaved_series_free(registry);
    free(registry);
}

int registry_define(struct registry *registry, const struct family_spec *spec,
                    struct family **ret_family)
{
    int result = family_check_spec(spec);
    if (result < 0)
        return result;
    struct family *family = registry_find(registry, spec->name);
    if (family && !family_is_defined_as(family, spec))
        return -EEXIST;
    if (!family) {
        family = family_new(registry, spec);
        insert_family(registry, find_place(registry, spec->name), family);
    }
    *ret_family = family;
    return 0;
}

struct family *registry_find(const struct registry *registry, const char *name)
{
    size_t place = find_place(registry, name);
    if (place == registry->family_count || strcmp(registry->families[place]->spec.name, name) != 0)
        return NULL;
    return registry->families[place];
}

struct series *registry_series(struct registry *registry, struct family *family,
                               const struct label_value *values)
{
    (void)registry;
    struct label_text labels = labels_write(family, values, FOLD_NONE);
    struct series *series = series_find(family, labels);
    return series ? series : series_recall(family, labels);
}

bool registry_drop(struct registry *registry, struct family *family,
                   const struct label_value *values)
{
    struct series *series = registry_series(registry, family, values);
    if (!series || (series->state == SERIES_DETACHED && !series->is_leaving))
        return false;
    series_remove(series);
    return true;
}

uint64_t registry_version(const struct registry *registry)
{
    return registry->version;
}

size_t registry_samples(const struct registry *registry)
{
    return registry->samples;
}

const struct family *registry_next_family(const struct registry *registry, size_t *position)
{
    return *position < registry->family_count ? registry->families[(*position)++] : NULL;
}
