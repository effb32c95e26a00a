/* GET /api/v1/status: what an operator wants to know of each stream, the state and the ids. */
#include <errno.h>
#include <string.h>

#include "base/build_info.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/settings.h"
#include "daemon/daemon_internal.h"
#include "daemon/followed.h"
#include "daemon/roots.h"
#include "daemon/rulebook.h"
#include "daemon/sources.h"
#include "document/documents.h"
#include "rules/rule_set.h"
#include "tail/tail.h"

static void put_text(struct text *out, const char *name, const char *value)
{
    text_printf(out, "\"%s\":\"", name);
    text_append_json(out, value, strlen(value));
    text_append_string(out, "\",");
}

static void put_number(struct text *out, const char *name, uint64_t value)
{
    text_printf(out, "\"%s\":%llu,", name, (unsigned long long)value);
}

static void put_bool(struct text *out, const char *name, bool value)
{
    text_printf(out, "\"%s\":%s,", name, value ? "true" : "false");
}

/* Closes an object or list whose last member left a comma. */
static void put_end(struct text *out, char end)
{
    if (out->data[out->length - 1] == ',')
        out->data[out->length - 1] = end;
    else
        text_append_char(out, end);
    text_append_char(out, ',');
}

static void put_catch_up(const struct daemon *daemon, struct text *out)
{
    struct tail_progress progress;
    (void)tail_arrived(daemon->tail, &progress);
    text_append_string(out, "\"catch_up\":{");
    put_bool(out, "complete", daemon->caught_up);
    put_number(out, "bytes_total", progress.bytes_total);
    put_number(out, "bytes_left", progress.bytes_left);
    put_number(out, "files_left", progress.files_left);
    put_end(out, '}');
}

static void put_sources(const struct followed *followed, struct text *out)
{
    text_append_string(out, "\"sources\":[");
    for (size_t i = 0; i < followed->count; i++) {
        struct rule_source_facts facts;
        rule_source_facts(followed->sources[i].source, &facts);
        text_append_char(out, '"');
        text_append_json(out, facts.pack, strlen(facts.pack));
        text_append_char(out, '/');
        text_append_json(out, facts.name, strlen(facts.name));
        text_append_string(out, "\",");
    }
    put_end(out, ']');
}

static void put_stream(const struct daemon *daemon, const struct tail_file *file, struct text *out)
{
    struct tail_file_facts facts;
    struct followed *made;
    const struct followed *followed = following_view(daemon, file, &made);
    tail_file_facts(file, &facts);
    text_append_char(out, '{');
    put_text(out, "path", tail_file_path(file));
    put_sources(followed, out);
    put_text(out, "state", facts.held ? "held" : "followed");
    put_number(out, "offset", facts.offset);
    put_number(out, "size", facts.size);
    put_number(out, "bytes_behind", facts.bytes_behind);
    put_number(out, "lines", facts.lines);
    put_number(out, "duplicates_skipped", followed->duplicates);
    put_number(out, "device", facts.device);
    put_number(out, "inode", facts.inode);
    put_bool(out, "open", facts.open);
    put_bool(out, "unlinked", facts.unlinked);
    put_bool(out, "compressed", facts.compressed);
    put_bool(out, "ids_checked", facts.checked);
    put_bool(out, "failed", facts.failed);
    put_end(out, '}');
    followed_free(made);
}

static void put_streams(const struct daemon *daemon, size_t limit, struct text *out)
{
    struct tail_counts counts;
    size_t position = 0;
    const struct tail_file *file;
    tail_counts(daemon->tail, &counts);
    text_append_string(out, "\"streams\":[");
    for (size_t i = 0; i < limit && (file = tail_next_file(daemon->tail, &position)); i++)
        put_stream(daemon, file, out);
    put_end(out, ']');
    put_number(out, "streams_total", counts.followed + counts.held);
    put_number(out, "held", counts.held);
}

/* --- Sources ---------------------------------------------------------------------------------- */

#define DOCUMENTS_COUNTED_MOST ((size_t)100000) /* to answer in time; beyond, nobody is told */

/* Followed files by source. False: the documents are too many to be counted. */
static bool count_files(const struct daemon *daemon, size_t *inout_counts)
{
    struct documents_facts document;
    struct documents_counts documents;
    const struct tail_file *file;
    size_t position = 0;
    while ((file = tail_next_file(daemon->tail, &position)) != NULL) {
        struct followed *made;
        const struct followed *followed = following_view(daemon, file, &made);
        for (size_t i = 0; i < followed->count; i++)
            inout_counts[followed->sources[i].index]++;
        followed_free(made);
    }
    documents_counts(daemon->documents, &documents);
    if (documents.documents > DOCUMENTS_COUNTED_MOST)
        return false;
    position = 0;
    while (documents_next_facts(daemon->documents, &position, &document))
        sources_count_document(daemon->rooms.sources, document.path, inout_counts);
    return true;
}

