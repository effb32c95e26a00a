/* Compiles `emit` sections: see emit.h. What a look makes of them is in sight.c. */
#include "rules/emit.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/fields.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "decode/plan.h"
#include "rules/compiler.h"
#include "rules/event_name.h"
#include "rules/kept.h"
#include "rules/path.h"
#include "rules/schema.h"

static const char *const cause_words[EMIT_CAUSES] = {"created", "closed", "removed", "first",
                                                     "changes", "each",   "when"};

static bool is_of_file(enum emit_cause cause)
{
    return cause == EMIT_CREATED || cause == EMIT_CLOSED || cause == EMIT_REMOVED;
}

struct emit *emit_find(const struct rule_source *source, const struct label_value *normal)
{
    for (size_t i = 0; i < source->emit_count; i++) {
        const struct event_name *name = source->emits[i]->event.name;
        if (name->length == normal->length &&
            memcmp(name->normal, normal->text, normal->length) == 0)
            return source->emits[i];
    }
    return NULL;
}

const struct emit *emit_scene(const struct rule_source *source, const struct emit *emit)
{
    bool sees_kept = emit && emit->cause == EMIT_REMOVED && source->facts.is_document;
    return sees_kept || (emit && emit->cause == EMIT_EACH) ? emit : NULL;
}

/* --- What is said of an event, as a number ------------------------------------------------- */

static void append_tree(struct text *out, const struct tree *node)
{
    fields_put_8(out, (uint8_t)node->kind);
    if (node->kind == TREE_SCALAR)
        fields_put_bytes(out, node->text, node->length);
    for (size_t i = 0; i < node->count; i++) {
        if (node->keys)
            append_tree(out, node->keys[i]);
        append_tree(out, node->items[i]);
    }
    fields_put_8(out, UINT8_MAX);
}

static uint64_t emit_id(const struct rule_source *source, const struct emit *emit,
                        const struct tree *node)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    fields_put_bytes(&text, emit->event.name->normal, emit->event.name->length);
    append_tree(&text, node);
    if (source->body)
        text_append_string(&text, source->body->text);
    uint64_t id = hash_stable(text.data, text.length);
    text_free(&text);
    return id;
}

/* --- Causes -------------------------------------------------------------------------------- */

/* The one cause that a map names; EMIT_CAUSES with an error. */
static enum emit_cause read_cause(struct compiler *compiler, const struct tree *key,
                                  const struct tree *node)
{
    bool is_document = compiler->source->facts.is_document;
    enum emit_cause found = EMIT_CAUSES;
    for (int cause = 0; cause < EMIT_WHEN; cause++) {
        const struct tree *named = tree_get(node, cause_words[cause]);
        if (!named)
            continue;
        if (found != EMIT_CAUSES) {
            diagnostics_error(compiler->diagnostics, named,
                              "an event has one cause, not '%s' and '%s'", cause_words[found],
                              cause_words[cause]);
            return EMIT_CAUSES;
        }
        found = (enum emit_cause)cause;
    }
    if (found == EMIT_CAUSES && is_document && tree_get(node, "when"))
        return EMIT_WHEN;
    if (found == EMIT_CAUSES)
        diagnostics_error(compiler->diagnostics, key, "'%s' needs a cause: %s", key->text,
                          is_document
                              ? "created, closed, removed, first, when, changes or each"
                              : "created, closed or removed (others are for 'format: document')");
    else if (!is_document && !is_of_file(found)) {
        diagnostics_error(compiler->diagnostics, tree_get(node, cause_words[found]),
                          "'%s' is for documents: 'format: document'", cause_words[found]);
        return EMIT_CAUSES;
    }
    return found;
}

static void require_true(struct diagnostics *diagnostics, const struct tree *node, const char *word)
{
    if (!node || !schema_scalar(diagnostics, node, word))
        return;
    if (strcmp(node->text, "true") != 0)
        diagnostics_error(diagnostics, node, "'%s' can only be true, not '%s'", word, node->text);
}

/* A word where it means nothing is a mistake too. */
static void check_words(struct compiler *compiler, const struct tree *node, enum emit_cause cause)
{
    static const char *const words[] = {"created", "closed", "removed", "first", "changes",
                                        "each",    "when",   "reopen",  "key"};
    struct diagnostics *diagnostics = compiler->diagnostics;
    schema_keys(diagnostics, node, "word of an emitted event", words, ARRAY_LENGTH(words));
    if (cause == EMIT_CAUSES)
        return;
    if (is_of_file(cause) || cause == EMIT_FIRST)
        require_true(diagnostics, tree_get(node, cause_words[cause]), cause_words[cause]);
    require_true(diagnostics, tree_get(node, "reopen"), "reopen");
    if (tree_get(node, "reopen") && cause != EMIT_CLOSED)
        diagnostics_error(diagnostics, tree_get(node, "reopen"), "'reopen' belongs to 'closed'");
    if (tree_get(node, "key") && cause != EMIT_EACH)
        diagnostics_error(diagnostics, tree_get(node, "key"), "'key' belongs to 'each'");
}

