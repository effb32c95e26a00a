/* Part of GET /api/v1/status: the metrics that are not there, and why.
 *
 *   {"metric":"claude_code_messages_total","reason":"no_source","sources":["claude_projects"]}
 *
 * no_source: none of the sources that could feed it has a directory; no_event: some have, but
 * nothing in them has fed it; expired: it had series, which its ttl hides; disabled: by an
 * override. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "daemon/daemon_internal.h"
#include "daemon/rulebook.h"
#include "daemon/sources.h"
#include "registry/registry.h"
#include "rules/describe.h"
#include "rules/rule_set.h"

#define SOURCES_SHOWN 64 /* of one metric */

/* The sources that feed one metric. */
struct feeding {
    const char *names[SOURCES_SHOWN];
    size_t count;
    bool is_present; /* some of them */
};

/* Sources without directories are the program's own samples, which are always there. */
static bool is_present(const struct daemon *daemon, const char *name)
{
    struct sources_facts facts;
    size_t position = 0;
    bool has_directory = false;
    while (sources_next_facts(daemon->rooms.sources, &position, &facts)) {
        if (strcmp(facts.name, name) != 0)
            continue;
        has_directory = true;
        if (facts.present > 0)
            return true;
    }
    return !has_directory;
}

static void add_source(const struct daemon *daemon, struct feeding *feeding, const char *name)
{
    for (size_t i = 0; i < feeding->count; i++)
        if (strcmp(feeding->names[i], name) == 0)
            return;
    if (feeding->count == SOURCES_SHOWN)
        return;
    feeding->names[feeding->count++] = name;
    feeding->is_present = feeding->is_present || is_present(daemon, name);
}

static void find_sources(const struct daemon *daemon, const char *metric, struct feeding *feeding)
{
    const struct rule_set *rules = daemon->rooms.rulebook->rules;
    struct rule_feed feed;
    for (size_t i = 0; rule_set_feed(rules, i, &feed); i++)
        if (feed.metric && strcmp(feed.metric, metric) == 0)
            for (size_t j = 0; j < feed.event_count; j++)
                add_source(daemon, feeding, feed.events[j].source);
}

static const struct family *find_family(const struct registry *registry, const char *name)
{
    const struct family *family;
    size_t position = 0;
    while ((family = registry_next_family(registry, &position)))
        if (strcmp(family_spec(family)->name, name) == 0)
            return family;
    return NULL;
}

static void put_absent(const struct daemon *daemon, const struct rule_metric *metric,
                       const char *reason, struct text *out)
{
    struct feeding feeding = {.count = 0};
    find_sources(daemon, metric->spec->name, &feeding);
    if (!reason)
        reason = feeding.is_present ? "no_event" : "no_source";
    text_printf(out, "{\"metric\":\"%s\",\"reason\":\"%s\",\"sources\":[", metric->spec->name,
                reason);
    for (size_t i = 0; i < feeding.count; i++) {
        text_append_string(out, i ? ",\"" : "\"");
        text_append_json(out, feeding.names[i], strlen(feeding.names[i]));
        text_append_char(out, '"');
    }
    text_append_string(out, "]}");
}

void status_put_absent(const struct daemon *daemon, struct text *out)
{
    const struct rulebook *rulebook = daemon->rooms.rulebook;
    struct rule_metric metric;
    const char *comma = "";
    text_append_string(out, "\"absent_metrics\":[");
    for (size_t i = 0; rule_set_metric(rulebook->rules, i, &metric); i++) {
        struct family_usage usage = {.series = 0};
        const struct family *family = find_family(rulebook->registry, metric.spec->name);
        if (family)
            family_usage(family, &usage);
        if (usage.series > 0)
            continue;
        text_append_string(out, comma);
        put_absent(daemon, &metric,
                   metric.disabled    ? "disabled"
                   : usage.hidden > 0 ? "expired"
                                      : NULL,
                   out);
        comma = ",";
    }
    text_append_string(out, "],");
}
