/* See lapse.h. A series keeps its labels as the exposition writes them, so they are read from
 * there: lapses are rare. */
#include "rules/lapse.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/tree.h"
#include "rules/compiler.h"
#include "rules/schema.h"

struct lapse {
    struct registry *registry;
    const struct metric *counter;
    char *texts[REGISTRY_LABELS]; /* NULL: the gauge's label of the same name */
};

void lapse_free(struct lapse *lapse)
{
    for (size_t i = 0; lapse && i < REGISTRY_LABELS; i++)
        free(lapse->texts[i]);
    free(lapse);
}

static struct metric *find_counter(const struct rule_set *set, const struct tree *name,
                                   struct diagnostics *diagnostics)
{
    struct metric *counter = metric_find(set, name->text);
    if (counter && counter->spec.type == METRIC_COUNTER)
        return counter;
    diagnostics_error(diagnostics, name, "'lapsed' counts in a counter, and '%s' is none",
                      name->text);
    return NULL;
}

/* Each label must come from somewhere. */
static bool read_labels(struct lapse *lapse, const struct metric *gauge, const struct tree *node,
                        const struct tree *labels, struct diagnostics *diagnostics)
{
    const struct metric *counter = lapse->counter;
    const char *words[2 * REGISTRY_LABELS];
    bool done = true;
    if (labels && !schema_map(diagnostics, labels, "'labels'"))
        return false;
    if (labels)
        schema_keys(diagnostics, labels, "label", words, metric_label_words(counter, words));
    for (size_t i = 0; i < counter->spec.label_count; i++) {
        const struct tree *text = tree_get(labels, counter->labels[i]);
        if (text && !schema_scalar(diagnostics, text, "a label")) {
            done = false;
        } else if (text) {
            lapse->texts[i] = memory_copy(text->text, text->length);
        } else if (metric_label(gauge, counter->labels[i]) < 0 &&
                   !metric_label_is_dropped(gauge, counter->labels[i])) {
            diagnostics_error(diagnostics, node, "'lapsed' needs a text for label '%s' of '%s'",
                              counter->labels[i], counter->name);
            done = false;
        }
    }
    return done;
}

struct lapse *lapse_compile(const struct rule_set *set, const struct metric *metric,
                            const struct tree *node, struct diagnostics *diagnostics)
{
    static const char *const words[] = {"inc", "labels"};
    if (!schema_map(diagnostics, node, "'lapsed'"))
        return NULL;
    if (metric->spec.type != METRIC_GAUGE) {
        diagnostics_error(diagnostics, node, "'%s' is no gauge, so no key can lapse in it",
                          metric->name);
        return NULL;
    }
    schema_keys(diagnostics, node, "key of 'lapsed'", words, ARRAY_LENGTH(words));
    const struct tree *name = tree_get(node, "inc");
    if (!name || !schema_scalar(diagnostics, name, "'inc'")) {
        if (!name)
            diagnostics_error(diagnostics, node, "'lapsed' needs 'inc'");
        return NULL;
    }
    const struct metric *counter = find_counter(set, name, diagnostics);
    if (!counter || counter->disabled)
        return NULL;
    struct lapse *lapse = memory_zero(1, sizeof(*lapse));
    lapse->registry = set->registry;
    lapse->counter = counter;
    if (read_labels(lapse, metric, node, tree_get(node, "labels"), diagnostics))
        return lapse;
    lapse_free(lapse);
    return NULL;
}

const struct metric *lapse_counter(const struct lapse *lapse)
{
    return lapse ? lapse->counter : NULL;
}

/* Appends the value that stands at `at`, behind the opening quote; returns the closing one. */
static const char *append_value(struct text *out, const char *at, bool wanted)
{
    for (; *at != '"'; at++) {
        bool is_escaped = *at == '\\';
        at += is_escaped;
        if (wanted)
            text_append_char(out, is_escaped && *at == 'n' ? '\n' : *at);
    }
    return at;
}

/* Appends what the series says of a label: name="value",name="value". */
static void append_label(struct text *out, const struct series_view *series, const char *name)
{
    const char *end = series->labels + series->labels_length;
    for (const char *at = series->labels; at < end;) {
        size_t length = (size_t)((const char *)memchr(at, '=', (size_t)(end - at)) - at);
        bool wanted = strlen(name) == length && memcmp(at, name, length) == 0;
        at = append_value(out, at + length + 2, wanted) + 2; /* the quote, the comma */
    }
}

void lapse_count(const struct lapse *lapse, const struct series *series, size_t count,
                 const struct moment *when)
{
    struct label_value values[REGISTRY_LABELS];
    size_t starts[REGISTRY_LABELS + 1] = {0};
    struct series_view view;
    struct text all;
    if (!lapse || count == 0)
        return;
    const struct family_spec *spec = &lapse->counter->spec;
    series_view(series_family(series), series, &view);
    text_init(&all, TEXT_UNLIMITED);
    for (size_t i = 0; i < spec->label_count; i++) {
        if (lapse->texts[i])
            text_append_string(&all, lapse->texts[i]);
        else
            append_label(&all, &view, lapse->counter->labels[i]);
        starts[i + 1] = all.length;
    }
    for (size_t i = 0; i < spec->label_count; i++)
        values[i] =
            (struct label_value){all.data ? all.data + starts[i] : "", starts[i + 1] - starts[i]};
    registry_update(lapse->registry, lapse->counter->family, UPDATE_ADD, values, (double)count,
                    when, NULL, NULL);
    text_free(&all);
}
