/* All that is made of the rules, and made anew at a reload: the packs compiled, the pipeline that
 * runs them, where their sources lie. */
#ifndef DAEMON_RULE_ROOMS_H
#define DAEMON_RULE_ROOMS_H

#include <stdint.h>

#include "base/attributes.h"

struct diagnostics;
struct pipeline;
struct rulebook;
struct sightings;
struct settings;
struct sources;

struct rule_rooms {
    struct rulebook *rulebook;
    struct pipeline *pipeline;
    struct sightings *sightings;
    struct sources *sources;
    int64_t *source_times; /* newest event time by source, TIME_NONE before the first */
    const char **source_names;
};

/* 0; or -EINVAL with all mistakes in `diagnostics` and *ret_rooms untouched. `events_dir` is that
 * of the start, whatever settings say. */
int rule_rooms_build(const struct settings *settings, const char *events_dir,
                     struct diagnostics *diagnostics, struct rule_rooms *ret_rooms) MUST_CHECK;
/* All zero is fine. */
void rule_rooms_free(struct rule_rooms *rooms);

#endif
