/* One pack of the reference: where its events come from, then its metrics. */
#include "base/path_pattern.h"
#include "command/docs_markdown.h"
#include "command/docs_page.h"
#include "command/docs_unit.h"
#include "rules/describe.h"
#include "rules/rule_set.h"

static void append_roots(struct text *out, const struct rule_source_facts *source)
{
    for (size_t i = 0; i < source->root_count; i++) {
        text_append_string(out, i ? ", else " : "");
        docs_append_code(out, source->roots[i]);
    }
    if (source->root_count == 0)
        text_append_string(out, "the events directory");
}

static void append_source(struct text *out, const struct rule_source_facts *source)
{
    text_append_string(out, "| ");
    docs_append_code(out, source->name);
    text_append_string(out, " | ");
    for (size_t i = 0; i < source->file_count; i++) {
        text_append_string(out, i ? ", " : "");
        docs_append_code(out, path_pattern_text(source->files[i]));
    }
    text_append_string(out, " | ");
    append_roots(out, source);
    text_append_string(out, source->is_document ? " | one document a file |\n"
                                                : " | one record a line |\n");
}

static void append_sources(struct text *out, const struct rule_set *set, size_t pack)
{
    bool is_first = true;
    for (size_t i = 0; i < rule_set_source_count(set); i++) {
        struct rule_source_facts source;
        rule_source_facts(rule_set_source(set, i), &source);
        if (source.internal || source.pack_index != pack)
            continue;
        if (is_first)
            text_append_string(out, "\n| Source | Files | Below | Format |\n|---|---|---|---|\n");
        is_first = false;
        append_source(out, &source);
    }
    if (is_first)
        text_append_string(out, "\nIt reads the sources of the other packs.\n");
}

void docs_append_pack(struct text *out, const struct rule_set *set, size_t index)
{
    struct rule_pack_facts pack = {.name = ""};
    struct rule_metric metric;
    if (!rule_set_pack(set, index, &pack))
        return;
    text_append_string(out, "\n## ");
    docs_append_prose(out, pack.name);
    text_append_string(out, "\n");
    append_sources(out, set, index);
    text_printf(out, "\nA metric has %zu samples at most", pack.default_max_series);
    if (pack.default_ttl > 0) {
        text_append_string(out, ", and a series is shown for ");
        docs_append_duration(out, pack.default_ttl);
        text_append_string(out, " after its last event");
    }
    text_append_string(out, ", unless it says otherwise.\n");
    for (size_t i = 0; rule_set_metric(set, i, &metric); i++)
        if (metric.pack == index && !metric.disabled)
            docs_append_metric(out, set, &metric, &pack);
}
