/* See pack_test_step.h. */
#include "packtest/pack_test_step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/tree.h"
#include "daemon/rulebook.h"
#include "document/documents.h"
#include "packtest/pack_test_content.h"
#include "packtest/pack_test_expect.h"
#include "packtest/pack_test_place.h"
#include "rules/rule_set.h"

#define PAUSE_MOST 3155760000.0 /* seconds: a hundred years */

void pack_test_check_words(struct diagnostics *diagnostics, const struct tree *map,
                           const char *const *words, size_t count)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *word = map->keys[i]->text;
        bool is_known = false;
        for (size_t j = 0; j < count; j++)
            is_known = is_known || strcmp(words[j], word) == 0;
        if (is_known)
            continue;
        const char *near = nearest_word(word, words, count);
        diagnostics_error(diagnostics, map->keys[i], "unknown word '%s'%s%s%s", word,
                          near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    }
}

char *pack_test_path(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    if (*name == '/' || !slash)
        return memory_copy_text(name);
    return memory_format("%.*s%s", (int)(slash - path + 1), path, name);
}

/* --- Files ------------------------------------------------------------------------------------ */

static bool has_source(const struct rule_set *rules, const char *name)
{
    for (size_t i = 0; i < rule_set_source_count(rules); i++) {
        struct rule_source_facts facts;
        rule_source_facts(rule_set_source(rules, i), &facts);
        if (!facts.internal && strcmp(facts.name, name) == 0)
            return true;
    }
    return false;
}

