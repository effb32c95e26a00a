/* What the generated events must add up to, known to the generator alone: the figures that every
 * measured program is checked against.
 *
 * Filled by event_source.c while it makes events, written as JSON by the generator:
 *
 *   {"events": 2, "bytes": 857, "samples": {"prodigy_agents_completed_total{job_id=\"j\"}": 1}} */
#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H

#include <stdint.h>
#include <stdio.h>

#define TALLY_BUCKETS 12
#define TALLY_TOOLS   10

enum event_kind {
    AGENT_STARTED,
    AGENT_PROGRESS,
    AGENT_COMPLETED,
    AGENT_FAILED,
    DLQ_ITEM_ADDED,
    TOKEN_USAGE,
    TOOL_INVOKED,
    QUEUE_DEPTH,
    EVENT_KINDS
};

struct job_tally {
    char name[48];
    uint64_t events[EVENT_KINDS];
    int64_t queue_depth; /* of the last such event; -1: none yet */
};

struct tally {
    uint64_t events;
    uint64_t bytes;

    struct job_tally *jobs;
    size_t job_count;
    uint64_t without_job[EVENT_KINDS]; /* claude_* events carry no job_id */

    uint64_t tokens[3]; /* input, output, cache */
    uint64_t tools[TALLY_TOOLS];
    uint64_t buckets[TALLY_BUCKETS + 1]; /* not cumulative; the last is +Inf */
    uint64_t duration_nanoseconds;
    uint64_t durations;
};

extern const char *const event_kind_names[EVENT_KINDS];
extern const char *const tally_tool_names[TALLY_TOOLS];

/* Takes memory for `job_count` jobs, named after their numbers. The process stops without it. */
void tally_init(struct tally *tally, size_t job_count);
void tally_free(struct tally *tally);
/* One completed agent's duration. */
void tally_duration(struct tally *tally, uint64_t seconds, uint64_t nanoseconds);
void tally_write(const struct tally *tally, FILE *out);

#endif
