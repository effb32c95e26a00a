/* Makes the events. Each field is drawn from one 128-bit random value of the event, so an event
 * costs few draws; which bits feed which field is of no importance, only that it never changes. */
#include "event_source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_SECOND           INT64_C(1767268800) /* 2026-01-01T12:00:00Z */
#define MICROSECONDS_PER_EVENT 137

static const struct event_mix default_mix = {.weights = {
                                                 [AGENT_STARTED] = 20,
                                                 [AGENT_COMPLETED] = 20,
                                                 [AGENT_FAILED] = 5,
                                                 [DLQ_ITEM_ADDED] = 5,
                                                 [TOKEN_USAGE] = 20,
                                                 [TOOL_INVOKED] = 20,
                                                 [QUEUE_DEPTH] = 10,
                                             }};

/* One event in the making. */
struct draft {
    enum event_kind kind;
    size_t job_number;
    struct job_tally *job;
    uint64_t high, low; /* random bits */
    char agent[16];
    char item[16];
    char time[40];
};

/* splitmix64: public domain, by Sebastiano Vigna. */
static uint64_t next_random(struct event_source *source)
{
    uint64_t value = source->random += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static uint64_t bits(uint64_t value, int shift, int count)
{
    return value >> shift & ((UINT64_C(1) << count) - 1);
}

static enum event_kind draw_kind(struct event_source *source)
{
    unsigned sum = 0;
    for (int kind = 0; kind < EVENT_KINDS; kind++)
        sum += source->mix.weights[kind];
    unsigned ticket = (unsigned)(next_random(source) % sum);
    int kind = 0;
    while (ticket >= source->mix.weights[kind])
        ticket -= source->mix.weights[kind++];
    return (enum event_kind)kind;
}

/* Every job gets each kind that makes a series of its own, job after job, kind after kind. */
static bool deal_in_turn(const struct event_source *source, struct draft *draft)
{
    static const enum event_kind order[] = {AGENT_STARTED, AGENT_COMPLETED, AGENT_FAILED,
                                            DLQ_ITEM_ADDED, QUEUE_DEPTH};
    uint64_t round = source->number / source->tally->job_count;
    if (!source->every_series || round >= sizeof(order) / sizeof(order[0]))
        return false;
    draft->kind = order[round];
    draft->job_number = source->number % source->tally->job_count;
    return true;
}

static void set_time(struct event_source *source, char *ret_time)
{
    int64_t microseconds = (int64_t)source->number * MICROSECONDS_PER_EVENT;
    int64_t second = microseconds / 1000000;
    if (second != source->second_number) {
        time_t whole = (time_t)(FIRST_SECOND + second);
        struct tm utc;
        gmtime_r(&whole, &utc);
        strftime(source->second, sizeof(source->second), "%Y-%m-%dT%H:%M:%S", &utc);
        source->second_number = second;
    }
    snprintf(ret_time, 40, "%s.%06dZ", source->second, (int)(microseconds % 1000000));
}

static void draw(struct event_source *source, struct draft *draft)
{
    draft->high = next_random(source);
    draft->low = next_random(source);
    if (!deal_in_turn(source, draft)) {
        draft->kind = draw_kind(source);
        draft->job_number = next_random(source) % source->tally->job_count;
    }
    draft->job = &source->tally->jobs[draft->job_number];
    snprintf(draft->agent, sizeof(draft->agent), "agent-%d", (int)bits(draft->low, 0, 10));
    snprintf(draft->item, sizeof(draft->item), "item_%d", (int)bits(draft->low, 10, 20));
    set_time(source, draft->time);
}

/* Short and long durations alike: cubes of an even distribution, up to 25 minutes. */
static int write_completed(char *out, size_t size, const struct draft *draft, struct tally *tally)
{
    double share = (double)bits(draft->high, 0, 32) / 4294967296.0;
    uint64_t seconds = (uint64_t)(0.5 + 1500 * share * share * share);
    uint64_t nanoseconds = bits(draft->high, 32, 30) % 1000000000;
    tally_duration(tally, seconds, nanoseconds);
    return snprintf(out, size,
                    "\"job_id\":\"%s\",\"agent_id\":\"%s\",\"duration\":[%" PRIu64 ",%" PRIu64
                    "],\"commits\":[\"%014" PRIx64 "\",\"%014" PRIx64
                    "\"],\"json_log_location\":\"/home/u/.claude/projects/p/%08" PRIx64 ".jsonl\"",
                    draft->job->name, draft->agent, seconds, nanoseconds, bits(draft->low, 0, 56),
                    bits(draft->high, 0, 56), bits(draft->low, 0, 32));
}

static int write_tokens(char *out, size_t size, const struct draft *draft, struct tally *tally)
{
    uint64_t input = bits(draft->low, 0, 12);
    uint64_t output = bits(draft->low, 12, 10);
    uint64_t cache = bits(draft->low, 22, 16);
    tally->tokens[0] += input;
    tally->tokens[1] += output;
    tally->tokens[2] += cache;
    return snprintf(out, size,
                    "\"agent_id\":\"%s\",\"input_tokens\":%" PRIu64 ",\"output_tokens\":%" PRIu64
                    ",\"cache_tokens\":%" PRIu64,
                    draft->agent, input, output, cache);
}

/* The first tools are called far more often than the last. */
static int write_tool(char *out, size_t size, const struct draft *draft, struct tally *tally)
{
    size_t tool = (size_t)(bits(draft->high, 0, 8) * bits(draft->high, 8, 8) * TALLY_TOOLS >> 16);
    tally->tools[tool]++;
    return snprintf(
        out, size,
        "\"agent_id\":\"%s\",\"tool_name\":\"%s\",\"tool_id\":\"toolu_%024" PRIx64
        "\",\"parameters\":{\"command\":\"cargo test --workspace -- %s\",\"description\":"
        "\"Run the \\\"unit\\\" tests\",\"timeout\":120000},\"timestamp\":\"%s\"",
        draft->agent, tally_tool_names[tool], draft->low, draft->item, draft->time);
}

static int write_started(char *out, size_t size, const struct draft *draft)
{
    return snprintf(out, size,
                    "\"job_id\":\"%s\",\"agent_id\":\"%s\",\"item_id\":\"%s\",\"worktree\":"
                    "\"prodigy-worktree-%05zu-%s-%012" PRIx64 "\",\"attempt\":%d",
                    draft->job->name, draft->agent, draft->item, draft->job_number, draft->agent,
                    bits(draft->high, 0, 48), 1 + (int)bits(draft->low, 40, 1));
}

static int write_failed(char *out, size_t size, const struct draft *draft)
{
    return snprintf(out, size,
                    "\"job_id\":\"%s\",\"agent_id\":\"%s\",\"error\":\"Command failed with exit "
                    "code %d: cargo test --workspace: 2 tests failed\",\"retry_eligible\":%s",
                    draft->job->name, draft->agent, (int)bits(draft->low, 44, 7),
                    bits(draft->low, 11, 1) ? "true" : "false");
}

static int write_queue_depth(char *out, size_t size, const struct draft *draft)
{
    draft->job->queue_depth = (int64_t)bits(draft->low, 0, 10);
    return snprintf(out, size,
                    "\"job_id\":\"%s\",\"pending\":%" PRId64 ",\"active\":%d,\"completed\":%d",
                    draft->job->name, draft->job->queue_depth, (int)bits(draft->low, 10, 4),
                    (int)bits(draft->low, 14, 16));
}

static int write_body(char *out, size_t size, const struct draft *draft, struct tally *tally)
{
    switch (draft->kind) {
    case AGENT_STARTED:
        return write_started(out, size, draft);
    case AGENT_PROGRESS:
        return snprintf(out, size,
                        "\"job_id\":\"%s\",\"agent_id\":\"%s\",\"step\":\"shell: cargo test "
                        "--workspace -- %s\",\"progress_pct\":%d.5",
                        draft->job->name, draft->agent, draft->item,
                        (int)(bits(draft->low, 40, 7) * 100 >> 7));
    case AGENT_COMPLETED:
        return write_completed(out, size, draft, tally);
    case AGENT_FAILED:
        return write_failed(out, size, draft);
    case DLQ_ITEM_ADDED:
        return snprintf(out, size,
                        "\"job_id\":\"%s\",\"item_id\":\"%s\",\"error_signature\":"
                        "\"CommandFailed::cargo_test::exit_%d\",\"failure_count\":%d",
                        draft->job->name, draft->item, (int)bits(draft->low, 44, 7),
                        1 + (int)bits(draft->low, 52, 2));
    case TOKEN_USAGE:
        return write_tokens(out, size, draft, tally);
    case TOOL_INVOKED:
        return write_tool(out, size, draft, tally);
    case QUEUE_DEPTH:
        return write_queue_depth(out, size, draft);
    case EVENT_KINDS:
        break;
    }
    abort();
}

bool event_mix_parse(const char *text, struct event_mix *ret_mix)
{
    struct event_mix mix = {.weights = {0}};
    unsigned sum = 0;
    while (*text) {
        size_t name_length = strcspn(text, "=");
        int kind = 0;
        while (kind < EVENT_KINDS && (strlen(event_kind_names[kind]) != name_length ||
                                      memcmp(event_kind_names[kind], text, name_length) != 0))
            kind++;
        unsigned weight;
        int used = 0;
        if (kind == EVENT_KINDS || sscanf(text + name_length, "=%5u%n", &weight, &used) != 1)
            return false;
        mix.weights[kind] = weight;
        sum += weight;
        text += name_length + (size_t)used;
        if (*text == ',')
            text++;
        else if (*text)
            return false;
    }
    if (sum == 0)
        return false;
    *ret_mix = mix;
    return true;
}

void event_source_init(struct event_source *source, uint64_t seed, const struct event_mix *mix,
                       bool every_series, struct tally *tally)
{
    *source = (struct event_source){
        .random = seed,
        .mix = mix ? *mix : default_mix,
        .every_series = every_series,
        .tally = tally,
        .second_number = -1,
    };
}

size_t event_source_next(struct event_source *source, char *ret_line, size_t *ret_job)
{
    struct draft draft;
    draw(source, &draft);

    char body[EVENT_LINE_LONGEST / 2];
    int body_length = write_body(body, sizeof(body), &draft, source->tally);
    int length = snprintf(
        ret_line, EVENT_LINE_LONGEST,
        "{\"id\":\"%08x-%04x-4%03x-a%03x-%012" PRIx64 "\",\"timestamp\":\"%s\",\"correlation_id\":"
        "\"workflow-%05zu-%08x\",\"event\":{\"event_type\":\"%s\",%s},\"metadata\":{\"host\":"
        "\"build-01\",\"pid\":%d,\"thread\":\"tokio-runtime-worker\",\"user\":\"prodigy\"}}\n",
        (unsigned)bits(draft.high, 0, 32), (unsigned)bits(draft.high, 32, 16),
        (unsigned)bits(draft.high, 48, 12), (unsigned)bits(draft.low, 48, 12),
        bits(draft.low, 0, 48), draft.time, draft.job_number, (unsigned)bits(draft.high, 4, 32),
        event_kind_names[draft.kind], body, 10000 + (int)bits(draft.high, 50, 13));
    if (body_length < 0 || (size_t)body_length >= sizeof(body) || length < 0 ||
        length >= EVENT_LINE_LONGEST)
        abort();

    bool has_job = draft.kind != TOKEN_USAGE && draft.kind != TOOL_INVOKED;
    (has_job ? draft.job->events : source->tally->without_job)[draft.kind]++;
    source->tally->events++;
    source->tally->bytes += (size_t)length;
    source->number++;
    *ret_job = draft.job_number;
    return (size_t)length;
}