static void put_roots(const struct roots *roots, size_t limit, struct text *out)
{
    size_t count = roots_count(roots);
    text_append_string(out, "\"roots\":[");
    for (size_t i = 0; i < count && i < limit; i++) {
        const struct root *root = roots_get(roots, i);
        text_append_char(out, '{');
        put_text(out, "path", root->path);
        put_text(out, "state",
                 root->error == 0        ? "present"
                 : root->error == ENOENT ? "missing"
                                         : strerror(root->error));
        put_end(out, '}');
    }
    put_end(out, ']');
}

static void put_source(const struct sources_facts *facts, size_t limit, struct text *out)
{
    text_append_char(out, '{');
    put_text(out, "pack", facts->pack);
    put_text(out, "name", facts->name);
    put_text(out, "format", facts->is_document ? "document" : "lines");
    put_roots(facts->roots, limit, out);
    put_number(out, "present", facts->present);
    put_number(out, "missing", facts->missing);
    put_number(out, "unreadable", facts->unreadable);
}

static void put_source_list(const struct daemon *daemon, size_t limit, struct text *out)
{
    struct sources_facts facts;
    size_t position = 0;
    AUTO_FREE size_t *counts =
        memory_zero(rule_set_source_count(daemon->rooms.rulebook->rules), sizeof(*counts));
    bool is_counted = count_files(daemon, counts);
    text_append_string(out, "\"sources\":[");
    while (sources_next_facts(daemon->rooms.sources, &position, &facts)) {
        put_source(&facts, limit, out);
        if (is_counted || !facts.is_document)
            put_number(out, "files", counts[facts.index]);
        else
            text_append_string(out, "\"files\":null,");
        put_end(out, '}');
    }
    put_end(out, ']');
}

static void put_state(const struct daemon *daemon, struct text *out)
{
    struct state_counts counts;
    text_append_string(out, "\"state\":{");
    put_bool(out, "enabled", daemon->state != NULL);
    if (daemon->state) {
        state_counts(daemon->state, &counts);
        put_text(out, "path", counts.path);
        put_text(out, "start", restart_kind(daemon));
        if (daemon->checkpoint.saved)
            text_printf(out, "\"last_commit\":%.3f,", (double)daemon->checkpoint.saved / 1e9);
        else
            text_append_string(out, "\"last_commit\":null,");
        put_number(out, "commits", counts.commits);
        put_number(out, "failures", counts.failures);
        put_bool(out, "failing", counts.failing);
        put_text(out, "reason", counts.reason);
        put_text(out, "message", counts.message);
        put_number(out, "bytes", counts.bytes);
        text_printf(out, "\"interval_seconds\":%g,",
                    (double)daemon->settings->state_interval / 1e9);
        if (counts.set_aside)
            put_text(out, "set_aside", counts.set_aside);
        else
            text_append_string(out, "\"set_aside\":null,");
    }
    put_end(out, '}');
}

static void put_ids(const struct daemon *daemon, struct text *out)
{
    struct tail_counts counts;
    struct state_counts saved = {0};
    tail_counts(daemon->tail, &counts);
    if (daemon->state)
        state_counts(daemon->state, &saved);
    text_append_string(out, "\"ids\":{");
    put_number(out, "in_memory", counts.ids_in_memory);
    put_number(out, "on_disk", saved.ids_on_disk);
    put_number(out, "memory_bytes", counts.id_bytes + saved.id_memory);
    put_end(out, '}');
}

static void put_rules(const struct daemon *daemon, struct text *out)
{
    const struct rulebook *rulebook = daemon->rooms.rulebook;
    text_append_string(out, "\"rules\":{\"packs\":[");
    for (size_t i = 0; i < rulebook->pack_count; i++) {
        text_append_char(out, '"');
        text_append_json(out, rulebook->packs[i], strlen(rulebook->packs[i]));
        text_append_string(out, "\",");
    }
    put_end(out, ']');
    put_bool(out, "last_reload_successful", !daemon->reload.failed);
    text_printf(out, "\"loaded_at\":%.3f,", (double)daemon->reload.loaded_at / 1e9);
    put_end(out, '}');
}

void status_write(struct daemon *daemon, size_t limit, struct text *out)
{
    bool ready = daemon->caught_up && daemon_root_present(daemon);
    double uptime = (double)(clock_monotonic() - daemon->started) / 1e9;
    text_append_char(out, '{');
    put_text(out, "status", ready ? "ready" : "not_ready");
    put_text(out, "version", BUILD_VERSION);
    text_printf(out, "\"uptime_seconds\":%.3f,", uptime);
    put_catch_up(daemon, out);
    put_source_list(daemon, limit, out);
    put_streams(daemon, limit, out);
    put_state(daemon, out);
    put_ids(daemon, out);
    put_rules(daemon, out);
    status_put_absent(daemon, out);
    put_end(out, '}');
    out->data[out->length - 1] = '\n';
}
