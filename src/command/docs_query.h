/* An example of a PromQL query that is right for a metric's type, unit and labels. */
#ifndef COMMAND_DOCS_QUERY_H
#define COMMAND_DOCS_QUERY_H

#include "base/text.h"
#include "registry/registry.h"

/* What several series of a gauge make together. */
enum docs_together { TOGETHER_SUM, TOGETHER_HIGHEST, TOGETHER_LOWEST };

/* By `label`; NULL: over all series. `together` is of gauges alone. */
void docs_append_query(struct text *out, const struct family_spec *spec, const char *label,
                       enum docs_together together);

#endif
