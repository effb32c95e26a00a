/* See row_binding.h. */
#include "rules/row_binding.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/tree.h"
#include "rules/compiler.h"
#include "rules/describe.h"
#include "rules/emit.h"
#include "rules/event_name.h"
#include "rules/schema.h"

void source_event_add_row(struct source_event *event, struct row *row)
{
    event->rows = memory_resize(event->rows, event->row_count + 1, sizeof(*event->rows));
    event->rows[event->row_count++] = row;
}

struct source_event *source_event_find(const struct rule_source *source,
                                       const struct label_value *normal)
{
    return map_find(&source->events, hash_bytes(normal->text, normal->length), normal);
}

struct source_event *source_event_new(struct rule_source *source, struct event_name *name,
                                      const struct label_value *normal)
{
    struct source_event *event = memory_zero(1, sizeof(*event));
    event->name = name;
    map_insert(&source->events, hash_bytes(normal->text, normal->length), event);
    return event;
}

/* One word of a rule's key: an event name, perhaps of one source, or "*". */
struct event_word {
    char source[64]; /* "": any */
    char normal[EVENT_NAME_LONGEST];
    struct label_value name; /* its normal form */
    const char *shown;
    size_t shown_length;
    bool is_star;
};

static bool read_event_word(const char *at, const char *end, struct event_word *word)
{
    while (at < end && isspace((unsigned char)*at))
        at++;
    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    const char *slash = memchr(at, '/', (size_t)(end - at));
    word->source[0] = '\0';
    if (slash) {
        size_t length = (size_t)(slash - at);
        if (length == 0 || length >= sizeof(word->source))
            return false;
        memcpy(word->source, at, length);
        word->source[length] = '\0';
        at = slash + 1;
    }
    word->shown = at;
    word->shown_length = (size_t)(end - at);
    word->is_star = end - at == 1 && *at == '*';
    word->name =
        (struct label_value){word->normal, event_name_normal(at, word->shown_length, word->normal)};
    return word->name.length > 0;
}

