/* See own_table.h. */
#include "daemon/own_table.h"

#include "base/attributes.h"

/* Three lines a row, whatever fits: */
/* clang-format off */
#define OWN "jsonl_exporter_"
#define C   METRIC_COUNTER
#define G   METRIC_GAUGE
#define H   METRIC_HISTOGRAM
#define KEPT .kept = true

static const double delay_buckets[] = {0.01, 0.1, 1, 10, 60, 600, 3600, 86400};
static const double visible_buckets[] = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 10};
static const double checkpoint_buckets[] = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10};
static const double http_buckets[] = {0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 10};
static const double size_buckets[] = {1000, 10000, 100000, 1000000, 10000000, 100000000};

#define BUCKETS(list) list, ARRAY_LENGTH(list)

const struct own_row own_table[OWNS] = {
    [BUILD_INFO] =
        {OWN "build_info", G,
         "What was built, from what, with what; always 1.",
         {"version", "revision", "branch", "compiler", "os", "arch"}, NULL, 0},
    [UP] =
        {OWN "up", G,
         "1 while the events directory is there and followed.",
         {NULL}, NULL, 0},
    [READ_BYTES] =
        {OWN "read_bytes_total", C,
         "Bytes read from followed files.",
         {NULL}, NULL, 0, KEPT},
    [READ_LINES] =
        {OWN "read_lines_total", C,
         "Whole lines read from followed files.",
         {NULL}, NULL, 0, KEPT},
    [EVENTS] =
        {OWN "events_total", C,
         "Events, by name; _other past --max-event-types.",
         {"event_type"}, NULL, 0, KEPT},
    [EVENTS_UNMATCHED] =
        {OWN "events_unmatched_total", C,
         "Events that no rule names.",
         {"event_type"}, NULL, 0, KEPT},
    [LINES_SKIPPED] =
        {OWN "lines_skipped_total", C,
         "Lines that became no event, by reason.",
         {"reason"}, NULL, 0, KEPT},
    [RULE_ERRORS] =
        {OWN "rule_errors_total", C,
         "Rows that could not be applied, by rule and reason.",
         {"rule", "reason"}, NULL, 0, KEPT},
    [FIELDS_MISSING] =
        {OWN "fields_missing_total", C,
         "Rows skipped since a field they name was not there; field is the first that was missed.",
         {"rule", "field"}, NULL, 0, KEPT},
    [TOO_OLD] =
        {OWN "too_old_total", C,
         "Rows skipped since the event is older than their memory keeps keys.",
         {"rule"}, NULL, 0, KEPT},
    [MEMORY_KEYS] =
        {OWN "memory_keys", G,
         "Keys in memories, sets and timers (--max-memory-keys).",
         {NULL}, NULL, 0},
    [MEMORY_EVICTIONS] =
        {OWN "memory_evictions_total", C,
         "Keys forgotten because of --max-memory-keys.",
         {NULL}, NULL, 0},
    [FILES_FOLLOWED] =
        {OWN "files_followed", G,
         "Files followed now.",
         {NULL}, NULL, 0},
    [FILES_HELD] =
        {OWN "files_held", G,
         "Renamed or unlinked files still read (--max-held-files).",
         {NULL}, NULL, 0},
    [FILES_OPEN] =
        {OWN "files_open", G,
         "Followed files with an open descriptor (--max-open-files).",
         {NULL}, NULL, 0},
    [FILES_GIVEN_UP] =
        {OWN "files_given_up_total", C,
         "Files left with bytes unread: cap (a limit cut a held file), vanished.",
         {"reason"}, NULL, 0, KEPT},
    [TRUNCATIONS] =
        {OWN "truncations_total", C,
         "Files that became shorter, and whether bytes were unread then.",
         {"unread"}, NULL, 0, KEPT},
    [AMBIGUOUS_REWRITES] =
        {OWN "ambiguous_rewrites_total", C,
         "Rewrites of files whose lines have no id: some may be counted twice.",
         {NULL}, NULL, 0, KEPT},
    [DOCUMENTS] =
        {OWN "documents", G,
         "Documents, and other files whose life is watched (--max-documents).",
         {NULL}, NULL, 0},
    [DOCUMENTS_WAITING] =
        {OWN "documents_waiting", G,
         "Documents to be read, or to be asked whether they are closed.",
         {NULL}, NULL, 0},
    [DOCUMENTS_READ] =
        {OWN "documents_read_total", C,
         "Readings of whole documents.",
         {NULL}, NULL, 0, KEPT},
    [DOCUMENT_BYTES] =
        {OWN "document_read_bytes_total", C,
         "Bytes of documents read.",
         {NULL}, NULL, 0, KEPT},
    [DOCUMENTS_SKIPPED] =
        {OWN "documents_skipped_total", C,
         "Documents that could not be taken as they were: empty, malformed (perhaps half written), "
         "too_long (--max-document-bytes), too_deep, not_object, unreadable, too_many "
         "(--max-documents). One that changes later is read again.",
         {"reason"}, NULL, 0, KEPT},
    [LAST_EVENT] =
        {OWN "source_last_event_timestamp_seconds", G,
         "Newest event time seen, by source.",
         {"source"}, NULL, 0},
    [SOURCE_ROOTS] =
        {OWN "source_roots", G,
         "Directories in which a source is followed: present; missing, waited for; unreadable.",
         {"pack", "source", "state"}, NULL, 0},
    [LAG_BYTES] =
        {OWN "lag_bytes", G,
         "Bytes known to be there and not read yet.",
         {NULL}, NULL, 0},
    [LAG_SECONDS] =
        {OWN "lag_seconds", G,
         "While bytes wait: now minus the time of the last event applied; else 0.",
         {NULL}, NULL, 0},
    [IDS_IN_MEMORY] =
        {OWN "ids_in_memory", G,
         "Ids of counted events held in memory (--id-memory).",
         {NULL}, NULL, 0},
    [IDS_FORGOTTEN] =
        {OWN "id_directories_forgotten_total", C,
         "Directories whose ids were dropped because of --id-memory.",
         {NULL}, NULL, 0},
    [IDS_ON_DISK] =
        {OWN "ids_on_disk", G,
         "Ids of counted events in the state.",
         {NULL}, NULL, 0},
    [ID_MEMORY] =
        {OWN "id_memory_bytes", G,
         "Memory that ids take (--id-memory).",
         {NULL}, NULL, 0},
    [CHECKPOINT_LAST] =
        {OWN "checkpoint_last_success_timestamp_seconds", G,
         "All that was counted until then is saved; 0 before the first time.",
         {NULL}, NULL, 0},
    [CHECKPOINT_BYTES] =
        {OWN "checkpoint_bytes", G,
         "Size of the state on disk.",
         {NULL}, NULL, 0},
    [CHECKPOINT_FAILURES] =
        {OWN "checkpoint_failures_total", C,
         "Attempts to save the state that failed, by reason.",
         {"reason"}, NULL, 0},
    [STATE_FAILING] =
        {OWN "state_failing", G,
         "1 while the state cannot be saved.",
         {NULL}, NULL, 0},
    [DIRECTORIES] =
        {OWN "directories", G,
         "Directories walked (--max-directories).",
         {NULL}, NULL, 0},
    [WATCHES] =
        {OWN "watches", G,
         "Directories watched by inotify.",
         {NULL}, NULL, 0},
    [UNWATCHED] =
        {OWN "unwatched_directories", G,
         "Directories that are only rescanned.",
         {NULL}, NULL, 0},
    [UNREADABLE] =
        {OWN "unreadable_directories", G,
         "Directories that may not be read.",
         {NULL}, NULL, 0},
    [ROOTS_MISSING] =
        {OWN "roots_missing", G,
         "Roots of sources that are not there.",
         {NULL}, NULL, 0},
    [RESCANS] =
        {OWN "rescans_total", C,
         "Rescans for what inotify does not tell.",
         {NULL}, NULL, 0},
    [OVERFLOWS] =
        {OWN "watch_overflows_total", C,
         "Overflows of the inotify queue; each is followed by a rescan.",
         {NULL}, NULL, 0},
    [SERIES] =
        {OWN "series", G,
         "Series shown, by metric.",
         {"metric"}, NULL, 0},
    [SERIES_FOLDED] =
        {OWN "series_folded_total", C,
         "Updates folded into _other or dropped at a limit, by metric.",
         {"metric"}, NULL, 0},
    [SERIES_EXPIRED] =
        {OWN "series_expired_total", C,
         "Series hidden by ttl or to make room, by metric.",
         {"metric"}, NULL, 0},
    [SAMPLES] =
        {OWN "samples", G,
         "Samples of the packs' metrics (--max-samples).",
         {NULL}, NULL, 0},
    [CATCH_UP] =
        {OWN "catch_up_complete", G,
         "1 once the ends of the files found at start were reached.",
         {NULL}, NULL, 0},
    [RELOAD_SUCCESSFUL] =
        {OWN "config_last_reload_successful", G,
         "1 if the rules and settings in use are those last asked for.",
         {NULL}, NULL, 0},
    [RELOAD_TIME] =
        {OWN "config_last_reload_success_timestamp_seconds", G,
         "When the rules and settings in use were loaded.",
         {NULL}, NULL, 0},
    [HTTP_REQUESTS] =
        {OWN "http_requests_total", C,
         "HTTP requests answered.",
         {"handler", "method", "code"}, NULL, 0},
    [HTTP_IN_FLIGHT] =
        {OWN "http_requests_in_flight", G,
         "HTTP requests being answered (--web.max-requests).",
         {NULL}, NULL, 0},
    [HTTP_CONNECTIONS] =
        {OWN "http_connections", G,
         "HTTP connections open (--web.max-connections).",
         {NULL}, NULL, 0},
    [HTTP_REFUSED] =
        {OWN "http_connections_refused_total", C,
         "HTTP connections refused because of --web.max-connections.",
         {NULL}, NULL, 0},
    [PROCESS_CPU] =
        {"process_cpu_seconds_total", C,
         "Total user and system CPU time spent in seconds.",
         {NULL}, NULL, 0},
    [PROCESS_START] =
        {"process_start_time_seconds", G,
         "Start time of the process since unix epoch in seconds.",
         {NULL}, NULL, 0},
    [PROCESS_RESIDENT] =
        {"process_resident_memory_bytes", G,
         "Resident memory size in bytes.",
         {NULL}, NULL, 0},
    [PROCESS_VIRTUAL] =
        {"process_virtual_memory_bytes", G,
         "Virtual memory size in bytes.",
         {NULL}, NULL, 0},
    [PROCESS_VIRTUAL_MAX] =
        {"process_virtual_memory_max_bytes", G,
         "Maximum amount of virtual memory available in bytes.",
         {NULL}, NULL, 0},
    [PROCESS_FDS] =
        {"process_open_fds", G,
         "Number of open file descriptors.",
         {NULL}, NULL, 0},
    [PROCESS_MAX_FDS] =
        {"process_max_fds", G,
         "Maximum number of open file descriptors.",
         {NULL}, NULL, 0},
    [PROCESS_THREADS] =
        {"process_threads", G,
         "Number of threads of the process.",
         {NULL}, NULL, 0},
    [FIRST_HISTOGRAM + OWN_SOURCE_DELAY] =
        {OWN "source_delay_seconds", H,
         "Arrival minus event time, of events after the first catch-up.",
         {"source"}, BUCKETS(delay_buckets)},
    [FIRST_HISTOGRAM + OWN_VISIBLE] =
        {OWN "visible_seconds", H,
         "From the first hint that bytes came until all were applied.",
         {NULL}, BUCKETS(visible_buckets)},
    [FIRST_HISTOGRAM + OWN_RESCAN] =
        {OWN "rescan_duration_seconds", H,
         "How long rescans took.",
         {NULL}, BUCKETS(visible_buckets)},
    [FIRST_HISTOGRAM + OWN_CHECKPOINT] =
        {OWN "checkpoint_duration_seconds", H,
         "How long saving the state took, beside the loop.",
         {NULL}, BUCKETS(checkpoint_buckets)},
    [FIRST_HISTOGRAM + OWN_HTTP_DURATION] =
        {OWN "http_request_duration_seconds", H,
         "From a request's arrival until its answer was written.",
         {"handler"}, BUCKETS(http_buckets)},
    [FIRST_HISTOGRAM + OWN_HTTP_SIZE] =
        {OWN "http_response_size_bytes", H,
         "Size of HTTP answers on the wire.",
         {"handler"}, BUCKETS(size_buckets)},
};
/* clang-format on */

struct family_spec own_row_spec(const struct own_row *row)
{
    struct family_spec spec = {.name = row->name,
                               .help = row->help,
                               .type = row->type,
                               .labels = row->labels,
                               .buckets = row->buckets,
                               .bucket_count = row->bucket_count};
    while (spec.label_count < OWN_LABELS && row->labels[spec.label_count])
        spec.label_count++;
    return spec;
}
