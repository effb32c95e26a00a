/* The generator's own expected totals, and their names in the exposition. Counts of zero are left
 * out (no event made such a series), but for the histogram, which comes first. */
#include "tally.h"

#include <inttypes.h>
#include <stdlib.h>

static const double bucket_bounds[TALLY_BUCKETS] = {1,  2.5, 5,   10,  15,   30,
                                                    60, 120, 300, 600, 1200, 1800};

const char *const event_kind_names[EVENT_KINDS] = {
    "agent_started",    "agent_progress",     "agent_completed",     "agent_failed",
    "d_l_q_item_added", "claude_token_usage", "claude_tool_invoked", "queue_depth_changed",
};

const char *const tally_tool_names[TALLY_TOOLS] = {
    "Bash", "Read", "Edit", "Write", "Grep", "Glob", "Task", "WebFetch", "TodoWrite", "MultiEdit",
};

void tally_init(struct tally *tally, size_t job_count)
{
    *tally = (struct tally){.job_count = job_count};
    tally->jobs = calloc(job_count, sizeof(*tally->jobs));
    if (!tally->jobs)
        abort();
    for (size_t i = 0; i < job_count; i++) {
        snprintf(tally->jobs[i].name, sizeof(tally->jobs[i].name),
                 "mapreduce-20260101_120000-%05zu", i);
        tally->jobs[i].queue_depth = -1;
    }
}

void tally_free(struct tally *tally)
{
    free(tally->jobs);
}

void tally_duration(struct tally *tally, uint64_t seconds, uint64_t nanoseconds)
{
    double duration = (double)seconds + (double)nanoseconds / 1e9;
    size_t bucket = 0;
    while (bucket < TALLY_BUCKETS && duration > bucket_bounds[bucket])
        bucket++;
    tally->buckets[bucket]++;
    tally->duration_nanoseconds += seconds * 1000000000 + nanoseconds;
    tally->durations++;
}

/* One label's sample, unless it is zero. */
static void write_count(FILE *out, const char *name, const char *label, const char *value,
                        uint64_t count)
{
    if (count)
        fprintf(out, ",\n\"%s{%s=\\\"%s\\\"}\": %" PRIu64, name, label, value, count);
}

static void write_events(FILE *out, const uint64_t *counts, const char *job)
{
    for (int kind = 0; kind < EVENT_KINDS; kind++)
        if (counts[kind])
            fprintf(
                out,
                ",\n\"prodigy_events_total{event_type=\\\"%s\\\",job_id=\\\"%s\\\"}\": %" PRIu64,
                event_kind_names[kind], job, counts[kind]);
}

static void write_job(FILE *out, const struct job_tally *job)
{
    write_events(out, job->events, job->name);
    write_count(out, "prodigy_agents_completed_total", "job_id", job->name,
                job->events[AGENT_COMPLETED]);
    write_count(out, "prodigy_dlq_items_total", "job_id", job->name, job->events[DLQ_ITEM_ADDED]);
    if (job->queue_depth >= 0)
        fprintf(out, ",\n\"prodigy_queue_depth{job_id=\\\"%s\\\"}\": %" PRId64, job->name,
                job->queue_depth);
}

static void write_histogram(FILE *out, const struct tally *tally)
{
    const char *name = "prodigy_agent_duration_seconds";
    uint64_t cumulative = 0;
    fprintf(out, "\n\"%s_count\": %" PRIu64, name, tally->durations);
    fprintf(out, ",\n\"%s_sum\": %.9f", name, (double)tally->duration_nanoseconds / 1e9);
    for (size_t i = 0; i < TALLY_BUCKETS; i++) {
        cumulative += tally->buckets[i];
        fprintf(out, ",\n\"%s_bucket{le=\\\"%g\\\"}\": %" PRIu64, name, bucket_bounds[i],
                cumulative);
    }
    fprintf(out, ",\n\"%s_bucket{le=\\\"+Inf\\\"}\": %" PRIu64, name, tally->durations);
}

void tally_write(const struct tally *tally, FILE *out)
{
    static const char *const token_types[3] = {"input", "output", "cache"};

    fprintf(out, "{\"events\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"samples\": {", tally->events,
            tally->bytes);
    write_histogram(out, tally);
    write_events(out, tally->without_job, "none");
    for (size_t i = 0; i < tally->job_count; i++)
        write_job(out, &tally->jobs[i]);
    for (int i = 0; i < 3; i++)
        write_count(out, "prodigy_tokens_total", "type", token_types[i], tally->tokens[i]);
    for (int i = 0; i < TALLY_TOOLS; i++)
        write_count(out, "prodigy_tool_invocations_total", "tool_name", tally_tool_names[i],
                    tally->tools[i]);
    fprintf(out, "\n}}\n");
}
