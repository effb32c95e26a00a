/* What a sight of a file gives: see rule_set.h, "Emitted events". The memo is read once, and
 * written anew while the events are told, in the order of the `emit` section. */
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/hash.h"
#include "base/text.h"
#include "decode/plan.h"
#include "decode/value.h"
#include "rules/apply.h"
#include "rules/compiler.h"
#include "rules/emit.h"
#include "rules/event_name.h"
#include "rules/kept.h"
#include "rules/memo.h"

/* States of an emitted event in one life. */
enum { STATE_NONE = 0, STATE_DONE = 1 /* told, or (of `when`) the condition held last time */ };

/* One look at a file. */
struct look {
    struct row_stage stage;
    struct rule_source *source;
    const struct rule_event *event;
    const struct rule_sight *sight;
    void (*on_event)(void *context, int64_t time);
    void *context;

    struct memo memo;
    struct text *out; /* the new memo */
    struct scene scene;
    size_t told;
};

/* Guests see what is emitted under one name as the first source tells it. */
static bool is_for_guests(const struct look *look, struct event_name *name)
{
    if (name->sight != look->stage.set->sight) {
        name->sight = look->stage.set->sight;
        name->teller = look->source;
    }
    return name->teller == look->source;
}

static void tell(struct look *look, struct emit *emit)
{
    struct source_event *known = &emit->event;
    const struct rule_trace *trace = look->event->trace;
    if (trace)
        trace->on_event(trace->context, known->name->shown,
                        known->is_named ? RULE_MATCHED : RULE_UNMATCHED);
    known->name->seen++;
    known->name->unmatched += !known->is_named;
    apply_rows(&look->stage, known, is_for_guests(look, known->name), &look->scene);
    look->told++;
    if (look->on_event)
        look->on_event(look->context, look->scene.when.event_time);
}

static bool holds(struct look *look, const struct emit *emit)
{
    for (size_t i = 0; i < emit->condition_count; i++)
        if (!condition_holds(&look->scene, &emit->conditions[i]))
            return false;
    return true;
}

static void put_state(struct look *look, const struct emit *emit, uint8_t state)
{
    memo_put_entry(look->out, &(struct memo_entry){.id = emit->id, .state = state});
}

/* --- Moments of the file's life ------------------------------------------------------------ */

static bool is_moment_of(const struct look *look, const struct emit *emit)
{
    switch (emit->cause) {
    case EMIT_CREATED:
        return look->sight->kind == RULE_SEEN_CREATED;
    case EMIT_CLOSED:
        return look->sight->kind == RULE_SEEN_CLOSED;
    default:
        return look->sight->kind == RULE_SEEN_REMOVED;
    }
}

/* An event that the memo does not know is new in the rules. What has happened in this life by then
 * is not its business: the creation always, a closing if one was seen. */
static bool was_before(const struct look *look, const struct emit *emit)
{
    if (look->memo.is_begin)
        return false;
    return emit->cause == EMIT_CREATED ||
           (emit->cause == EMIT_CLOSED && (look->memo.flags & MEMO_CLOSED));
}

static void see_moment(struct look *look, struct emit *emit, const struct memo_entry *known)
{
    bool is_done = known ? known->state == STATE_DONE : was_before(look, emit);
    if (is_moment_of(look, emit) && (!is_done || emit->reopen) && holds(look, emit)) {
        tell(look, emit);
        is_done = true;
    }
    put_state(look, emit, is_done ? STATE_DONE : STATE_NONE);
}

/* --- What a document says ------------------------------------------------------------------ */

static void see_first(struct look *look, struct emit *emit, const struct memo_entry *known,
                      bool is_learning)
{
    bool is_done = known && known->state == STATE_DONE;
    if (!is_done && holds(look, emit)) {
        if (!is_learning)
            tell(look, emit);
        is_done = true;
    }
    put_state(look, emit, is_done ? STATE_DONE : STATE_NONE);
}

static void see_when(struct look *look, struct emit *emit, const struct memo_entry *known,
                     bool is_learning)
{
    bool held = known && known->state == STATE_DONE;
    bool is_true = holds(look, emit);
    if (is_true && !held && !is_learning)
        tell(look, emit);
    put_state(look, emit, is_true ? STATE_DONE : STATE_NONE);
}

