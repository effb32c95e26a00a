/* See rule_rooms.h. */
#include "daemon/rule_rooms.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "config/settings.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/sightings.h"
#include "daemon/sources.h"
#include "daemon/workers.h"
#include "rules/rule_set.h"

static void list_sources(struct rule_rooms *rooms)
{
    const struct rule_set *rules = rooms->rulebook->rules;
    size_t count = rule_set_source_count(rules);
    rooms->source_times = memory_zero(count, sizeof(*rooms->source_times));
    rooms->source_names = memory_zero(count, sizeof(*rooms->source_names));
    for (size_t i = 0; i < count; i++) {
        struct rule_source_facts facts;
        rule_source_facts(rule_set_source(rules, i), &facts);
        rooms->source_names[i] = facts.name;
        rooms->source_times[i] = TIME_NONE;
    }
}

int rule_rooms_build(const struct settings *settings, const char *events_dir,
                     struct diagnostics *diagnostics, struct rule_rooms *ret_rooms)
{
    struct rulebook *rulebook = rulebook_load(settings, diagnostics);
    if (!rulebook)
        return -EINVAL;
    *ret_rooms = (struct rule_rooms){
        .rulebook = rulebook,
        .pipeline = pipeline_new(rulebook->rules),
        .sightings = sightings_new(rulebook->rules),
        .sources =
            sources_new(rulebook->rules, settings, events_dir, settings_events_dir_given(settings)),
    };
    pipeline_use_workers(ret_rooms->pipeline, workers_count(settings->decode_workers));
    list_sources(ret_rooms);
    return 0;
}

void rule_rooms_free(struct rule_rooms *rooms)
{
    sources_free(rooms->sources);
    sightings_free(rooms->sightings);
    pipeline_free(rooms->pipeline);
    free(rooms->source_names);
    free(rooms->source_times);
    rulebook_free(rooms->rulebook);
    *rooms = (struct rule_rooms){0};
}
