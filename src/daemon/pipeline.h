/* The pipeline: a line of a followed file -> a decoded record -> an event -> updates.
 *
 * Counts what it skips by reason, and logs the first of each kind with file, line and cause. */
#ifndef DAEMON_PIPELINE_H
#define DAEMON_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct followed;
struct pipeline;
struct rule_set;
struct rule_trace;
struct tail;
struct tail_directory;
struct tail_line;

enum skip_reason {
    SKIP_MALFORMED,
    SKIP_TOO_LONG,
    SKIP_TOO_DEEP,
    SKIP_NOT_OBJECT,
    SKIP_NO_TYPE,
    SKIP_DUPLICATE,
    SKIP_PARTIAL,
    SKIP_REASONS
};
extern const char *const skip_reason_names[SKIP_REASONS];

struct pipeline_counts {
    uint64_t skipped[SKIP_REASONS];
    int64_t last_event_time; /* of the event applied last, TIME_NONE before the first */
};

struct pipeline *pipeline_new(struct rule_set *rules);
void pipeline_free(struct pipeline *pipeline);
/* So many threads help to decode where many lines come at once (0, as at first: none). */
void pipeline_use_workers(struct pipeline *pipeline, size_t threads);

/* Told of every event applied, for own metrics: source's index, event time (or TIME_NONE), and
 * the time now. */
typedef void (*pipeline_on_event)(void *context, size_t source, int64_t event_time, int64_t now);
void pipeline_watch_events(struct pipeline *pipeline, pipeline_on_event on_event, void *context);
/* The time of the events that come next, ns (wall): taken once a batch, not once a line. */
void pipeline_set_now(struct pipeline *pipeline, int64_t now);
/* Traces every event and row (explain); NULL: no more. */
void pipeline_trace(struct pipeline *pipeline, const struct rule_trace *trace);

/* Lines of a file, in order. `tail` and `directory` may be NULL: then ids are not checked. */
void pipeline_lines(struct pipeline *pipeline, const struct followed *file, struct tail *tail,
                    struct tail_directory *directory, const struct tail_line *lines, size_t count);
/* A line that never reached the decoder. */
void pipeline_skip(struct pipeline *pipeline, const char *path, enum skip_reason reason,
                   uint64_t line_number, const char *cause);
/* Is this an object by itself, as some source of the file would decode it? */
bool pipeline_is_record(struct pipeline *pipeline, const struct followed *file, const char *bytes,
                        size_t length);
/* An event of the program's own ("resources"), as JSON text. */
void pipeline_emit(struct pipeline *pipeline, const char *json, size_t length);

void pipeline_counts(const struct pipeline *pipeline, struct pipeline_counts *ret_counts);

#endif