/* --- Conditions ---------------------------------------------------------------------------- */

/* Of lines, and when a file is created, nothing is known but its path. */
static void check_captures(struct compiler *compiler, const struct tree *when,
                           const struct emit *emit)
{
    const struct rule_source *source = compiler->source;
    for (size_t i = 0; i < emit->condition_count; i++) {
        const struct condition *condition = &emit->conditions[i];
        for (size_t j = 0; j < condition->term_count; j++) {
            const struct operand *operand = &condition->terms[j].whole;
            if (operand->capture >= 0 || operand->fact != FACT_NONE)
                continue;
            const char *near = nearest_word(operand->text, (const char *const *)source->captures,
                                            source->capture_count);
            diagnostics_error(compiler->diagnostics, when->keys[i],
                              "'%s' of '%s': source '%s' captures no '%s'%s%s%s, and of the file "
                              "nothing else is known then",
                              cause_words[emit->cause], emit->event.name->shown, source->facts.name,
                              operand->text, near ? " (did you mean '" : "", near ? near : "",
                              near ? "'?)" : "");
        }
    }
}

static void compile_conditions(struct binding *binding, const struct tree *when, struct emit *emit)
{
    struct compiler *compiler = binding->compiler;
    if (!when || !conditions_compile(binding, when, &emit->conditions, &emit->condition_count))
        return;
    if (!compiler->source->facts.is_document || emit->cause == EMIT_CREATED)
        check_captures(compiler, when, emit);
}

/* --- The keys of entries ------------------------------------------------------------------- */

struct entry_key {
    const struct binding *binding;
    struct key *key;
};

/* A part is looked up in the entry alone: a field of the document would make all entries one. */
static void add_key_part(void *context, const struct tree *text)
{
    struct entry_key *building = context;
    struct diagnostics *diagnostics = building->binding->compiler->diagnostics;
    const char *error = "must be a path in the entry";
    struct path *path = path_parse(text->text, text->length, &error);
    bool is_in_entry = path && (path->scope == PATH_BARE || path->scope == PATH_ELEMENT);
    bool is_bare = path && path->scope == PATH_BARE;
    path_free(path);
    if (!is_in_entry) {
        diagnostics_error(diagnostics, text, "bad path '%s' of 'key': %s", text->text, error);
        return;
    }
    struct key *key = building->key;
    struct operand part;
    AUTO_FREE char *whole = memory_format("%s%s", is_bare ? "." : "", text->text);
    if (!operand_compile(building->binding, text, whole, strlen(whole), &part))
        return;
    key->parts = memory_resize(key->parts, key->count + 1, sizeof(*key->parts));
    key->parts[key->count++] = part;
}

static void compile_key(const struct binding *binding, const struct tree *node, struct key *key)
{
    struct diagnostics *diagnostics = binding->compiler->diagnostics;
    struct entry_key building = {.binding = binding, .key = key};
    if (node && node->kind == TREE_LIST && node->count > KEY_PARTS)
        diagnostics_error(diagnostics, node, "'key' may have %zu parts at most", KEY_PARTS);
    else
        schema_some_texts(diagnostics, node, "'key'", add_key_part, &building);
}

static void compile_each(struct compiler *compiler, struct binding *binding,
                         const struct tree *node, struct emit *emit)
{
    static const char *const name[] = {"key"};
    binding->inside_each = true;
    if (!each_list_compile(compiler, tree_get(node, "each"), &emit->each))
        return;
    each_list_enter(&emit->each, binding);
    compile_key(binding, tree_get(node, "key"), &emit->key);
    for (int start = 0; start < STARTS && emit->key.count == 0; start++)
        emit->entry_names[start] = decode_plan_want(emit->each.elements[start], name, 1);
}

/* --- Events -------------------------------------------------------------------------------- */

