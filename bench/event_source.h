/* A seeded stream of synthetic Prodigy events, one JSON object a line, in the envelope that real
 * files have (id, timestamp, correlation_id, event, metadata), about 430 bytes each:
 *
 *   {"id":"0f..","timestamp":"2026-01-01T12:00:00.000137Z","correlation_id":"workflow-00003-..",
 *    "event":{"event_type":"agent_started","job_id":"mapreduce-20260101_120000-00003",...},
 *    "metadata":{"host":"build-01","pid":12345,"thread":"tokio-runtime-worker","user":"prodigy"}}
 *
 * The same options give the same bytes on every machine. Every event is also added to a tally. */
#ifndef BENCH_EVENT_SOURCE_H
#define BENCH_EVENT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tally.h"

#define EVENT_LINE_LONGEST 1024

struct event_mix {
    unsigned weights[EVENT_KINDS];
};

struct event_source {
    uint64_t random; /* state of the generator of random numbers */
    uint64_t number; /* of the next event */
    struct event_mix mix;
    bool every_series; /* deal kinds and jobs in turn until every job has all of its series */
    struct tally *tally;
    char second[24]; /* the timestamp up to its whole second, and which second that is */
    int64_t second_number;
};

/* "agent_started=20,agent_progress=80". Kinds not named get no events. False, and *ret_mix
 * untouched, at an unknown name, a bad number or a sum of zero. */
bool event_mix_parse(const char *text, struct event_mix *ret_mix);

/* `mix` NULL: the default one, in which agents, tokens and tools are about equal. */
void event_source_init(struct event_source *source, uint64_t seed, const struct event_mix *mix,
                       bool every_series, struct tally *tally);
/* Writes the next event with its LF to `ret_line` (EVENT_LINE_LONGEST bytes); returns the length.
 * *ret_job: the number of its job (also for events that do not carry it). */
size_t event_source_next(struct event_source *source, char *ret_line, size_t *ret_job);

#endif
