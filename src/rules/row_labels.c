/* See row_labels.h. Filters are functions of the text before them, so a label is a function of what
 * its texts look up. A fallback in a memory is no input, since looking it up in vain would leave a
 * trace there. */
#include "rules/row_labels.h"

#include <stdlib.h>

#include "base/memory.h"
#include "decode/value.h"

/* A path as it is, so that whether it yields something is seen without building anything. */
static bool is_bare(const struct label_text *text)
{
    return text->count == 1 && !text->parts[0].literal && !text->parts[0].filters;
}

static bool looks_into_memory(const struct label_text *text)
{
    for (size_t i = 0; i < text->count; i++)
        if (text->parts[i].operand.memory)
            return true;
    return false;
}

/* False: too many. */
static bool add_inputs(struct row_labels *labels, const struct label_text *text)
{
    for (size_t i = 0; i < text->count; i++) {
        if (text->parts[i].literal)
            continue;
        if (labels->input_count == ROW_INPUTS)
            return false;
        labels->inputs[labels->input_count++] =
            (struct row_input){.operand = &text->parts[i].operand};
    }
    return true;
}

static bool add_label(struct row_labels *labels, const struct row_label *label)
{
    const struct label_text *first = &label->texts[0];
    const struct label_text *fallback = &label->texts[1];
    if (!add_inputs(labels, first))
        return false;
    if (label->count == 1)
        return true;
    size_t before = labels->input_count;
    if ((!is_bare(first) && looks_into_memory(fallback)) || !add_inputs(labels, fallback))
        return false;
    if (is_bare(first))
        labels->inputs[before - 1].skipped = labels->input_count - before;
    return true;
}

void row_labels_bind(struct row_labels *labels)
{
    labels->inputs = memory_zero(ROW_INPUTS, sizeof(*labels->inputs));
    for (size_t i = 0; i < labels->count && !labels->by_values; i++)
        labels->by_values = !add_label(labels, &labels->items[i]);
    labels->inputs = memory_resize(labels->inputs, labels->input_count, sizeof(*labels->inputs));
}

void row_labels_free(struct row_labels *labels)
{
    for (size_t i = 0; i < labels->count; i++)
        for (size_t j = 0; j < labels->items[i].count; j++)
            label_text_free(&labels->items[i].texts[j]);
    free(labels->items);
    free(labels->inputs);
    *labels = (struct row_labels){.items = NULL};
}

void row_labels_values(const struct row_labels *labels, struct scene *scene,
                       struct label_value *ret_values)
{
    for (size_t i = 0; i < labels->count; i++) {
        const struct row_label *label = &labels->items[i];
        ret_values[i] = (struct label_value){"", 0};
        for (size_t j = 0; j < label->count; j++) {
            if (!label_text_value(scene, &label->texts[j], &ret_values[i]))
                continue;
            if (ret_values[i].length > 0)
                break;
        }
    }
}

size_t row_labels_inputs(const struct row_labels *labels, struct scene *scene,
                         struct label_value *ret_inputs)
{
    size_t count = 0;
    if (UNLIKELY(labels->by_values)) {
        row_labels_values(labels, scene, ret_inputs);
        return labels->count;
    }
    for (size_t i = 0; i < labels->input_count; i++) {
        const struct row_input *input = &labels->inputs[i];
        struct label_value *text = &ret_inputs[count++];
        struct value value;
        if (!operand_value(scene, input->operand, &value) ||
            !value_text(&value, &text->text, &text->length))
            *text = (struct label_value){NULL, 0};
        if (text->length > 0)
            i += input->skipped;
    }
    return count;
}
