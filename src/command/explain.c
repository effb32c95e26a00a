/* explain [FILE|-]: for each line which rows matched or why not, and what they did.
 *
 *   line 3: agent_completed (matched)
 *     prodigy:AgentCompleted:52   inc prodigy_mapreduce_items_total
 *       applied: {job_id="job-1",status="success"} 1
 *
 * and for a document, or a file whose life is told, the events that its first look emits. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "command/command.h"
#include "command/output.h"
#include "command/reading.h"
#include "config/settings.h"
#include "daemon/followed.h"
#include "daemon/pipeline.h"
#include "daemon/sightings.h"
#include "rules/rule_set.h"
#include "tail/tail.h"

struct explaining {
    struct reading reading;
    struct text out;
    uint64_t number; /* of the line under way */
    bool in_line;
    struct pipeline_counts before;
    int status;
};

static const char *match_text(enum rule_match match)
{
    switch (match) {
    case RULE_MATCHED:
        return "matched";
    case RULE_UNMATCHED:
        return "no rule names it";
    default:
        return "no event name";
    }
}

static const char *outcome_text(enum row_outcome outcome)
{
    static const char *const texts[ROW_OUTCOMES] = {
        [ROW_APPLIED] = "applied",
        [ROW_FOLDED] = "applied to the _other series, a limit is reached",
        [ROW_CONDITION] = "not applied, 'when' does not hold for",
        [ROW_NO_LIST] = "not applied, 'each' finds no list at",
        [ROW_SEEN] = "not applied, 'once' has seen this key",
        [ROW_NO_GROWTH] = "nothing changes",
        [ROW_MISSING] = "not applied, there is no",
        [ROW_NO_NUMBER] = "not applied, not a number, duration or time:",
        [ROW_NOT_IN_TABLE] = "not applied, the key is not in table",
        [ROW_TOO_OLD] = "not applied, the event is older than the memory keeps keys",
        [ROW_OLDER] = "not applied, the series has seen a newer event",
        [ROW_LIMIT] = "not applied, a limit is reached",
        [ROW_INVALID] = "not applied, a counter cannot take this amount",
        [ROW_DISABLED] = "not applied, 'overrides' disables the metric",
        [ROW_LATE] = "not applied, the event was not seen in time to tell how long"};
    return texts[outcome];
}

static void on_event(void *context, const char *event_name, enum rule_match match)
{
    struct explaining *explaining = context;
    struct text *out = &explaining->out;
    if (explaining->in_line)
        text_printf(out, "line %llu: ", (unsigned long long)explaining->number);
    else /* emitted: of the file's life, or of a document as a whole */
        text_append_string(out, "file: ");
    text_append_json(out, event_name, strlen(event_name)); /* it may hold anything */
    text_printf(out, "%s(%s)\n", *event_name ? " " : "", match_text(match));
}

static void on_row(void *context, const char *rule, const char *update, enum row_outcome outcome,
                   const char *detail, const char *labels, double amount)
{
    struct explaining *explaining = context;
    struct text *out = &explaining->out;
    char number[NUMBER_TEXT];
    size_t length = number_format(amount, number);
    text_printf(out, "  %s  %s\n    %s", rule, update, outcome_text(outcome));
    if (*detail)
        text_printf(out, " %s", detail);
    if (outcome == ROW_APPLIED || outcome == ROW_FOLDED)
        text_printf(out, ": {%s} %.*s", labels, (int)length, number);
    text_append_string(out, "\n");
}

static void before_line(void *context, const struct followed *file, const struct tail_line *line)
{
    struct explaining *explaining = context;
    (void)file;
    explaining->number = line->number;
    explaining->in_line = true;
    pipeline_counts(explaining->reading.pipeline, &explaining->before);
}

/* What never became an event is told here; then the line's text goes out. */
static void after_line(void *context, const struct followed *file, const struct tail_line *line)
{
    struct explaining *explaining = context;
    struct pipeline_counts after;
    (void)file;
    explaining->in_line = false;
    pipeline_counts(explaining->reading.pipeline, &after);
    for (size_t i = 0; i < SKIP_REASONS; i++)
        if (i != SKIP_NO_TYPE && after.skipped[i] > explaining->before.skipped[i])
            text_printf(&explaining->out, "line %llu: skipped (%s)\n",
                        (unsigned long long)line->number, skip_reason_names[i]);
    if (explaining->status == 0)
        explaining->status = output_text(&explaining->out);
    text_clear(&explaining->out);
}

int command_explain(const struct settings *settings)
{
    struct explaining explaining = {.status = 0};
    struct rule_trace trace = {.context = &explaining, .on_event = on_event, .on_row = on_row};
    struct reading *reading = &explaining.reading;
    const char *path = settings->arguments.count ? settings->arguments.items[0] : "-";
    if (!reading_start(reading, settings)) {
        reading_end(reading);
        return 1;
    }
    text_init(&explaining.out, TEXT_UNLIMITED);
    reading->before_line = before_line;
    reading->after_line = after_line;
    reading->context = &explaining;
    pipeline_trace(reading->pipeline, &trace);
    sightings_trace(reading->sightings, &trace);
    if (strcmp(path, "-") == 0)
        reading_stream(reading, STDIN_FILENO, "stdin");
    else
        reading_file(reading, path, true);
    if (explaining.out.length > 0 && explaining.status == 0)
        explaining.status = output_text(&explaining.out);
    text_free(&explaining.out);
    bool failed = reading->failed;
    reading_end(reading);
    return explaining.status || failed ? 1 : 0;
}
