/* Sightings: what the document room sees of files becomes events of the rules.
 *
 *   content of sessions/a.json -> decoded for each source that covers it -> rule_set_see
 *
 * The memo of a file holds what each of its sources keeps, by pack and source name. For `run` and
 * `once` alike. */
#ifndef DAEMON_SIGHTINGS_H
#define DAEMON_SIGHTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/pipeline.h"
#include "document/documents.h"

struct followed;
struct rule_set;
struct rule_trace;
struct sightings;

struct sightings *sightings_new(struct rule_set *rules);
void sightings_free(struct sightings *sightings);
/* As pipeline_watch_events and pipeline_trace. */
void sightings_watch_events(struct sightings *sightings, pipeline_on_event on_event, void *context);
void sightings_trace(struct sightings *sightings, const struct rule_trace *trace);

/* Applies the events of these news, as the sources in `file` emit them; the answer is documents.h's
 * on_news. `now`: ns, wall. */
enum documents_taken sightings_take(struct sightings *sightings, const struct followed *file,
                                    const struct documents_news *news, int64_t now,
                                    struct text *ret_memo, enum documents_skip *ret_reason);
/* The ids by which rules know a path's life, and the directory of a document. */
uint64_t sightings_file_id(const char *path);
/* `of_lines`: the tail room's id, 0 if it knows none; of a path whose lines are wished it is the
 * one. It comes and goes with lines, so that of a document would change in the middle of its life.
 */
uint64_t sightings_directory_id(const char *path, unsigned wish, uint64_t of_lines);

/* Logs the first of each kind of what could not be taken. */
void sightings_tell_skip(struct sightings *sightings, const char *path, enum documents_skip reason,
                         int error);
extern const char *const documents_skip_names[DOCUMENT_SKIPS];

#endif
