/* See infer_write.h. */
#include "infer/infer_write.h"

#include <stdbool.h>

#include "base/memory.h"
#include "base/text.h"
#include "infer/infer_files.h"
#include "infer/infer_lines.h"
#include "infer/infer_pattern.h"
#include "infer/infer_proposal.h"
#include "infer/infer_rules.h"
#include "infer/infer_text.h"
#include "survey/seen.h"

static void write_skipped(struct text *out, const char *what, uint64_t count)
{
    if (count == 0)
        return;
    text_printf(out, "#   %s: ", what);
    infer_append_count(out, count);
    text_append_char(out, '\n');
}

/* Records that no rule sees: without a text at any path of the type. */
static uint64_t nameless(const struct proposal *proposal, const struct seen_totals *totals)
{
    if (!proposal->shape->is_unnamed)
        return totals->untyped;
    const struct seen_field *named =
        seen_type_field(&proposal->all->joined, proposal->shape->types[0]);
    uint64_t values = named ? named->kinds[VALUE_STRING] + named->kinds[VALUE_NUMBER] +
                                  named->kinds[VALUE_BOOLEAN]
                            : 0;
    return values < totals->records ? totals->records - values : 0;
}

static void write_head(const struct proposal *proposal, const struct infer_read *read,
                       struct text *out)
{
    const struct seen_totals *totals = read->totals;
    text_append_string(
        out, "# Proposed by `jsonl-exporter infer` from what files hold: to be read and changed.\n"
             "# Give the metrics names that say whose they are, instead of " PROPOSED_PREFIX ".\n"
             "# A total that grows from event to event wants `{increase: path, key: path}`.\n"
             "#\n# Read: ");
    infer_append_count(out, totals->records);
    text_append_string(out, totals->records == 1 ? " record in " : " records in ");
    infer_append_count(out, read->files->count);
    text_append_string(out, read->files->count == 1 ? " file, " : " files, ");
    infer_append_count(out, read->lines->bytes);
    text_append_string(out, " bytes\n");
    write_skipped(out, "records without a name, which rules do not see",
                  nameless(proposal, totals));
    write_skipped(out, "lines that are no JSON", totals->malformed);
    write_skipped(out, "lines that are JSON, but no object", totals->not_objects);
    write_skipped(out, "lines that are nested too deep", totals->too_deep);
    write_skipped(out, "lines that are longer than --max-line-bytes", read->lines->too_long);
    write_skipped(out, "files that could not be read to their ends", read->broken_files);
    write_skipped(out, "files that were too many to be read", read->files->left_out);
    write_skipped(out, "records with names past the first that are kept", totals->types_left_out);
    write_skipped(out, "values in more fields than are kept", totals->values_left_out);
}

/* --- Sources -----------------------------------------------------------------------------------
 */

static void write_path(const struct seen_path *path, struct text *out)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    seen_path_text(path, NULL, &text);
    infer_append_scalar(out, text.data);
    text_free(&text);
}

static void write_type(const struct proposal *proposal, struct text *out)
{
    const struct infer_shape *shape = proposal->shape;
    text_append_string(out, "    type: ");
    if (shape->type_count > 1)
        text_append_char(out, '[');
    for (size_t i = 0; i < shape->type_count; i++) {
        if (i)
            text_append_string(out, ", ");
        write_path(shape->types[i], out);
    }
    if (shape->type_count > 1)
        text_append_char(out, ']');
    if (shape->is_unnamed) {
        text_append_string(out, "  # no field looks like the name of an event\n");
        return;
    }
    text_append_string(out, "  # ");
    uint64_t names = proposal->event_count + proposal->types_left_out;
    infer_append_count(out, names);
    text_append_string(out, names == 1 ? " name\n" : " names\n");
}

static void write_place(const char *word, const struct seen_path *path, const char *comment,
                        struct text *out)
{
    if (!path)
        return;
    text_printf(out, "    %s: ", word);
    write_path(path, out);
    text_printf(out, "%s\n", comment);
}

static void write_sources(const struct proposal *proposal, const struct infer_read *read,
                          struct text *out)
{
    const struct infer_shape *shape = proposal->shape;
    text_append_string(out, "\nsources:\n  events:\n");
    infer_pattern_write(read->files, out);
    write_type(proposal, out);
    write_place("body", shape->body, "", out);
    write_place("time", shape->time, "", out);
    if (!shape->time)
        text_append_string(out, "    # no field looks like the time of an event\n");
    write_place("id", shape->id, "  # different in every record", out);
}

/* --- Metrics -----------------------------------------------------------------------------------
 */

static void write_label(const struct proposal *proposal, const struct proposed_label *label,
                        struct text *out)
{
    text_append_string(out, "      - ");
    infer_append_scalar(out, label->name);
    text_append_string(out, "  # ");
    uint64_t values = label->values - label->may_lack;
    infer_append_count(out, values);
    text_append_string(out, values == 1 ? " value" : " values");
    text_append_string(out, label->may_lack ? " or none" : "");
    if (label->path) {
        text_append_string(out, ", of ");
        infer_rules_path(proposal->shape, label->path, out);
    }
    text_append_char(out, '\n');
}

static void write_buckets(const struct proposed_metric *metric, struct text *out)
{
    text_append_string(out, "    buckets: [");
    for (size_t i = 0; i < metric->bucket_count; i++)
        text_printf(out, "%s%.10g", i ? ", " : "", metric->buckets[i]);
    text_append_string(out, "]\n");
}

static void write_metric(const struct proposal *proposal, const struct proposed_metric *metric,
                         struct text *out)
{
    static const char *const types[] = {[PROPOSED_COUNTER] = "counter",
                                        [PROPOSED_GAUGE] = "gauge",
                                        [PROPOSED_HISTOGRAM] = "histogram"};
    text_printf(out, "\n  %s:", metric->name);
    if (metric->comment)
        text_printf(out, "  # %s", metric->comment);
    text_printf(out, "\n    type: %s\n    help: ", types[metric->kind]);
    infer_append_quoted(out, metric->help);
    text_append_char(out, '\n');
    if (metric->label_count > 0)
        text_append_string(out, "    labels:\n");
    for (size_t i = 0; i < metric->label_count; i++)
        write_label(proposal, &metric->labels[i], out);
    if (metric->kind == PROPOSED_HISTOGRAM)
        write_buckets(metric, out);
}

void infer_write(const struct proposal *proposal, const struct infer_read *read, struct text *out)
{
    write_head(proposal, read, out);
    write_sources(proposal, read, out);
    text_append_string(out, "\nmetrics:");
    for (size_t i = 0; i < proposal->metric_count; i++)
        write_metric(proposal, &proposal->metrics[i], out);
    infer_rules_write(proposal, out);
}
