/* Registry -> bytes of an exposition. Pure. Knows only registry.
 *
 * Families are sorted by name; those without a shown series are left out. An info is a gauge of 1.
 * `le` and `quantile` are always canonical ("1.0"), so that every format gives one identity.
 *
 * Text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats): each family with # HELP
 * (unless its help is empty) and # TYPE.
 * JSON: the shape of prom2json, all numbers as strings:
 *
 *   {"name":"a_total","help":"A.","type":"COUNTER","metrics":[{"labels":{"x":"y"},"value":"1"}]}
 *   of a histogram  {"labels":{},"buckets":{"1.0":"2","+Inf":"3"},"count":"3","sum":"7.5"}
 *   of a summary    {"labels":{},"quantiles":{"0.5":"1.25"},"count":"3","sum":"7.5"} */
#ifndef ENCODE_ENCODE_H
#define ENCODE_ENCODE_H

#include <stdbool.h>

#include "base/text.h"

struct registry;

/* Appends; false when `out` reached its maximum (then its content is of no use). */
bool encode_text(const struct registry *registry, struct text *out);
/* Appends the family objects, comma separated, without the enclosing []; returns false as above.
 * *inout_first: true before the first object ever, cleared when one was written. */
bool encode_json(const struct registry *registry, bool *inout_first, struct text *out);

#endif
