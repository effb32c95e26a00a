/* See infer_rules.h. */
#include "infer/infer_rules.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "infer/infer_labels.h"
#include "infer/infer_proposal.h"
#include "infer/infer_text.h"
#include "survey/seen.h"

#define UNUSED_MOST ((size_t)60) /* fields of an event that are told one by one */

#define SEVERITIES "|map {10: trace, 20: debug, 30: info, 40: warn, 50: error, 60: fatal}"

/* --- Paths -------------------------------------------------------------------------------------
 */

/* "file.x" would be a capture. */
static bool is_like_capture(const struct seen_path *path, const struct seen_path *start)
{
    while (path->parent != start && path->parent && path->parent->parent)
        path = path->parent;
    return path->key && strcmp(path->key, "file") == 0;
}

void infer_rules_path(const struct infer_shape *shape, const struct seen_path *path,
                      struct text *out)
{
    const struct seen_path *body = shape->body;
    bool is_in_body = body && path != body && seen_path_is_in(path, body);
    const struct seen_path *start = is_in_body ? body : NULL;
    if ((body && !is_in_body) || is_like_capture(path, start)) {
        text_append_char(out, '/');
        start = NULL;
    }
    seen_path_text(path, start, out);
}

/* The caller frees. */
static char *path_text(const struct proposal *proposal, const struct seen_path *path)
{
    struct text text;
    text_init(&text, TEXT_UNLIMITED);
    infer_rules_path(proposal->shape, path, &text);
    return text_take(&text);
}

/* --- Rows --------------------------------------------------------------------------------------
 */

static bool has_values(const struct seen_type *type, const struct seen_path *path)
{
    const struct seen_field *field = seen_type_field(type, path);
    return field && seen_field_values(field) > 0;
}

/* The text of a label in this event's rows; NULL: what its own name finds is right. The caller
 * frees. */
static char *label_text(const struct proposal *proposal, const struct proposed_event *event,
                        const struct proposed_label *label)
{
    if (!label->path)
        return memory_copy_text(event->type->name);
    AUTO_FREE char *path = path_text(proposal, label->path);
    if (strcmp(path, label->name) == 0 && !label->is_severity)
        return NULL;
    if (!has_values(event->type, label->path))
        return memory_copy_text("");
    return memory_format("{%s%s}", path, label->is_severity ? SEVERITIES : "");
}

static void write_labels(const struct proposal *proposal, const struct proposed_event *event,
                         const struct proposed_metric *metric, struct text *out)
{
    bool is_first = true;
    for (size_t i = 0; i < metric->label_count; i++) {
        AUTO_FREE char *text = label_text(proposal, event, &metric->labels[i]);
        if (!text)
            continue;
        text_append_string(out, is_first ? "      labels: {" : ", ");
        is_first = false;
        infer_append_scalar(out, metric->labels[i].name);
        text_append_string(out, ": ");
        infer_append_scalar(out, text);
    }
    if (!is_first)
        text_append_string(out, "}\n");
}

static void write_word(struct text *out, const char *word, const char *value)
{
    text_printf(out, "      %s: ", word);
    infer_append_scalar(out, value);
    text_append_char(out, '\n');
}

static void write_value(const struct proposed_row *row, const char *path, struct text *out)
{
    if (row->update == PROPOSED_ADD_COUNT) {
        text_append_string(out, "      value: {count: ");
        infer_append_scalar(out, path);
        text_append_string(out, "}\n");
    } else {
        write_word(out, "value", path);
    }
    if (row->scale != 1) {
        text_printf(out, "      scale: %.10g\n", row->scale);
    }
    if (!row->is_optional)
        return;
    text_append_string(out, "      when: {");
    infer_append_scalar(out, path);
    text_append_string(out, ": {exists: true}}\n");
}

