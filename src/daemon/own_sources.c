/* What own metrics tell of each source. A reload may take sources out: then nothing is told of
 * them any more. */
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "daemon/own_internal.h"
#include "daemon/sources.h"

static struct label_value label(const char *text)
{
    return (struct label_value){text, strlen(text)};
}

static bool is_shown(const struct own_metrics *own, const struct sources *sources)
{
    struct sources_facts facts;
    size_t position = 0, i = 0;
    for (; sources_next_facts(sources, &position, &facts); i++)
        if (i >= own->shown.count || strcmp(own->shown.packs[i], facts.pack) != 0 ||
            strcmp(own->shown.names[i], facts.name) != 0)
            return false;
    return i == own->shown.count;
}

void own_sources_free(struct own_metrics *own)
{
    for (size_t i = 0; i < own->shown.count; i++) {
        free(own->shown.packs[i]);
        free(own->shown.names[i]);
    }
    free(own->shown.packs);
    free(own->shown.names);
    own->shown.packs = own->shown.names = NULL;
    own->shown.count = 0;
}

static const char *const states[] = {"present", "missing", "unreadable"};

static void drop(struct own_metrics *own)
{
    for (size_t i = 0; i < own->shown.count; i++) {
        struct label_value values[3] = {label(own->shown.packs[i]), label(own->shown.names[i])};
        registry_drop(own->live, own->families[LAST_EVENT], &values[1]);
        for (size_t j = 0; j < ARRAY_LENGTH(states); j++) {
            values[2] = label(states[j]);
            registry_drop(own->live, own->families[SOURCE_ROOTS], values);
        }
    }
    own_sources_free(own);
}

static void note(struct own_metrics *own, const struct sources_facts *facts)
{
    size_t count = own->shown.count + 1;
    own->shown.packs = memory_resize(own->shown.packs, count, sizeof(char *));
    own->shown.names = memory_resize(own->shown.names, count, sizeof(char *));
    own->shown.packs[own->shown.count] = memory_copy_text(facts->pack);
    own->shown.names[own->shown.count] = memory_copy_text(facts->name);
    own->shown.count = count;
}

static void show(struct own_metrics *own, const struct sources_facts *facts)
{
    const size_t counts[] = {facts->present, facts->missing, facts->unreadable};
    struct label_value values[3] = {label(facts->pack), label(facts->name)};
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        values[2] = label(states[i]);
        registry_update(own->live, own->families[SOURCE_ROOTS], UPDATE_SET, values,
                        (double)counts[i], &own->when, NULL, NULL);
    }
}

void own_sources_collect(struct own_metrics *own, const struct sources *sources)
{
    struct sources_facts facts;
    size_t position = 0, missing = 0;
    bool is_same = is_shown(own, sources);
    if (!is_same)
        drop(own);
    while (sources_next_facts(sources, &position, &facts)) {
        if (!is_same)
            note(own, &facts);
        show(own, &facts);
        missing += facts.missing;
    }
    registry_update(own->live, own->families[ROOTS_MISSING], UPDATE_SET, NULL, (double)missing,
                    &own->when, NULL, NULL);
}
