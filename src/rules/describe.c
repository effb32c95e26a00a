/* See describe.h. What is told was noted while the set was compiled. */
#include "rules/describe.h"

#include "rules/compiler.h"
#include "rules/lapse.h"

bool rule_set_pack(const struct rule_set *set, size_t index, struct rule_pack_facts *ret_facts)
{
    if (index >= set->pack_count)
        return false;
    const struct pack *pack = &set->packs[index];
    *ret_facts = (struct rule_pack_facts){.name = pack->name,
                                          .default_ttl = pack->default_ttl,
                                          .default_max_series = pack->default_max_series};
    return true;
}

bool rule_set_metric(const struct rule_set *set, size_t index, struct rule_metric *ret_metric)
{
    if (index >= set->metric_count)
        return false;
    const struct metric *metric = set->metrics[index];
    const struct metric *counter = lapse_counter(metric->groups.lapse);
    *ret_metric = (struct rule_metric){.spec = &metric->spec,
                                       .pack = metric->pack,
                                       .has_init = metric->has_init,
                                       .shows_oldest = metric->groups.shows_oldest,
                                       .disabled = metric->disabled,
                                       .lapses_into = counter ? counter->name : NULL};
    for (size_t i = 0; i < metric->spec.label_count; i++)
        ret_metric->init[i] = (struct rule_init){
            .values = (const char *const *)metric->init[i].values, .count = metric->init[i].count};
    return true;
}

bool rule_set_feed(const struct rule_set *set, size_t index, struct rule_feed *ret_feed)
{
    if (index >= set->row_count)
        return false;
    const struct row_facts *facts = set->rows[index];
    *ret_feed = (struct rule_feed){.metric = facts->metric ? facts->metric->name : NULL,
                                   .verb = verb_names[facts->verb],
                                   .pack = set->packs[facts->pack].name,
                                   .line = facts->line,
                                   .events = facts->events,
                                   .event_count = facts->event_count};
    return true;
}
