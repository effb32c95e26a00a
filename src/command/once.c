/* once [PATH...]: reads to the ends, prints the exposition. */

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/command.h"
#include "command/output.h"
#include "command/reading.h"
#include "config/settings.h"
#include "daemon/own_metrics.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/sightings.h"
#include "encode/encode.h"
#include "rules/rule_set.h"

static void note_time(void *context, size_t source, int64_t event_time, int64_t now)
{
    int64_t *times = context;
    (void)now;
    if (event_time > times[source])
        times[source] = event_time;
}

static int print(const struct reading *reading, const int64_t *times)
{
    struct own_metrics *own = own_metrics_new();
    struct own_view view = {.rulebook = reading->rulebook,
                            .pipeline = reading->pipeline,
                            .tail = reading->tail,
                            .documents = reading->documents,
                            .source_times = times,
                            .reloaded = true,
                            .loaded_at = clock_wall(),
                            .now = clock_wall()};
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    own_metrics_collect(own, &view);
    encode_text(reading->rulebook->registry, &text);
    encode_text(own_metrics_kept(own), &text);
    encode_text(own_metrics_live(own), &text);
    int status = output_text(&text);
    text_free(&text);
    own_metrics_free(own);
    return status;
}

int command_once(const struct settings *settings)
{
    struct reading reading = {.failed = false};
    if (!reading_start(&reading, settings)) {
        reading_end(&reading);
        return 1;
    }
    size_t sources = rule_set_source_count(reading.rulebook->rules);
    AUTO_FREE int64_t *times = memory_zero(sources, sizeof(*times));
    for (size_t i = 0; i < sources; i++)
        times[i] = TIME_NONE;
    pipeline_watch_events(reading.pipeline, note_time, times);
    sightings_watch_events(reading.sightings, note_time, times);
    reading_arguments(&reading);
    rule_set_tick(reading.rulebook->rules, clock_wall(), false); /* what is over by now is so */
    int status = print(&reading, times);
    bool failed = reading.failed;
    reading_end(&reading);
    return status || failed ? 1 : 0;
}
