/* The parts of the metric reference, each in the file of its name; docs.c puts them together. */
#ifndef COMMAND_DOCS_PAGE_H
#define COMMAND_DOCS_PAGE_H

#include <stddef.h>

#include "base/text.h"

struct rule_metric;
struct rule_pack_facts;
struct rule_set;

/* The section of the index-th pack: its sources, and each metric that it defines first. */
void docs_append_pack(struct text *out, const struct rule_set *set, size_t index);
/* One metric: what it is, what feeds it, a query. `pack` is the one that defines it. */
void docs_append_metric(struct text *out, const struct rule_set *set,
                        const struct rule_metric *metric, const struct rule_pack_facts *pack);
/* The section of what the exporter tells about itself. */
void docs_append_own(struct text *out);

#endif
