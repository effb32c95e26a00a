/* The exporter's own metrics, as the last section of the reference. A query by nothing else is by
 * the exporter that tells: `instance`. */
#include "command/docs_markdown.h"
#include "command/docs_page.h"
#include "command/docs_query.h"
#include "command/docs_unit.h"
#include "daemon/own_table.h"

static const char *const type_names[] = {"counter", "gauge", "histogram", "summary", "info"};

static void append_row(struct text *out, const struct family_spec *spec)
{
    enum docs_measure measure = docs_measure_of(spec->name, spec->type);
    bool adds_up = measure != MEASURE_LEVEL && measure != MEASURE_MOMENT;
    text_printf(out, "| `%s` | %s | ", spec->name, type_names[spec->type]);
    docs_append_unit(out, spec->name, spec->type);
    text_append_string(out, " | ");
    for (size_t i = 0; i < spec->label_count; i++)
        text_printf(out, "%s%s", i ? ", " : "", spec->labels[i]);
    text_append_string(out, " | ");
    docs_append_prose(out, spec->help);
    text_append_string(out, " | `");
    docs_append_query(out, spec, spec->label_count ? spec->labels[0] : "instance",
                      adds_up ? TOGETHER_SUM : TOGETHER_HIGHEST);
    text_append_string(out, "` |\n");
}

void docs_append_own(struct text *out)
{
    text_append_string(out,
                       "\n## The exporter's own metrics\n\n"
                       "Served at `/metrics/self`, and after the packs' metrics at `/metrics`. A "
                       "family without a series yet is left out.\n\n"
                       "| Metric | Type | Unit | Labels | Meaning | Query |\n"
                       "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < OWNS; i++) {
        struct family_spec spec = own_row_spec(&own_table[i]);
        append_row(out, &spec);
    }
}
