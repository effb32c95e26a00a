/* See sightings.h. */
#include "daemon/sightings.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fields.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "daemon/followed.h"
#include "decode/decoder.h"
#include "decode/value.h"
#include "rules/rule_set.h"

#define ARENA_KEPT ((size_t)1 << 16)   /* bytes; one huge document does not stay in memory */
#define NO_TAIL_ID (UINT64_C(1) << 63) /* ids of the tail room are counted from 1 */

const char *const documents_skip_names[DOCUMENT_SKIPS] = {
    [DOCUMENT_EMPTY] = "empty",           [DOCUMENT_MALFORMED] = "malformed",
    [DOCUMENT_TOO_LONG] = "too_long",     [DOCUMENT_TOO_DEEP] = "too_deep",
    [DOCUMENT_NOT_OBJECT] = "not_object", [DOCUMENT_UNREADABLE] = "unreadable",
    [DOCUMENT_TOO_MANY] = "too_many"};

struct sightings {
    struct rule_set *rules;
    struct decoder **decoders;  /* by source; NULL: not needed yet */
    struct arena arena;         /* of the document's values */
    struct arena scratch;       /* of the events' labels */
    const struct value **slots; /* by place in the file under way */
    size_t slots_capacity;
    const struct rule_trace *trace;
    pipeline_on_event on_event;
    void *context;
    unsigned skips_told; /* bits of reasons that the log knows */

    /* Of the event under way. */
    size_t source;
    int64_t now;
    bool is_seen; /* by a source before this one */
};

struct sightings *sightings_new(struct rule_set *rules)
{
    struct sightings *sightings = memory_zero(1, sizeof(*sightings));
    sightings->rules = rules;
    sightings->decoders = memory_zero(rule_set_source_count(rules), sizeof(*sightings->decoders));
    arena_init(&sightings->arena, ARENA_KEPT);
    arena_init(&sightings->scratch, ARENA_KEPT);
    return sightings;
}

void sightings_free(struct sightings *sightings)
{
    if (!sightings)
        return;
    for (size_t i = 0; i < rule_set_source_count(sightings->rules); i++)
        decoder_free(sightings->decoders[i]);
    free(sightings->decoders);
    free(sightings->slots);
    arena_free(&sightings->arena);
    arena_free(&sightings->scratch);
    free(sightings);
}

void sightings_watch_events(struct sightings *sightings, pipeline_on_event on_event, void *context)
{
    sightings->on_event = on_event;
    sightings->context = context;
}

void sightings_trace(struct sightings *sightings, const struct rule_trace *trace)
{
    sightings->trace = trace;
}

/* --- Content --------------------------------------------------------------------------------- */

static enum documents_skip skip_of(enum decode_result result)
{
    return result == DECODE_TOO_DEEP     ? DOCUMENT_TOO_DEEP
           : result == DECODE_NOT_OBJECT ? DOCUMENT_NOT_OBJECT
                                         : DOCUMENT_MALFORMED;
}

static struct decoder *decoder_of(struct sightings *sightings, const struct followed_source *view)
{
    struct decoder **decoder = &sightings->decoders[view->index];
    if (!*decoder)
        *decoder = decoder_new(rule_source_plan(view->source));
    return *decoder;
}

static bool is_of_documents(const struct followed_source *view)
{
    struct rule_source_facts facts;
    rule_source_facts(view->source, &facts);
    return facts.is_document;
}

/* The document as each source that reads documents wants it. Nothing else of it stays anywhere. */
static bool decode(struct sightings *sightings, const struct followed *file, struct bytes content,
                   enum documents_skip *ret_reason)
{
    for (size_t i = 0; i < file->count; i++) {
        struct value *slots;
        sightings->slots[i] = NULL;
        if (!is_of_documents(&file->sources[i]))
            continue;
        struct decoder *decoder = decoder_of(sightings, &file->sources[i]);
        enum decode_result result =
            decoder_line(decoder, content.data, content.length, &sightings->arena, &slots);
        decoder_wipe(decoder);
        if (result != DECODE_OK) {
            *ret_reason = content.length == 0 ? DOCUMENT_EMPTY : skip_of(result);
            return false;
        }
        sightings->slots[i] = slots;
    }
    return true;
}

/* --- Memos ----------------------------------------------------------------------------------- */

static uint64_t source_key(const struct followed_source *view)
{
    struct rule_source_facts facts;
    rule_source_facts(view->source, &facts);
    AUTO_FREE char *name = memory_format("%s/%s", facts.pack, facts.name);
    return hash_stable(name, strlen(name));
}

/* What the memo holds for one source. */
static struct bytes memo_of(struct bytes memo, uint64_t key)
{
    struct fields fields = fields_of(memo);
    while (fields_left(&fields)) {
        uint64_t found = fields_64(&fields);
        struct bytes kept = fields_bytes(&fields);
        if (found == key && !fields.failed)
            return kept;
    }
    /* Of a life that is known, a source that is new learns what there is. */
    return memo.length > 0 ? (struct bytes){"", 1} : (struct bytes){NULL, 0};
}

