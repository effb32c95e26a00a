/* What a metric is measured in, as its name tells: the word at its end, before _total and _info.
 *
 *   prodigy_agent_duration_seconds    seconds
 *   claude_cost_USD_total             US dollars
 *   mapreduce_items_per_second        items per second
 *   jobs_total                        none: it counts */
#ifndef COMMAND_DOCS_UNIT_H
#define COMMAND_DOCS_UNIT_H

#include "base/text.h"
#include "registry/registry.h"

enum docs_measure {
    MEASURE_NUMBER, /* without unit: so many of something */
    MEASURE_AMOUNT, /* of which a sum means something: bytes */
    MEASURE_SPENT,  /* the same, and asked for by the day: tokens, money */
    MEASURE_LEVEL,  /* of which a sum means nothing: seconds, ratios, degrees */
    MEASURE_MOMENT  /* seconds since 1970 */
};

enum docs_measure docs_measure_of(const char *name, enum metric_type type);
/* "seconds", "none". */
void docs_append_unit(struct text *out, const char *name, enum metric_type type);

/* As the exposition and the options spell them: "0.1", "1e-05"; "24h", "90s". */
void docs_append_number(struct text *out, double number);
void docs_append_duration(struct text *out, int64_t time);

#endif
