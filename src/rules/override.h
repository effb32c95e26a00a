/* `overrides`: what a user changes of the packs' metrics without copying a pack.
 *
 *   overrides:
 *     prodigy_agent_duration_seconds: {buckets: [1, 60, 3600], drop_labels: [job_id]}
 *
 * They hold for the metrics of every pack, whichever file they stand in; where two are of one
 * metric, each word counts as the last one says it. A metric of a built-in pack that is not used
 * may be named, too. */
#ifndef RULES_OVERRIDE_H
#define RULES_OVERRIDE_H

struct compiler;

/* Changes the metrics of all packs: after they were read, before any row is compiled. */
void overrides_apply(struct compiler *compiler);
/* After all rows: a `clear` of a series cannot name it any more by a label that was dropped, so it
 * clears the keys of its scope. Where that would be those of a whole source or pack, an error. */
void overrides_bind_clears(struct compiler *compiler);

#endif