static bool is_internal_event(const struct label_value *normal)
{
    static const char *const names[] = {"disksampled", "resourcesampled"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (normal->length == strlen(names[i]) &&
            memcmp(normal->text, names[i], normal->length) == 0)
            return true;
    return false;
}

/* Does the pack under way speak to this source with this word? */
static bool word_is_for(const struct compiler *compiler, const struct event_word *word,
                        const struct rule_source *source)
{
    if (word->source[0] && strcmp(word->source, source->facts.name) != 0)
        return false;
    if (source->facts.internal)
        return !word->is_star && is_internal_event(&word->name);
    if (source->facts.is_document && !emit_find(source, &word->name))
        return false; /* there are no records, only what is emitted */
    return !compiler->pack->has_sources || source->facts.pack_index == compiler->pack->index;
}

/* The name of records is one that rules know, even if they have no rows for it. */
static struct source_event *bind_record_name(struct compiler *compiler, struct rule_source *source,
                                             const struct event_word *word)
{
    struct event_name *name =
        event_name_need(compiler->set, &word->name, word->shown, word->shown_length, true);
    struct source_event *event = source_event_find(source, &word->name);
    if (!event)
        event = source_event_new(source, name, &word->name);
    event->is_named = true;
    return event;
}

/* The name is one that rules know, even if they have no rows for it. */
static void bind_name(struct compiler *compiler, struct rule_source *source,
                      const struct event_word *word)
{
    struct emit *emit = emit_find(source, &word->name);
    if (emit)
        emit->event.is_named = true;
    if (!source->facts.is_document)
        bind_record_name(compiler, source, word);
}

/* The row, compiled for this source and what `emit` sees (NULL: as of records) unless it is there
 * already. A key may speak to a source as a guest and by its name: then there are two. */
static struct row *row_of_source(struct compiler *compiler, struct rule_source *source,
                                 struct row_facts *facts, const struct emit *emit, bool is_guest)
{
    for (size_t i = source->row_count; i > 0 && source->rows[i - 1]->facts == facts; i--)
        if (source->rows[i - 1]->emit == emit && source->rows[i - 1]->guest == is_guest)
            return source->rows[i - 1];
    compiler->source = source;
    compiler->emit = emit;
    struct row *row = row_compile(compiler, facts);
    compiler->emit = NULL;
    if (!row)
        return NULL;
    row->guest = is_guest;
    source->rows = memory_resize(source->rows, source->row_count + 1, sizeof(*source->rows));
    source->rows[source->row_count++] = row;
    return row;
}

/* Cuts the next word off a key; false at its end, or at something that is no name. */
static bool next_word(const char **at, const char *end, struct event_word *ret_word)
{
    if (*at > end)
        return false;
    const char *comma = memchr(*at, ',', (size_t)(end - *at));
    const char *stop = comma ? comma : end;
    bool is_word = read_event_word(*at, stop, ret_word);
    *at = stop + 1;
    return is_word;
}

static void bind_names(struct compiler *compiler, const struct tree *key)
{
    struct rule_set *set = compiler->set;
    struct event_word word;
    for (size_t i = 0; i < set->source_count; i++)
        for (const char *at = key->text; next_word(&at, key->text + key->length, &word);)
            if (!word.is_star && word_is_for(compiler, &word, set->sources[i]))
                bind_name(compiler, set->sources[i], &word);
}

/* The row applies to the source's event of this word, whose name is known by now. */
static void note_event(struct rule_set *set, const struct rule_source *source,
                       const struct event_word *word, const struct row *row)
{
    struct row_facts *facts = row->facts;
    const struct event_name *name =
        word->is_star ? NULL
                      : event_name_need(set, &word->name, word->shown, word->shown_length, true);
    facts->verb = row->verb;
    facts->metric = row->metric;
    facts->events = memory_resize(facts->events, facts->event_count + 1, sizeof(*facts->events));
    facts->events[facts->event_count++] =
        (struct rule_feed_event){.source = source->facts.name, .name = name ? name->shown : "*"};
}

/* The row under one word of its key, for one source; false with errors reported. */
static bool compile_row(struct compiler *compiler, struct rule_source *source,
                        const struct event_word *word, struct row_facts *facts)
{
    struct emit *emit = emit_find(source, &word->name);
    /* Spoken to by name it is no guest of whoever comes first. */
    bool is_guest = !compiler->pack->has_sources && !word->source[0];
    struct row *row = row_of_source(compiler, source, facts, emit_scene(source, emit), is_guest);
    if (!row)
        return false;
    if (word->is_star) /* gathered from source->rows when names are complete */
        row->is_star = true;
    if (emit && (emit->event.row_count == 0 || emit->event.rows[emit->event.row_count - 1] != row))
        source_event_add_row(&emit->event, row);
    if (!word->is_star && !source->facts.is_document)
        source_event_add_row(bind_record_name(compiler, source, word), row);
    note_event(compiler->set, source, word, row);
    return true;
}

/* One row under one key: for every source that some word of the key speaks to. */
static void compile_row_for_sources(struct compiler *compiler, const struct tree *key,
                                    struct row_facts *facts)
{
    struct rule_set *set = compiler->set;
    struct event_word word;
    bool is_compiled = false;
    for (size_t i = 0; i < set->source_count; i++) {
        for (const char *at = key->text; next_word(&at, key->text + key->length, &word);) {
            if (!word_is_for(compiler, &word, set->sources[i]))
                continue;
            if (!compile_row(compiler, set->sources[i], &word, facts))
                return; /* reported once, not for each source */
            is_compiled = true;
        }
    }
    if (!is_compiled) { /* no source speaks to it; its mistakes are told all the same */
        compiler->source = set->sources[set->source_count - 1];
        row_free(row_compile(compiler, facts));
    }
}

static char *update_text(const struct tree *row)
{
    enum verb verb = row_verb(NULL, row);
    const char *name = verb == VERBS ? NULL : tree_text(tree_get(row, verb_names[verb]));
    return name ? memory_format("%s %s", verb_names[verb], name) : memory_copy_text("?");
}

static struct row_facts *add_facts(struct compiler *compiler, const struct tree *key,
                                   const struct tree *row)
{
    struct rule_set *set = compiler->set;
    struct row_facts *facts = memory_zero(1, sizeof(*facts));
    facts->where = row;
    facts->pack = compiler->pack->index;
    facts->line = row->line;
    facts->rule = memory_format("%s:%s:%d", compiler->pack->name, key->text, row->line);
    if (set->row_count && strcmp(set->rows[set->row_count - 1]->where->file, row->file) == 0 &&
        set->rows[set->row_count - 1]->where->line == row->line) { /* several in one line */
        free(facts->rule);
        facts->rule =
            memory_format("%s:%s:%d:%d", compiler->pack->name, key->text, row->line, row->column);
    }
    facts->update = update_text(row);
    set->rows = memory_resize(set->rows, set->row_count + 1, sizeof(*set->rows));
    set->rows[set->row_count++] = facts;
    return facts;
}

/* Is this one of the sources in which the pack under way looks for this word? */
static bool may_mean(const struct compiler *compiler, const struct event_word *word,
                     const struct rule_source *source)
{
    if (source->facts.internal ||
        (word->source[0] && strcmp(word->source, source->facts.name) != 0))
        return false;
    return !compiler->pack->has_sources || source->facts.pack_index == compiler->pack->index;
}

/* Where only documents are meant, there is no other event than those that they emit. */
static void check_is_emitted(struct compiler *compiler, const struct tree *key,
                             const struct event_word *word)
{
    const struct rule_set *set = compiler->set;
    const char *names[SCHEMA_WORDS];
    const char *source = NULL;
    size_t count = 0;
    for (size_t i = 0; i < set->source_count; i++) {
        const struct rule_source *meant = set->sources[i];
        if (word_is_for(compiler, word, meant))
            return;
        if (!may_mean(compiler, word, meant))
            continue;
        source = meant->facts.name;
        for (size_t j = 0; j < meant->emit_count && count < SCHEMA_WORDS; j++)
            names[count++] = meant->emits[j]->event.name->shown;
    }
    if (!source || (!compiler->pack->has_sources && !word->source[0]))
        return;
    AUTO_FREE char *shown = memory_copy(word->shown, word->shown_length);
    const char *near = nearest_word(shown, names, count);
    diagnostics_error(compiler->diagnostics, key, "%s%s%s no event '%s'%s%s%s",
                      word->source[0] ? "source '" : "the sources of this pack",
                      word->source[0] ? source : "", word->source[0] ? "' emits" : " emit", shown,
                      near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static void check_source(struct compiler *compiler, const struct tree *key,
                         const struct event_word *word)
{
    const struct rule_set *set = compiler->set;
    const char *names[SCHEMA_WORDS];
    size_t count = 0;
    for (size_t i = 0; i < set->source_count && count < SCHEMA_WORDS; i++) {
        if (strcmp(set->sources[i]->facts.name, word->source) == 0)
            return;
        names[count++] = set->sources[i]->facts.name;
    }
    const char *near = nearest_word(word->source, names, count);
    diagnostics_error(compiler->diagnostics, key, "unknown source '%s'%s%s%s", word->source,
                      near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* Every word of a key must be a name, its source one that there is, and the name one that can
 * happen there. */
static void check_event_words(struct compiler *compiler, const struct tree *key)
{
    const char *at = key->text;
    const char *end = key->text + key->length;
    while (at <= end) {
        struct event_word word;
        if (!next_word(&at, end, &word)) {
            diagnostics_error(compiler->diagnostics, key, "'%s': an event name is missing",
                              key->text);
            return;
        }
        if (word.source[0])
            check_source(compiler, key, &word);
        check_is_emitted(compiler, key, &word);
    }
}

void rows_compile(struct compiler *compiler, bool declare)
{
    struct diagnostics *diagnostics = compiler->diagnostics;
    const struct tree *rules = tree_get(compiler->pack->tree, "rules");
    if (!rules || tree_is_null(rules) ||
        (declare ? rules->kind != TREE_MAP : !schema_map(diagnostics, rules, "'rules'")))
        return;
    for (size_t i = 0; i < rules->count; i++) {
        const struct tree *rows = rules->items[i];
        if (!declare) {
            check_event_words(compiler, rules->keys[i]);
            bind_names(compiler, rules->keys[i]);
        }
        if (rows->kind != TREE_LIST) {
            if (!declare && !tree_is_null(rows))
                diagnostics_error(diagnostics, rows, "the rows of '%s' must be a list",
                                  rules->keys[i]->text);
            continue;
        }
        for (size_t j = 0; j < rows->count; j++) {
            if (declare)
                declare_memories(compiler, rows->items[j]);
            else if (schema_map(diagnostics, rows->items[j], "a row"))
                compile_row_for_sources(compiler, rules->keys[i],
                                        add_facts(compiler, rules->keys[i], rows->items[j]));
        }
    }
}

void rows_order(struct rule_source *source)
{
    size_t position = 0;
    struct source_event *event;
    while ((event = map_next(&source->events, &position))) {
        struct row **named = event->rows;
        size_t named_count = event->row_count;
        event->rows = NULL;
        event->row_count = 0;
        for (size_t i = 0; i < source->row_count; i++) {
            bool applies = source->rows[i]->is_star;
            for (size_t j = 0; j < named_count && !applies; j++)
                applies = named[j] == source->rows[i];
            if (applies)
                source_event_add_row(event, source->rows[i]);
        }
        free(named);
    }
}
