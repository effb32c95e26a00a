/* docs: the reference of the metrics that the packs make, in Markdown. */
#include <ctype.h>
#include <stdio.h>

#include "base/diagnostics.h"
#include "command/command.h"
#include "command/docs_markdown.h"
#include "command/docs_page.h"
#include "command/output.h"
#include "config/settings.h"
#include "daemon/rulebook.h"
#include "rules/describe.h"

/* As readers of Markdown make them of headings. */
static void append_anchor(struct text *out, const char *heading)
{
    for (; *heading; heading++) {
        unsigned char c = (unsigned char)*heading;
        if (isalnum(c) || c == '-' || c == '_' || c >= 0x80)
            text_append_char(out, (char)tolower(c));
        else if (c == ' ')
            text_append_char(out, '-');
    }
}

static size_t count_metrics(const struct rule_set *set, size_t pack)
{
    struct rule_metric metric;
    size_t count = 0;
    for (size_t i = 0; rule_set_metric(set, i, &metric); i++)
        count += metric.pack == pack && !metric.disabled;
    return count;
}

static void append_contents(struct text *out, const struct rule_set *set)
{
    struct rule_pack_facts pack;
    for (size_t i = 0; rule_set_pack(set, i, &pack); i++) {
        size_t count = count_metrics(set, i);
        text_append_string(out, "- [");
        docs_append_prose(out, pack.name);
        text_append_string(out, "](#");
        append_anchor(out, pack.name);
        text_printf(out, "): %zu metric%s\n", count, count == 1 ? "" : "s");
    }
    text_append_string(out, "- [The exporter's own metrics](#the-exporters-own-metrics)\n");
}

static void append_page(struct text *out, const struct rulebook *rulebook)
{
    text_append_string(out, "# Metrics\n\n<!-- Made by `jsonl-exporter docs");
    for (size_t i = 0; i < rulebook->pack_count; i++)
        text_printf(out, " --rules %s", rulebook->packs[i]);
    text_append_string(
        out,
        "`. -->\n\n"
        "Of each metric: what it is, which events of which source feed it, by which update, in "
        "which line of which\npack, and a query to begin with. A source's events are named "
        "`source/Event`, `*` are all of its records;\nthe source `resources` is the exporter "
        "itself. Series that are past a metric's limit fold into one, whose\nlabels are "
        "`_other`.\n\n");
    append_contents(out, rulebook->rules);
    for (size_t i = 0; i < rulebook->pack_count; i++)
        docs_append_pack(out, rulebook->rules, i);
    docs_append_own(out);
}

int command_docs(const struct settings *settings)
{
    struct diagnostics diagnostics;
    struct text page;
    int status = 1;
    diagnostics_init(&diagnostics);
    struct rulebook *rulebook = rulebook_load(settings, &diagnostics);
    diagnostics_show(&diagnostics);
    if (rulebook) {
        text_init(&page, TEXT_UNLIMITED);
        append_page(&page, rulebook);
        status = output_file(settings->output, &page);
        text_free(&page);
    }
    rulebook_free(rulebook);
    diagnostics_free(&diagnostics);
    return status;
}