static void write_row(const struct proposal *proposal, const struct proposed_event *event,
                      const struct proposed_row *row, struct text *out)
{
    static const char *const verbs[] = {[PROPOSED_INC] = "inc",
                                        [PROPOSED_ADD] = "add",
                                        [PROPOSED_ADD_COUNT] = "add",
                                        [PROPOSED_SET] = "set",
                                        [PROPOSED_OBSERVE] = "observe",
                                        [PROPOSED_ENTER] = "enter",
                                        [PROPOSED_LEAVE] = "leave",
                                        [PROPOSED_START] = "start",
                                        [PROPOSED_OBSERVE_ELAPSED] = "observe",
                                        [PROPOSED_STOP] = "stop"};
    bool is_timer = row->update == PROPOSED_START || row->update == PROPOSED_STOP;
    const struct proposed_metric *metric = is_timer ? NULL : &proposal->metrics[row->metric];
    AUTO_FREE char *path = row->path ? path_text(proposal, row->path) : NULL;
    text_printf(out, "    - %s: %s\n", verbs[row->update], metric ? metric->name : row->timer);
    if (row->update == PROPOSED_OBSERVE_ELAPSED)
        text_printf(out, "      value: {elapsed: %s, most: 24h}\n", row->timer);
    if (row->update >= PROPOSED_ENTER)
        write_word(out, "key", path);
    else if (row->path)
        write_value(row, path, out);
    if (row->update == PROPOSED_ENTER || row->update == PROPOSED_LEAVE)
        text_append_string(out, "      for: 24h\n");
    if (metric && row->update != PROPOSED_LEAVE)
        write_labels(proposal, event, metric, out);
}

/* --- What no row uses --------------------------------------------------------------------------
 */

static bool is_used(const struct proposal *proposal, const struct proposed_event *event,
                    const struct seen_path *path)
{
    if (proposal_is_taken(proposal, path))
        return true;
    for (size_t i = 0; i < event->row_count; i++) {
        const struct proposed_row *row = &event->rows[i];
        if (row->path && seen_path_is_in(path, row->path))
            return true;
        if (row->metric != SIZE_MAX && labels_have(&proposal->metrics[row->metric], path))
            return true;
    }
    return false;
}

static void write_reason(const struct meaning *meaning, const struct seen_field *field,
                         struct text *out)
{
    if (meaning->reason) {
        text_append_string(out, meaning->reason);
        return;
    }
    bool is_few = distinct_count(&field->distinct) <= MEANING_LABEL_VALUES;
    infer_append_values(out, &field->distinct);
    text_append_string(out, meaning->kind != MEANS_KEY ? ": a label that is not needed here"
                            : is_few ? " so far, of what tells single things apart"
                                     : ": too many for a label");
}

static void write_unused(const struct proposal *proposal, const struct proposed_event *event,
                         struct text *out)
{
    const struct seen_type *type = event->type;
    size_t told = 0;
    size_t left_out = 0;
    for (uint32_t i = 1; i < type->capacity; i++) {
        const struct seen_field *field = type->fields[i];
        if (!field || is_used(proposal, event, field->path))
            continue;
        const struct meaning *meaning = &event->subject->meanings[i];
        bool is_object = field->kinds[VALUE_OBJECT] > 0 && !meaning->reason;
        if (is_object || (field->path->in_list && field->path->is_plain))
            continue;
        if (!field->path->is_plain || told == UNUSED_MOST) {
            left_out++;
            continue;
        }
        AUTO_FREE char *path = path_text(proposal, field->path);
        if (told++ == 0)
            text_append_string(out, "    # Not used:\n");
        text_printf(out, "    #   %s: ", path);
        write_reason(meaning, field, out);
        text_append_char(out, '\n');
    }
    if (left_out == 0)
        return;
    text_append_string(out, "    # Not told here: ");
    infer_append_count(out, left_out);
    text_append_string(out, " more, whose names may be values, or which are too many\n");
}

static void write_event(const struct proposal *proposal, const struct proposed_event *event,
                        struct text *out)
{
    const char *name = event->type->name;
    bool has_slash = strchr(name, '/') != NULL; /* what stands before it would be a source */
    AUTO_FREE char *key = memory_format("%s%s", has_slash ? "events/" : "", name);
    text_append_string(out, "\n  ");
    infer_append_scalar(out, proposal->shape->is_unnamed ? "*" : key);
    text_append_string(out, ":  # ");
    infer_append_count(out, event->type->records);
    text_append_string(out, event->type->records == 1 ? " record\n" : " records\n");
    for (size_t i = 0; i < event->row_count; i++)
        write_row(proposal, event, &event->rows[i], out);
    write_unused(proposal, event, out);
}

void infer_rules_write(const struct proposal *proposal, struct text *out)
{
    text_append_string(out, "\nrules:");
    for (size_t i = 0; i < proposal->event_count; i++)
        write_event(proposal, &proposal->events[i], out);
    if (proposal->types_left_out == 0)
        return;
    text_append_string(out, "\n  # Not counted: ");
    infer_append_count(out, proposal->records_left_out);
    text_append_string(out, " records with ");
    infer_append_count(out, proposal->types_left_out);
    text_append_string(out, " other names, which are rare or do not look like names\n");
}
