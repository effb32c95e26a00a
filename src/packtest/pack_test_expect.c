/* See pack_test_expect.h. */
#include "packtest/pack_test_expect.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/tree.h"
#include "daemon/pipeline.h"
#include "daemon/rulebook.h"
#include "daemon/sightings.h"
#include "packtest/pack_test_step.h"
#include "registry/registry.h"

/* --- Metrics ---------------------------------------------------------------------------------- */

static const char *nearest_metric(const struct registry *registry, const char *name)
{
    const char **names = NULL;
    size_t count = 0;
    const struct family *family;
    for (size_t position = 0; (family = registry_next_family(registry, &position)) != NULL;) {
        names = memory_resize(names, count + 1, sizeof(*names));
        names[count++] = family_spec(family)->name;
    }
    const char *near = count ? nearest_word(name, names, count) : NULL;
    free(names);
    return near;
}

/* Does a sample of this name belong to some metric of the rules? */
static bool is_defined(const struct registry *registry, const struct sample *sample)
{
    const struct family *family;
    for (size_t position = 0; (family = registry_next_family(registry, &position)) != NULL;)
        if (sample_is_of(sample, family_spec(family)->name))
            return true;
    return false;
}

static void check_metric(const struct pack_test_reader *reader, const struct tree *node, int line,
                         const struct sample *sample)
{
    if (!reader->rulebook || is_defined(reader->rulebook->registry, sample))
        return;
    const char *near = nearest_metric(reader->rulebook->registry, sample->name);
    diagnostics_error_at(reader->diagnostics, node->file, line, node->column,
                         "the rules have no metric '%s'%s%s%s", sample->name,
                         near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* --- expect ----------------------------------------------------------------------------------- */

static void check_samples(const struct pack_test_reader *reader, const struct tree *node,
                          const struct sample_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct sample *sample = &list->items[i];
        int line = node->line + (int)sample->line;
        check_metric(reader, node, line, sample);
        if (sample_list_find(list, sample) != sample)
            diagnostics_error_at(reader->diagnostics, node->file, line, node->column,
                                 "%s%s is expected twice", sample->name, sample->labels);
    }
}

void pack_test_expect_read(const struct pack_test_reader *reader, const struct tree *node,
                           struct pack_test_step *step)
{
    char error[SAMPLE_ERROR];
    size_t line;
    step->expect = node;
    if (node->kind != TREE_SCALAR) {
        diagnostics_error(reader->diagnostics, node,
                          "'expect' is a text with one sample a line: expect: |");
        return;
    }
    if (!sample_list_read(&step->expected, node->text, node->length, &line, error))
        diagnostics_error_at(reader->diagnostics, node->file, node->line + (int)line, node->column,
                             "no sample of the text format: %s", error);
    else if (step->expected.count == 0)
        diagnostics_error(reader->diagnostics, node, "'expect' is empty: it cannot fail");
    check_samples(reader, node, &step->expected);
}

/* --- exact, absent ---------------------------------------------------------------------------- */

/* Calls `take` for each text of a list, or a single one. */
static void for_each(const struct pack_test_reader *reader, const struct tree *node,
                     struct pack_test_step *step,
                     void (*take)(const struct pack_test_reader *, const struct tree *,
                                  struct pack_test_step *))
{
    bool is_list = node->kind == TREE_LIST;
    size_t count = is_list ? node->count : 1;
    if (count == 0)
        diagnostics_error(reader->diagnostics, node, "an empty list: it cannot fail");
    for (size_t i = 0; i < count; i++) {
        const struct tree *one = is_list ? node->items[i] : node;
        if (one->kind == TREE_SCALAR && one->length > 0)
            take(reader, one, step);
        else
            diagnostics_error(reader->diagnostics, one, "names of metrics are texts");
    }
}

static void take_exact(const struct pack_test_reader *reader, const struct tree *node,
                       struct pack_test_step *step)
{
    (void)step;
    if (!reader->rulebook || registry_find(reader->rulebook->registry, node->text))
        return;
    const char *near = nearest_metric(reader->rulebook->registry, node->text);
    diagnostics_error(reader->diagnostics, node, "the rules have no metric '%s'%s%s%s", node->text,
                      near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

void pack_test_exact_read(const struct pack_test_reader *reader, const struct tree *node,
                          struct pack_test_step *step)
{
    step->exact = node;
    for_each(reader, node, step, take_exact);
}

static void take_absent(const struct pack_test_reader *reader, const struct tree *node,
                        struct pack_test_step *step)
{
    char error[SAMPLE_ERROR];
    if (!sample_list_read_name(&step->absences, node->text, error)) {
        diagnostics_error(reader->diagnostics, node, "neither a metric nor a sample: %s", error);
        return;
    }
    struct sample *sample = &step->absences.items[step->absences.count - 1];
    sample->line = (size_t)(node->line - step->where->line);
    check_metric(reader, node, node->line, sample);
}

void pack_test_absent_read(const struct pack_test_reader *reader, const struct tree *node,
                           struct pack_test_step *step)
{
    step->absent = node;
    for_each(reader, node, step, take_absent);
}

/* --- skipped, unmatched ----------------------------------------------------------------------- */

static void check_count(const struct pack_test_reader *reader, const struct tree *node)
{
    int64_t count;
    const char *text = tree_text(node);
    if (!text || !number_parse_int(text, strlen(text), &count) || count < 0)
        diagnostics_error(reader->diagnostics, node, "not a count");
}

void pack_test_skipped_read(const struct pack_test_reader *reader, const struct tree *node,
                            struct pack_test_step *step)
{
    const char *words[SKIP_REASONS + DOCUMENT_SKIPS];
    step->skipped = node;
    if (node->kind != TREE_MAP || node->count == 0) {
        diagnostics_error(reader->diagnostics, node,
                          "'skipped' is a map of reasons and counts, like {malformed: 1}");
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        words[i] = i < SKIP_REASONS ? skip_reason_names[i] : documents_skip_names[i - SKIP_REASONS];
    pack_test_check_words(reader->diagnostics, node, words, ARRAY_LENGTH(words));
    for (size_t i = 0; i < node->count; i++)
        check_count(reader, node->items[i]);
}

void pack_test_unmatched_read(const struct pack_test_reader *reader, const struct tree *node,
                              struct pack_test_step *step)
{
    step->unmatched = node;
    bool is_good = node->kind == TREE_LIST;
    for (size_t i = 0; is_good && i < node->count; i++)
        is_good = node->items[i]->kind == TREE_SCALAR;
    if (!is_good)
        diagnostics_error(reader->diagnostics, node,
                          "'unmatched' is a list of names of events, [] for none");
}