static void tell_event(void *context, int64_t time)
{
    struct sightings *sightings = context;
    if (sightings->on_event)
        sightings->on_event(sightings->context, sightings->source, time, sightings->now);
}

static void log_trouble(const struct sightings *sightings, const char *path)
{
    const struct rule_trouble *trouble;
    while ((trouble = rule_set_take_trouble(sightings->rules)) != NULL)
        log_warn("a row could not be applied as it is meant; further times are only counted",
                 LOG_TEXT("rule", trouble->rule), LOG_TEXT("update", trouble->update),
                 LOG_TEXT("reason", row_outcome_name(trouble->outcome)),
                 LOG_TEXT("field", trouble->field), LOG_TEXT("file", path));
}

static enum rule_sight_kind kind_of(enum documents_sight sight)
{
    static const enum rule_sight_kind kinds[] = {[DOCUMENT_CREATED] = RULE_SEEN_CREATED,
                                                 [DOCUMENT_CONTENT] = RULE_SEEN_CONTENT,
                                                 [DOCUMENT_CLOSED] = RULE_SEEN_CLOSED,
                                                 [DOCUMENT_REMOVED] = RULE_SEEN_REMOVED};
    return kinds[sight];
}

/* One source's events, and its part of the new memo. */
static void see(struct sightings *sightings, const struct followed *file, size_t index,
                const struct documents_news *news, struct text *ret_memo)
{
    const struct followed_source *view = &file->sources[index];
    uint64_t key = source_key(view);
    const struct rule_event event = {.slots = sightings->slots[index],
                                     .file = view->file,
                                     .arena = &sightings->scratch,
                                     .now = sightings->now,
                                     .guests = !sightings->is_seen,
                                     .trace = sightings->trace};
    const struct rule_sight sight = {.kind = kind_of(news->sight),
                                     .time = news->time,
                                     .late = news->late,
                                     .memo = memo_of(news->memo, key)};
    struct text kept;
    text_init(&kept, TEXT_UNLIMITED);
    sightings->source = view->index;
    sightings->is_seen = true;
    rule_set_see(sightings->rules, view->source, &event, &sight, tell_event, sightings, &kept);
    if (kept.length > 0) {
        fields_put_64(ret_memo, key);
        fields_put_bytes(ret_memo, kept.data, kept.length);
    }
    text_free(&kept);
}

enum documents_taken sightings_take(struct sightings *sightings, const struct followed *file,
                                    const struct documents_news *news, int64_t now,
                                    struct text *ret_memo, enum documents_skip *ret_reason)
{
    bool is_good = true;
    sightings->now = now;
    sightings->is_seen = false;
    arena_reset(&sightings->arena);
    if (file->count > sightings->slots_capacity) {
        sightings->slots = memory_resize(sightings->slots, file->count, sizeof(*sightings->slots));
        sightings->slots_capacity = file->count;
    }
    for (size_t i = 0; i < file->count; i++)
        sightings->slots[i] = NULL;
    if (news->sight == DOCUMENT_CONTENT)
        is_good = decode(sightings, file, news->content, ret_reason);
    for (size_t i = 0; i < file->count && is_good; i++) {
        /* Of content alone a source of lines learns nothing. */
        if (news->sight == DOCUMENT_CONTENT && !sightings->slots[i]) {
            struct bytes kept = memo_of(news->memo, source_key(&file->sources[i]));
            fields_put_64(ret_memo, source_key(&file->sources[i]));
            fields_put_bytes(ret_memo, kept.data, kept.length);
            continue;
        }
        arena_reset(&sightings->scratch);
        see(sightings, file, i, news, ret_memo);
        log_trouble(sightings, news->path);
    }
    arena_reset(&sightings->arena);
    return is_good ? DOCUMENTS_TAKEN : DOCUMENTS_NOT_YET;
}

uint64_t sightings_file_id(const char *path)
{
    return hash_stable(path, strlen(path)) | NO_TAIL_ID;
}

uint64_t sightings_directory_id(const char *path, unsigned wish, uint64_t of_lines)
{
    if ((wish & DOCUMENTS_LINES) && of_lines)
        return of_lines;
    const char *slash = strrchr(path, '/');
    return hash_stable(path, slash ? (size_t)(slash - path) : 0) | NO_TAIL_ID;
}

void sightings_tell_skip(struct sightings *sightings, const char *path, enum documents_skip reason,
                         int error)
{
    if (sightings->skips_told & 1U << reason)
        return;
    sightings->skips_told |= 1U << reason;
    log_warn("document not taken; further ones of this kind are only counted",
             LOG_TEXT("file", path), LOG_TEXT("reason", documents_skip_names[reason]),
             LOG_TEXT("cause", error ? strerror(abs(error)) : documents_skip_names[reason]));
}