static void compile_emit(struct compiler *compiler, const struct tree *node, struct emit *emit)
{
    struct binding binding = {.compiler = compiler};
    const struct tree *changes = tree_get(node, "changes");
    compiler->emit = emit_scene(compiler->source, emit);
    if (emit->cause == EMIT_EACH)
        compile_each(compiler, &binding, node, emit);
    if (emit->cause == EMIT_CHANGES && schema_scalar(compiler->diagnostics, changes, "'changes'"))
        (void)!operand_compile(&binding, changes, changes->text, changes->length, &emit->changes);
    compile_conditions(&binding, tree_get(node, "when"), emit);
    compiler->emit = NULL;
}

static unsigned emitted_bits(const struct emit *emit)
{
    switch (emit->cause) {
    case EMIT_CREATED:
        return RULE_EMITS_CREATED;
    case EMIT_CLOSED:
        return RULE_EMITS_CLOSED | (emit->reopen ? RULE_EMITS_REOPEN : 0u);
    case EMIT_REMOVED:
        return RULE_EMITS_REMOVED;
    default:
        return RULE_EMITS_CONTENT;
    }
}

/* NULL with an error: the name is none, or there already. */
static struct emit *add_emit(struct compiler *compiler, const struct tree *key)
{
    struct rule_source *source = compiler->source;
    char bytes[EVENT_NAME_LONGEST];
    struct label_value normal = {bytes, event_name_normal(key->text, key->length, bytes)};
    if (normal.length == 0 || strpbrk(key->text, "*/, \t")) {
        diagnostics_error(compiler->diagnostics, key, "'%s' is no name of an event", key->text);
        return NULL;
    }
    if (emit_find(source, &normal)) {
        diagnostics_error(compiler->diagnostics, key,
                          "'%s' is emitted twice: names compare without case, '_' and '-'",
                          key->text);
        return NULL;
    }
    struct emit *emit = memory_zero(1, sizeof(*emit));
    emit->event.name = event_name_need(compiler->set, &normal, key->text, key->length, true);
    emit->changes.capture = -1;
    emit->title =
        memory_format("%s:%s/%s:%d", source->facts.pack, source->facts.name, key->text, key->line);
    source->emits = memory_resize(source->emits, source->emit_count + 1, sizeof(*source->emits));
    source->emits[source->emit_count++] = emit;
    return emit;
}

static void read_emit(struct compiler *compiler, const struct tree *key, const struct tree *node)
{
    struct rule_source *source = compiler->source;
    struct emit *emit = add_emit(compiler, key);
    if (!emit || !schema_map(compiler->diagnostics, node, "an emitted event"))
        return;
    enum emit_cause cause = read_cause(compiler, key, node);
    check_words(compiler, node, cause);
    if (cause == EMIT_CAUSES)
        return;
    emit->cause = cause;
    emit->reopen = tree_get(node, "reopen") != NULL;
    emit->id = emit_id(source, emit, node);
    source->facts.emits |= emitted_bits(emit);
    compile_emit(compiler, node, emit);
}

void emits_compile(struct compiler *compiler, const struct tree *key, const struct tree *node)
{
    bool is_document = compiler->source->facts.is_document;
    if (tree_is_null(node))
        node = NULL;
    if (node && !schema_map(compiler->diagnostics, node, "'emit'"))
        return;
    for (size_t i = 0; node && i < node->count; i++)
        read_emit(compiler, node->keys[i], node->items[i]);
    if (is_document && (!node || node->count == 0))
        diagnostics_error(compiler->diagnostics, key,
                          "source '%s' needs 'emit': a document gives no other events", key->text);
}

void emits_free(struct rule_source *source)
{
    for (size_t i = 0; i < source->emit_count; i++) {
        struct emit *emit = source->emits[i];
        conditions_free(emit->conditions, emit->condition_count);
        operand_free(&emit->changes);
        each_list_free(&emit->each);
        key_free(&emit->key);
        free(emit->event.rows);
        free(emit->title);
        free(emit);
    }
    free(source->emits);
    free(source->kept);
}

uint64_t rule_set_emits_hash(const struct rule_set *set)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < set->source_count; i++) {
        const struct rule_source *source = set->sources[i];
        for (size_t j = 0; j < source->emit_count; j++) {
            uint64_t both[2] = {hash, source->emits[j]->id};
            hash = hash_stable(both, sizeof(both));
        }
        for (size_t j = 0; j < source->kept_count; j++) {
            uint64_t both[2] = {hash, source->kept[j].name};
            hash = hash_stable(both, sizeof(both));
        }
        uint64_t name = hash_stable(source->facts.name, strlen(source->facts.name));
        hash = hash_stable((const uint64_t[2]){hash, name}, 2 * sizeof(hash));
    }
    return hash;
}