/* 0: there is nothing. A list or an object is how many it holds. */
static uint64_t watched_value(struct look *look, const struct emit *emit)
{
    struct value value;
    const char *text;
    size_t length;
    if (!operand_value(&look->scene, &emit->changes, &value) || value.type == VALUE_NULL)
        return 0;
    if (!value_text(&value, &text, &length)) {
        text = (const char *)&value.length;
        length = sizeof(value.length);
    }
    uint64_t hash = hash_stable(text, length);
    return hash ? hash : 1;
}

static void see_changes(struct look *look, struct emit *emit, const struct memo_entry *known,
                        bool is_learning)
{
    uint64_t before = 0;
    uint64_t value = watched_value(look, emit);
    if (known) {
        struct fields fields = fields_of(known->details);
        before = fields_64(&fields);
    }
    if (value != before && !is_learning && holds(look, emit))
        tell(look, emit);
    fields_put_64(look->out, emit->id);
    fields_put_8(look->out, STATE_NONE);
    fields_put_32(look->out, sizeof(value));
    fields_put_64(look->out, value);
}

/* --- Entries ------------------------------------------------------------------------------- */

struct entry {
    uint64_t key;
    uint32_t index;
};

static int compare_keys(const void *one, const void *other)
{
    const struct entry *a = one;
    const struct entry *b = other;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static int compare_indexes(const void *one, const void *other)
{
    const struct entry *a = one;
    const struct entry *b = other;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void note_trouble(struct look *look, bool *told, const struct emit *emit,
                         enum row_outcome outcome, const char *field)
{
    if (!*told)
        apply_note_trouble(look->stage.set,
                           &(struct rule_trouble){emit->title, "emit", outcome, field});
    *told = true;
}

/* The key of the entry that the scene is at. False: it has none (yet). */
static bool entry_key(struct look *look, struct emit *emit, const struct value *list,
                      uint32_t index, uint64_t *ret_key)
{
    struct scene *scene = &look->scene;
    const char *text = (const char *)&index;
    size_t length = sizeof(index);
    if (emit->key.count > 0 && !key_text(scene, &emit->key, &text, &length)) {
        note_trouble(look, &emit->told_key, emit, ROW_MISSING, scene->missing);
        return false;
    }
    if (emit->key.count == 0 && list->type == VALUE_OBJECT)
        value_text(&scene->element[emit->entry_names[scene->start]], &text, &length);
    *ret_key = hash_stable(text, length);
    return true;
}

/* Entries that are to be told, in their order, each key once. */
static size_t find_entries(struct look *look, struct emit *emit, const struct value *list,
                           struct bytes keys, struct entry *ret_entries)
{
    size_t found = 0;
    for (uint32_t i = 0; i < list->length; i++) {
        uint64_t key;
        look->scene.element = list->elements[i];
        if (entry_key(look, emit, list, i, &key) && !memo_has_hash(keys, key) && holds(look, emit))
            ret_entries[found++] = (struct entry){key, i};
    }
    if (found < 2)
        return found;
    size_t count = 1;
    qsort(ret_entries, found, sizeof(*ret_entries), compare_keys);
    for (size_t i = 1; i < found; i++)
        if (ret_entries[i].key != ret_entries[count - 1].key)
            ret_entries[count++] = ret_entries[i];
    qsort(ret_entries, count, sizeof(*ret_entries), compare_indexes);
    return count;
}

static void put_keys(struct look *look, const struct emit *emit, struct bytes keys,
                     struct entry *entries, size_t count)
{
    uint64_t *more = arena_alloc(look->event->arena, count * sizeof(*more));
    if (count > 1)
        qsort(entries, count, sizeof(*entries), compare_keys);
    for (size_t i = 0; i < count; i++)
        more[i] = entries[i].key;
    memo_put_hashes(look->out, emit->id, keys, more, count);
}

static void see_entries(struct look *look, struct emit *emit, const struct memo_entry *known,
                        bool is_learning)
{
    const struct value *list = &look->scene.slots[emit->each.slots[look->scene.start]];
    struct bytes keys = known ? known->details : (struct bytes){NULL, 0};
    size_t many = memo_hash_count(keys);
    size_t room = many < EMIT_KEYS ? EMIT_KEYS - many : 0;
    bool has_entries = (list->type == VALUE_ARRAY || list->type == VALUE_OBJECT) && list->elements;
    struct entry *entries = NULL;
    size_t count = 0;
    if (has_entries) {
        entries = arena_alloc(look->event->arena, list->length * sizeof(*entries));
        count = find_entries(look, emit, list, keys, entries);
    }
    if (count > room) {
        note_trouble(look, &emit->told_limit, emit, ROW_LIMIT, emit->each.text);
        count = room;
    }
    for (size_t i = 0; i < count && !is_learning; i++) {
        look->scene.element = list->elements[entries[i].index];
        tell(look, emit);
    }
    look->scene.element = NULL;
    put_keys(look, emit, keys, entries, count);
}

/* --- All of it ----------------------------------------------------------------------------- */

static void see_content(struct look *look, struct emit *emit, const struct memo_entry *known)
{
    bool is_learning = !known && !look->memo.is_begin;
    if (look->sight->kind != RULE_SEEN_CONTENT) { /* what is new in the rules stays unknown */
        if (known)
            memo_put_entry(look->out, known);
        else if (!is_learning)
            put_state(look, emit, STATE_NONE);
        return;
    }
    switch (emit->cause) {
    case EMIT_FIRST:
        see_first(look, emit, known, is_learning);
        return;
    case EMIT_CHANGES:
        see_changes(look, emit, known, is_learning);
        return;
    case EMIT_EACH:
        see_entries(look, emit, known, is_learning);
        return;
    default:
        see_when(look, emit, known, is_learning);
        return;
    }
}

/* The document, or what is known without: slots with nothing in them but what was kept. */
static const struct value *known_slots(const struct look *look)
{
    const struct rule_event *event = look->event;
    size_t count = decode_plan_slots(look->source->plan);
    if (event->slots)
        return event->slots;
    struct value *slots = arena_alloc(event->arena, count * sizeof(*slots));
    memset(slots, 0, count * sizeof(*slots));
    if (look->sight->kind == RULE_SEEN_REMOVED)
        kept_read(look->source, look->memo.kept, slots);
    return slots;
}

static void set_scene(struct look *look)
{
    const struct rule_event *event = look->event;
    bool is_content = look->sight->kind == RULE_SEEN_CONTENT;
    look->scene = (struct scene){.file = event->file,
                                 .slots = known_slots(look),
                                 .arena = event->arena,
                                 .late = look->sight->late};
    look->scene.start = apply_start(look->source, look->scene.slots);
    look->scene.when.now = event->now;
    look->scene.when.event_time =
        is_content ? rule_source_time(look->source, look->scene.slots) : look->sight->time;
}

static void put_head(struct look *look)
{
    bool is_closed = look->sight->kind == RULE_SEEN_CLOSED;
    uint8_t flags = look->memo.flags | (is_closed ? MEMO_CLOSED : 0);
    size_t opened = memo_open_kept(look->out, flags);
    if (look->sight->kind == RULE_SEEN_CONTENT)
        kept_write(look->source, look->scene.slots, look->out);
    else if (look->memo.kept.length > 0)
        text_append(look->out, look->memo.kept.data, look->memo.kept.length);
    memo_close_kept(look->out, opened);
}

/* The life is over: the next begins with nothing. */
static void drop_memo(struct text *out, size_t length)
{
    out->length = length;
    out->data[length] = '\0';
}

size_t rule_set_see(struct rule_set *set, struct rule_source *source,
                    const struct rule_event *event, const struct rule_sight *sight,
                    void (*on_event)(void *context, int64_t time), void *context,
                    struct text *ret_memo)
{
    const size_t before = ret_memo->length;
    struct look look = {.stage = {.set = set, .trace = event->trace},
                        .source = source,
                        .event = event,
                        .sight = sight,
                        .on_event = on_event,
                        .context = context,
                        .out = ret_memo};
    set->now = event->now;
    set->sight += event->guests; /* a new one */
    memo_read(&look.memo, sight->memo, event->arena);
    set_scene(&look);
    put_head(&look);
    for (size_t i = 0; i < source->emit_count; i++) {
        struct emit *emit = source->emits[i];
        const struct memo_entry *known = memo_find(&look.memo, emit->id, i);
        if (emit->cause <= EMIT_REMOVED)
            see_moment(&look, emit, known);
        else
            see_content(&look, emit, known);
    }
    if (sight->kind == RULE_SEEN_REMOVED)
        drop_memo(ret_memo, before);
    return look.told;
}