static void complain_of_source(const struct pack_test_reader *reader, const struct tree *node)
{
    const struct rule_set *rules = reader->rulebook->rules;
    const char **names = memory_zero(rule_set_source_count(rules) + 1, sizeof(*names));
    for (size_t i = 0; i < rule_set_source_count(rules); i++) {
        struct rule_source_facts facts;
        rule_source_facts(rule_set_source(rules, i), &facts);
        names[i] = facts.internal ? NULL : facts.name;
    }
    const char *near = nearest_word(node->text, names, rule_set_source_count(rules));
    diagnostics_error(reader->diagnostics, node, "no pack has a source '%s'%s%s%s", node->text,
                      near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    free(names);
}

/* Some source must take the file, in the way in which the step writes it. */
static void check_place(const struct pack_test_reader *reader, const struct tree *file,
                        const struct tree *source, const struct pack_test_step *step)
{
    struct pack_test_place place;
    if (!reader->rulebook)
        return;
    if (source && !has_source(reader->rulebook->rules, step->source)) {
        complain_of_source(reader, source);
        return;
    }
    if (!pack_test_place_find(reader->rulebook->rules, step->file, step->source, &place)) {
        diagnostics_error(reader->diagnostics, file,
                          "no source's pattern fits '%s'; it is a path below the source's root",
                          step->file);
        return;
    }
    unsigned wanted = step->kind == STEP_LINES ? DOCUMENTS_LINES : DOCUMENTS_CONTENT;
    if ((step->kind == STEP_LINES || step->kind == STEP_DOCUMENT) && !(place.wish & wanted))
        diagnostics_error(reader->diagnostics, file,
                          step->kind == STEP_LINES
                              ? "'%s' is a document for its source: 'document' writes it"
                              : "'%s' holds lines for its source: 'lines' appends some",
                          step->file);
    pack_test_place_free(&place);
}

/* `file` and `source` of a map, or the file alone. */
static void read_file(const struct pack_test_reader *reader, const struct tree *node,
                      struct pack_test_step *step)
{
    const struct tree *file = node->kind == TREE_MAP ? tree_get(node, "file") : node;
    const struct tree *source = tree_get(node, "source");
    step->file = tree_text(file);
    step->source = tree_text(source);
    if (!step->file || !*step->file)
        diagnostics_error(reader->diagnostics, file ? file : node,
                          "'file' is missing: a path below the root of its source");
    else if (source && (!step->source || !*step->source))
        diagnostics_error(reader->diagnostics, source, "'source' is the name of one");
    else
        check_place(reader, file, source, step);
}

/* --- What happens ----------------------------------------------------------------------------- */

static void read_lines(const struct pack_test_reader *reader, const struct tree *node,
                       struct pack_test_step *step)
{
    static const char *const words[] = {"file", "source", "append", "from"};
    if (node->kind != TREE_MAP) {
        diagnostics_error(reader->diagnostics, node, "'lines' has 'file', and 'append' or 'from'");
        return;
    }
    pack_test_check_words(reader->diagnostics, node, words, ARRAY_LENGTH(words));
    read_file(reader, node, step);
    pack_test_content_lines(reader, node, "append", &step->content);
}

static void read_document(const struct pack_test_reader *reader, const struct tree *node,
                          struct pack_test_step *step)
{
    static const char *const words[] = {"file", "source", "content", "from"};
    if (node->kind != TREE_MAP) {
        diagnostics_error(reader->diagnostics, node,
                          "'document' has 'file', and 'content' or 'from'");
        return;
    }
    pack_test_check_words(reader->diagnostics, node, words, ARRAY_LENGTH(words));
    read_file(reader, node, step);
    pack_test_content_document(reader, node, &step->content);
}

static void read_life(const struct pack_test_reader *reader, const struct tree *node,
                      struct pack_test_step *step)
{
    static const char *const words[] = {"file", "source", "late"};
    const struct tree *late = tree_get(node, "late");
    const char *text = tree_text(late);
    if (node->kind == TREE_MAP)
        pack_test_check_words(reader->diagnostics, node, words,
                              step->kind == STEP_CREATED ? 2 : ARRAY_LENGTH(words));
    read_file(reader, node, step);
    step->late = text && strcmp(text, "true") == 0;
    if (late && !step->late && (!text || strcmp(text, "false") != 0))
        diagnostics_error(reader->diagnostics, late, "'late' is true or false");
}

static void read_sampled(const struct pack_test_reader *reader, const struct tree *node,
                         struct pack_test_step *step)
{
    pack_test_content_list(reader, node, &step->content);
}

static void read_after(const struct pack_test_reader *reader, const struct tree *node,
                       struct pack_test_step *step)
{
    double seconds = 0;
    if (node->kind != TREE_SCALAR || !duration_parse(node->text, node->length, &seconds) ||
        seconds <= 0 || seconds > PAUSE_MOST)
        diagnostics_error(reader->diagnostics, node,
                          "'after' is a time that passes, like 30s or 1h30m");
    else
        step->pause = llround(seconds * (double)NANOSECONDS_PER_SECOND);
}

/* --- Steps ------------------------------------------------------------------------------------ */

static const struct {
    const char *word;
    enum pack_test_kind kind;
    void (*read)(const struct pack_test_reader *reader, const struct tree *node,
                 struct pack_test_step *step);
} kinds[] = {
    {"lines", STEP_LINES, read_lines},
    {"document", STEP_DOCUMENT, read_document},
    {"created", STEP_CREATED, read_life},
    {"closed", STEP_CLOSED, read_life},
    {"removed", STEP_REMOVED, read_life},
    {"sampled", STEP_SAMPLED, read_sampled},
    {"after", STEP_AFTER, read_after},
    {"expect", STEP_EXPECT, pack_test_expect_read},
    {"exact", STEP_EXPECT, pack_test_exact_read},
    {"absent", STEP_EXPECT, pack_test_absent_read},
    {"skipped", STEP_EXPECT, pack_test_skipped_read},
    {"unmatched", STEP_EXPECT, pack_test_unmatched_read},
};

/* One thing happens, or any number of things is expected. */
static void check_kinds(const struct pack_test_reader *reader, const struct tree *node)
{
    size_t happenings = 0;
    size_t expectations = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (tree_get(node, kinds[i].word))
            *(kinds[i].kind == STEP_EXPECT ? &expectations : &happenings) += 1;
    if (happenings > 1 || (happenings == 1 && expectations > 0))
        diagnostics_error(reader->diagnostics, node,
                          "a step is one thing that happens, or what is expected: make it two");
}

void pack_test_step_read(const struct pack_test_reader *reader, const struct tree *node,
                         struct pack_test_step *ret_step)
{
    const char *words[ARRAY_LENGTH(kinds)];
    *ret_step = (struct pack_test_step){.where = node, .kind = STEP_EXPECT};
    text_init(&ret_step->content, TEXT_UNLIMITED);
    if (node->kind != TREE_MAP || node->count == 0) {
        diagnostics_error(reader->diagnostics, node,
                          "a step is a map, like {after: 30s}; this one does nothing");
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        words[i] = kinds[i].word;
    pack_test_check_words(reader->diagnostics, node, words, ARRAY_LENGTH(words));
    check_kinds(reader, node);
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        const struct tree *value = tree_get(node, kinds[i].word);
        if (!value)
            continue;
        ret_step->kind = kinds[i].kind;
        kinds[i].read(reader, value, ret_step);
    }
}

void pack_test_step_free(struct pack_test_step *step)
{
    text_free(&step->content);
    sample_list_free(&step->expected);
    sample_list_free(&step->absences);
}
